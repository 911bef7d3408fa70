/*
 * The naive model's loop: every pass simulated from the top, from the contract's list of steps, and what leaves a
 * render as text. What always holds: nothing of a pass is kept for the next one but what the contract says is.
 */
#include "model_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Writing the document --------------------------------------------------------------------------------------- */

static void write_html(struct model *model, const char *html)
{
    if (model->page->data_only)
        return;
    if (model->html.length + strlen(html) > model->page->limits.output_bytes)
        model->is_over_limit = true;
    else
        text_append(&model->html, html, strlen(html));
}

static void write_escaped(struct model *model, const char *plain)
{
    struct text escaped = {0};
    text_append(&escaped, "", 0);
    for (; *plain; plain++) {
        const char *entity = *plain == '&'   ? "&amp;"
                             : *plain == '<' ? "&lt;"
                             : *plain == '>' ? "&gt;"
                             : *plain == '"' ? "&quot;"
                                             : NULL;
        text_format(&escaped, entity ? "%s" : "%.1s", entity ? entity : plain);
    }
    write_html(model, escaped.data);
    text_free(&escaped);
}

static void place_transfer(struct model *model)
{
    if (model->place != SIZE_MAX)
        model_refuse(model);
    else
        model->place = model->html.length;
}

/* ---- Atoms and contexts ----------------------------------------------------------------------------------------- */

/* NULL: one too many. */
static struct atom *use_atom(struct model *model, unsigned at)
{
    at %= ATOMS;
    model->is_private = true;
    return model_touch_atom(model, at) ? &model->atoms[at] : NULL;
}

static void change_atom(struct model *model, const struct instruction *line, const char *value)
{
    struct atom *atom = use_atom(model, line->target);
    if (!atom)
        return;
    if (model_is_too_large(model, value))
        model_refuse(model);
    else
        strcpy(atom->value, value);
}

/* The nearest one; NULL: there is none. */
static struct provider *find_provider(struct model *model, unsigned context)
{
    struct provider *provider = model->provider;
    while (provider && provider->context != context % CONTEXTS)
        provider = provider->around;
    return provider;
}

static void set_context(struct model *model, const struct instruction *line, const char *value)
{
    struct provider *provider = find_provider(model, line->target);
    if (!provider || model_is_too_large(model, value))
        model_refuse(model);
    else
        strcpy(provider->state, value);
}

static bool is_path_taken(const struct model *model, const char *path)
{
    for (unsigned i = 0; i < model->provided_count; i++)
        if (strcmp(model->provided[i].path, path) == 0)
            return true;
    return false;
}

static void make_path(const struct model *model, struct provider *provider, bool has_key)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%.40s/x%u%s", provider->around ? provider->around->path : "", provider->context,
             has_key ? ":k" : "");
    strcpy(provider->path, path);
    for (unsigned again = 2; is_path_taken(model, provider->path); again++)
        snprintf(provider->path, PATH_SIZE, "%.56s~%u", path, again);
}

/* ---- Values that instructions take ------------------------------------------------------------------------------ */

/* NULL: one too many on the way. */
static const char *find_value(struct model *model, const struct instruction *line, const char *props)
{
    const struct atom *atom;
    const struct provider *provider;
    unsigned at = line->value;
    switch (line->source) {
    case SOURCE_STORE: return model_touch_store(model, at % STORES) ? model->cells[at % STORES].committed : NULL;
    case SOURCE_COOKIE:
        model->is_private = true;
        return model_touch_cookie(model, at % COOKIES) ? model->cells[STORES + at % COOKIES].committed : NULL;
    case SOURCE_ATOM: atom = use_atom(model, at); return atom ? atom->value : NULL;
    case SOURCE_CONTEXT: provider = find_provider(model, at); return provider ? provider->state : "null";
    case SOURCE_PROPS: return props;
    default: return model_values[at].canonical;
    }
}

/* A copy, because what it is taken from may change; false: one too many on the way. */
static bool take_value(struct model *model, const struct instruction *line, const char *props, char value[VALUE_SIZE])
{
    const char *found = line->source == SOURCE_PASS ? NULL : find_value(model, line, props);
    if (line->source == SOURCE_PASS)
        snprintf(value, VALUE_SIZE, "%u", model->ending->passes);
    else if (found)
        strcpy(value, found);
    return found || line->source == SOURCE_PASS;
}

