/*
 * tests/model.h - pages made of any bytes, a naive model of what becomes of them, and the engine's answer to the same.
 *
 *     model_page_read -> model_predict and model_play -> two descriptions, which must be the same text
 *
 * The model is written from the contract: arrays, strings, every pass from the top; it shares nothing with the engine
 * but the page and the table of values. test_model.c and fuzz/fuzz_scenario.c feed it.
 */
#ifndef SSR_TESTS_MODEL_H
#define SSR_TESTS_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/ssr.h"
#include "text.h"

enum {
    STORES = 5,
    COOKIES = 3,
    QUERIES = 3,
    ATOMS = 2,
    CONTEXTS = 2,
    LOCATIONS = 3,
    NODES = 5,
    INSTRUCTIONS = 6,
    SCHEDULE = 16,
    VALUE_SIZE = 48, /* of any canonical value, and of any code of a query that failed */
    LONG_VALUE = 6   /* the limit of pages that have one */
};

enum op {
    OP_SHOW,
    OP_SHOW_ESCAPED,
    OP_SHOW_PROPS,
    OP_SHOW_PASS,
    OP_SHOW_PENDING,
    OP_SHOW_LONG,
    OP_SHOW_COOKIE,
    OP_SHOW_ATOM,
    OP_SHOW_CONTEXT,
    OP_SET,
    OP_EFFECT,
    OP_TURN,
    OP_BAD,
    OP_UNKNOWN,
    OP_COOKIE_SET,
    OP_COOKIE_AGED,
    OP_COOKIE_DELETE,
    OP_COOKIE_SEND,
    OP_ATOM_UPDATE,
    OP_ATOM_RESET,
    OP_CONTEXT_SET,
    OP_STATUS,
    OP_HEADER,
    OP_TRANSFER,
    OP_FAIL,
    OP_REDIRECT,
    OP_ASK,
    OP_ASK_DISABLED,
    OP_FEED,
    OP_ASK_BAD,
    OP_CHILD,
    OP_TWICE,
    OP_LIST,
    OP_PROVIDE,
    OPS
};

enum guard { GUARD_NONE, GUARD_EQUAL, GUARD_UNEQUAL, GUARD_PASS, GUARD_FROM_PASS, GUARD_LOCATION, GUARD_ATOM, GUARDS };

/* Where an instruction takes its value from. A context reads as null without a provider. */
enum source { SOURCE_VALUE, SOURCE_STORE, SOURCE_PASS, SOURCE_PROPS, SOURCE_COOKIE, SOURCE_ATOM, SOURCE_CONTEXT };

struct instruction {
    enum op op;
    unsigned target; /* which store, cookie, query, child ...; taken modulo their number */
    enum source source;
    unsigned value; /* of the table; which store, cookie ..., for other sources; what else there is to choose */
    enum guard guard;
    unsigned guard_store, guard_value, guard_number; /* the store is an atom for GUARD_ATOM */
};

struct node {
    struct instruction instructions[INSTRUCTIONS];
    unsigned count;
};

struct model_store_definition {
    unsigned value;    /* the default */
    bool has_init;     /* makes the default */
    bool copies_lower; /* the init gives what the store below holds */
    bool is_derived, is_local, is_always;
};

/* What a loader or hook leaves beside its answer. */
enum write { WRITE_NOTHING, WRITE_STORE, WRITE_COOKIE, WRITE_ATOM, WRITES };

/* What a loader answers: from the table, its arguments, or what the request held when it was handed out. */
enum answer { ANSWER_ARGS, ANSWER_VALUE, ANSWER_STORE, ANSWER_COOKIE, ANSWER_ATOM };

struct loader {
    enum answer answer;
    bool fails_on_odd; /* fails when their text has an odd length */
    bool is_slow;      /* the steps answer it only when it has timed out */
    bool is_local;
    unsigned value;   /* of the table; which store, cookie or atom */
    enum write write; /* what it would answer */
    unsigned target;
};

/* What goes before the first pass of a location. */
struct route {
    bool has_hook, hook_fails, hook_loads, hook_responds;
    enum write hook_write;
    unsigned hook_target, hook_value; /* writes it; loads the last query with it */
    bool declares;                    /* a query, with the value */
    unsigned declared_query, declared_value;
};

