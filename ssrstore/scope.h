/*
 * The scope: everything one request knows. An engine's render embeds it as its first member.
 *
 * Data and owners:
 *   cells      one for each store, cookie and shared store this request touched, in the request region; found through a
 *              small hash table, so that a request costs what it uses and not what is defined
 *   values     in the memory of the pass that made them (struct ssr_pass_memory), which is counted by the cells that
 *              still hold one of its values and recycled at zero
 *   committed  what every read sees; changes only between passes
 *   staged     what the running pass set; NULL when it did not
 *   commits    what the last commit replaced, kept until the pass that sees it has completed, so that a pass that
 *              does not can be taken back
 *   completed  the memory of the last pass that completed, held as long as what leaves the render may lie in it
 *
 * What always holds: `differing` is the number of cells whose staged value differs from the committed one; a cell's
 * committed value is never NULL once the cell has been resolved.
 */
#ifndef SSRSTORE_SCOPE_H
#define SSRSTORE_SCOPE_H

#include "ssrstore/frame.h"
#include "ssrstore/journal.h"
#include "ssrstore/shared.h"
#include "ssrstore/value_internal.h"

/* Where a context is; the phases of the public headers. Outside of all callbacks it is SSR_IDLE. */
enum ssr_phase { SSR_IDLE = 0, SSR_RENDER = 1, SSR_INIT = 2 };

enum ssr_call {
#define SSR_CALL(identifier, name, phases) identifier,
#include "ssrstore/phases.def"
#undef SSR_CALL
    SSR_CALL_COUNT
};

struct ssr_pass_memory {
    struct ssr_region region;
    size_t users; /* the running pass, the last completed one, and every held value */
    struct ssr_pass_memory *next_spare;
    struct ssr_pass_memory *older; /* of all that this request has made */
};

struct cJSON;

struct ssr_cell {
    const struct ssr_definition *definition;
    const struct ssr_value *committed; /* what a reader sees */
    const struct ssr_value *staged;
    const struct ssr_value *initial; /* derived stores: the default */
    struct ssr_writer writer;        /* of staged */
    const char *component;           /* that staged it; NULL: the page itself */
    bool is_default;                 /* what is staged: nothing has set it */
    unsigned first_pass;             /* that read or set it, or saw what a loader had set */
    unsigned read_pass;              /* the last that read it */
    bool was_given;                  /* first_pass sees what a loader or hook has set */
    bool is_initializing;
    bool was_read_first;      /* in this pass, before it was set */
    const char *string;       /* the committed text unescaped, made in string_pass */
    unsigned string_pass;     /* likewise */
    const struct cJSON *view; /* of the committed value, made in view_pass */
    unsigned view_pass;       /* likewise */
    struct ssr_cell *next_derived;
    struct ssr_cell *next_touched;
    void (*release)(struct ssr_cell *cell); /* what the kind owns beside; or NULL */
    struct ssr_readers readers;
};

/* Where the search for a definition begins in a table of `size` places, a power of two. */
static inline size_t ssr_first_place(const struct ssr_definition *definition, size_t size)
{
    return (size_t)(definition->index * UINT32_C(2654435769)) & (size - 1);
}

/* The store of a cell whose definition is one. */
static inline const struct ssr_store *ssr_cell_store(const struct ssr_cell *cell)
{
    return (const struct ssr_store *)cell->definition;
}

struct ssr_commit {
    struct ssr_cell *cell;
    const struct ssr_value *before;
};

/* Where the callback is, and how often it has asked for chance and identity there. */
struct ssr_place {
    const char *init_of; /* the store whose init runs; NULL: the page */
    uint64_t path;       /* where no component runs */
    struct ssr_spot {
        struct ssr_frame *frame; /* the component; NULL: none */
        uint32_t randoms, ids;
    } spot;
};

struct ssr_atom_template;

/* How atoms are kept in cookies: a table of the cookies' own, because they are above this folder. */
struct ssr_atom_persistence {
    /* Adds what is kept for the template; false: nothing is. */
    bool (*load)(struct ssr_ctx *ctx, const struct ssr_atom_template *template, struct ssr_builder *value);
    /*
     * Keeps a value; one that is no change only when it is not what is kept already, because passes that were taken
     * back may have changed that. An error is answered to who wrote the atom, which stays as it was; refusals are noted
     * there.
     */
    ssr_status (*save)(struct ssr_ctx *ctx, const struct ssr_atom_template *template, const struct ssr_value *value,
                       bool is_change, struct ssr_writer writer);
};

enum { SSR_ERROR_TEXT = 512, SSR_REASON_TEXT = 320 };

