/*
 * What a render came to, as the last part of a scenario's log. What must hold for every render whatever the scenario
 * is checked here too, and written into the log as a line that begins with "VIOLATION", which no expected log has.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_internal.h"

enum { LONG_TEXT = 400 };

void scenario_violation(struct text *log, const char *what)
{
    text_format(log, "VIOLATION %s\n", what);
}

/* ---- The log's sinks -------------------------------------------------------------------------------------------- */

static void on_error(void *arg, const char *category, const char *line)
{
    const struct scenario_settings *settings = arg;
    text_format(settings->log, "error %s: %s\n", category, line);
}

static void check_words(const struct scenario_settings *settings, const char *record)
{
    for (size_t i = 0; i < settings->never_count; i++)
        if (strstr(record, settings->never[i]))
            text_format(settings->log, "VIOLATION the record tells %s: %s\n", settings->never[i], record);
}

/* A record may be NULL: memory ran out. */
static void check_record_json(const struct scenario_settings *settings, const char *json, size_t length)
{
    if (!json)
        return;
    ssr_value *value = NULL;
    if (ssr_value_parse(NULL, json, length, NULL, &value) != SSR_OK)
        scenario_violation(settings->log, "the record is no JSON");
    ssr_value_free(value);
    if (strlen(json) != length || strchr(json, '\n'))
        scenario_violation(settings->log, "the record is more than one line");
    check_words(settings, json);
}

static bool has_control(const char *text, const char *allowed)
{
    for (const char *p = text; *p; p++)
        if (((unsigned char)*p < 0x20 && !strchr(allowed, *p)) || *p == 0x7f)
            return true;
    return false;
}

static void check_record_text(const struct scenario_settings *settings, const char *text, size_t length)
{
    if (!text)
        return;
    if (strlen(text) != length || length == 0 || text[length - 1] != '\n')
        scenario_violation(settings->log, "the record's text does not end its last line");
    if (has_control(text, "\n"))
        scenario_violation(settings->log, "a control character in the record's text");
    check_words(settings, text);
}

static void on_record(void *arg, ssr_record *record)
{
    struct scenario_settings *settings = arg;
    size_t length = 0;
    settings->records++;
    ssr_record_summary summary = ssr_record_summarize(record);
    snprintf(settings->outcome, sizeof settings->outcome, "%s", summary.outcome);
    settings->record_passes = summary.passes;
    settings->record_rerenders = summary.rerenders;
    const char *json = ssr_record_json(record, &length);
    check_record_json(settings, json, length);
    for (size_t i = 0; json && i < settings->noted_count; i++)
        settings->noted[i].in_json = strstr(json, settings->noted[i].word) != NULL;
    const char *text = ssr_record_text(record, &length);
    check_record_text(settings, text, length);
    for (size_t i = 0; text && i < settings->noted_count; i++)
        settings->noted[i].in_text = strstr(text, settings->noted[i].word) != NULL;
}

ssr_log scenario_log(struct scenario_settings *settings)
{
    return (ssr_log){.error = on_error, .record = on_record, .arg = settings};
}

/* ---- What crosses ----------------------------------------------------------------------------------------------- */

/* The escapes that the element needs, written down once more. */
static void escape(struct text *escaped, const char *json)
{
    for (const char *p = json; *p; p++) {
        bool is_separator = strncmp(p, "\xe2\x80\xa8", 3) == 0 || strncmp(p, "\xe2\x80\xa9", 3) == 0;
        if (*p == '<' || *p == '>' || *p == '&')
            text_format(escaped, "\\u%04x", *p);
        else if (is_separator)
            text_format(escaped, "\\u%04x", 0x2028 + (p[2] == '\xa9'));
        else
            text_append(escaped, p, 1);
        p += is_separator ? 2 : 0;
    }
}

/* The end of the JSON value that begins at `json`. */
static const char *skip_value(const char *json)
{
    int depth = 0;
    bool in_string = false;
    for (; *json; json++) {
        if (in_string && *json == '\\' && json[1])
            json++;
        else if (*json == '"')
            in_string = !in_string;
        else if (!in_string)
            depth += (*json == '[' || *json == '{') - (*json == ']' || *json == '}');
        if (depth == 0 && !in_string)
            return json + 1;
    }
    return json;
}

static void show_part(struct text *log, const char *what, const char *members, const char *part, size_t length)
{
    if (length <= LONG_TEXT) {
        text_format(log, "%s %.*s\n", what, (int)length, part);
        return;
    }
    ssr_value *value = NULL;
    ssr_value_parse(NULL, part, length, NULL, &value);
    text_format(log, "%s %zu %s\n", what, ssr_json_count(ssr_value_json(value)), members);
    ssr_value_free(value);
}

