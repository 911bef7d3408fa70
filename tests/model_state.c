/*
 * The naive model's state: stores, cookies, atoms and queries of one request, as arrays and strings. Written from the
 * contract (stores, cookies, queries, what is transferred), and slow.
 */
#include "model_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool model_is_too_large(const struct model *model, const char *value)
{
    return strlen(value) > model->page->limits.value_bytes;
}

void model_refuse(struct model *model)
{
    model->ending->refused++;
}

/* ---- Touching --------------------------------------------------------------------------------------------------- */

static unsigned count_touched(const struct model *model)
{
    unsigned count = 0;
    for (unsigned i = 0; i < CELLS; i++)
        count += model->cells[i].is_counted;
    for (unsigned i = 0; i < ATOMS; i++)
        count += model->atoms[i].is_used;
    return count;
}

/* One more of what the request reads or sets; false: too many. */
static bool count_one(struct model *model, bool *is_counted)
{
    if (!*is_counted && count_touched(model) >= model->page->limits.stores)
        model->is_over_limit = true;
    else
        *is_counted = true;
    return *is_counted;
}

/* Of earlier passes nobody knows what it held, because nobody looked. */
static void fill_states(struct model *model, unsigned at)
{
    for (unsigned pass = 0; pass <= model->ending->passes; pass++)
        strcpy(model->states[pass][at], model->cells[at].committed);
}

bool model_touch_store(struct model *model, unsigned at)
{
    const struct model_store_definition *definition = &model->page->stores[at];
    struct cell *store = &model->cells[at];
    if (store->is_touched)
        return true;
    if (!count_one(model, &store->is_counted))
        return false;
    store->is_touched = true;
    const char *value = model_values[definition->value].canonical;
    if (definition->copies_lower) {
        if (!model_touch_store(model, at - 1))
            return false;
        value = model->cells[at - 1].committed;
    }
    strcpy(store->committed, value);
    strcpy(store->fallback, value);
    fill_states(model, at);
    return true;
}

bool model_touch_cookie(struct model *model, unsigned at)
{
    struct cell *cookie = &model->cells[STORES + at];
    const struct model_value *sent = &model_sent[at][model->page->sent[at]];
    if (cookie->is_touched)
        return true;
    if (!count_one(model, &cookie->is_counted))
        return false;
    cookie->is_touched = true;
    if (sent->written && !sent->canonical)
        model_refuse(model);
    strcpy(cookie->committed, sent->canonical ? sent->canonical : model_fallbacks[at]);
    fill_states(model, STORES + at);
    return true;
}

bool model_touch_atom(struct model *model, unsigned at)
{
    struct atom *atom = &model->atoms[at];
    if (atom->is_used)
        return true;
    strcpy(atom->value, "0");
    return count_one(model, &atom->is_used);
}

/* ---- Setting ---------------------------------------------------------------------------------------------------- */

static void stage(struct cell *cell, const char *value)
{
    strcpy(cell->staged, value);
    cell->is_staged = true;
}

void model_set_store(struct model *model, unsigned at, const char *value)
{
    if (model_is_too_large(model, value))
        model_refuse(model);
    else if (model_touch_store(model, at))
        stage(&model->cells[at], value);
}

/* RFC 6265bis 4.1.1. */
static bool is_cookie_octet(unsigned char c)
{
    return c > 0x20 && c < 0x7f && !strchr("\",;\\", c);
}