static bool guard_holds(struct model *model, const struct instruction *line)
{
    unsigned pass = model->ending->passes;
    const struct atom *atom;
    switch (line->guard) {
    case GUARD_PASS: return pass == line->guard_number + 1;
    case GUARD_FROM_PASS: return pass >= line->guard_number + 1;
    case GUARD_ATOM:
        atom = use_atom(model, line->guard_store);
        return atom && strcmp(atom->value, model_values[line->guard_value].canonical) == 0;
    case GUARD_LOCATION: return model->location == line->guard_number % LOCATIONS;
    case GUARD_EQUAL:
    case GUARD_UNEQUAL:
        if (!model_touch_store(model, line->guard_store))
            return false;
        return (strcmp(model->cells[line->guard_store].committed, model_values[line->guard_value].canonical) == 0) ==
               (line->guard == GUARD_EQUAL);
    default: return true;
    }
}

/* ---- Queries ---------------------------------------------------------------------------------------------------- */

/* The key, when it is known after asking; NULL: disabled, refused, or a limit. */
static const struct key *ask(struct model *model, const struct instruction *line, const char *args)
{
    unsigned query = line->target % QUERIES;
    if (model_is_too_large(model, args)) {
        model_refuse(model);
        return NULL;
    }
    if (line->op == OP_ASK_DISABLED)
        return model_find_key(model, query, args);
    struct key *key = model_make_key(model, query, args);
    if (key)
        model_ask_key(model, key);
    return key;
}

static void show_answer(struct model *model, const struct instruction *line, const char *args)
{
    static const char *const marks[] = {"-", "?", "", "!"};
    const struct key *key = ask(model, line, args);
    if (model->is_over_limit)
        return;
    enum key_state state = key ? key->state : KEY_UNASKED;
    write_html(model, marks[state]);
    if (!model->is_over_limit && (state == KEY_READY || state == KEY_FAILED))
        write_html(model, key->answer);
}

/* Sets the store below the arguments' one to what the query has answered. */
static void feed(struct model *model, const struct instruction *line, const char *args)
{
    char code[VALUE_SIZE];
    const struct key *key = ask(model, line, args);
    if (!key || model->is_over_limit)
        return;
    snprintf(code, sizeof code, "\"%.40s\"", key->answer);
    if (key->state == KEY_READY)
        model_set_store(model, line->target % STORES, key->answer);
    else if (key->state == KEY_FAILED)
        model_set_store(model, line->target % STORES, code);
}

/* ---- The response ----------------------------------------------------------------------------------------------- */

static void set_header(struct response *response, const char *name, const char *value)
{
    unsigned at = 0;
    while (at < response->header_count && strcmp(response->headers[at].name, name) != 0)
        at++;
    response->header_count += at == response->header_count;
    response->headers[at].name = name;
    strcpy(response->headers[at].value, value);
}

static void redirect_page(struct model *model, const struct instruction *line)
{
    unsigned to = line->target % REDIRECTS;
    int status = model_redirect_statuses[line->value % REDIRECT_STATUSES];
    if (to > LOCATIONS || status == 299) {
        model_refuse(model);
        return;
    }
    model->response.redirect_to = model_redirects[to];
    model->response.redirect_status = status == 0 ? 302 : status;
}

/* ---- Instructions ----------------------------------------------------------------------------------------------- */

static void show_committed(struct model *model, const struct instruction *line)
{
    unsigned at = line->target % STORES;
    if (!model_touch_store(model, at))
        return;
    if (line->op == OP_SHOW)
        write_html(model, model->cells[at].committed);
    else
        write_escaped(model, model->cells[at].committed);
}

static void show(struct model *model, const struct instruction *line, const char *props)
{
    char number[16];
    const struct atom *atom;
    const struct provider *provider;
    switch (line->op) {
    case OP_SHOW_PROPS: write_html(model, props); break;
    case OP_SHOW_PASS:
        snprintf(number, sizeof number, "%u", model->ending->passes);
        write_html(model, number);
        break;
    case OP_SHOW_PENDING: write_html(model, model_differs(model) ? "p" : "n"); break;
    case OP_SHOW_LONG: write_html(model, model_long_text); break;
    case OP_SHOW_COOKIE:
        model->is_private = true;
        if (model_touch_cookie(model, line->target % COOKIES))
            write_html(model, model->cells[STORES + line->target % COOKIES].committed);
        break;
    case OP_SHOW_ATOM:
        atom = use_atom(model, line->target);
        if (atom)
            write_html(model, atom->value);
        break;
    case OP_SHOW_CONTEXT:
        provider = find_provider(model, line->target);
        write_html(model, provider ? provider->state : "-");
        break;
    default: show_committed(model, line); break;
    }
}

