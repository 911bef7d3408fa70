/* What the reader of scenario files and their player share. */
#ifndef SSR_TESTS_SCENARIO_INTERNAL_H
#define SSR_TESTS_SCENARIO_INTERNAL_H

#include "scenario.h"

struct scenario_line {
    int number; /* in the file, from 1: the place of a set in the record */
    int indent; /* what stands deeper belongs to the line above it */
    char *text;
};

struct scenario {
    char *path;
    char *source;   /* the file up to and with its "---" line, as it was read */
    char *bytes;    /* what the lines point into */
    char *expected; /* behind "---" */
    struct scenario_line *lines;
    size_t line_count;
};

/* The line behind everything that belongs to line `at`. */
size_t scenario_next(const struct scenario *scenario, size_t at);

/* Ends the program with a sentence about a line that makes no sense: a mistake in the test, not in the library. */
_Noreturn void scenario_mistake(const struct scenario *scenario, size_t at, const char *what);

/* The rest of the text behind its first word, if that word is `word`; else NULL. */
const char *scenario_rest(const char *text, const char *word);

/* Copies the first word of *rest to `word` and moves *rest behind it and its spaces; false when there is none. */
bool scenario_word(const char **rest, char *word, size_t size);

/* Like scenario_word, but a JSON text is one word, spaces inside strings, arrays and objects included. */
bool scenario_json(const char **rest, char *json, size_t size);

/* Decodes a JSON string into malloc'ed UTF-8 and its length; NULL when it is none. */
char *scenario_string(const char *json, size_t *length);

/* Copies the first word of *rest, a JSON string of it decoded, to `word`; false when there is none. */
bool scenario_name(const char **rest, char *word, size_t size);

/* ---- What the lines outside of page and layout say --------------------------------------------------------------- */

enum { SCENARIO_TEXT = 4096, SCENARIO_SERIES = 16, SCENARIO_TIMES = 8, SCENARIO_WORDS = 8, SCENARIO_MANY = 16 };

struct scenario_play;

struct scenario_settings {
    ssr_config config;
    ssr_request request;
    char location[256];
    int64_t times[SCENARIO_TIMES]; /* of the steps; the last one stays */
    size_t time_count;
    unsigned cancel_before; /* the step; 0: none */
    const char *mention;    /* words that the error sentence is looked through for */
    char never[SCENARIO_WORDS][64];
    size_t never_count; /* words that no record may hold */
    struct {
        char word[128];
        bool in_json, in_text;
    } noted[SCENARIO_WORDS]; /* words that are looked for in both forms of the record */
    size_t noted_count;
    char cookie_headers[SCENARIO_WORDS][SCENARIO_TEXT];
    const char *header_texts[SCENARIO_WORDS];
    unsigned records;
    struct text *log;
    char outcome[32]; /* of the record */
    unsigned record_passes, record_rerenders;
};

/* scenario_show.c: the log's last part, and what must hold for every result. */
void scenario_violation(struct text *log, const char *what);
ssr_log scenario_log(struct scenario_settings *settings);
void scenario_show_result(const struct scenario_settings *settings, const ssr_result *result);
void scenario_check_result(const struct scenario_settings *settings, const ssr_result *result);

/* ---- Loading (scenario_load.c) ----------------------------------------------------------------------------------- */

/* A defined query, or a hook: the lines of its loader, and when the steps answer it. */
struct scenario_loader {
    struct scenario_play *play;
    size_t line;
    char name[64];
    bool is_hook;
    bool is_late;         /* answered only when the render is gone */
    unsigned before_step; /* answered before this step at the earliest; 0: at once */
};

/* A route's declared query and its arguments. */
struct scenario_declared {
    struct scenario_play *play;
    const char *args;
};

struct scenario_route {
    char location[64];
    ssr_route route;
    ssr_hook hooks[SCENARIO_MANY];
    ssr_declared_loader loaders[SCENARIO_MANY];
    struct scenario_declared declared[SCENARIO_MANY];
};

/* An operation of the batch that is loading now, with what is logged of it. */
struct scenario_handed {
    const ssr_operation *operation; /* NULL once it was answered */
    const struct scenario_loader *loader;
    char title[SCENARIO_TEXT];
    struct text log;
};