/* How components are called: with boundaries, reused, all run, or checked; or as plain functions. */
enum boundaries { BOUNDARIES_REUSED, BOUNDARIES_RUN, BOUNDARIES_CHECKED, BOUNDARIES_NONE, BOUNDARIES };

enum { NO_PASS = 1000 };

struct page {
    struct model_store_definition stores[STORES];
    unsigned sent[COOKIES]; /* what the request carries; 0: nothing */
    struct loader loaders[QUERIES];
    struct route routes[LOCATIONS];
    struct node nodes[NODES];
    uint64_t allowed, forbidden, query_passes;
    bool stops_on_cycle, prefetches, follows, data_only, cacheable;
    ssr_limits limits;
    enum boundaries boundaries;

    bool uses_steps; /* ssr_run otherwise */
    bool has_recycler, has_record;
    unsigned cancel_before, late_before; /* the pass that is not begun any more; NO_PASS: none */
    bool ends_behind_loads;              /* not before, but after what that pass needs was loaded */
    unsigned fail_at;                    /* the allocation of the render that fails; 0: none */
    bool fail_after;                     /* and all after it */
    uint8_t schedule[SCHEDULE];          /* in which order operations are answered */
};

/* Bytes as decisions: each takes one, and 0 is what is decided when none are left. */
struct model_reader {
    const uint8_t *at, *end;
};

unsigned model_below(struct model_reader *reader, unsigned end);
bool model_once_in(struct model_reader *reader, unsigned times);

/* What a page may set: text that may be written in many ways, and its canonical form. */
struct model_value {
    const char *written, *canonical;
};
enum { SHORT_VALUES = 5, VALUES = 16 }; /* the short ones serve as defaults */
extern const struct model_value model_values[VALUES];
/* What a turning store holds after `text`: one more, and 0 again after 1 to 9. */
unsigned model_turn(const char *text, unsigned value);
/* Some hundred bytes: what makes a document outgrow the memory that it begins with. */
extern const char model_long_text[];
/* Texts that are no values. */
enum { BAD_VALUES = 6 };
extern const char *const model_bad_values[BAD_VALUES];
/* What a request may carry of each cookie, and what that reads as; NULL: it cannot be read. */
enum { SENT_KINDS = 4 };
extern const struct model_value model_sent[COOKIES][SENT_KINDS];
extern const ssr_cookie_encoding model_encodings[COOKIES];
/* What an absent cookie reads as. */
extern const char *const model_fallbacks[COOKIES];
extern const char *const model_locations[LOCATIONS];
/* Where a page may redirect to: a location, another origin, or what is refused; and with which status. */
enum { REDIRECTS = 6, REDIRECT_STATUSES = 6 };
extern const char *const model_redirects[REDIRECTS];
extern const int model_redirect_statuses[REDIRECT_STATUSES];

void model_page_read(struct page *page, const uint8_t *data, size_t size);
void model_page_print(const struct page *page, struct text *text);

/* Everything that leaves a render. */
struct ending {
    ssr_outcome outcome;
    unsigned passes, rerenders, query_passes, refused, errors;
    int status;
    bool has_document, is_public;
    const char *error;       /* the name of a status; "ok": none */
    const char *location;    /* borrowed from the page's table */
    const char *redirect_to; /* likewise; NULL: none */
    struct text headers;     /* NAME: VALUE lines, in order */
    struct text cookies;     /* Set-Cookie lines, in any order */
    struct text started;     /* what was loaded, in order of handing out */
    struct text in_place;    /* what hooks loaded themselves */
    struct text data, element, html;
};

void model_ending_free(struct ending *ending);
/* As lines, the cookies sorted. */
void model_ending_print(const struct ending *ending, struct text *text);

void model_predict(const struct page *page, struct ending *ending);

/*
 * Renders the page in the way that it asks for, with memory that fails too when it says so. Returns whether the
 * engine answered what the model says each time; if not, `account` has the page and both answers.
 */
bool model_agrees(const struct page *page, struct ending *expected, struct text *account);

#endif
