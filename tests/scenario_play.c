/*
 * Plays a scenario: makes an engine of its configuration and stores, drives one render to its end in one of two ways,
 * and appends to the log what it came to. What must hold for every render whatever the scenario is checked here too,
 * and written into the log as a line that begins with "VIOLATION", which no expected log has.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_internal.h"

enum { MANY_STEPS = 2000, LONG_TEXT = 400, TIMES = 8, FORBIDDEN_WORDS = 8 };

/* What the lines outside of page and layout say. */
struct settings {
    ssr_config config;
    ssr_request request;
    char location[256];
    int64_t times[TIMES]; /* of the steps; the last one stays */
    size_t time_count;
    unsigned cancel_before; /* the step; 0: none */
    const char *mention;    /* words that the error sentence is looked through for */
    char never[FORBIDDEN_WORDS][64];
    size_t never_count; /* words that no record may hold */
    unsigned records;
    struct text *log;
    char outcome[32]; /* of the record */
    unsigned record_passes, record_rerenders;
};

static void violation(struct text *log, const char *what)
{
    text_format(log, "VIOLATION %s\n", what);
}

/* ---- The log ---------------------------------------------------------------------------------------------------- */

static void on_error(void *arg, const char *category, const char *line)
{
    const struct settings *settings = arg;
    text_format(settings->log, "error %s: %s\n", category, line);
}

static void check_words(const struct settings *settings, const char *record)
{
    for (size_t i = 0; i < settings->never_count; i++)
        if (strstr(record, settings->never[i]))
            text_format(settings->log, "VIOLATION the record tells %s: %s\n", settings->never[i], record);
}

/* A record may be NULL: memory ran out. */
static void check_record_json(const struct settings *settings, const char *json, size_t length)
{
    if (!json)
        return;
    ssr_value *value = NULL;
    if (ssr_value_parse(NULL, json, length, NULL, &value) != SSR_OK)
        violation(settings->log, "the record is no JSON");
    ssr_value_free(value);
    if (strlen(json) != length || strchr(json, '\n'))
        violation(settings->log, "the record is more than one line");
    check_words(settings, json);
}

static void check_record_text(const struct settings *settings, const char *text, size_t length)
{
    if (!text)
        return;
    if (strlen(text) != length || length == 0 || text[length - 1] != '\n')
        violation(settings->log, "the record's text does not end its last line");
    for (const char *p = text; *p; p++)
        if (((unsigned char)*p < 0x20 && *p != '\n') || *p == 0x7f)
            violation(settings->log, "a control character in the record's text");
    check_words(settings, text);
}

static void on_record(void *arg, ssr_record *record)
{
    struct settings *settings = arg;
    size_t length = 0;
    settings->records++;
    ssr_record_summary summary = ssr_record_summarize(record);
    snprintf(settings->outcome, sizeof settings->outcome, "%s", summary.outcome);
    settings->record_passes = summary.passes;
    settings->record_rerenders = summary.rerenders;
    const char *json = ssr_record_json(record, &length);
    check_record_json(settings, json, length);
    const char *text = ssr_record_text(record, &length);
    check_record_text(settings, text, length);
}

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
    } words[] = {{"memory", &limits->request_bytes},
                 {"output", &limits->output_bytes},
                 {"value", &limits->value_bytes},
                 {"stores", &limits->stores},
                 {"passes", &limits->passes}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *count = scenario_rest(rest, words[i].word);
        if (count)
            *words[i].limit = read_count(count);
        if (count)
            return true;
    }
    return false;
}

static void read_times(struct settings *settings, const char *rest)
{
    char word[32];
    while (settings->time_count < TIMES && scenario_word(&rest, word, sizeof word))
        settings->times[settings->time_count++] = strtoll(word, NULL, 10);
}

static bool read_request(struct settings *settings, const char *text, struct scenario_play *play)
{
    const char *rest;
    if ((rest = scenario_rest(text, "location"))) {
        snprintf(settings->location, sizeof settings->location, "%s", rest);
        settings->request.location = settings->location;
    } else if ((rest = scenario_rest(text, "now")))
        settings->request.now_ms = strtoll(rest, NULL, 10);
    else if ((rest = scenario_rest(text, "seed")))
        settings->request.seed = strtoull(rest, NULL, 10);
    else if ((rest = scenario_rest(text, "deadline")))
        settings->request.deadline_ms = strtoll(rest, NULL, 10);
    else if (scenario_rest(text, "host"))
        settings->request.host = play;
    else if (scenario_rest(text, "cacheable"))
        settings->request.cacheable = true;
    else
        return false;
    return true;
}