static void write(struct model *model, const struct instruction *line, const char *value)
{
    switch (line->op) {
    case OP_SET:
    case OP_EFFECT: model_set_store(model, line->target % STORES, value); break;
    case OP_COOKIE_SET:
    case OP_COOKIE_AGED: model_set_cookie(model, line->target % COOKIES, value, line->op == OP_COOKIE_AGED); break;
    case OP_ATOM_UPDATE: change_atom(model, line, value); break;
    case OP_CONTEXT_SET: set_context(model, line, value); break;
    case OP_HEADER: set_header(&model->response, line->target % 2 ? "X-A" : "X-B", value); break;
    case OP_FEED: feed(model, line, value); break;
    default: show_answer(model, line, value); break;
    }
}

static void turn(struct model *model, const struct instruction *line)
{
    unsigned at = line->target % STORES;
    char number[16];
    if (!model_touch_store(model, at))
        return;
    snprintf(number, sizeof number, "%u", model_turn(model->cells[at].committed, line->value));
    model_set_store(model, at, number);
}

static const char *run_node(struct model *model, unsigned at, const char *props);

/* The name of the status that a part answers; NULL: ok. */
static const char *run_child(struct model *model, const struct instruction *line, unsigned node, const char *props)
{
    if (model->page->boundaries != BOUNDARIES_NONE && model_is_too_large(model, props)) {
        model_refuse(model);
        return "too_large";
    }
    unsigned rest = NODES - 1 - node;
    return run_node(model, node + 1 + line->target % rest, props);
}

/* In an order that depends on the value; each knows its number. */
static const char *run_list(struct model *model, const struct instruction *line, unsigned node, const char *value)
{
    const char *first = NULL;
    for (unsigned i = 0; i < 3 && !model->is_over_limit; i++) {
        char number[16];
        snprintf(number, sizeof number, "%u", (i + (unsigned)strlen(value)) % 3);
        const char *status = run_child(model, line, node, number);
        first = first ? first : status;
    }
    return first;
}

static const char *run_provider(struct model *model, const struct instruction *line, unsigned node, const char *initial)
{
    struct provider provider = {.around = model->provider, .context = line->target % CONTEXTS};
    char number[16];
    if (model_is_too_large(model, initial)) {
        model_refuse(model);
        return "too_large";
    }
    model->is_private = true;
    make_path(model, &provider, line->value % 2);
    strcpy(provider.initial, initial);
    strcpy(provider.state, initial);
    if (model->provided_count == PROVIDED)
        abort(); /* no page renders so many parts */
    model->provided[model->provided_count++] = provider;
    model->provider = &provider;
    snprintf(number, sizeof number, "%u", line->value);
    const char *status = run_child(model, line, node, number);
    model->provider = provider.around;
    return status;
}

static const char *run_parts(struct model *model, const struct instruction *line, unsigned node, const char *value)
{
    if (line->op == OP_LIST)
        return run_list(model, line, node, value);
    if (line->op == OP_PROVIDE)
        return run_provider(model, line, node, value);
    const char *status = run_child(model, line, node, value);
    if (line->op == OP_TWICE && !model->is_over_limit && model->page->boundaries != BOUNDARIES_NONE)
        model_refuse(model); /* the key is taken */
    return status;
}

static const char *run_instruction(struct model *model, const struct instruction *line, unsigned node,
                                   const char *props)
{
    char value[VALUE_SIZE];
    if (line->op < OP_SET) {
        show(model, line, props);
        return NULL;
    }
    switch (line->op) {
    case OP_FAIL: return "failed";
    case OP_BAD:
    case OP_UNKNOWN:
    case OP_ASK_BAD: model_refuse(model); return NULL;
    case OP_COOKIE_DELETE: model_set_cookie(model, line->target % COOKIES, NULL, false); return NULL;
    case OP_COOKIE_SEND: model_send_by_hand(model, line->target % HAND_NAMES); return NULL;
    case OP_ATOM_RESET: change_atom(model, line, "0"); return NULL;
    case OP_STATUS: model->response.status = 200 + (int)line->value; return NULL;
    case OP_TRANSFER: place_transfer(model); return NULL;
    case OP_TURN: turn(model, line); return NULL;
    case OP_REDIRECT: redirect_page(model, line); return NULL;
    default: break;
    }
    if (!take_value(model, line, props, value))
        return NULL;
    if (line->op >= OP_CHILD)
        return run_parts(model, line, node, value);
    write(model, line, value);
    return NULL;
}

