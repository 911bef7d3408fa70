/*
 * Records from a stream of JSON Lines. One line is in memory at a time, and of a line beyond 4 MiB nothing but that it
 * was there. A line that is no record is reported with its number and skipped; nothing else of the input is lost by it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/explain.h"

enum { CHUNK = 65536, LINE_MAX_BYTES = 4 << 20 };

/* ---- Lines ------------------------------------------------------------------------------------------------------ */

/* Whether there is something in the chunk. */
static bool fill(struct record_source *source)
{
    if (source->used == source->filled) {
        source->used = 0;
        source->filled = fread(source->chunk, 1, CHUNK, source->from);
    }
    return source->filled > 0;
}

static bool append(struct record_source *source, const char *bytes, size_t length)
{
    source->is_too_long = source->is_too_long || length > LINE_MAX_BYTES - source->length;
    if (source->is_too_long || length == 0)
        return true;
    if (length > source->capacity - source->length) {
        size_t capacity = (source->length + length) * 2;
        char *line = realloc(source->line, capacity);
        if (!line)
            return false;
        source->line = line;
        source->capacity = capacity;
    }
    memcpy(source->line + source->length, bytes, length);
    source->length += length;
    return true;
}

static enum source_answer read_line(struct record_source *source)
{
    bool has_read = false, is_whole = false;
    source->length = 0;
    source->is_too_long = false;
    if (!source->chunk && !(source->chunk = malloc(CHUNK)))
        return SOURCE_NO_MEMORY;
    while (!is_whole && fill(source)) {
        const char *start = source->chunk + source->used;
        size_t rest = source->filled - source->used;
        const char *end = memchr(start, '\n', rest);
        size_t length = end ? (size_t)(end - start) : rest;
        if (!append(source, start, length))
            return SOURCE_NO_MEMORY;
        source->used += length + (end != NULL);
        is_whole = end != NULL;
        has_read = true;
    }
    if (ferror(source->from))
        return SOURCE_FAILED;
    source->number += has_read;
    return has_read ? SOURCE_RECORD : SOURCE_END;
}

/* ---- Records ---------------------------------------------------------------------------------------------------- */

static bool is_blank(const struct record_source *source)
{
    for (size_t i = 0; i < source->length; i++)
        if (!strchr(" \t\r", source->line[i]) || source->line[i] == '\0')
            return false;
    return !source->is_too_long;
}

static bool is_error_line(ssr_json json)
{
    return ssr_json_at(json, "/category").text && ssr_json_at(json, "/error").text &&
           !ssr_json_at(json, "/location").text;
}

/* Members may be missing and others may be there, but it has to look like a record. */
static bool is_record(ssr_json json)
{
    return ssr_json_type(ssr_json_at(json, "/location")) == SSR_JSON_STRING ||
           ssr_json_type(ssr_json_at(json, "/outcome")) == SSR_JSON_STRING ||
           ssr_json_type(ssr_json_at(json, "/passLog")) == SSR_JSON_ARRAY;
}

static ssr_status parse_record(struct record_source *source, size_t *at, ssr_value **record)
{
    *at = LINE_MAX_BYTES;
    *record = NULL;
    if (source->is_too_long)
        return SSR_E_TOO_LARGE;
    ssr_status status = ssr_value_parse(NULL, source->line, source->length, at, record);
    if (status != SSR_OK || is_record(ssr_value_json(*record)))
        return status;
    source->errors += is_error_line(ssr_value_json(*record));
    status = is_error_line(ssr_value_json(*record)) ? SSR_OK : SSR_E_WRONG_TYPE;
    *at = 0;
    ssr_value_free(*record);
    *record = NULL;
    return status;
}

enum source_answer source_next(struct record_source *source, ssr_value **record)
{
    *record = NULL;
    while (!*record) {
        enum source_answer answer = read_line(source);
        if (answer != SOURCE_RECORD)
            return answer;
        if (is_blank(source))
            continue;
        size_t at;
        ssr_status status = parse_record(source, &at, record);
        if (status == SSR_E_NOMEM)
            return SOURCE_NO_MEMORY;
        if (status == SSR_OK)
            continue;
        source->skipped++;
        fprintf(source->complaints, "%s:%" PRIu64 ": %s at byte %zu: skipped\n", source->name, source->number,
                ssr_status_name(status), at);
    }
    return SOURCE_RECORD;
}

void source_release(struct record_source *source)
{
    free(source->chunk);
    free(source->line);
}