/* What the data say about stores and queries, as it stands in the element. */
static void show_data(struct text *log, const char *data)
{
    static const char head[] = "{\"atoms\":{},\"contexts\":{},\"queries\":", middle[] = ",\"stores\":",
                      tail[] = ",\"v\":1}";
    if (strncmp(data, head, strlen(head)) != 0) {
        text_format(log, "transfer %s\n", *data ? data : "none");
        return;
    }
    const char *queries = data + strlen(head), *queries_end = skip_value(queries);
    const char *stores = queries_end + strlen(middle), *stores_end = skip_value(stores);
    if (strncmp(queries_end, middle, strlen(middle)) != 0 || strcmp(stores_end, tail) != 0)
        scenario_violation(log, "the transfer object has other members");
    show_part(log, "transfer", "stores", stores, (size_t)(stores_end - stores));
    if (queries_end - queries > 2)
        show_part(log, "queries", "keys", queries, (size_t)(queries_end - queries));
}

/* The element is there exactly when the document is, and holds the data. */
static void show_transfer(struct text *log, const ssr_result *result)
{
    struct text data = {0}, element = {0};
    text_append(&data, "", 0);
    escape(&data, result->data);
    if (result->has_document)
        text_format(&element, "<script type=\"application/json\" id=\"__SSRSTORE__\">%s</script>", data.data);
    if (strcmp(element.data ? element.data : "", result->transfer) != 0)
        text_format(log, "VIOLATION the element is not that of the data: %s\n", result->transfer);
    show_data(log, data.data);
    text_free(&data);
    text_free(&element);
}

/* ---- The result ------------------------------------------------------------------------------------------------- */

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

static void show_error(const struct scenario_settings *settings, const ssr_result *result)
{
    const char *rest = settings->mention;
    char word[64];
    if (result->error_status != SSR_OK)
        text_format(settings->log, "because %s\n", ssr_status_name(result->error_status));
    while (scenario_word(&rest, word, sizeof word))
        text_format(settings->log, "%s %s\n", strstr(result->error, word) ? "mentions" : "does not mention", word);
}

/* What the response says beside the document. */
static void show_response(const struct scenario_settings *settings, const ssr_result *result)
{
    struct text *log = settings->log;
    const char *asked = settings->request.location ? settings->request.location : "/";
    text_format(log, "status %d, %s\n", result->status, result->cache_control);
    if (result->redirect_to)
        text_format(log, "redirect to %s\n", result->redirect_to);
    if (strcmp(result->location, asked) != 0)
        text_format(log, "at %s\n", result->location);
    for (size_t i = 0; i < result->header_count; i++)
        text_format(log, "header %s: %s\n", result->headers[i].name, result->headers[i].value);
    scenario_show_cookies(log, result);
}

static void show_noted(const struct scenario_settings *settings)
{
    for (size_t i = 0; i < settings->noted_count; i++)
        text_format(settings->log, "the record %s, its text %s: %s\n", settings->noted[i].in_json ? "has" : "has not",
                    settings->noted[i].in_text ? "has" : "has not", settings->noted[i].word);
}

void scenario_show_result(const struct scenario_settings *settings, const ssr_result *result)
{
    struct text *log = settings->log;
    text_format(log, "%s, passes %u, rerenders %u", ssr_outcome_name(result->outcome), result->passes,
                result->rerenders);
    if (result->query_passes > 0)
        text_format(log, ", query passes %u", result->query_passes);
    text_format(log, ", refused %u\n", result->refused);
    show_error(settings, result);
    show_response(settings, result);
    show_document(log, result);
    show_transfer(log, result);
    show_noted(settings);
}

/* ---- What holds for every result -------------------------------------------------------------------------------- */

static void check_response(struct text *log, const ssr_result *result)
{
    bool has_something = result->has_document || result->data_length > 0;
    bool is_redirect = result->outcome == SSR_REDIRECT;
    if (is_redirect != (result->redirect_to != NULL))
        scenario_violation(log, "a redirect without a place, or a place without a redirect");
    if (is_redirect && (result->status < 301 || result->status > 308))
        scenario_violation(log, "a redirect with another status");
    if (!is_redirect && !has_something && result->status != 500)
        scenario_violation(log, "nothing leaves, and the status does not say so");
    for (size_t i = 0; i < result->header_count; i++)
        if (has_control(result->headers[i].name, "") || has_control(result->headers[i].value, "\t"))
            scenario_violation(log, "a control character in a header");
    if (result->redirect_to && has_control(result->redirect_to, ""))
        scenario_violation(log, "a control character in a redirect");
}

void scenario_check_result(const struct scenario_settings *settings, const ssr_result *result)
{
    struct text *log = settings->log;
    if (strlen(result->html) != result->html_length || strlen(result->transfer) != result->transfer_length ||
        strlen(result->data) != result->data_length)
        scenario_violation(log, "a length is not that of its text");
    if (!result->has_document && (result->html_length > 0 || result->transfer_length > 0))
        scenario_violation(log, "something leaves without a document");
    if (settings->request.data_only && result->has_document)
        scenario_violation(log, "a document in data mode");
    if ((result->error_status != SSR_OK) != (result->error[0] != '\0'))
        scenario_violation(log, "error status and sentence disagree");
    check_response(log, result);
    if (settings->records != 1)
        scenario_violation(log, "not one record");
    if (strcmp(settings->outcome, ssr_outcome_name(result->outcome)) != 0 ||
        settings->record_passes != result->passes || settings->record_rerenders != result->rerenders)
        scenario_violation(log, "the record's summary is not the result's");
}
