/*
 * The journal of a pass: what the callback did to state, in order. The record is written from it, and it is what a
 * pass can be compared or replayed with. Entries live in the pass's memory and are borrowed with it.
 */
#ifndef SSRSTORE_JOURNAL_H
#define SSRSTORE_JOURNAL_H

#include "ssrstore/memory.h"
#include "ssrstore/registry.h"

/* Who writes: the place a macro noted. */
struct ssr_writer {
    const char *file; /* NULL: the library itself, or a call that is no macro */
    int line;
};

/* The file without its folders: what people read. */
const char *ssr_base_name(const char *file);

enum ssr_journal_op {
    SSR_JOURNAL_READ,         /* the first read of a definition in this pass, or of a context's state; value: it */
    SSR_JOURNAL_STAGE,        /* value: what was staged */
    SSR_JOURNAL_WRITE,        /* a state was set at once; value: the new one */
    SSR_JOURNAL_LATE_WRITE,   /* the same, to another state than something in this pass has read */
    SSR_JOURNAL_SHARED_WRITE, /* a shared store that says writable_in_render is written */
    SSR_JOURNAL_QUERY,        /* asked for; value: the arguments */
    SSR_JOURNAL_EFFECT,       /* an effect ran */
    SSR_JOURNAL_REFUSE        /* a call answered `status` and changed nothing */
};

struct ssr_journal_entry {
    enum ssr_journal_op op;
    ssr_status status;
    const struct ssr_definition *definition; /* NULL: none, or an unknown one */
    const struct ssr_value *value;
    struct ssr_writer writer;
    const char *call;      /* REFUSE: the public call's name */
    const char *component; /* REFUSE: that called; NULL: the page itself */
    const char *init_of;   /* the store whose init was running; NULL: the page */
    bool is_text;          /* REFUSE: the error is in JSON text, at byte `offset` */
    size_t offset;
};

#ifdef SSR_SINGLE_BLOCKS /* see memory.c */
enum { SSR_JOURNAL_CHUNK = 2 };
#else
enum { SSR_JOURNAL_CHUNK = 16 };
#endif

struct ssr_journal_chunk {
    struct ssr_journal_chunk *next;
    size_t count;
    struct ssr_journal_entry entries[SSR_JOURNAL_CHUNK];
};

struct ssr_journal {
    struct ssr_journal_chunk *first, *last;
};

/* Appends a zeroed entry from the region; NULL: no memory, nothing changed. */
struct ssr_journal_entry *ssr_journal_append(struct ssr_journal *journal, struct ssr_region *region);

#endif