/* As encodeURIComponent. */
static void append_percent(char *out, unsigned char c)
{
    static const char kept[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()";
    snprintf(out + strlen(out), 4, strchr(kept, c) ? "%c" : "%%%02X", c);
}

/* A canonical value as the text of a cookie; false: it cannot be one. Strings of the table hold no escapes. */
static bool encode_cookie(unsigned at, const char *value, char text[LINE_SIZE])
{
    size_t length = strlen(value), begin = 0;
    text[0] = '\0';
    if (model_encodings[at] != SSR_COOKIE_JSON) {
        if (value[0] != '"')
            return false;
        begin = 1, length--;
    }
    for (size_t i = begin; i < length; i++) {
        unsigned char c = (unsigned char)value[i];
        if (model_encodings[at] != SSR_COOKIE_RAW)
            append_percent(text, c);
        else if (is_cookie_octet(c))
            strncat(text, &value[i], 1);
        else
            return false;
    }
    return true;
}

/* The line that would be sent; false: none can be. */
static bool write_line(const struct model *model, unsigned at, const char *value, bool is_aged, char line[LINE_SIZE])
{
    char text[LINE_SIZE];
    if (!value)
        snprintf(line, LINE_SIZE, "c%u=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; SameSite=Lax", at);
    else if (model_is_too_large(model, value) || !encode_cookie(at, value, text))
        return false;
    else
        snprintf(line, LINE_SIZE, "c%u=%.128s; Path=/; %sSameSite=Lax", at, text, is_aged ? "Max-Age=60; " : "");
    return true;
}

void model_set_cookie(struct model *model, unsigned at, const char *value, bool is_aged)
{
    char line[LINE_SIZE];
    if (!model_touch_cookie(model, at))
        return;
    if (!write_line(model, at, value, is_aged, line)) {
        model_refuse(model);
        return;
    }
    strcpy(model->written.of_cookie[at], line);
    stage(&model->cells[STORES + at], value ? value : model_fallbacks[at]);
}

void model_send_by_hand(struct model *model, unsigned which)
{
    strcpy(model->written.by_hand[which], which == 0 ? "h=x" : "c0=x");
}

/* What a loader or hook sets; for a derived store that is the default from now on. */
static void set_store_from_outside(struct model *model, unsigned at, const char *value)
{
    if (!model_touch_store(model, at))
        return;
    stage(&model->cells[at], value);
    strcpy(model->cells[at].fallback, value);
}

/* At once: sent whatever becomes of the render, and seen by the next pass. */
static void set_cookie_from_outside(struct model *model, unsigned at, const char *value)
{
    char line[LINE_SIZE];
    if (!write_line(model, at, value, false, line) || !model_touch_cookie(model, at))
        return;
    strcpy(model->sent.of_cookie[at], line);
    stage(&model->cells[STORES + at], value);
}

static void apply_write(struct model *model, enum write write, unsigned target, const char *value)
{
    if (write == WRITE_NOTHING || model_is_too_large(model, value) || model->is_over_limit)
        return;
    if (write == WRITE_STORE) {
        set_store_from_outside(model, target % STORES, value);
    } else if (write == WRITE_COOKIE) {
        set_cookie_from_outside(model, target % COOKIES, value);
    } else {
        model->is_private = true;
        if (model_touch_atom(model, target % ATOMS))
            strcpy(model->atoms[target % ATOMS].value, value);
    }
}

/* Counts the write when it is one that is refused at once. */
static void note_refused(struct model *model, enum write write, unsigned target, const char *value)
{
    char line[LINE_SIZE];
    bool is_bad = model_is_too_large(model, value) ||
                  (write == WRITE_COOKIE && !write_line(model, target % COOKIES, value, false, line));
    if (write != WRITE_NOTHING && is_bad)
        model_refuse(model);
}

bool model_differs(const struct model *model)
{
    for (unsigned i = 0; i < CELLS; i++)
        if (model->cells[i].is_staged && strcmp(model->cells[i].staged, model->cells[i].committed) != 0)
            return true;
    return false;
}

void model_commit(struct model *model)
{
    for (unsigned i = 0; i < CELLS; i++) {
        struct cell *cell = &model->cells[i];
        if (cell->is_staged)
            strcpy(cell->committed, cell->staged);
        cell->is_staged = false;
        strcpy(model->states[model->ending->passes][i], cell->committed);
    }
}

void model_stage_defaults(struct model *model)
{
    for (unsigned i = 0; i < STORES; i++)
        if (model->cells[i].is_touched && !model->cells[i].is_staged && model->page->stores[i].is_derived)
            stage(&model->cells[i], model->cells[i].fallback);
}

/* ---- Queries ---------------------------------------------------------------------------------------------------- */

struct key *model_find_key(struct model *model, unsigned query, const char *args)
{
    for (unsigned i = 0; i < model->key_count; i++)
        if (model->keys[i].query == query && strcmp(model->keys[i].args, args) == 0)
            return &model->keys[i];
    return NULL;
}

struct key *model_make_key(struct model *model, unsigned query, const char *args)
{
    struct key *key = model_find_key(model, query, args);
    if (key)
        return key;
    if (model->key_count >= model->page->limits.queries) {
        model->is_over_limit = true;
        return NULL;
    }
    if (model->key_count == KEYS)
        abort(); /* no page asks for so many */
    key = &model->keys[model->key_count++];
    key->query = query;
    strcpy(key->args, args);
    return key;
}

void model_ask_key(struct model *model, struct key *key)
{
    if (key->state != KEY_UNASKED)
        return;
    key->state = KEY_PENDING;
    model->found[model->found_count++] = (unsigned)(key - model->keys);
}

void model_forget_found(struct model *model)
{
    for (unsigned i = 0; i < model->found_count; i++)
        model->keys[model->found[i]].state = KEY_UNASKED;
    model->found_count = 0;
}

void model_start_found(struct model *model)
{
    for (unsigned i = 0; i < model->found_count; i++) {
        const struct key *key = &model->keys[model->found[i]];
        text_format(&model->ending->started, "q%u %s; ", key->query, key->args);
    }
}

/* What the next pass would see, to someone who only looks. */
static const char *look_at(const struct cell *cell, const char *otherwise)
{
    return cell->is_staged ? cell->staged : cell->is_touched ? cell->committed : otherwise;
}

static const char *look_at_store(const struct model *model, unsigned at)
{
    const struct model_store_definition *definition = &model->page->stores[at];
    /* of a store with an init nobody knows yet */
    return look_at(&model->cells[at], definition->has_init ? "null" : model_values[definition->value].canonical);
}

static const char *look_at_cookie(const struct model *model, unsigned at)
{
    const char *sent = model_sent[at][model->page->sent[at]].canonical;
    return look_at(&model->cells[STORES + at], sent ? sent : model_fallbacks[at]);
}

/* What a hook has set comes first to what it loads in place; NULL: it has set something else. */
static const char *look_at_hook(const struct model *model, const struct route *hook, const struct loader *loader)
{
    char line[LINE_SIZE];
    const char *value = hook ? model_values[hook->hook_value].canonical : NULL;
    if (!hook || model_is_too_large(model, value))
        return NULL;
    if (hook->hook_write == WRITE_STORE && loader->answer == ANSWER_STORE)
        return hook->hook_target % STORES == loader->value % STORES ? value : NULL;
    if (hook->hook_write == WRITE_ATOM && loader->answer == ANSWER_ATOM)
        return hook->hook_target % ATOMS == loader->value % ATOMS ? value : NULL;
    if (hook->hook_write != WRITE_COOKIE || loader->answer != ANSWER_COOKIE)
        return NULL;
    bool is_same = hook->hook_target % COOKIES == loader->value % COOKIES;
    return is_same && write_line(model, loader->value % COOKIES, value, false, line) ? value : NULL;
}

static const char *answer_of(struct model *model, const struct loader *loader, const char *args,
                             const struct route *hook)
{
    unsigned at = loader->value;
    const char *set = look_at_hook(model, hook, loader);
    model->is_private |= loader->answer == ANSWER_COOKIE || loader->answer == ANSWER_ATOM;
    if (set)
        return set;
    switch (loader->answer) {
    case ANSWER_STORE: return look_at_store(model, at % STORES);
    case ANSWER_COOKIE: return look_at_cookie(model, at % COOKIES);
    case ANSWER_ATOM: return model->atoms[at % ATOMS].is_used ? model->atoms[at % ATOMS].value : "0";
    case ANSWER_VALUE: return model_values[at].canonical;
    default: return args;
    }
}

/* What becomes of a key; hook: in which it is loaded in place, or NULL. */
static struct key loaded_key(struct model *model, unsigned query, const char *args, const struct route *hook)
{
    const struct loader *loader = &model->page->loaders[query];
    struct key key = {.query = query, .state = KEY_FAILED};
    strcpy(key.args, args);
    if (loader->is_slow && model->page->uses_steps && !hook) {
        strcpy(key.answer, "timeout");
        return key;
    }
    if (loader->fails_on_odd && strlen(args) % 2 == 1) {
        strcpy(key.answer, "gone");
        return key;
    }
    const char *value = answer_of(model, loader, args, hook);
    if (!model_is_too_large(model, value))
        key.state = KEY_READY;
    strcpy(key.answer, key.state == KEY_READY ? value : "too_large");
    return key;
}

/* What a loader was refused counts whatever becomes of its answer; one that timed out or gave up has written nothing.
 */
static void note_loader(struct model *model, const struct key *key)
{
    const struct loader *loader = &model->page->loaders[key->query];
    if (key->state == KEY_READY)
        note_refused(model, loader->write, loader->target, key->answer);
    else if (strcmp(key->answer, "too_large") == 0 && loader->write != WRITE_NOTHING)
        model_refuse(model);
}

static void apply_loader(struct model *model, const struct key *key)
{
    const struct loader *loader = &model->page->loaders[key->query];
    if (key->state == KEY_READY)
        apply_write(model, loader->write, loader->target, key->answer);
}

/* All of them see the request as it was before any has written. */
void model_load_found(struct model *model)
{
    for (unsigned i = 0; i < model->found_count; i++) {
        struct key *key = &model->keys[model->found[i]];
        *key = loaded_key(model, key->query, key->args, NULL);
    }
    for (unsigned i = 0; i < model->found_count && !model->is_over_limit; i++) {
        note_loader(model, &model->keys[model->found[i]]);
        apply_loader(model, &model->keys[model->found[i]]);
    }
    model->found_count = 0;
}

/* ---- Before a location ------------------------------------------------------------------------------------------ */

/* Whether a hook loads in place: what the request does not know yet. */
static bool must_load(struct model *model, const struct route *route)
{
    const char *args = model_values[route->hook_value].canonical;
    const struct key *known = model_find_key(model, QUERIES - 1, args);
    return route->hook_loads && !model_is_too_large(model, args) && (!known || known->state == KEY_UNASKED);
}

/* What was loaded in place: the page finds it ready. */
static void adopt(struct model *model, const struct key *loaded)
{
    if (!model->is_over_limit)
        apply_loader(model, loaded);
    struct key *key = model->is_over_limit ? NULL : model_make_key(model, loaded->query, loaded->args);
    if (key)
        *key = *loaded;
}

/* First it runs, then what it did is applied. */
static bool run_hook(struct model *model, const struct route *route)
{
    const char *value = model_values[route->hook_value].canonical;
    bool loads = must_load(model, route);
    text_format(&model->ending->started, "hook %s; ", model_locations[model->location]);
    if (loads)
        text_format(&model->ending->in_place, "q%u %s; ", QUERIES - 1, value);
    struct key loaded = {.query = QUERIES - 1};
    if (loads)
        loaded = loaded_key(model, QUERIES - 1, value, route);
    note_refused(model, route->hook_write, route->hook_target, value);
    if (loads)
        note_loader(model, &loaded);
    if (route->hook_fails) {
        model->ending->error = "failed";
        return false;
    }
    apply_write(model, route->hook_write, route->hook_target, value);
    if (loads)
        adopt(model, &loaded);
    if (route->hook_responds) {
        model->base = (struct response){.status = 201, .header_count = 1};
        model->base.headers[0].name = "X-A";
        strcpy(model->base.headers[0].value, "hook");
    }
    return true;
}

static bool load_declared(struct model *model, const struct route *route)
{
    const char *args = model_values[route->declared_value].canonical;
    if (model_is_too_large(model, args)) {
        model->ending->error = "too_large";
        return false;
    }
    struct key *key = model_make_key(model, route->declared_query, args);
    if (!key)
        return true;
    model_ask_key(model, key);
    model_start_found(model);
    model_load_found(model);
    return true;
}

bool model_prepare_location(struct model *model)
{
    const struct route *route = &model->page->routes[model->location];
    model->base = (struct response){.status = 200};
    if (route->has_hook && !run_hook(model, route))
        return false;
    bool is_wanted = model->page->prefetches && route->declares && !model->is_over_limit;
    return !is_wanted || load_declared(model, route);
}

/* ---- Transferring ----------------------------------------------------------------------------------------------- */

/* A member of an object: its name, and the text of its value. */
struct member {
    char name[PATH_SIZE + VALUE_SIZE], value[VALUE_SIZE + 16];
};

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static void write_object(struct text *data, const char *name, struct member *members, size_t count)
{
    qsort(members, count, sizeof *members, compare_members);
    text_format(data, "\"%s\":{", name);
    for (size_t i = 0; i < count; i++) {
        text_format(data, i > 0 ? ",\"" : "\"");
        for (const char *p = members[i].name; *p; p++)
            text_format(data, *p == '"' ? "\\%c" : "%c", *p);
        text_format(data, "\":%s", members[i].value);
    }
    text_format(data, "},");
}

static void write_atoms(const struct model *model, struct text *data)
{
    struct member members[ATOMS];
    size_t count = 0;
    if (model->atoms[0].is_used) { /* the other one is local */
        strcpy(members[0].name, "a0");
        strcpy(members[count++].value, model->atoms[0].value);
    }
    write_object(data, "atoms", members, count);
}

static void write_contexts(const struct model *model, struct text *data)
{
    static struct member members[PROVIDED];
    size_t count = 0;
    for (unsigned i = 0; i < model->provided_count; i++) {
        const struct provider *provider = &model->provided[i];
        if (provider->context != 0) /* the other one is local */
            continue;
        strcpy(members[count].name, provider->path);
        strcpy(members[count++].value, provider->initial);
    }
    write_object(data, "contexts", members, count);
}

static void write_queries(const struct model *model, struct text *data)
{
    static struct member members[KEYS];
    size_t count = 0;
    for (unsigned i = 0; i < model->key_count; i++) {
        const struct key *key = &model->keys[i];
        struct member *member = &members[count];
        if (model->page->loaders[key->query].is_local || (key->state != KEY_READY && key->state != KEY_FAILED))
            continue;
        snprintf(member->name, sizeof member->name, "[\"q%u\",%s]", key->query, key->args);
        snprintf(member->value, sizeof member->value,
                 key->state == KEY_READY ? "{\"ready\":%s}" : "{\"failed\":\"%s\"}", key->answer);
        count++;
    }
    write_object(data, "queries", members, count);
}

static void write_stores(const struct model *model, struct text *data)
{
    struct member members[STORES];
    size_t count = 0;
    for (unsigned i = 0; i < STORES; i++) {
        const struct model_store_definition *definition = &model->page->stores[i];
        const struct cell *store = &model->cells[i];
        if (definition->is_local || (!store->is_touched && !definition->is_always))
            continue;
        snprintf(members[count].name, sizeof members[count].name, "s%u", i);
        strcpy(members[count++].value,
               store->is_touched ? store->committed : model_values[definition->value].canonical);
    }
    write_object(data, "stores", members, count);
}

void model_write_data(const struct model *model, struct text *data)
{
    text_format(data, "{");
    write_atoms(model, data);
    write_contexts(model, data);
    write_queries(model, data);
    write_stores(model, data);
    text_format(data, "\"v\":1}");
}