static bool read_setting(struct settings *settings, const char *text)
{
    const char *rest;
    if ((rest = scenario_rest(text, "allowed")))
        settings->config.allowed_rerenders_count = read_count(rest);
    else if ((rest = scenario_rest(text, "forbidden")))
        settings->config.forbidden_rerenders_count = read_count(rest);
    else if ((rest = scenario_rest(text, "limit")))
        return read_limit(&settings->config.limits, rest);
    else if ((rest = scenario_rest(text, "times")))
        read_times(settings, rest);
    else if ((rest = scenario_rest(text, "cancel_before")))
        settings->cancel_before = (unsigned)atoi(rest);
    else if ((rest = scenario_rest(text, "mention")))
        settings->mention = rest;
    else if ((rest = scenario_rest(text, "never_in_record")) && settings->never_count < FORBIDDEN_WORDS)
        snprintf(settings->never[settings->never_count++], sizeof settings->never[0], "%s", rest);
    else
        return false;
    return true;
}

static bool is_code(const char *text)
{
    return scenario_rest(text, "page") || scenario_rest(text, "layout") || scenario_rest(text, "store") ||
           scenario_rest(text, "repeat");
}

static void read_settings(struct settings *settings, struct scenario_play *play)
{
    const struct scenario *scenario = play->scenario;
    settings->config = ssr_config_default();
    settings->config.log = (ssr_log){on_error, on_record, settings};
    settings->log = play->log;
    settings->mention = "";
    for (size_t i = 0; i < scenario->line_count; i = scenario_next(scenario, i)) {
        const char *text = scenario->lines[i].text;
        if (!is_code(text) && !read_setting(settings, text) && !read_request(settings, text, play))
            scenario_mistake(scenario, i, "no such setting");
    }
}