/* What a part answers is passed on when the instruction's value is odd; a failure of its own always is. */
static const char *run_node(struct model *model, unsigned at, const char *props)
{
    const struct node *node = &model->page->nodes[at];
    write_html(model, "<");
    for (unsigned i = 0; i < node->count && !model->is_over_limit; i++) {
        const struct instruction *line = &node->instructions[i];
        if (!guard_holds(model, line) || model->is_over_limit)
            continue;
        const char *status = run_instruction(model, line, at, props);
        if (status && (line->op == OP_FAIL || line->value % 2 == 1))
            return status;
    }
    if (!model->is_over_limit)
        write_html(model, ">");
    return NULL;
}

/* ---- What a pass leaves ----------------------------------------------------------------------------------------- */

static void keep_lines(struct model *model)
{
    for (unsigned i = 0; i < COOKIES; i++)
        if (model->written.of_cookie[i][0])
            strcpy(model->sent.of_cookie[i], model->written.of_cookie[i]);
    for (unsigned i = 0; i < HAND_NAMES; i++)
        if (model->written.by_hand[i][0])
            strcpy(model->sent.by_hand[i], model->written.by_hand[i]);
}

/* What the last completed pass saw. */
static void keep(struct model *model)
{
    struct text former = model->kept_html;
    keep_lines(model);
    model->kept_html = model->html;
    model->html = former;
    model->kept_place = model->place;
    model->kept = model->response;
    model->has_completed = true;
    text_free(&model->kept_data);
    model_write_data(model, &model->kept_data);
}

/* ---- The loop --------------------------------------------------------------------------------------------------- */

enum next { NEXT_NOTHING, NEXT_RERENDER, NEXT_QUERY_PASS, NEXT_LOCATION };

static void end(struct model *model, ssr_outcome outcome, const char *error)
{
    model->ending->outcome = outcome;
    model->ending->error = error;
}

/* Whether the host ends the render before its next pass. */
static bool is_called_off(struct model *model)
{
    unsigned pass = model->ending->passes + 1;
    if (pass >= model->page->cancel_before)
        end(model, SSR_CANCELLED, "cancelled");
    else if (pass >= model->page->late_before)
        end(model, SSR_DEADLINE, "deadline");
    else
        return false;
    return true;
}

/* Follows or reports; true: another location begins. */
static bool judge_redirect(struct model *model)
{
    const struct page *page = model->page;
    const char *to = model->response.redirect_to;
    model_forget_found(model);
    if ((!page->follows && !page->data_only) || *to != '/') {
        end(model, SSR_REDIRECT, "ok");
        model->ending->redirect_to = to;
        return false;
    }
    unsigned location = (unsigned)(to[1] - '0');
    if (++model->followed_to[location] > 10 || ++model->followed > 20) {
        end(model, SSR_REDIRECT_LOOP, "redirect_loop");
        return false;
    }
    model->location = location;
    for (unsigned i = 0; i < STORES; i++)
        model->cells[i].is_touched = model->cells[i].is_staged = false;
    model->has_completed = false;
    model->rerenders = model->query_passes = 0;
    return true;
}

static bool is_same_state(const struct model *model, unsigned a, unsigned b)
{
    return memcmp(model->states[a], model->states[b], sizeof model->states[a]) == 0;
}

/* Whether the states, with the staged one behind the last, are those of three full periods. */
static bool has_period(const struct model *model, unsigned period)
{
    unsigned last = model->ending->passes + 1;
    if (last + 1 < model->first_state + 3 * period)
        return false;
    for (unsigned i = 0; i < 2 * period; i++)
        if (!is_same_state(model, last - i, last - i - period))
            return false;
    return true;
}

