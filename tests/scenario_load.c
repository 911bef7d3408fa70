/*
 * The loading side of a scenario: queries, hooks and declared loaders, the lines that a loader runs, and what is
 * logged of them. Loads are logged in the order in which they were handed out, in front of the pass that sees their
 * answers; so the log is the same whatever order the answers came in.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_internal.h"

/* One run of a loader or hook. */
struct loading {
    struct scenario_play *play;
    ssr_operation *operation;
    struct text *log; /* NULL: nobody listens */
    int indent;
};

struct statement {
    const char *word;
    ssr_status (*run)(struct loading *loading, size_t at, const char *rest);
};

static ssr_status run_block(struct loading *loading, size_t at);

/* ---- Texts ------------------------------------------------------------------------------------------------------ */

/* What stands for "$args", "$pass" and "$location". */
struct facts {
    const char *args, *location;
    unsigned pass;
};

static size_t put_fact(const struct facts *facts, const char **text, char *to, size_t size)
{
    static const char *const names[] = {"$args", "$pass", "$location"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strncmp(*text, names[i], strlen(names[i])) != 0)
            continue;
        *text += strlen(names[i]);
        if (i == 0)
            return (size_t)snprintf(to, size, "%s", facts->args);
        if (i == 1)
            return (size_t)snprintf(to, size, "%u", facts->pass);
        return (size_t)snprintf(to, size, "\"%s\"", facts->location);
    }
    *to = *(*text)++;
    return 1;
}

static void fill_in(const struct facts *facts, const char *text, char filled[SCENARIO_TEXT])
{
    size_t length = 0;
    while (*text && length < SCENARIO_TEXT / 2)
        length += put_fact(facts, &text, filled + length, SCENARIO_TEXT / 2);
    filled[length] = '\0';
}

/* The canonical arguments; they stand alone in memory, so the cursor's text ends with them. */
static const char *args_of(const ssr_operation *operation)
{
    ssr_json args = ssr_operation_args(operation);
    return args.text ? args.text : "null";
}

static void fill_line(const struct loading *loading, const char *text, char filled[SCENARIO_TEXT])
{
    struct facts facts = {args_of(loading->operation), ssr_operation_location(loading->operation),
                          ssr_operation_pass(loading->operation)};
    fill_in(&facts, text, filled);
}

static void note(const struct loading *loading, const char *what, const char *rest, const char *answer)
{
    if (loading->log)
        text_format(loading->log, "%*s%s%s%s: %s\n", loading->indent, "", what, *rest ? " " : "", rest, answer);
}

/* ---- What a loader does ----------------------------------------------------------------------------------------- */

/* A mistake in what it gives is the query's, which the answer tells. */
static ssr_status run_give(struct loading *loading, size_t at, const char *rest)
{
    char filled[SCENARIO_TEXT];
    (void)at;
    fill_line(loading, rest, filled);
    ssr_builder_json(ssr_operation_build(loading->operation), filled, strlen(filled));
    return SSR_OK;
}

/* give_long N: a string of N bytes. */
static ssr_status run_give_long(struct loading *loading, size_t at, const char *rest)
{
    (void)at;
    size_t length = (size_t)atol(rest);
    char *text = malloc(length + 1);
    if (!text)
        abort();
    memset(text, 'x', length);
    ssr_builder_string_n(ssr_operation_build(loading->operation), text, length);
    free(text);
    return SSR_OK;
}

static ssr_status run_set(struct loading *loading, size_t at, const char *rest)
{
    const char *line = rest;
    const struct scenario *scenario = loading->play->scenario;
    char name[64], filled[SCENARIO_TEXT];
    if (!scenario_word(&rest, name, sizeof name))
        scenario_mistake(scenario, at, "a store is missing");
    const ssr_store *store = ssr_store_find(ssr_engine_registry(loading->play->engine), name);
    fill_line(loading, rest, filled);
    ssr_builder_json(ssr_operation_build_store(loading->operation), filled, strlen(filled));
    ssr_status status = ssr_operation_set_at(loading->operation, store, scenario->path, scenario->lines[at].number);
    note(loading, "set", line, ssr_status_name(status));
    return status == SSR_E_NOMEM ? status : SSR_OK;
}

/* fail [CODE [REASON]]: without a code the loader just returns an error. */
static ssr_status run_fail(struct loading *loading, size_t at, const char *rest)
{
    char code[128], reason[512] = "";
    (void)at;
    if (!scenario_name(&rest, code, sizeof code))
        return SSR_E_FAILED;
    scenario_name(&rest, reason, sizeof reason);
    return ssr_operation_fail(loading->operation, code, reason);
}

