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

/* ---- The page --------------------------------------------------------------------------------------------------- */

enum { SCENARIO_TEXT = 4096, SCENARIO_SERIES = 16 };

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
};

/* A store's init function and its argument. */
struct scenario_init {
    struct scenario_play *play;
    size_t line;
    char name[64];
};

ssr_status scenario_page(ssr_ctx *ctx, void *play);
ssr_status scenario_init_store(ssr_ctx *ctx, ssr_builder *value, void *init);

/* A line's text with the repetition put in for "#". */
const char *scenario_expand(const struct scenario_play *play, size_t at, char buffer[SCENARIO_TEXT]);

#endif
