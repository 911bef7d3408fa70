/*
 * What a record is made of.
 *
 * Data and owners: everything noted lies in the record's own region, within ssr_log.record_bytes; names, files of
 * writers and arguments are borrowed from definitions, callers and the request, all of which outlive it. With no sink
 * there is nothing. What always holds: a list that memory cut short is said to be (`is_truncated`), and nothing of the
 * render depends on what was noted.
 */
#ifndef SSR_ENGINE_RECORD_INTERNAL_H
#define SSR_ENGINE_RECORD_INTERNAL_H

#include "engine/history.h"
#include "engine/log_text.h"
#include "engine/record.h"

struct ssr_render;

struct ssr_record_writer {
    struct ssr_record_writer *next;
    struct ssr_writer place;
};

/* A value that was staged and differs. */
struct ssr_record_change {
    struct ssr_record_change *next;
    const struct ssr_definition *definition;
    ssr_digest before, after;             /* keyed when the definition is redacted */
    size_t size;                          /* of the staged value */
    const struct ssr_value *staged;       /* valid in its pass only */
    const char *patch;                    /* NULL: redacted, or too long */
    const char *before_text, *after_text; /* NULL: redacted, or one of them too long for a line */
    struct ssr_writer writer;
    const char *component;             /* that set it; NULL: the page itself, or a loader */
    const char *by_kind, *by_name;     /* the loader that set it; NULL: the page */
    struct ssr_record_writer *writers; /* NULL: one place set it */
    bool is_disputed;                  /* they set different values */
    bool was_read_first;
    bool is_default; /* of a derived store, which nothing has set */
};

/* A journal entry of a pass that is told as it is: what was refused, late and shared writes. Its value is not kept. */
struct ssr_record_event {
    struct ssr_record_event *next;
    struct ssr_journal_entry entry;
};

/* Something that a pass saw for the first time, because the one before had staged or loaded it. */
struct ssr_record_news {
    struct ssr_record_news *next;
    const struct ssr_definition *definition;
    struct ssr_writer writer; /* of a store or cookie */
    unsigned set_in;
};

/* One member of a batch: a query, or a hook. */
struct ssr_record_load {
    struct ssr_record_load *next;
    const struct ssr_definition *query; /* NULL: a hook */
    const char *kind, *name;
    const char *args; /* NULL: redacted, or a hook */
    const char *state, *code, *reason;
    uint64_t nanoseconds;
    size_t waited_count; /* of the pass's news: the first ones are what it was asked after */
};

struct ssr_record_pass {
    struct ssr_record_pass *next, *previous;
    unsigned number;
    bool completed;
    const char *location, *redirected_from; /* NULL: the same as before; not by a redirect */
    uint64_t nanoseconds;
    size_t bytes;
    ssr_digest state;
    bool has_state;
    size_t sets; /* in the journal, when the changes were noted */
    struct ssr_record_change *changes, **changes_end;
    struct ssr_record_event *events, **events_end;
    struct ssr_record_news *news, **news_end;
    size_t news_count;
    struct ssr_record_load *loads, **loads_end;
    bool has_asked;                                /* for queries, or for what belongs to the visitor */
    const struct ssr_definition *failed_query;     /* asked for here; NULL: none */
    const struct ssr_record_change *failed_change; /* made after that; or NULL */
};

/* Something that a verdict names. */
struct ssr_named {
    struct ssr_named *next;
    const char *kind, *name;
    struct ssr_writer places[SSR_HISTORY_PLACES];
    size_t place_count;
    const char *looks; /* always_new */
    size_t number;     /* query_chain: times; converging: the pass */
};

enum ssr_verdict_kind {
    SSR_VERDICT_SETTLED,
    SSR_VERDICT_CYCLE,
    SSR_VERDICT_ALWAYS_NEW,
    SSR_VERDICT_QUERY_CHAIN,
    SSR_VERDICT_CONVERGING,
    SSR_VERDICT_ENDED
};

struct ssr_verdict {
    enum ssr_verdict_kind kind;
    const char *text;
    unsigned period; /* cycle */
    struct ssr_named *named, **named_end;
};

struct ssr_advice {
    struct ssr_advice *next;
    const char *kind, *text;
};

