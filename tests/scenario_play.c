/*
 * Plays a scenario: makes an engine of its configuration and definitions, drives one render to its end, and appends
 * to the log what it came to.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_internal.h"

/* ---- Settings --------------------------------------------------------------------------------------------------- */

static uint64_t read_count(const char *text)
{
    return strcmp(text, "unlimited") == 0 ? SSR_UNLIMITED : strtoull(text, NULL, 10);
}

static bool read_limit(ssr_limits *limits, const char *rest)
{
    const struct {
        const char *word;
        uint64_t *limit;
    } words[] = {{"memory", &limits->request_bytes}, {"output", &limits->output_bytes},
                 {"value", &limits->value_bytes},    {"stores", &limits->stores},
                 {"queries", &limits->queries},      {"passes", &limits->passes},
                 {"cookies", &limits->cookies},      {"cookie_bytes", &limits->cookie_bytes}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *count = scenario_rest(rest, words[i].word);
        if (count)
            *words[i].limit = read_count(count);
        if (count)
            return true;
    }
    return false;
}

static void read_times(struct scenario_settings *settings, const char *rest)
{
    char word[32];
    while (settings->time_count < SCENARIO_TIMES && scenario_word(&rest, word, sizeof word))
        settings->times[settings->time_count++] = strtoll(word, NULL, 10);
}

static bool read_request(struct scenario_settings *settings, const char *text, struct scenario_play *play)
{
    ssr_request *request = &settings->request;
    const char *rest;
    if ((rest = scenario_rest(text, "location"))) {
        snprintf(settings->location, sizeof settings->location, "%s", rest);
        request->location = settings->location;
    } else if ((rest = scenario_rest(text, "now")))
        request->now_ms = strtoll(rest, NULL, 10);
    else if ((rest = scenario_rest(text, "seed")))
        request->seed = strtoull(rest, NULL, 10);
    else if ((rest = scenario_rest(text, "deadline")))
        request->deadline_ms = strtoll(rest, NULL, 10);
    else if (scenario_rest(text, "host"))
        request->host = play;
    else if (scenario_rest(text, "cacheable"))
        request->cacheable = true;
    else if (scenario_rest(text, "follow"))
        request->redirects = SSR_REDIRECTS_FOLLOW;
    else if (scenario_rest(text, "data"))
        request->data_only = true;
    else
        return false;
    return true;
}

static bool read_cap(ssr_config *config, const char *text)
{
    const char *rest;
    if ((rest = scenario_rest(text, "allowed")))
        config->allowed_rerenders_count = read_count(rest);
    else if ((rest = scenario_rest(text, "forbidden")))
        config->forbidden_rerenders_count = read_count(rest);
    else if ((rest = scenario_rest(text, "max_query_passes")))
        config->max_query_passes = read_count(rest);
    else if (scenario_rest(text, "prefetch"))
        config->prefetch_loaders_before_page_render = true;
    else if ((rest = scenario_rest(text, "limit")))
        return read_limit(&config->limits, rest);
    else
        return false;
    return true;
}

static bool read_setting(struct scenario_settings *settings, const char *text)
{
    const char *rest;
    if ((rest = scenario_rest(text, "times")))
        read_times(settings, rest);
    else if ((rest = scenario_rest(text, "cancel_before")))
        settings->cancel_before = (unsigned)atoi(rest);
    else if ((rest = scenario_rest(text, "mention")))
        settings->mention = rest;
    else if ((rest = scenario_rest(text, "never_in_record")) && settings->never_count < SCENARIO_WORDS)
        snprintf(settings->never[settings->never_count++], sizeof settings->never[0], "%s", rest);
    else if ((rest = scenario_rest(text, "in_record")) && settings->noted_count < SCENARIO_WORDS)
        snprintf(settings->noted[settings->noted_count++].word, sizeof settings->noted[0].word, "%s", rest);
    else
        return false;
    return true;
}