static ssr_status run_give_up(struct loading *loading, size_t at, const char *rest)
{
    (void)loading, (void)at, (void)rest;
    return SSR_E_WRONG_TYPE;
}

static const char *state_name(ssr_query_result result)
{
    static const char *const names[] = {"disabled", "pending", "ready", "failed"};
    return names[result.state];
}

/* load QUERY [ARGS]: in place, in a hook. */
static ssr_status run_load(struct loading *loading, size_t at, const char *rest)
{
    const char *line = rest;
    char name[64], args[SCENARIO_TEXT], filled[SCENARIO_TEXT];
    if (!scenario_word(&rest, name, sizeof name))
        scenario_mistake(loading->play->scenario, at, "a query is missing");
    if (scenario_json(&rest, args, sizeof args)) {
        fill_line(loading, args, filled);
        ssr_builder_json(ssr_operation_build_args(loading->operation), filled, strlen(filled));
    }
    struct text *outer = loading->play->hook_log;
    loading->play->hook_log = loading->log;
    ssr_query_result result =
        ssr_operation_load(loading->operation, ssr_query_find(ssr_engine_registry(loading->play->engine), name));
    loading->play->hook_log = outer;
    struct text answer = {0};
    text_format(&answer, "%s", state_name(result));
    if (result.state == SSR_QUERY_READY)
        text_format(&answer, " %.*s", (int)result.data.length, result.data.text);
    else
        text_format(&answer, " %s", result.error);
    note(loading, "load", line, answer.data);
    text_free(&answer);
    return SSR_OK;
}

static ssr_status run_status(struct loading *loading, size_t at, const char *rest)
{
    (void)at;
    note(loading, "status", rest, ssr_status_name(ssr_operation_set_status(loading->operation, atoi(rest))));
    return SSR_OK;
}

/* header NAME VALUE */
static ssr_status run_header(struct loading *loading, size_t at, const char *rest)
{
    const char *line = rest;
    char name[64];
    if (!scenario_word(&rest, name, sizeof name))
        scenario_mistake(loading->play->scenario, at, "a header is missing");
    ssr_status status = ssr_operation_set_header(loading->operation, name, rest);
    note(loading, "header", line, ssr_status_name(status));
    return status == SSR_E_NOMEM ? status : SSR_OK;
}

static ssr_status run_cancelled(struct loading *loading, size_t at, const char *rest)
{
    (void)at;
    note(loading, "cancelled", rest, ssr_operation_is_cancelled(loading->operation) ? "yes" : "no");
    return SSR_OK;
}

/* when JSON: if these are the arguments. when location PATH. */
static bool condition(const struct loading *loading, const char *rest)
{
    const char *location = scenario_rest(rest, "location");
    return location ? strcmp(ssr_operation_location(loading->operation), location) == 0
                    : strcmp(args_of(loading->operation), rest) == 0;
}

static ssr_status run_when(struct loading *loading, size_t at, const char *rest)
{
    return condition(loading, rest) ? run_block(loading, at) : SSR_OK;
}

static ssr_status run_unless(struct loading *loading, size_t at, const char *rest)
{
    return condition(loading, rest) ? SSR_OK : run_block(loading, at);
}

static const struct statement statements[] = {
    {"give", run_give},     {"give_long", run_give_long}, {"give_up", run_give_up},     {"set", run_set},
    {"fail", run_fail},     {"load", run_load},           {"cancelled", run_cancelled}, {"when", run_when},
    {"unless", run_unless}, {"status", run_status},       {"header", run_header},
};

static ssr_status run_line(struct loading *loading, size_t at)
{
    const char *text = loading->play->scenario->lines[at].text;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        const char *rest = scenario_rest(text, statements[i].word);
        if (rest)
            return statements[i].run(loading, at, rest);
    }
    char answer[SCENARIO_TEXT];
    if (scenario_load_cookie(loading->play, loading->operation, text, answer)) {
        note(loading, text, "", answer);
        return strcmp(answer, "nomem") == 0 ? SSR_E_NOMEM : SSR_OK;
    }
    scenario_mistake(loading->play->scenario, at, "no such line in a loader");
}

static ssr_status run_block(struct loading *loading, size_t at)
{
    const struct scenario *scenario = loading->play->scenario;
    size_t end = scenario_next(scenario, at);
    for (size_t i = at + 1; i < end; i = scenario_next(scenario, i)) {
        ssr_status status = run_line(loading, i);
        if (status != SSR_OK)
            return status;
    }
    return SSR_OK;
}

/* ---- What is logged of it --------------------------------------------------------------------------------------- */

static void write_title(const ssr_operation *operation, const struct scenario_loader *loader, char *title, size_t size)
{
    if (loader->is_hook)
        snprintf(title, size, "hook %s", loader->name);
    else
        snprintf(title, size, "load %s %s", loader->name, args_of(operation));
}

