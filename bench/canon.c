/*
 * Canonicalising the JSON text of a file: from text and from a cJSON tree, beside what cJSON itself does, with memcpy
 * and XXH3 of the same bytes as floor.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "bench/bench.h"
#include "ssrstore/cjson.h"

struct canon_state {
    char *text, *copy;
    size_t length;
    cJSON *tree;
    ssr_builder *builder;
    volatile uint64_t sink; /* so that no result is optimised away */
};

static char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    char *text = calloc(1, *length + 1);
    if (text && fread(text, 1, *length, file) != *length) {
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

static void *canon_begin(const char *path)
{
    struct canon_state *state = calloc(1, sizeof *state);
    if (!state || !(state->text = read_file(path, &state->length)))
        return NULL;
    state->copy = malloc(state->length + 1);
    state->tree = cJSON_Parse(state->text);
    state->builder = ssr_builder_new(NULL);
    return state->copy && state->tree && state->builder ? state : NULL;
}

static void canon_end(void *opaque)
{
    struct canon_state *state = opaque;
    ssr_builder_free(state->builder);
    cJSON_Delete(state->tree);
    free(state->copy);
    free(state->text);
    free(state);
}

static void from_text(void *opaque, size_t times)
{
    struct canon_state *state = opaque;
    while (times-- > 0) {
        ssr_builder_reset(state->builder);
        state->sink += ssr_builder_json(state->builder, state->text, state->length) == SSR_OK;
    }
}

static void from_tree(void *opaque, size_t times)
{
    struct canon_state *state = opaque;
    while (times-- > 0) {
        ssr_builder_reset(state->builder);
        state->sink += ssr_builder_cjson(state->builder, state->tree) == SSR_OK;
    }
}

static void cjson_print(void *opaque, size_t times)
{
    struct canon_state *state = opaque;
    while (times-- > 0) {
        char *text = cJSON_PrintUnformatted(state->tree);
        state->sink += (uint64_t)text[0];
        cJSON_free(text);
    }
}

static void cjson_parse_print(void *opaque, size_t times)
{
    struct canon_state *state = opaque;
    while (times-- > 0) {
        cJSON *tree = cJSON_Parse(state->text);
        char *text = cJSON_PrintUnformatted(tree);
        state->sink += (uint64_t)text[0];
        cJSON_free(text);
        cJSON_Delete(tree);
    }
}

static void copy(void *opaque, size_t times)
{
    struct canon_state *state = opaque;
    while (times-- > 0) {
        memcpy(state->copy, state->text, state->length);
        state->sink += (uint64_t)state->copy[times % state->length];
    }
}

static void hash(void *opaque, size_t times)
{
    struct canon_state *state = opaque;
    while (times-- > 0)
        state->sink += XXH3_128bits(state->text, state->length).low64;
}

const struct bench canon_benches[] = {
    {"text", canon_begin, from_text, NULL, canon_end, false},
    {"tree", canon_begin, from_tree, NULL, canon_end, false},
    {"cjson-print", canon_begin, cjson_print, NULL, canon_end, false},
    {"cjson-parse-print", canon_begin, cjson_parse_print, NULL, canon_end, false},
    {"memcpy", canon_begin, copy, NULL, canon_end, false},
    {"xxh3", canon_begin, hash, NULL, canon_end, false},
};
const size_t canon_bench_count = sizeof canon_benches / sizeof *canon_benches;