bool scenario_can_play(const struct scenario *scenario, enum scenario_driver driver)
{
    for (size_t i = 0; i < scenario->line_count; i++) {
        const char *text = scenario->lines[i].text;
        if (driver == SCENARIO_RUN && (scenario_rest(text, "times") || scenario_rest(text, "cancel_before")))
            return false;
    }
    return true;
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

static void define_stores(struct scenario_play *play, struct inits *inits)
{
    const struct scenario *scenario = play->scenario;
    for (size_t i = 0; i < scenario->line_count; i = scenario_next(scenario, i)) {
        if (scenario_rest(scenario->lines[i].text, "store"))
            define_store(play, i, inits);
        else if (scenario_rest(scenario->lines[i].text, "repeat"))
            define_repeated(play, i, inits);
    }
}

/* ---- The result ------------------------------------------------------------------------------------------------- */

/* What the element says about the stores, as it stands there; the element itself where it is not as expected. */
static void show_transfer(struct text *log, const char *transfer)
{
    static const char head[] = "<script type=\"application/json\" id=\"__SSRSTORE__\">"
                               "{\"atoms\":{},\"contexts\":{},\"queries\":{},\"stores\":";
    static const char tail[] = ",\"v\":1}</script>";
    size_t length = strlen(transfer), around = strlen(head) + strlen(tail);
    if (length < around || strncmp(transfer, head, strlen(head)) != 0 ||
        strcmp(transfer + length - strlen(tail), tail) != 0) {
        text_format(log, "transfer %s\n", length ? transfer : "none");
        return;
    }
    length -= around;
    transfer += strlen(head);
    if (length <= LONG_TEXT) {
        text_format(log, "transfer %.*s\n", (int)length, transfer);
        return;
    }
    ssr_value *stores = NULL;
    ssr_value_parse(NULL, transfer, length, NULL, &stores);
    text_format(log, "transfer %zu stores\n", ssr_json_count(ssr_value_json(stores)));
    ssr_value_free(stores);
}

/* The document with the transfer element inside it as [transfer]. */
static void show_document(struct text *log, const ssr_result *result)
{
    const char *html = result->html, *found;
    text_format(log, "document ");
    if (!result->has_document)
        text_format(log, "none");
    if (result->html_length > LONG_TEXT + result->transfer_length) {
        text_format(log, "%zu bytes\n", result->html_length);
        return;
    }
    while (result->transfer_length > 0 && (found = strstr(html, result->transfer))) {
        text_format(log, "%.*s[transfer]", (int)(found - html), html);
        html = found + result->transfer_length;
    }
    text_format(log, "%s\n", html);
}

static void show_error(const struct settings *settings, const ssr_result *result)
{
    const char *rest = settings->mention;
    char word[64];
    if (result->error_status != SSR_OK)
        text_format(settings->log, "because %s\n", ssr_status_name(result->error_status));
    while (scenario_word(&rest, word, sizeof word))
        text_format(settings->log, "%s %s\n", strstr(result->error, word) ? "mentions" : "does not mention", word);
}

static void show_result(const struct settings *settings, const ssr_result *result)
{
    struct text *log = settings->log;
    text_format(log, "%s, passes %u, rerenders %u, refused %u\n", ssr_outcome_name(result->outcome), result->passes,
                result->rerenders, result->refused);
    show_error(settings, result);
    text_format(log, "status %d, %s\n", result->status, result->cache_control);
    show_document(log, result);
    show_transfer(log, result->transfer);
}

static void check_result(const struct settings *settings, const ssr_result *result)
{
    struct text *log = settings->log;
    if (strlen(result->html) != result->html_length || strlen(result->transfer) != result->transfer_length)
        violation(log, "a length is not that of its text");
    if (!result->has_document && (result->html_length > 0 || result->transfer_length > 0 || result->status != 500))
        violation(log, "something leaves without a document");
    if ((result->error_status != SSR_OK) != (result->error[0] != '\0'))
        violation(log, "error status and sentence disagree");
    if (settings->records != 1)
        violation(log, "not one record");
    if (strcmp(settings->outcome, ssr_outcome_name(result->outcome)) != 0 ||
        settings->record_passes != result->passes || settings->record_rerenders != result->rerenders)
        violation(log, "the record's summary is not the result's");
}

/* ---- Drivers ---------------------------------------------------------------------------------------------------- */

static ssr_status drive_run(struct scenario_play *play, const struct settings *settings, ssr_render **render)
{
    ssr_status status = ssr_run(play->engine, scenario_page, play, &settings->request, render);
    const ssr_result *result = *render ? ssr_render_result(*render) : NULL;
    if (!*render)
        return status == SSR_OK ? SSR_E_FAILED : status;
    if (!result)
        violation(play->log, "ssr_run came back before the end");
    else if ((status == SSR_OK) != result->has_document)
        violation(play->log, "ssr_run's answer and the document disagree");
    else if (status != SSR_OK && status != result->error_status)
        violation(play->log, "ssr_run's answer is not the render's error");
    return SSR_OK;
}

/* Steps behind the end change nothing. */
static void check_end(struct scenario_play *play, ssr_render *render)
{
    const ssr_result *result = ssr_render_result(render);
    unsigned callbacks = play->callbacks;
    if (!result) {
        violation(play->log, "an ended render has no result");
        return;
    }
    ssr_result before = *result;
    for (int i = 0; i < 2; i++)
        if (ssr_render_step(render, INT64_MAX) != SSR_STEP_ENDED)
            violation(play->log, "an ended render goes on");
    if (play->callbacks != callbacks || ssr_render_result(render) != result || result->html != before.html ||
        result->transfer != before.transfer || result->outcome != before.outcome || result->passes != before.passes)
        violation(play->log, "a step behind the end changed something");
    if (strcmp(ssr_render_state(render), "ended") != 0)
        violation(play->log, "an ended render is in another state");
}

static ssr_status drive_steps(struct scenario_play *play, const struct settings *settings, ssr_render **render)
{
    ssr_status status = ssr_render_new(play->engine, scenario_page, play, &settings->request, render);
    if (status != SSR_OK)
        return status;
    ssr_step step = SSR_STEP_AGAIN;
    for (unsigned i = 1; step == SSR_STEP_AGAIN && i < MANY_STEPS; i++) {
        size_t time = i <= settings->time_count ? i - 1 : settings->time_count - 1;
        unsigned callbacks = play->callbacks;
        if (i == settings->cancel_before)
            ssr_render_cancel(*render);
        step = ssr_render_step(*render, settings->time_count > 0 ? settings->times[time] : 0);
        if (play->callbacks > callbacks + 1)
            violation(play->log, "a step ran more than one pass");
        if ((step == SSR_STEP_ENDED) != (ssr_render_result(*render) != NULL))
            violation(play->log, "step and result disagree about the end");
    }
    if (step == SSR_STEP_AGAIN)
        violation(play->log, "the render does not end");
    check_end(play, *render);
    return SSR_OK;
}

/* ---- Playing ---------------------------------------------------------------------------------------------------- */

static struct scenario_end play_render(struct scenario_play *play, const struct settings *settings,
                                       enum scenario_driver driver)
{
    struct scenario_end end = {SSR_OK, SSR_SETTLED, SSR_OK};
    ssr_render *render = NULL;
    end.setup = driver == SCENARIO_RUN ? drive_run(play, settings, &render) : drive_steps(play, settings, &render);
    const ssr_result *result = render ? ssr_render_result(render) : NULL;
    if (result) {
        end.outcome = result->outcome;
        end.error_status = result->error_status;
        show_result(settings, result);
        check_result(settings, result);
    } else if (end.setup == SSR_OK) {
        violation(play->log, "no result");
    }
    ssr_render_free(render);
    return end;
}

struct scenario_end scenario_play(const struct scenario *scenario, enum scenario_driver driver,
                                  const ssr_allocator *allocator, struct text *log)
{
    struct scenario_play play = {.scenario = scenario, .log = log};
    struct settings settings = {0};
    struct inits inits = {0};
    read_settings(&settings, &play);
    settings.config.allocator = *allocator;
    struct scenario_end end = {ssr_engine_new(&settings.config, &play.engine), SSR_SETTLED, SSR_OK};
    if (end.setup == SSR_OK) {
        define_stores(&play, &inits);
        end.setup = ssr_engine_start(play.engine);
    }
    if (end.setup == SSR_OK)
        end = play_render(&play, &settings, driver);
    if (end.setup != SSR_OK)
        text_format(log, "setup %s\n", ssr_status_name(end.setup));
    ssr_engine_free(play.engine);
    return end;
}
