/* Inputs: one small value for every form in which a value can be given. They own nothing. */
#include <string.h>

#include "ssrstore/value_internal.h"

ssr_input ssr_input_null(void)
{
    return (ssr_input){.form = SSR_INPUT_NULL};
}

ssr_input ssr_input_boolean(bool boolean)
{
    return (ssr_input){.form = SSR_INPUT_BOOLEAN, .as.boolean = boolean};
}

ssr_input ssr_input_integer(int64_t integer)
{
    return (ssr_input){.form = SSR_INPUT_INTEGER, .as.integer = integer};
}

ssr_input ssr_input_number(double number)
{
    return (ssr_input){.form = SSR_INPUT_NUMBER, .as.number = number};
}

ssr_input ssr_input_string(const char *text)
{
    return ssr_input_string_n(text, text ? strlen(text) : 0);
}

ssr_input ssr_input_string_n(const char *text, size_t length)
{
    return (ssr_input){.form = SSR_INPUT_STRING, .text = text, .length = length};
}

ssr_input ssr_input_json(const char *text)
{
    return ssr_input_json_n(text, text ? strlen(text) : 0);
}

ssr_input ssr_input_json_n(const char *text, size_t length)
{
    return (ssr_input){.form = SSR_INPUT_JSON, .text = text, .length = length};
}

ssr_input ssr_input_value(const struct ssr_value *value)
{
    return ssr_input_cursor(ssr_value_json(value));
}

ssr_input ssr_input_cursor(ssr_json json)
{
    return (ssr_input){.form = SSR_INPUT_CANONICAL, .text = json.text, .length = json.length};
}

ssr_input ssr_input_built(const struct ssr_builder *builder)
{
    return (ssr_input){.form = SSR_INPUT_BUILT, .as.builder = builder};
}

/* Inside other values the depth counts, so the text is read; on its own it has been read before. */
static ssr_status add_canonical(struct ssr_builder *builder, const char *text, size_t length)
{
    return builder->depth == 0 ? ssr_builder_canonical(builder, text, length) : ssr_builder_json(builder, text, length);
}

static ssr_status add_built(struct ssr_builder *builder, const struct ssr_builder *from)
{
    ssr_status status = from ? ssr_builder_complete(from) : SSR_E_INVALID_ARGUMENT;
    if (status != SSR_OK)
        return ssr_builder_fail(builder, status);
    return add_canonical(builder, from->out.data, from->out.length);
}

ssr_status ssr_builder_input(struct ssr_builder *builder, ssr_input input)
{
    bool has_text = input.form < SSR_INPUT_STRING || input.form == SSR_INPUT_BUILT || input.text;
    if (!has_text)
        return ssr_builder_fail(builder, SSR_E_INVALID_ARGUMENT);
    switch (input.form) {
    case SSR_INPUT_NULL: return ssr_builder_null(builder);
    case SSR_INPUT_BOOLEAN: return ssr_builder_boolean(builder, input.as.boolean);
    case SSR_INPUT_INTEGER: return ssr_builder_integer(builder, input.as.integer);
    case SSR_INPUT_NUMBER: return ssr_builder_number(builder, input.as.number);
    case SSR_INPUT_STRING: return ssr_builder_string_n(builder, input.text, input.length);
    case SSR_INPUT_JSON: return ssr_builder_json(builder, input.text, input.length);
    case SSR_INPUT_CANONICAL: return add_canonical(builder, input.text, input.length);
    case SSR_INPUT_BUILT: return add_built(builder, input.as.builder);
    }
    return ssr_builder_fail(builder, SSR_E_INVALID_ARGUMENT);
}

ssr_status ssr_input_make(const ssr_allocator *allocator, ssr_input input, struct ssr_value **value)
{
    *value = NULL;
    struct ssr_builder *builder = ssr_builder_new(allocator);
    if (!builder)
        return SSR_E_NOMEM;
    ssr_builder_input(builder, input);
    ssr_status status = ssr_builder_finish(builder, value);
    ssr_builder_free(builder);
    return status;
}
