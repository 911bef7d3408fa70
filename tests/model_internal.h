/* What the two halves of the naive model share: model_state.c knows what a request holds, model.c runs the loop. */
#ifndef SSR_TESTS_MODEL_INTERNAL_H
#define SSR_TESTS_MODEL_INTERNAL_H

#include "model.h"

enum { CELLS = STORES + COOKIES, KEYS = 500, PROVIDED = 400, PASSES = 64, LINE_SIZE = 256, PATH_SIZE = 64 };
enum { HAND_NAMES = 2, HEADER_NAMES = 2 };

/* A store, or behind the stores a cookie. */
struct cell {
    bool is_counted;            /* against the limit of the request */
    bool is_touched, is_staged; /* at this location */
    char committed[VALUE_SIZE], staged[VALUE_SIZE], fallback[VALUE_SIZE];
};

enum key_state { KEY_UNASKED, KEY_PENDING, KEY_READY, KEY_FAILED };

/* A query and its arguments; what it answers is known when it is loaded. */
struct key {
    unsigned query;
    char args[VALUE_SIZE];
    enum key_state state;
    char answer[VALUE_SIZE]; /* the value, or the code */
};

struct atom {
    bool is_used;
    char value[VALUE_SIZE];
};

/* A context store's provider; on the stack of the model while its body runs. */
struct provider {
    struct provider *around;
    unsigned context;
    char path[PATH_SIZE];
    char initial[VALUE_SIZE], state[VALUE_SIZE];
};

/* Lines of cookies: one for each that is defined, and one for each name that is sent by hand. "": none. */
struct lines {
    char of_cookie[COOKIES][LINE_SIZE], by_hand[HAND_NAMES][LINE_SIZE];
};

/* What a pass says beside its document. */
struct response {
    int status, redirect_status;
    const char *redirect_to;
    unsigned header_count;
    struct {
        const char *name;
        char value[VALUE_SIZE];
    } headers[HEADER_NAMES];
};

struct model {
    const struct page *page;
    struct ending *ending;
    struct cell cells[CELLS];
    struct lines written, sent; /* by the running pass; by those that completed, hooks and loaders */
    struct key keys[KEYS];
    unsigned key_count;
    unsigned found[KEYS], found_count; /* in this pass, in order */
    struct atom atoms[ATOMS], atoms_before[ATOMS];
    struct provider *provider; /* the innermost */
    struct provider provided[PROVIDED];
    unsigned provided_count; /* in this pass */
    unsigned location, followed_to[LOCATIONS], followed;
    struct response base, response;
    struct text html, kept_html, kept_data; /* of the running pass, and of the last one that completed */
    size_t place, kept_place;               /* of the transfer element; SIZE_MAX: none */
    struct response kept;
    bool has_completed; /* a pass at this location */
    bool is_over_limit, is_private;
    unsigned rerenders, query_passes; /* at this location */
    /* The committed values that each pass saw, and behind the last one those that are staged. */
    char states[PASSES + 2][CELLS][VALUE_SIZE];
    unsigned first_state; /* of those that a cycle may consist of */
};

/* ---- model_state.c ---------------------------------------------------------------------------------------------- */

bool model_is_too_large(const struct model *model, const char *value);
void model_refuse(struct model *model);

/* The first touch gives the default or what was sent. False: one too many. */
bool model_touch_store(struct model *model, unsigned store);
bool model_touch_cookie(struct model *model, unsigned cookie);
bool model_touch_atom(struct model *model, unsigned atom);

void model_set_store(struct model *model, unsigned store, const char *value);
/* value NULL: deletes. */
void model_set_cookie(struct model *model, unsigned cookie, const char *value, bool is_aged);
void model_send_by_hand(struct model *model, unsigned which);
bool model_differs(const struct model *model);
void model_commit(struct model *model);
void model_stage_defaults(struct model *model);

struct key *model_find_key(struct model *model, unsigned query, const char *args);
/* NULL: one key too many. */
struct key *model_make_key(struct model *model, unsigned query, const char *args);
void model_ask_key(struct model *model, struct key *key);
void model_forget_found(struct model *model);
/* Hands out what was found; loads it, in the order of finding. */
void model_start_found(struct model *model);
void model_load_found(struct model *model);

/* Hooks and declared loaders of a location; false: one failed, and the ending has its error. */
bool model_prepare_location(struct model *model);

/* What crosses to the browser now. */
void model_write_data(const struct model *model, struct text *data);

#endif