static bool is_code(const char *text)
{
    static const char *const words[] = {"page", "layout", "store", "repeat", "query", "route", "cookie"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (scenario_rest(text, words[i]))
            return true;
    return false;
}

static void count_wake(void *arg)
{
    unsigned *wakes = arg;
    ++*wakes;
}

static void read_settings(struct scenario_settings *settings, struct scenario_play *play)
{
    const struct scenario *scenario = play->scenario;
    settings->config = ssr_config_default();
    settings->config.log = scenario_log(settings);
    settings->log = play->log;
    settings->mention = "";
    settings->request.wake = count_wake;
    settings->request.wake_arg = &play->wakes;
    settings->request.find_route = scenario_find_route;
    settings->request.find_route_arg = play;
    for (size_t i = 0; i < scenario->line_count; i = scenario_next(scenario, i)) {
        const char *text = scenario->lines[i].text;
        if (!is_code(text) && !read_cap(&settings->config, text) && !read_setting(settings, text) &&
            !read_request(settings, text, play) && !scenario_read_cookies(settings, text))
            scenario_mistake(scenario, i, "no such setting");
    }
}

/* ---- Which drivers ---------------------------------------------------------------------------------------------- */

/* Whether some line begins with `word`, or, when it is a part of such a line, has `part` in it. */
static bool has_line(const struct scenario *scenario, const char *word, const char *part)
{
    for (size_t i = 0; i < scenario->line_count; i++)
        if (scenario_rest(scenario->lines[i].text, word) && strstr(scenario->lines[i].text, part))
            return true;
    return false;
}

bool scenario_can_play(const struct scenario *scenario, enum scenario_driver driver)
{
    bool loads = has_line(scenario, "query", "") || has_line(scenario, "hook", "");
    bool is_timed = has_line(scenario, "times", "") || has_line(scenario, "cancel_before", "") ||
                    has_line(scenario, "query", " before_step ") || has_line(scenario, "hook", " before_step ");
    bool is_late = has_line(scenario, "query", " late") || has_line(scenario, "hook", " late");
    bool follows = has_line(scenario, "follow", "") || !has_line(scenario, "redirect", "");
    bool counts_output = has_line(scenario, "limit", "output") || has_line(scenario, "limit", "memory");
    switch (driver) {
    case SCENARIO_RUN: return !is_timed && !is_late;
    case SCENARIO_REVERSE: return loads;
    case SCENARIO_ONE: return loads && !is_timed;
    case SCENARIO_CANCEL: return loads && !is_timed && !is_late;
    case SCENARIO_DATA: return follows && !counts_output;
    default: return true;
    }
}

/* ---- Stores ----------------------------------------------------------------------------------------------------- */

static bool read_store_flag(ssr_store_options *options, const char *word)
{
    if (strcmp(word, "derived") == 0)
        options->lifetime = SSR_DERIVED;
    else if (strcmp(word, "local") == 0)
        options->policy = SSR_LOCAL;
    else if (strcmp(word, "always") == 0)
        options->always = true;
    else if (strcmp(word, "redact") == 0)
        options->redact = true;
    else if (strcmp(word, "replace") == 0)
        options->replace = true;
    else
        return false;
    return true;
}

struct inits {
    struct scenario_init all[16];
    size_t count;
};

static struct scenario_init *new_init(struct inits *inits, struct scenario_play *play, size_t at, const char *name)
{
    if (inits->count == sizeof inits->all / sizeof *inits->all)
        scenario_mistake(play->scenario, at, "too many inits");
    struct scenario_init *init = &inits->all[inits->count++];
    init->play = play;
    init->line = at;
    snprintf(init->name, sizeof init->name, "%s", name);
    return init;
}

/* store NAME [JSON | init] [flags]; the lines under "init" are its function. */
static void define_store(struct scenario_play *play, size_t at, struct inits *inits)
{
    char buffer[SCENARIO_TEXT], name[64], word[SCENARIO_TEXT], json[SCENARIO_TEXT];
    const char *rest = scenario_rest(scenario_expand(play, at, buffer), "store");
    ssr_store_options options = {0};
    if (!rest || !scenario_word(&rest, name, sizeof name))
        scenario_mistake(play->scenario, at, "a store is missing");
    while (scenario_json(&rest, word, sizeof word)) {
        if (strcmp(word, "init") == 0) {
            options.init = scenario_init_store;
            options.init_arg = new_init(inits, play, at, name);
        } else if (!read_store_flag(&options, word)) {
            options.default_json = strcpy(json, word);
        }
    }
    ssr_store_define(ssr_engine_registry(play->engine), name, &options);
}

static void define_repeated(struct scenario_play *play, size_t at, struct inits *inits)
{
    const struct scenario *scenario = play->scenario;
    unsigned times = (unsigned)atoi(scenario_rest(scenario->lines[at].text, "repeat"));
    play->is_quiet = true;
    for (play->repetition = 0; play->repetition < times; play->repetition++)
        for (size_t i = at + 1; i < scenario_next(scenario, at); i = scenario_next(scenario, i))
            define_store(play, i, inits);
    play->is_quiet = false;
}

static void define_all(struct scenario_play *play, struct inits *inits)
{
    const struct scenario *scenario = play->scenario;
    for (size_t i = 0; i < scenario->line_count; i = scenario_next(scenario, i)) {
        if (scenario_rest(scenario->lines[i].text, "store"))
            define_store(play, i, inits);
        else if (scenario_rest(scenario->lines[i].text, "repeat"))
            define_repeated(play, i, inits);
        else if (scenario_rest(scenario->lines[i].text, "query"))
            scenario_define_query(play, i);
        else if (scenario_rest(scenario->lines[i].text, "cookie"))
            scenario_define_cookie(play, scenario_rest(scenario->lines[i].text, "cookie"));
    }
}

/* ---- Playing ---------------------------------------------------------------------------------------------------- */

static void read_routes(struct scenario_play *play)
{
    const struct scenario *scenario = play->scenario;
    for (size_t i = 0; i < scenario->line_count; i = scenario_next(scenario, i))
        if (scenario_rest(scenario->lines[i].text, "route"))
            scenario_read_route(play, i);
}

struct scenario_end scenario_play(const struct scenario *scenario, enum scenario_driver driver,
                                  const ssr_allocator *allocator, struct text *log)
{
    struct scenario_play play = {.scenario = scenario, .log = log};
    struct scenario_settings settings = {0};
    struct inits inits = {0};
    read_settings(&settings, &play);
    settings.config.allocator = *allocator;
    settings.request.data_only |= driver == SCENARIO_DATA;
    settings.request.in_segments = driver == SCENARIO_REVERSE;
    struct scenario_end end = {ssr_engine_new(&settings.config, &play.engine), SSR_SETTLED, SSR_OK};
    if (end.setup == SSR_OK) {
        define_all(&play, &inits);
        end.setup = ssr_engine_start(play.engine);
    }
    if (end.setup == SSR_OK) {
        read_routes(&play);
        end = scenario_drive(&play, &settings, driver);
    }
    if (end.setup != SSR_OK)
        text_format(log, "setup %s\n", ssr_status_name(end.setup));
    ssr_engine_free(play.engine);
    return end;
}