static struct scenario_handed *find_handed(const struct scenario_play *play, const ssr_operation *operation)
{
    for (size_t i = 0; i < play->handed_count; i++)
        if (play->handed[i]->operation == operation)
            return play->handed[i];
    return NULL;
}

bool scenario_is_handed(const struct scenario_play *play, const ssr_operation *operation)
{
    return find_handed(play, operation) != NULL;
}

static struct scenario_handed *add_handed(struct scenario_play *play, const ssr_operation *operation,
                                          const struct scenario_loader *loader)
{
    struct scenario_handed *handed = calloc(1, sizeof *handed);
    play->handed = realloc(play->handed, (play->handed_count + 1) * sizeof *play->handed);
    if (!handed || !play->handed)
        abort();
    play->handed[play->handed_count++] = handed;
    handed->operation = operation;
    handed->loader = loader;
    write_title(operation, loader, handed->title, sizeof handed->title);
    return handed;
}

/* Hooks are handed out before everything else, in the order of the route. */
static const struct scenario_loader *next_hook(struct scenario_play *play, const char *location)
{
    size_t handed = 0;
    for (size_t i = 0; i < play->handed_count; i++)
        handed += play->handed[i]->loader->is_hook;
    const ssr_route *route = scenario_find_route(location, play);
    return route && handed < route->hook_count ? route->hooks[handed].arg : NULL;
}

static const struct scenario_loader *query_loader(const struct scenario_play *play, const char *name)
{
    for (size_t i = 0; i < play->loader_count; i++)
        if (!play->loaders[i].is_hook && strcmp(play->loaders[i].name, name) == 0)
            return &play->loaders[i];
    return NULL;
}

const struct scenario_loader *scenario_hand_out(struct scenario_play *play, const ssr_operation *operation)
{
    const ssr_query *query = ssr_operation_query(operation);
    const struct scenario_loader *loader =
        query ? query_loader(play, ssr_query_name(query)) : next_hook(play, ssr_operation_location(operation));
    if (loader)
        add_handed(play, operation, loader);
    else if (!query)
        scenario_violation(play->log, "a hook that the route does not have");
    return loader;
}

void scenario_flush_loads(struct scenario_play *play)
{
    for (size_t i = 0; i < play->handed_count; i++) {
        struct scenario_handed *handed = play->handed[i];
        text_format(play->log, "%s%s\n", handed->title, handed->operation ? ": no answer" : "");
        if (handed->log.data)
            text_append(play->log, handed->log.data, handed->log.length);
        text_free(&handed->log);
        free(handed);
    }
    free(play->handed);
    play->handed = NULL;
    play->handed_count = 0;
}

/* ---- Callbacks -------------------------------------------------------------------------------------------------- */

/* What a hook loads in place is logged with the hook. */
static ssr_status load_in_place(struct loading *loading, const struct scenario_loader *loader)
{
    char title[SCENARIO_TEXT];
    write_title(loading->operation, loader, title, sizeof title);
    loading->log = loading->play->hook_log;
    loading->indent = 4;
    text_format(loading->log, "  %s\n", title);
    return run_block(loading, loader->line);
}

static ssr_status load(ssr_operation *operation, void *arg)
{
    const struct scenario_loader *loader = arg;
    struct scenario_play *play = loader->play;
    struct loading loading = {play, operation, NULL, 2};
    struct scenario_handed *handed = find_handed(play, operation);
    if (!handed && play->hook_log)
        return load_in_place(&loading, loader);
    if (!handed && !play->is_unheard)
        handed = add_handed(play, operation, loader);
    loading.log = handed ? &handed->log : NULL;
    ssr_status status = run_block(&loading, loader->line);
    if (handed)
        handed->operation = NULL;
    return status;
}

/* ---- Definitions ------------------------------------------------------------------------------------------------ */

static struct scenario_loader *new_loader(struct scenario_play *play, size_t at, const char *name)
{
    if (play->loader_count == SCENARIO_MANY)
        scenario_mistake(play->scenario, at, "too many loaders");
    struct scenario_loader *loader = &play->loaders[play->loader_count++];
    *loader = (struct scenario_loader){.play = play, .line = at};
    snprintf(loader->name, sizeof loader->name, "%s", name);
    return loader;
}

static unsigned take_number(const struct scenario_play *play, size_t at, const char **rest)
{
    char word[32];
    if (!scenario_word(rest, word, sizeof word))
        scenario_mistake(play->scenario, at, "a number is missing");
    return (unsigned)atoi(word);
}