/* Defines the query of a "query" line; reads a "route" line. */
void scenario_define_query(struct scenario_play *play, size_t at);
void scenario_read_route(struct scenario_play *play, size_t at);
const ssr_route *scenario_find_route(const char *location, void *play);

/* Notes an operation when it is handed out: the log tells of loads in that order, whatever the order of answers. */
const struct scenario_loader *scenario_hand_out(struct scenario_play *play, const ssr_operation *operation);
/* Whether the log still waits to tell of it. */
bool scenario_is_handed(const struct scenario_play *play, const ssr_operation *operation);
/* Appends what was loaded to the log, and forgets it. */
void scenario_flush_loads(struct scenario_play *play);

/* ---- Drivers (scenario_drive.c) ---------------------------------------------------------------------------------- */

/* An operation that the steps have taken and not yet answered. */
struct scenario_pending {
    ssr_operation *operation;
    const struct scenario_loader *loader;
};

/* Drives one render to its end and shows what it came to; SSR_OK, or what ssr_render_new or ssr_run failed with. */
struct scenario_end scenario_drive(struct scenario_play *play, struct scenario_settings *settings,
                                   enum scenario_driver driver);

/* ---- The page --------------------------------------------------------------------------------------------------- */

/* What must be the same in every pass: the answers of the calls of one pass, in order. */
struct scenario_series {
    char answers[SCENARIO_SERIES][64];
    size_t known; /* answers of earlier passes */
    size_t next;  /* in this pass */
};

/* One play of a scenario. */
struct scenario_play {
    const struct scenario *scenario;
    ssr_engine *engine;
    struct text *log;
    ssr_ctx *ctx; /* of the running callback */
    unsigned callbacks;
    struct scenario_series randoms, ids;

    const char *init;     /* the name of the store whose init runs; NULL in the page */
    ssr_builder *builder; /* of that init */

    bool is_quiet;       /* inside a repeat: only what was refused is logged */
    unsigned repetition; /* what "#" stands for */

    struct scenario_loader loaders[SCENARIO_MANY]; /* of queries and hooks */
    size_t loader_count;
    struct scenario_route routes[SCENARIO_MANY];
    size_t route_count;
    struct scenario_handed **handed; /* in the order of handing out */
    size_t handed_count;
    struct text *hook_log; /* of the hook that runs, for what it loads in place */
    bool is_unheard;       /* nobody waits any more: what is answered now is not logged */

    struct scenario_pending *pending; /* in the order of handing out */
    size_t pending_count;
    unsigned wakes;
};

/* A store's init function and its argument. */
struct scenario_init {
    struct scenario_play *play;
    size_t line;
    char name[64];
};

ssr_status scenario_page(ssr_ctx *ctx, void *play);
ssr_status scenario_init_store(ssr_ctx *ctx, ssr_builder *value, void *init);

/* One kind of line of a page: its word, and what it does with the rest of the line. An error leaves the callback. */
struct scenario_statement {
    const char *word;
    ssr_status (*run)(struct scenario_play *play, size_t at, const char *rest);
};

/* What a write answered, and what a read did. */
void scenario_note_write(struct scenario_play *play, const char *what, const char *rest, ssr_status status);
void scenario_note_value(struct scenario_play *play, const char *name, const char *value);

/* ---- Cookies (scenario_cookie.c) --------------------------------------------------------------------------------- */

extern const struct scenario_statement scenario_cookie_statements[]; /* up to a NULL word */
/* Reads a "sent", "sent_sealed" or "keys" line; false: it is none. */
bool scenario_read_cookies(struct scenario_settings *settings, const char *text);
/* Defines the cookie of a "cookie" line. */
void scenario_define_cookie(struct scenario_play *play, const char *rest);
/* A loader's line about cookies, or "read STORE", and what it answered; false: it is none. */
bool scenario_load_cookie(struct scenario_play *play, ssr_operation *operation, const char *text,
                          char answer[SCENARIO_TEXT]);
void scenario_show_cookies(struct text *log, const ssr_result *result);

/* A line's text with the repetition put in for "#". */
const char *scenario_expand(const struct scenario_play *play, size_t at, char buffer[SCENARIO_TEXT]);

#endif