struct ssr_ctx {
    const struct ssr_registry *registry;
    struct ssr_budget budget;
    struct ssr_region request; /* cells, and what the scope itself is made of */
    size_t value_cap, cell_cap;

    /*
     * Where output goes that needs no look at anything else: room in the output's buffer, in the phase render of a
     * render that still stands. Empty (at == end) otherwise, and then the longer way finds out why.
     */
    struct ssr_window {
        char *at, *end;
    } window;
    enum ssr_phase phase;
    unsigned pass;
    unsigned seen_from; /* the first pass that sees what is touched now: the running one, or the next */
    struct ssr_place place;
    ssr_status last;
    ssr_status fatal; /* sticky: the render ends with it */
    bool fatal_is_limit;

    struct ssr_cell **table; /* by definition index, open addressing */
    size_t table_size, cell_count;
    struct ssr_cell *touched, **touched_end; /* all cells, in order of touch */
    struct ssr_cell *derived;

    struct ssr_cell **staged; /* cells with a staged value, in order of their first set */
    size_t staged_count, staged_capacity;
    size_t differing;
    struct ssr_commit *commits;
    size_t commit_count, commit_capacity;

    struct ssr_frames frames;
    struct ssr_pass_memory *memory;    /* of the running pass */
    struct ssr_pass_memory *completed; /* of the last pass that completed; NULL: none did */
    struct ssr_pass_memory *spare;
    struct ssr_pass_memory *made; /* all of them, the newest first */
    struct ssr_journal journal;
    unsigned refused, refused_before; /* so far, and when the pass began */
    struct ssr_builder *spare_builders;
    struct ssr_builder *page_builder; /* what ssr_build lends */
    struct ssr_budget no_budget;

    struct ssr_cookie_jar *jar;        /* made when a cookie is touched */
    const char *const *cookie_headers; /* what the browser sent */
    size_t cookie_header_count, cookie_cap, cookie_bytes_cap;
    struct ssr_atom_store *atoms;                  /* of this request, made at its first use */
    struct ssr_draft *spare_drafts;                /* for changes of context stores */
    struct ssr_provider *provider;                 /* the innermost one around what runs; NULL: none */
    struct ssr_provided *provided, **provided_end; /* by the running pass, in order */
    struct ssr_provided *kept_provided;            /* by the last pass that completed */

    /* Keeps atoms in cookies; NULL: no atom wants it. */
    const struct ssr_atom_persistence *persistence;
    const char *id;
    const char *location;
    void *host;
    int64_t now_ms;
    uint64_t seed;
    bool is_private;

    /* Large and mostly never looked at; what lies before them begins as zeros. */
    char error[SSR_ERROR_TEXT];
    char reason[SSR_REASON_TEXT]; /* of ssr_fail in this pass: "page.c:41: the ideas cannot be read" */
    struct ssr_builder refusing;  /* what ssr_build lends where it is not legal: no budget, always an error */
};

/* Notes the first pass that sees a cell. */
static inline void ssr_cell_touch(const struct ssr_ctx *ctx, struct ssr_cell *cell)
{
    cell->first_pass = ctx->seen_from;
    cell->was_given = ctx->seen_from != ctx->pass;
}

void ssr_scope_init(struct ssr_ctx *ctx, const struct ssr_registry *registry, const ssr_allocator *allocator,
                    uint64_t request_bytes);
void ssr_scope_release(struct ssr_ctx *ctx);

/*
 * The edges of a pass. begin: fresh memory, an empty journal, staged values committed (ssrstore.c); nothing changed
 * on an error. end: the pass completed, what it replaced is forgotten. abandon: as if the pass had never begun,
 * though its commits are gone from the staging.
 */
ssr_status ssr_scope_begin_pass(struct ssr_ctx *ctx);
void ssr_scope_end_pass(struct ssr_ctx *ctx);
/* Memory to stage in before the first pass. */
ssr_status ssr_scope_prepare(struct ssr_ctx *ctx);
/* Another location begins: what was staged in stores is dropped, every store goes back to its default; cookies stay. */
void ssr_scope_restart(struct ssr_ctx *ctx);
void ssr_scope_abandon_pass(struct ssr_ctx *ctx);
/* The pass that just ran runs again, as if it had not: only what was committed before it stays. */
void ssr_scope_start_over(struct ssr_ctx *ctx);
/* What the pass has staged is dropped, what was committed before it stays. */
void ssr_scope_drop_staged(struct ssr_ctx *ctx);

/* An entry of the running pass's journal, zeroed but for these; NULL: no memory, and the render has failed. */
struct ssr_journal_entry *ssr_scope_note(struct ssr_ctx *ctx, enum ssr_journal_op op,
                                         const struct ssr_definition *definition);

