/*
 * Cookies in scenarios: their definitions, what the browser sent, what page, loaders and hooks do with them, and the
 * Set-Cookie lines in the log. Protected values differ from run to run and stand there as [sealed] and [signed].
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_internal.h"

static const unsigned char first_secret[] = "0123456789abcdef0123456789abcdef";
static const unsigned char second_secret[] = "fedcba9876543210fedcba9876543210";

static const ssr_cookie_key keys[] = {
    {"k2", second_secret, SSR_COOKIE_KEY_BYTES},
    {"k1", first_secret, SSR_COOKIE_KEY_BYTES},
};

/* ---- Settings --------------------------------------------------------------------------------------------------- */

static char *new_header(struct scenario_settings *settings)
{
    if (settings->request.cookie_header_count == SCENARIO_WORDS)
        return NULL;
    return settings->cookie_headers[settings->request.cookie_header_count++];
}

/* sent TEXT: a Cookie header. */
static void read_sent(struct scenario_settings *settings, const char *rest)
{
    char *header = new_header(settings);
    if (header)
        snprintf(header, SCENARIO_TEXT, "%s", rest);
}

static bool scan_keyring(const char *words, ssr_keyring **ring)
{
    size_t first = strstr(words, "old_key") ? 1 : 0;
    return ssr_keyring_new(NULL, keys + first, 1, ring) == SSR_OK;
}

/* sent_sealed NAME STRING [as OTHER] [at MS] [old_key] [signed] [broken]: a header with a protected value. */
static void read_sent_sealed(struct scenario_settings *settings, const char *rest)
{
    char name[64], as[64], value[SCENARIO_TEXT], text[SSR_COOKIE_TEXT_SIZE];
    char *header = new_header(settings);
    ssr_keyring *ring = NULL;
    size_t length = 0;
    if (!header || !scenario_word(&rest, name, sizeof name) || !scenario_name(&rest, value, sizeof value) ||
        !scan_keyring(rest, &ring))
        abort();
    snprintf(as, sizeof as, "%s", name);
    const char *other = strstr(rest, "as "), *at = strstr(rest, "at ");
    if (other)
        sscanf(other, "as %63s", as);
    ssr_cookie_protection protection = strstr(rest, "signed") ? SSR_COOKIE_SIGNED : SSR_COOKIE_SEALED;
    if (ssr_cookie_seal(ring, protection, as, value, strlen(value), at ? atoll(at + 3) : 0, text, sizeof text,
                        &length) != SSR_OK)
        abort();
    ssr_keyring_free(ring);
    if (strstr(rest, "broken"))
        text[length - 3] = text[length - 3] == 'A' ? 'B' : 'A';
    snprintf(header, SCENARIO_TEXT, "%s=%.*s", name, SCENARIO_TEXT - 70, text);
}

bool scenario_read_cookies(struct scenario_settings *settings, const char *text)
{
    const char *rest;
    if ((rest = scenario_rest(text, "sent"))) {
        read_sent(settings, rest);
    } else if ((rest = scenario_rest(text, "sent_sealed"))) {
        read_sent_sealed(settings, rest);
    } else if (scenario_rest(text, "keys")) {
        settings->config.cookie_keys = keys;
        settings->config.cookie_key_count = sizeof keys / sizeof *keys;
    } else {
        return false;
    }
    for (size_t i = 0; i < settings->request.cookie_header_count; i++)
        settings->header_texts[i] = settings->cookie_headers[i];
    settings->request.cookie_headers = settings->header_texts;
    return true;
}

/* ---- Definitions ------------------------------------------------------------------------------------------------ */

static bool read_form(ssr_cookie_options *options, const char *word)
{
    if (strcmp(word, "percent") == 0)
        options->encoding = SSR_COOKIE_PERCENT;
    else if (strcmp(word, "json") == 0)
        options->encoding = SSR_COOKIE_JSON;
    else if (strcmp(word, "signed") == 0)
        options->protection = SSR_COOKIE_SIGNED;
    else if (strcmp(word, "sealed") == 0)
        options->protection = SSR_COOKIE_SEALED;
    else if (strcmp(word, "show_value") == 0)
        options->show_value = true;
    else
        return false;
    return true;
}

static ssr_same_site same_site(const char *word)
{
    return strcmp(word, "strict") == 0 ? SSR_SAME_SITE_STRICT
           : strcmp(word, "none") == 0 ? SSR_SAME_SITE_NONE
                                       : SSR_SAME_SITE_LAX;
}

