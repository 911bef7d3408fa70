/*
 * Any strings as the names and values of stores: a byte of flags, then name and value in turn, each up to its NUL. What
 * must hold of the element that crosses to the browser: to a reader of HTML it is one element that ends at its end,
 * with nothing in it that could be markup; and its JSON has each store that crosses with the value that was put in, and
 * no other.
 */
#include "engine/ssr.h"
#include "fuzz/fuzz.h"
#include "ssrstore/utf8.h"

enum { STORES = 16 };

static const char opening[] = "<script type=\"application/json\" id=\"", closing[] = "</script>";

struct item {
    ssr_store *store;
    char *name;
    ssr_value *value;
    bool is_local;
};

struct crossing {
    struct item items[STORES];
    size_t count;
    bool is_placed; /* the page says where the element goes */
};

/* ---- What is put in -----------------------------------------------------------------------------------------------
 */

/* JSON if the text is that, else the text as a string; NULL: not that either. */
static ssr_value *value_of(const char *text)
{
    ssr_value *value = NULL;
    if (ssr_value_parse(NULL, text, strlen(text), NULL, &value) == SSR_OK)
        return value;
    ssr_builder *builder = ssr_builder_new(NULL);
    expect(builder != NULL);
    bool is_good = ssr_builder_string(builder, text) == SSR_OK;
    expect(is_good == ssr_utf8_valid(text, strlen(text)));
    expect((ssr_builder_finish(builder, &value) == SSR_OK) == is_good);
    ssr_builder_free(builder);
    return value;
}

static bool is_new(const struct crossing *crossing, const char *name)
{
    for (size_t i = 0; i < crossing->count; i++)
        if (strcmp(crossing->items[i].name, name) == 0)
            return false;
    return true;
}

/* Is a name that the registry takes; it refuses all that follows once it has refused one. */
static bool is_name(const char *name)
{
    ssr_engine *engine;
    expect(ssr_engine_new(NULL, &engine) == SSR_OK);
    bool is_taken = ssr_store_define(ssr_engine_registry(engine), name, NULL) != NULL;
    ssr_engine_free(engine);
    return is_taken;
}

static void define(struct crossing *crossing, ssr_registry *registry, char *name, char *text, bool is_local)
{
    ssr_value *value = value_of(text);
    free(text);
    if (!value || !is_new(crossing, name) || !is_name(name)) {
        ssr_value_free(value);
        free(name);
        return;
    }
    const ssr_store_options options = {.policy = is_local ? SSR_LOCAL : SSR_TRANSFERRED};
    struct item *item = &crossing->items[crossing->count++];
    *item = (struct item){ssr_store_define(registry, name, &options), name, value, is_local};
    expect(item->store != NULL);
}

static void take_stores(struct crossing *crossing, struct input *input, ssr_registry *registry)
{
    unsigned flags = take_byte(input);
    crossing->is_placed = flags & 1;
    while (input->length > 0 && crossing->count < STORES) {
        char *name = take_string(input), *text = take_string(input);
        flags >>= 1;
        define(crossing, registry, name, text, (flags & 3) == 3);
    }
}

static ssr_status page(ssr_ctx *ctx, void *arg)
{
    const struct crossing *crossing = arg;
    for (size_t i = 0; i < crossing->count; i++)
        expect(ssr_set_value(ctx, crossing->items[i].store, crossing->items[i].value) == SSR_OK);
    if (crossing->is_placed)
        expect(ssr_transfer_here(ctx) == SSR_OK);
    return SSR_OK;
}

/* ---- What comes out -----------------------------------------------------------------------------------------------
 */