struct ssr_record {
    const struct ssr_render *render;
    struct ssr_budget budget; /* apart from the request's: the log never makes a page fail */
    struct ssr_region region;
    struct ssr_buffer json, text; /* the forms that a sink asked for */
    struct ssr_buffer scratch;
    struct ssr_history *history; /* NULL: nothing has changed in two passes, or nobody wants to know */
    struct ssr_record_pass *first, *last;
    const char *location, *redirected_from; /* of the last pass; why the next one runs elsewhere */
    ssr_digest state, answers;              /* of what is committed, and of what was loaded: sums */
    const struct ssr_cell *counted;         /* the last cell that is in it */
    bool is_uncounted;                      /* the sum is to be made anew */
    bool has_redacted;                      /* something in it is */
    uint64_t late_writes;
    bool has_failed_query;
    bool is_truncated;
    struct ssr_verdict verdict; /* once the render has ended */
    struct ssr_advice *advice, **advice_end;
};

/* ---- record.c: the life of a record, passes, sending ------------------------------------------------------------- */

void ssr_record_init(struct ssr_record *record, const struct ssr_render *render);
void ssr_record_release(struct ssr_record *record);
/* Notes what the pass that just ran did; nothing when nobody wants to know. Called while its values live. */
void ssr_record_pass_ended(struct ssr_record *record, bool completed);
/* Notes the batch that was loaded, and what it staged, with the pass that found it. */
void ssr_record_loaded(struct ssr_record *record);
/* The page redirected and is followed; called before the location changes. */
void ssr_record_followed(struct ssr_record *record);
/* The period with which the states are proven to repeat; 0: none. Needs stop_on_cycle, or a sink. */
unsigned ssr_record_cycle(struct ssr_record *record);
/* Judges and hands the record to its sink. May take over the memory of `spare`, a buffer of the render's. */
void ssr_record_send(struct ssr_record *record, struct ssr_buffer *spare);

/* NULL: the record's memory is used up, and it says truncated. */
void *ssr_record_alloc(struct ssr_record *record, size_t size);
const char *ssr_record_keep(struct ssr_record *record, const char *text, size_t length);
/* Begins a text in the record's scratch buffer; finish copies it into the region, NULL as above. */
struct ssr_log_text ssr_record_begin_text(struct ssr_record *record);
const char *ssr_record_finish_text(struct ssr_record *record, const struct ssr_log_text *text);

/* ---- note.c: what a pass did ------------------------------------------------------------------------------------- */

void ssr_note_changes(struct ssr_record *record, struct ssr_record_pass *pass);
void ssr_note_journal(struct ssr_record *record, struct ssr_record_pass *pass);
void ssr_note_batch(struct ssr_record *record, struct ssr_record_pass *pass);

/* ---- state.c: the digest of what a pass saw ---------------------------------------------------------------------- */

void ssr_note_state(struct ssr_record *record, struct ssr_record_pass *pass);
void ssr_note_answers(struct ssr_record *record);

/* ---- verdict.c, advice.c ----------------------------------------------------------------------------------------- */

void ssr_judge_record(struct ssr_record *record);
const char *ssr_verdict_name(const struct ssr_verdict *verdict);
void ssr_advise(struct ssr_record *record);
/* The pass whose changes and loads are why this one ran; NULL: it is the first of its location. */
const struct ssr_record_pass *ssr_record_cause(const struct ssr_record_pass *pass);
/* Puts `store "a" at flip.c:12`. */
void ssr_put_named(struct ssr_log_text *text, const struct ssr_named *named);

/* Where the pass ran, when it was elsewhere than the one before, or than the record says; else NULL. */
const char *ssr_record_moved_to(const struct ssr_record *record, const struct ssr_record_pass *pass);
/* Formats into a buffer of the record, which replaces what was there; NULL: no memory. */
const char *ssr_record_format(struct ssr_record *record, struct ssr_buffer *buffer,
                              void (*form)(const struct ssr_record *, struct ssr_log_text *), size_t *length);
/* Of all passes, in nanoseconds; of all waiting. */
uint64_t ssr_record_time(const struct ssr_record *record);
uint64_t ssr_record_wait(const struct ssr_record *record);
bool ssr_change_has_digest(const struct ssr_record *record, const struct ssr_record_change *change);

/* ---- error_lines.c: what is told whatever becomes of records ----------------------------------------------------- */

void ssr_log_hard_cap(const struct ssr_render *render);
void ssr_log_query_cap(const struct ssr_render *render);
void ssr_log_cycle(const struct ssr_render *render, unsigned period);

#endif