/* path /x, domain x, max_age N, secure, http_only, partitioned, strict, lax, none. */
static bool read_attribute(ssr_cookie_attributes *attributes, const char *word, const char **rest, char text[2][256])
{
    char number[32];
    if (strcmp(word, "path") == 0)
        attributes->path = scenario_word(rest, text[0], 256) ? text[0] : NULL;
    else if (strcmp(word, "domain") == 0)
        attributes->domain = scenario_word(rest, text[1], 256) ? text[1] : NULL;
    else if (strcmp(word, "max_age") == 0)
        attributes->max_age = scenario_word(rest, number, sizeof number) ? atoll(number) : 0;
    else if (strcmp(word, "secure") == 0)
        attributes->secure = true;
    else if (strcmp(word, "http_only") == 0)
        attributes->http_only = true;
    else if (strcmp(word, "partitioned") == 0)
        attributes->partitioned = true;
    else if (strcmp(word, "strict") == 0 || strcmp(word, "lax") == 0 || strcmp(word, "none") == 0)
        attributes->same_site = same_site(word);
    else
        return false;
    return true;
}

void scenario_define_cookie(struct scenario_play *play, const char *rest)
{
    char name[128], word[SCENARIO_TEXT], json[SCENARIO_TEXT], texts[2][256];
    ssr_cookie_options options = {0};
    if (!scenario_name(&rest, name, sizeof name))
        abort();
    while (scenario_json(&rest, word, sizeof word))
        if (!read_form(&options, word) && !read_attribute(&options.attributes, word, &rest, texts))
            options.fallback_json = strcpy(json, word);
    ssr_cookie_define(ssr_engine_registry(play->engine), name, &options);
}

/* ---- The page --------------------------------------------------------------------------------------------------- */

static const ssr_cookie *take_cookie(const struct scenario_play *play, const char **rest)
{
    char name[128];
    return scenario_name(rest, name, sizeof name) ? ssr_cookie_find(ssr_engine_registry(play->engine), name) : NULL;
}

static ssr_status run_read(struct scenario_play *play, size_t at, const char *rest)
{
    (void)at;
    const char *line = rest;
    const ssr_value *value = ssr_cookie_get(play->ctx, take_cookie(play, &rest));
    char answer[64];
    snprintf(answer, sizeof answer, "(%s)", ssr_status_name(ssr_last_status(play->ctx)));
    scenario_note_value(play, line, value ? ssr_value_text(value) : answer);
    return SSR_OK;
}

static ssr_status run_show(struct scenario_play *play, size_t at, const char *rest)
{
    (void)at;
    return ssr_text(play->ctx, ssr_cookie_get_string(play->ctx, take_cookie(play, &rest)));
}

/* sent_cookie NAME N */
static ssr_status run_sent(struct scenario_play *play, size_t at, const char *rest)
{
    (void)at;
    const char *line = rest;
    char name[128];
    if (!scenario_name(&rest, name, sizeof name))
        abort();
    const char *sent = ssr_cookie_sent(play->ctx, name, (size_t)atoi(rest));
    scenario_note_value(play, line, sent ? sent : "(none)");
    return SSR_OK;
}

/* set_cookie NAME JSON [attributes]; "=pass" is the number of the pass as a string. */
static ssr_status run_set(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    char json[SCENARIO_TEXT] = "", word[256], texts[2][256];
    ssr_cookie_attributes attributes = {0};
    bool has_attributes = false;
    const ssr_cookie *cookie = take_cookie(play, &rest);
    if (strncmp(rest, "=pass", 5) == 0) {
        snprintf(json, sizeof json, "\"%u\"", ssr_pass(play->ctx));
        rest += 5;
    } else if (!scenario_json(&rest, json, sizeof json)) {
        scenario_mistake(play->scenario, at, "a value is missing");
    }
    while (scenario_word(&rest, word, sizeof word))
        has_attributes |= read_attribute(&attributes, word, &rest, texts);
    ssr_status status = ssr_cookie_set_at(play->ctx, cookie, ssr_input_json(json), has_attributes ? &attributes : NULL,
                                          play->scenario->path, play->scenario->lines[at].number);
    scenario_note_write(play, "set_cookie", line, status);
    return SSR_OK;
}

static ssr_status run_delete(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    ssr_status status = ssr_cookie_delete_at(play->ctx, take_cookie(play, &rest), play->scenario->path,
                                             play->scenario->lines[at].number);
    scenario_note_write(play, "delete_cookie", line, status);
    return SSR_OK;
}

/* send_cookie NAME VALUE [attributes] */
static ssr_status run_send(struct scenario_play *play, size_t at, const char *rest)
{
    (void)at;
    const char *line = rest;
    char name[128], value[SCENARIO_TEXT], word[256], texts[2][256];
    ssr_cookie_attributes attributes = {0};
    if (!scenario_name(&rest, name, sizeof name) || !scenario_name(&rest, value, sizeof value))
        abort();
    while (scenario_word(&rest, word, sizeof word))
        read_attribute(&attributes, word, &rest, texts);
    ssr_set_cookie cookie = {.name = name,
                             .value = value,
                             .value_length = strlen(value),
                             .path = attributes.path,
                             .domain = attributes.domain,
                             .secure = attributes.secure,
                             .http_only = attributes.http_only,
                             .same_site = attributes.same_site};
    scenario_note_write(play, "send_cookie", line, ssr_cookie_send(play->ctx, &cookie));
    return SSR_OK;
}