/* The element's JSON as a value: the caller's to free. */
static ssr_value *read_element(const char *element, size_t length, const char *id)
{
    expect(strlen(element) == length && strncmp(element, opening, strlen(opening)) == 0);
    const char *at = element + strlen(opening);
    expect(strncmp(at, id, strlen(id)) == 0 && strncmp(at + strlen(id), "\">", 2) == 0);
    const char *text = at + strlen(id) + 2, *end = element + length - strlen(closing);
    expect(text <= end && strcmp(end, closing) == 0);
    for (at = text; at < end; at++) {
        expect(*at != '<' && *at != '>' && *at != '&' && (unsigned char)*at >= ' ');
        expect(strncmp(at, "\xe2\x80\xa8", 3) != 0 && strncmp(at, "\xe2\x80\xa9", 3) != 0);
    }
    ssr_value *value;
    expect(ssr_value_parse(NULL, text, (size_t)(end - text), NULL, &value) == SSR_OK);
    return value;
}

static ssr_json member(ssr_json object, const char *name)
{
    ssr_json at = ssr_json_first(object);
    while (at.text && !ssr_json_equals(ssr_json_key(at), name))
        at = ssr_json_next(at);
    return at;
}

static void expect_stores(const struct crossing *crossing, const ssr_value *data)
{
    ssr_json stores = ssr_json_at(ssr_value_json(data), "/stores");
    size_t crossed = 0;
    for (size_t i = 0; i < crossing->count; i++) {
        const struct item *item = &crossing->items[i];
        ssr_json at = member(stores, item->name);
        expect((at.text == NULL) == item->is_local);
        crossed += !item->is_local;
        if (at.text)
            expect(at.length == ssr_value_length(item->value) &&
                   memcmp(at.text, ssr_value_text(item->value), at.length) == 0);
    }
    expect(ssr_json_type(stores) == SSR_JSON_OBJECT && ssr_json_count(stores) == crossed);
}

static void expect_crosses(struct crossing *crossing, ssr_engine *engine)
{
    ssr_render *render;
    expect(ssr_run(engine, page, crossing, NULL, &render) == SSR_OK);
    const ssr_result *result = ssr_render_result(render);
    expect(result->outcome == SSR_SETTLED);
    expect(strcmp(result->html, crossing->is_placed ? result->transfer : "") == 0);
    ssr_value *data = read_element(result->transfer, result->transfer_length, "__SSRSTORE__");
    expect(ssr_value_length(data) == result->data_length && strcmp(ssr_value_text(data), result->data) == 0);
    expect_stores(crossing, data);
    ssr_value_free(data);
    ssr_render_free(render);
}

/* The same by hand: one value under any id, and in half the room. */
static void expect_embeds(const struct item *item)
{
    static const char first[] = "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789";
    const char *id = item->name;
    bool is_id = *id && strspn(id, first) == strlen(id) && strchr(first, *id) < strchr(first, '-');
    size_t length = ssr_value_embed(item->value, id, NULL, 0);
    expect((length > 0) == is_id);
    if (!is_id)
        return;
    char *whole = malloc(length + 1), *half = malloc(length / 2 + 1);
    expect(whole && half);
    expect(ssr_value_embed(item->value, id, whole, length + 1) == length);
    expect(ssr_value_embed(item->value, id, half, length / 2 + 1) == length);
    expect(strlen(half) == length / 2 && strncmp(half, whole, length / 2) == 0);
    ssr_value *again = read_element(whole, length, id);
    expect(ssr_value_equal(again, item->value));
    ssr_value_free(again);
    free(whole);
    free(half);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct crossing crossing = {.count = 0};
    ssr_engine *engine;
    expect(ssr_engine_new(NULL, &engine) == SSR_OK);
    take_stores(&crossing, &input, ssr_engine_registry(engine));
    expect(ssr_engine_start(engine) == SSR_OK);
    expect_crosses(&crossing, engine);
    for (size_t i = 0; i < crossing.count; i++) {
        expect_embeds(&crossing.items[i]);
        ssr_value_free(crossing.items[i].value);
        free(crossing.items[i].name);
    }
    ssr_engine_free(engine);
    return 0;
}