static bool is_cycle(struct model *model)
{
    for (unsigned i = 0; i < CELLS; i++) {
        const struct cell *cell = &model->cells[i];
        strcpy(model->states[model->ending->passes + 1][i], cell->is_staged ? cell->staged : cell->committed);
    }
    for (unsigned period = 2; period <= 8; period++)
        if (has_period(model, period))
            return true;
    return false;
}

static enum next judge_rerender(struct model *model)
{
    const struct page *page = model->page;
    if (page->stops_on_cycle && is_cycle(model))
        end(model, SSR_CYCLE, "ok");
    else if (model->rerenders >= page->forbidden)
        end(model, SSR_HARD_CAP, "ok");
    else if (model->rerenders < page->allowed)
        return NEXT_RERENDER;
    else
        end(model, SSR_SOFT_CAP, "ok");
    model->ending->errors += model->ending->outcome != SSR_SOFT_CAP;
    return NEXT_NOTHING;
}

/* The contract's steps 4 to 7. */
static enum next judge(struct model *model)
{
    if (model->response.redirect_to)
        return judge_redirect(model) ? NEXT_LOCATION : NEXT_NOTHING;
    if (model->found_count > 0) {
        if (model->query_passes < model->page->query_passes) {
            model_start_found(model);
            return NEXT_QUERY_PASS;
        }
        end(model, SSR_QUERY_CAP, "ok");
        model->ending->errors++;
        return NEXT_NOTHING;
    }
    if (model_differs(model))
        return judge_rerender(model);
    end(model, SSR_SETTLED, "ok");
    return NEXT_NOTHING;
}

/* What goes before a pass: false when it is not reached. */
static bool arrive(struct model *model, enum next why)
{
    bool is_late = model->page->ends_behind_loads;
    if (!is_late && is_called_off(model))
        return false;
    end(model, SSR_FAILED, "ok");
    if (why == NEXT_LOCATION && !model_prepare_location(model))
        return false;
    if (!model->is_over_limit)
        model_load_found(model);
    end(model, SSR_LIMITED, "limit");
    if (model->is_over_limit)
        return false;
    if (is_late && is_called_off(model))
        return false;
    return model->ending->passes < model->page->limits.passes;
}

static void begin_pass(struct model *model, enum next why)
{
    struct ending *ending = model->ending;
    ending->passes++;
    ending->rerenders += why == NEXT_RERENDER;
    model->rerenders += why == NEXT_RERENDER;
    ending->query_passes += why == NEXT_QUERY_PASS;
    model->query_passes += why == NEXT_QUERY_PASS;
    model_commit(model);
    if (why != NEXT_RERENDER)
        model->first_state = ending->passes;
    if (model->first_state < 2)
        model->first_state = 2; /* the first pass is only where it begins */
    memset(&model->written, 0, sizeof model->written);
    memcpy(model->atoms_before, model->atoms, sizeof model->atoms);
    model->html.length = 0;
    text_append(&model->html, "", 0);
    model->place = SIZE_MAX;
    model->provided_count = 0;
    model->response = model->base;
}

/* A pass that is not the last leaves no trace in atoms. */
static void rewind_atoms(struct model *model)
{
    memcpy(model->atoms, model->atoms_before, sizeof model->atoms);
}

/* One pass and its verdict. */
static enum next run_pass(struct model *model, enum next why)
{
    if (!arrive(model, why))
        return NEXT_NOTHING;
    begin_pass(model, why);
    const char *status = run_node(model, 0, "null");
    if (model->is_over_limit || status) {
        end(model, model->is_over_limit ? SSR_LIMITED : SSR_FAILED, model->is_over_limit ? "limit" : status);
        return NEXT_NOTHING;
    }
    if (model->found_count == 0 && !model->response.redirect_to)
        model_stage_defaults(model);
    keep(model);
    enum next next = judge(model);
    if (next != NEXT_NOTHING)
        rewind_atoms(model);
    return next;
}

/* ---- What leaves ------------------------------------------------------------------------------------------------ */

static bool leaves_something(ssr_outcome outcome)
{
    return outcome != SSR_FAILED && outcome != SSR_REDIRECT && outcome != SSR_REDIRECT_LOOP;
}

static void write_element(struct text *element, const char *data)
{
    text_format(element, "<script type=\"application/json\" id=\"__SSRSTORE__\">");
    for (; *data; data++)
        text_format(element, *data == '<' || *data == '>' || *data == '&' ? "\\u%04x" : "%c", (unsigned)*data & 0xff);
    text_format(element, "</script>");
}