/* A call that changes nothing, and why. */
struct ssr_refusal {
    enum ssr_call call;
    ssr_status status;
    const struct ssr_definition *definition; /* NULL: none, or an unknown one */
    struct ssr_writer writer;
    bool is_text; /* the error is in JSON text, at byte `offset` */
    size_t offset;
    bool has_effect; /* it is not the component's to bring about again when that is taken over */
};

/*
 * The entry of every public call: SSR_OK when it is legal here and the render still stands. Notes the answer for
 * ssr_last_status. An illegal write is refused as well, so that the record lists it.
 */
ssr_status ssr_enter(struct ssr_ctx *ctx, enum ssr_call call);
ssr_status ssr_enter_write(struct ssr_ctx *ctx, enum ssr_call call, const struct ssr_definition *definition,
                           struct ssr_writer writer);
/* Notes a refused call in the journal. Returns its status, or what noting it failed with. */
ssr_status ssr_refuse(struct ssr_ctx *ctx, struct ssr_refusal refusal);
/* Both for calls that concern no definition and note no place. */
static inline ssr_status ssr_enter_unplaced(struct ssr_ctx *ctx, enum ssr_call call)
{
    return ssr_enter_write(ctx, call, NULL, (struct ssr_writer){NULL, 0});
}
static inline ssr_status ssr_refuse_unplaced(struct ssr_ctx *ctx, enum ssr_call call, ssr_status status)
{
    return ssr_refuse(ctx, (struct ssr_refusal){.call = call, .status = status});
}
/* Whether a status ends the render it happens in, as memory and limits do. */
static inline bool ssr_ends_render(ssr_status status)
{
    return status == SSR_E_NOMEM || status == SSR_E_LIMIT;
}
/* Ends the render: the first one counts. The text says where. Returns the sticky status. */
ssr_status ssr_end_render(struct ssr_ctx *ctx, ssr_status status, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;
/* For the status of a callback, `what`: ends the render with the reason it gave, or with the status's own advice. */
ssr_status ssr_end_callback(struct ssr_ctx *ctx, ssr_status status, const char *what, const char *name);
/* For SSR_E_NOMEM and SSR_E_LIMIT: ends the render with outcome `limit`. */
ssr_status ssr_fail_memory(struct ssr_ctx *ctx, ssr_status status, const char *what);
/* For calls that do not fail the same way each time. */
ssr_status ssr_answer(struct ssr_ctx *ctx, ssr_status status);

/* Keeps the memory of a pass, and gives it back. */
void ssr_pass_hold(struct ssr_pass_memory *memory);
void ssr_pass_drop(struct ssr_ctx *ctx, struct ssr_pass_memory *memory);

/* An init runs, as a phase and a place of its own and without output, until it ends: what was before comes back. */
struct ssr_init_mark {
    enum ssr_phase phase;
    struct ssr_place place;
    struct ssr_window window;
    ssr_guard guard;
};
void ssr_begin_init(struct ssr_ctx *ctx, struct ssr_place place, struct ssr_init_mark *mark);
void ssr_end_init(struct ssr_ctx *ctx, struct ssr_init_mark *mark);

/* A value of the running pass; NULL: no memory. */
const struct ssr_value *ssr_scope_value(struct ssr_ctx *ctx, const char *text, size_t length, ssr_digest digest);
/* The same, the digest taken here. */
const struct ssr_value *ssr_scope_text_value(struct ssr_ctx *ctx, const char *text, size_t length);
void ssr_value_hold(const struct ssr_value *value);
void ssr_value_drop(struct ssr_ctx *ctx, const struct ssr_value *value);

/* An empty builder of the request, to be given back; NULL: no memory. */
struct ssr_builder *ssr_scope_borrow_builder(struct ssr_ctx *ctx);
void ssr_scope_return_builder(struct ssr_ctx *ctx, struct ssr_builder *builder);
/* What ssr_build has lent is not lent any more. */
void ssr_scope_take_builder_back(struct ssr_ctx *ctx);

/*
 * The cell of a definition, made at its first touch with `size` bytes, of which a struct ssr_cell is the first member;
 * NULL: no memory, or too many (see fatal).
 */
struct ssr_cell *ssr_scope_cell(struct ssr_ctx *ctx, const struct ssr_definition *definition, size_t size);

/* ---- ssrstore.c ------------------------------------------------------------------------------------------------- */

/* The cell with its committed value; NULL: it has none (see ssr_last_status). */
struct ssr_cell *ssr_resolve(struct ssr_ctx *ctx, const struct ssr_store *store);
/* The cell that a reading call asks for, the read noted; NULL as above. */
struct ssr_cell *ssr_read(struct ssr_ctx *ctx, const struct ssr_store *store);
/* The first read of a cell in a pass goes into the journal; false: no memory. */
bool ssr_note_read(struct ssr_ctx *ctx, struct ssr_cell *cell);
/* The committed value's text, unescaped once a pass; NULL: no string, or no memory. */
const char *ssr_cell_string(struct ssr_ctx *ctx, struct ssr_cell *cell);
/* The value to stage for this text: the committed or the staged one when it is equal to it, else a new one; NULL: no
 * memory. */
const struct ssr_value *ssr_value_for(struct ssr_ctx *ctx, const struct ssr_cell *cell, const char *text,
                                      size_t length);
/* Stages a value that ssr_value_for has answered. */
ssr_status ssr_stage(struct ssr_ctx *ctx, struct ssr_cell *cell, const struct ssr_value *value,
                     struct ssr_writer writer);
/* The builder for a set; NULL: refused (see ssr_last_status). */
struct ssr_builder *ssr_begin_set(struct ssr_ctx *ctx, const struct ssr_store *store, struct ssr_writer writer);
/* Stages what the builder holds, and gives it back. */
ssr_status ssr_end_set(struct ssr_ctx *ctx, const struct ssr_store *store, struct ssr_builder *builder,
                       struct ssr_writer writer);
/* Stages what a loader or hook has set; for a derived store it is the default from now on. */
ssr_status ssr_stage_answer(struct ssr_ctx *ctx, const struct ssr_store *store, const struct ssr_value *answer,
                            struct ssr_writer writer);
ssr_status ssr_reserve_commits(struct ssr_ctx *ctx);
void ssr_commit_staged(struct ssr_ctx *ctx);
void ssr_take_back_commits(struct ssr_ctx *ctx);
/* At the end of a pass: every derived store that the pass did not set gets its default staged. */
ssr_status ssr_stage_defaults(struct ssr_ctx *ctx);

/* ---- atom_request.c --------------------------------------------------------------------------------------------- */

/* A pass begins: rewinding goes back to here. */
void ssr_atoms_mark(struct ssr_ctx *ctx);
/* Takes back what the pass did to atoms. Cannot fail, and tells nobody. */
void ssr_atoms_rewind(struct ssr_ctx *ctx);
/* The pass completes: what its atoms hold now is what crosses. */
ssr_status ssr_atoms_keep(struct ssr_ctx *ctx);
/* The pass that was rewound runs again: what it read and changed late is not known. */
void ssr_atoms_forget_pass(struct ssr_ctx *ctx);
/* How many atoms the request has made and not taken back: they count against ssr_limits.stores with its cells. */
size_t ssr_atoms_count(const struct ssr_ctx *ctx);
/* Another location begins: what cookies keep of atoms is asked for again. */
void ssr_atoms_restart(struct ssr_ctx *ctx);
/* Changes an atom as a loader or hook has said. A refusal leaves it; no memory ends the render. */
ssr_status ssr_atoms_answer(struct ssr_ctx *ctx, const struct ssr_atom_template *template, struct ssr_value *value,
                            struct ssr_writer writer);
/* Tells the on_destroy listeners and frees the store. Twice is harmless. */
void ssr_atoms_end(struct ssr_ctx *ctx);

/* ---- cjson_view.c ----------------------------------------------------------------------------------------------- */

/* Refuses every view of this pass that somebody changed. */
void ssr_check_views(struct ssr_ctx *ctx);

/* ---- transfer.c ------------------------------------------------------------------------------------------------- */

struct ssr_transfer {
    struct ssr_ctx *ctx;
    struct ssr_builder *builder;
    unsigned last_pass; /* stores touched in passes up to this one cross */
    ssr_encode_fn encode;
    void *encode_arg;
    void (*add_queries)(struct ssr_transfer *transfer, void *arg); /* inside the object of queries */
    void *queries_arg;
};

/* Adds a value as the transformer makes it; `of` names it in errors. */
void ssr_transfer_add(struct ssr_transfer *transfer, const struct ssr_value *value, const char *of);
/* atom_request.c: the members of "atoms". */
void ssr_atoms_transfer(struct ssr_transfer *transfer);
/*
 * The transfer object, as a value of the running pass. Resolves the stores marked `always`. The caller fills in
 * everything but `builder`. NULL: see ssr_ctx.fatal.
 */
const struct ssr_value *ssr_transfer_value(struct ssr_transfer *transfer);

#endif