/* Words that say when the steps answer; false: another word. */
static bool read_answering(struct scenario_loader *loader, size_t at, const char *word, const char **rest)
{
    if (strcmp(word, "late") == 0)
        loader->is_late = true;
    else if (strcmp(word, "before_step") == 0)
        loader->before_step = take_number(loader->play, at, rest);
    else
        return false;
    return true;
}

/* query NAME [local] [show_args] [timeout MS] [no_loader] [late | before_step N]; the lines below are its loader. */
void scenario_define_query(struct scenario_play *play, size_t at)
{
    char name[64], word[64];
    const char *rest = scenario_rest(play->scenario->lines[at].text, "query");
    if (!scenario_name(&rest, name, sizeof name))
        scenario_mistake(play->scenario, at, "a query is missing");
    struct scenario_loader *loader = new_loader(play, at, name);
    ssr_query_options options = {.load = load, .load_arg = loader};
    while (scenario_word(&rest, word, sizeof word)) {
        if (strcmp(word, "local") == 0)
            options.policy = SSR_LOCAL;
        else if (strcmp(word, "show_args") == 0)
            options.show_args = true;
        else if (strcmp(word, "timeout") == 0)
            options.timeout_ms = (int)take_number(play, at, &rest);
        else if (strcmp(word, "no_loader") == 0)
            options.load = NULL;
        else if (!read_answering(loader, at, word, &rest))
            scenario_mistake(play->scenario, at, "no such word for a query");
    }
    if (!options.load)
        play->loader_count--; /* nothing to log */
    ssr_query_define(ssr_engine_registry(play->engine), name, &options);
}

/* ---- Routes ----------------------------------------------------------------------------------------------------- */

static ssr_status add_args(const char *location, ssr_builder *args, void *arg)
{
    const struct scenario_declared *declared = arg;
    char filled[SCENARIO_TEXT];
    if (strcmp(declared->args, "fail") == 0)
        return SSR_E_FAILED;
    fill_in(&(struct facts){"null", location, 0}, declared->args, filled);
    return ssr_builder_json(args, filled, strlen(filled));
}

/* hook NAME [late | before_step N]; the lines below are what it does. */
static void read_hook(struct scenario_play *play, struct scenario_route *route, size_t at, const char *rest)
{
    char name[64], word[64];
    if (!scenario_name(&rest, name, sizeof name) || route->route.hook_count == SCENARIO_MANY)
        scenario_mistake(play->scenario, at, "a hook is missing, or too many");
    struct scenario_loader *loader = new_loader(play, at, name);
    loader->is_hook = true;
    while (scenario_word(&rest, word, sizeof word))
        if (!read_answering(loader, at, word, &rest))
            scenario_mistake(play->scenario, at, "no such word for a hook");
    route->hooks[route->route.hook_count++] = (ssr_hook){loader->name, load, loader};
}

/* declare QUERY [ARGS] */
static void read_declared(struct scenario_play *play, struct scenario_route *route, size_t at, const char *rest)
{
    char name[64];
    size_t i = route->route.loader_count;
    if (!scenario_word(&rest, name, sizeof name) || i == SCENARIO_MANY)
        scenario_mistake(play->scenario, at, "a query is missing, or too many");
    route->declared[i] = (struct scenario_declared){play, rest};
    route->loaders[i] = (ssr_declared_loader){ssr_query_find(ssr_engine_registry(play->engine), name),
                                              *rest ? add_args : NULL, &route->declared[i]};
    route->route.loader_count += route->loaders[i].query != NULL; /* without memory there is none */
}

void scenario_read_route(struct scenario_play *play, size_t at)
{
    const struct scenario *scenario = play->scenario;
    if (play->route_count == SCENARIO_MANY)
        scenario_mistake(scenario, at, "too many routes");
    struct scenario_route *route = &play->routes[play->route_count++];
    snprintf(route->location, sizeof route->location, "%s", scenario_rest(scenario->lines[at].text, "route"));
    route->route = (ssr_route){route->hooks, 0, route->loaders, 0};
    for (size_t i = at + 1; i < scenario_next(scenario, at); i = scenario_next(scenario, i)) {
        const char *text = scenario->lines[i].text, *rest;
        if ((rest = scenario_rest(text, "hook")))
            read_hook(play, route, i, rest);
        else if ((rest = scenario_rest(text, "declare")))
            read_declared(play, route, i, rest);
        else
            scenario_mistake(scenario, i, "no such line in a route");
    }
}

const ssr_route *scenario_find_route(const char *location, void *arg)
{
    struct scenario_play *play = arg;
    for (size_t i = 0; i < play->route_count; i++)
        if (strcmp(play->routes[i].location, "*") == 0 || strcmp(play->routes[i].location, location) == 0)
            return &play->routes[i].route;
    return NULL;
}