static void write_document(const struct model *model, struct ending *ending)
{
    const char *data = text_read(&model->kept_data), *html = text_read(&model->kept_html);
    text_format(&ending->data, "%s", data);
    if (model->page->data_only)
        return;
    ending->has_document = true;
    write_element(&ending->element, data);
    size_t before = model->kept_place == SIZE_MAX ? model->kept_html.length : model->kept_place;
    text_append(&ending->html, html, before);
    if (model->kept_place != SIZE_MAX)
        text_format(&ending->html, "%s%s", ending->element.data, html + before);
}

/* One line for each name; the one made by hand wins. */
static void write_cookies(const struct model *model, struct ending *ending)
{
    const struct lines *sent = &model->sent;
    if (sent->by_hand[0][0])
        text_format(&ending->cookies, "%s\n", sent->by_hand[0]);
    for (unsigned i = 0; i < COOKIES; i++) {
        const char *line = i == 0 && sent->by_hand[1][0] ? sent->by_hand[1] : sent->of_cookie[i];
        if (*line)
            text_format(&ending->cookies, "%s\n", line);
    }
}

static void write_ending(const struct model *model, struct ending *ending)
{
    bool leaves = model->has_completed && leaves_something(ending->outcome);
    ending->status = leaves ? model->kept.status : 500;
    if (ending->outcome == SSR_REDIRECT)
        ending->status = model->kept.redirect_status;
    ending->location = model_locations[model->location];
    for (unsigned i = 0; (leaves || ending->outcome == SSR_REDIRECT) && i < model->kept.header_count; i++)
        text_format(&ending->headers, "%s: %s\n", model->kept.headers[i].name, model->kept.headers[i].value);
    write_cookies(model, ending);
    if (leaves)
        write_document(model, ending);
    ending->is_public = model->page->cacheable && ending->outcome == SSR_SETTLED && !model->is_private &&
                        model->followed == 0 && ending->cookies.length == 0;
}

void model_predict(const struct page *page, struct ending *ending)
{
    struct model *model = calloc(1, sizeof *model);
    if (!model)
        abort();
    memset(ending, 0, sizeof *ending);
    model->page = page;
    model->ending = ending;
    for (enum next next = NEXT_LOCATION; next != NEXT_NOTHING;)
        next = run_pass(model, next);
    write_ending(model, ending);
    text_free(&model->html);
    text_free(&model->kept_html);
    text_free(&model->kept_data);
    free(model);
}

void model_ending_free(struct ending *ending)
{
    text_free(&ending->headers);
    text_free(&ending->cookies);
    text_free(&ending->started);
    text_free(&ending->in_place);
    text_free(&ending->data);
    text_free(&ending->element);
    text_free(&ending->html);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void print_sorted(struct text *text, const struct text *lines)
{
    enum { MOST = COOKIES + HAND_NAMES };
    char copy[MOST * LINE_SIZE] = "", *sorted[MOST];
    size_t count = 0;
    strncat(copy, text_read(lines), sizeof copy - 1);
    for (char *line = strtok(copy, "\n"); line && count < MOST; line = strtok(NULL, "\n"))
        sorted[count++] = line;
    qsort(sorted, count, sizeof *sorted, compare_lines);
    for (size_t i = 0; i < count; i++)
        text_format(text, "Set-Cookie: %s\n", sorted[i]);
}

void model_ending_print(const struct ending *ending, struct text *text)
{
    text_format(text, "%s (%s), passes %u, rerenders %u, query passes %u, refused %u, error lines %u\n",
                ssr_outcome_name(ending->outcome), ending->error, ending->passes, ending->rerenders,
                ending->query_passes, ending->refused, ending->errors);
    text_format(text, "status %d, %s, at %s%s%s\n", ending->status, ending->is_public ? "public" : "private",
                ending->location, ending->redirect_to ? ", to " : "", ending->redirect_to ? ending->redirect_to : "");
    text_format(text, "%s", text_read(&ending->headers));
    print_sorted(text, &ending->cookies);
    text_format(text, "started %s\nin place %s\n", text_read(&ending->started), text_read(&ending->in_place));
    text_format(text, "data %s\nelement %s\n", text_read(&ending->data), text_read(&ending->element));
    text_format(text, "%s %s\n", ending->has_document ? "document" : "none", text_read(&ending->html));
}