/* copy_cookie COOKIE STORE, copy_to_cookie STORE COOKIE */
static ssr_status run_copy(struct scenario_play *play, size_t at, const char *rest)
{
    (void)at;
    const char *line = rest;
    const ssr_value *value = ssr_cookie_get(play->ctx, take_cookie(play, &rest));
    const ssr_store *store = ssr_store_find(ssr_engine_registry(play->engine), rest);
    scenario_note_write(play, "copy_cookie", line, ssr_set_value(play->ctx, store, value));
    return SSR_OK;
}

static ssr_status run_copy_to(struct scenario_play *play, size_t at, const char *rest)
{
    (void)at;
    const char *line = rest;
    char name[64];
    if (!scenario_word(&rest, name, sizeof name))
        abort();
    const ssr_value *value = ssr_get(play->ctx, ssr_store_find(ssr_engine_registry(play->engine), name));
    const ssr_cookie *cookie = take_cookie(play, &rest);
    scenario_note_write(play, "copy_to_cookie", line, ssr_cookie_set(play->ctx, cookie, ssr_input_value(value)));
    return SSR_OK;
}

const struct scenario_statement scenario_cookie_statements[] = {
    {"read_cookie", run_read}, {"show_cookie", run_show},       {"sent_cookie", run_sent},
    {"set_cookie", run_set},   {"delete_cookie", run_delete},   {"send_cookie", run_send},
    {"copy_cookie", run_copy}, {"copy_to_cookie", run_copy_to}, {NULL, NULL},
};

/* ---- Loaders and hooks ------------------------------------------------------------------------------------------ */

bool scenario_load_cookie(struct scenario_play *play, ssr_operation *operation, const char *text,
                          char answer[SCENARIO_TEXT])
{
    const char *rest;
    ssr_status status;
    if ((rest = scenario_rest(text, "read_cookie"))) {
        ssr_json json = ssr_operation_cookie(operation, take_cookie(play, &rest));
        snprintf(answer, SCENARIO_TEXT, "%.*s", (int)json.length, json.text ? json.text : "");
        return true;
    }
    if ((rest = scenario_rest(text, "read"))) {
        ssr_json json = ssr_operation_get(operation, ssr_store_find(ssr_engine_registry(play->engine), rest));
        snprintf(answer, SCENARIO_TEXT, "%.*s", json.text ? (int)json.length : 8, json.text ? json.text : "(absent)");
        return true;
    }
    if ((rest = scenario_rest(text, "set_cookie"))) {
        const ssr_cookie *cookie = take_cookie(play, &rest);
        status = ssr_operation_set_cookie(operation, cookie, ssr_input_json(rest));
    } else if ((rest = scenario_rest(text, "delete_cookie"))) {
        status = ssr_operation_delete_cookie(operation, take_cookie(play, &rest));
    } else {
        return false;
    }
    snprintf(answer, SCENARIO_TEXT, "%s", ssr_status_name(status));
    return true;
}

/* ---- What is sent ----------------------------------------------------------------------------------------------- */

/* The line with a protected value put out of sight, which is new each time. */
static void show_line(struct text *log, const char *line)
{
    const char *value = strchr(line, '=') + 1;
    const char *end = value + strcspn(value, ";");
    bool is_sealed = strncmp(value, "e1.", 3) == 0, is_signed = strncmp(value, "s1.", 3) == 0;
    if (is_sealed || is_signed)
        text_format(log, "set-cookie %.*s[%s]%s\n", (int)(value - line), line, is_sealed ? "sealed" : "signed", end);
    else
        text_format(log, "set-cookie %s\n", line);
}

void scenario_show_cookies(struct text *log, const ssr_result *result)
{
    for (size_t i = 0; i < result->set_cookie_count; i++) {
        const char *line = result->set_cookies[i];
        show_line(log, line);
        for (const char *p = line; *p; p++)
            if ((unsigned char)*p < 0x20 || *p == 0x7f)
                scenario_violation(log, "a control character in a Set-Cookie line");
        for (size_t j = 0; j < i; j++)
            if (strcspn(line, "=") == strcspn(result->set_cookies[j], "=") &&
                strncmp(line, result->set_cookies[j], strcspn(line, "=")) == 0)
                scenario_violation(log, "two Set-Cookie lines of one name");
    }
    if (result->set_cookie_count > 0 && strcmp(result->cache_control, "private, no-store") != 0)
        scenario_violation(log, "a response that sets a cookie can be cached");
}
