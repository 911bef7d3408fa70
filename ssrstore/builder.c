/*
 * The writer of canonical text that every way in shares: builder calls, the reader of JSON, cJSON trees.
 *
 * What always holds: `out` is canonical up to the order of members in objects that are still open; the members of
 * the open objects lie in `members`, those of the innermost last; an object's members are sorted when it ends, which
 * is also when a repeated key shows up as a neighbour of its twin. After an error nothing is written any more.
 */
#include <stdlib.h>
#include <string.h>

#include "ssrstore/number.h"
#include "ssrstore/scan.h"
#include "ssrstore/utf8.h"
#include "ssrstore/value_internal.h"

void ssr_builder_init(struct ssr_builder *builder, struct ssr_budget *budget, size_t value_cap)
{
    ssr_zero(builder, offsetof(struct ssr_builder, frames));
    builder->budget = builder->out.budget = budget;
    ssr_builder_set_cap(builder, value_cap);
}

void ssr_builder_set_cap(struct ssr_builder *builder, size_t value_cap)
{
    builder->value_cap = value_cap < SSR_MAX_VALUE ? value_cap : SSR_MAX_VALUE;
}

void ssr_builder_release(struct ssr_builder *builder)
{
    ssr_buffer_free(&builder->out);
    size_t size = sizeof(struct ssr_builder_member);
    ssr_budget_resize(builder->budget, builder->members, builder->member_capacity * size, 0);
    ssr_budget_resize(builder->budget, builder->sorted, builder->sorted_capacity * size, 0);
}

ssr_builder *ssr_builder_new(const ssr_allocator *allocator)
{
    struct ssr_budget budget;
    ssr_budget_init(&budget, allocator, SIZE_MAX);
    struct ssr_builder *builder = ssr_budget_resize(&budget, NULL, 0, sizeof *builder);
    if (!builder)
        return NULL;
    ssr_builder_init(builder, &builder->own, SIZE_MAX);
    builder->own = budget;
    return builder;
}

void ssr_builder_free(struct ssr_builder *builder)
{
    if (!builder)
        return;
    ssr_builder_release(builder);
    struct ssr_budget budget = builder->own;
    ssr_budget_resize(&budget, builder, sizeof *builder, 0);
}

void ssr_builder_reset(struct ssr_builder *builder)
{
    builder->out.length = 0;
    builder->member_count = 0;
    builder->position = 0;
    builder->status = SSR_OK;
    builder->is_text_error = false;
    builder->depth = 0;
    builder->is_complete = false;
}

ssr_status ssr_builder_status(const struct ssr_builder *builder)
{
    return builder->status;
}

ssr_status ssr_builder_fail(struct ssr_builder *builder, ssr_status status)
{
    if (builder->status == SSR_OK)
        builder->status = status;
    return builder->status;
}

ssr_status ssr_builder_complete(const struct ssr_builder *builder)
{
    if (builder->status != SSR_OK)
        return builder->status;
    return builder->is_complete ? SSR_OK : SSR_E_BUILDER;
}

ssr_status ssr_builder_put_slowly(struct ssr_builder *builder, const char *bytes, size_t length)
{
    if (builder->status != SSR_OK)
        return builder->status;
    if (length > builder->value_cap - builder->out.length)
        return ssr_builder_fail(builder, SSR_E_TOO_LARGE);
    ssr_status status = ssr_buffer_append(&builder->out, bytes, length);
    return status == SSR_OK ? SSR_OK : ssr_builder_fail(builder, status);
}

static struct ssr_builder_frame *innermost(struct ssr_builder *builder)
{
    return builder->depth > 0 ? &builder->frames[builder->depth - 1] : NULL;
}

ssr_status ssr_builder_begin_value(struct ssr_builder *builder)
{
    struct ssr_builder_frame *frame = innermost(builder);
    bool fits = !frame ? !builder->is_complete : !frame->is_object || frame->has_key;
    if (!fits)
        return ssr_builder_fail(builder, SSR_E_BUILDER);
    if (frame && !frame->is_object) {
        if (!frame->is_empty)
            return ssr_builder_put(builder, ",", 1);
        frame->is_empty = false;
    }
    return builder->status;
}

void ssr_builder_end_value(struct ssr_builder *builder)
{
    struct ssr_builder_frame *frame = innermost(builder);
    if (!frame) {
        builder->is_complete = true;
    } else if (frame->is_object) {
        struct ssr_builder_member *member = &builder->members[builder->member_count - 1];
        member->length = builder->out.length - member->start;
        frame->has_key = false;
    }
}

static ssr_status begin_container(struct ssr_builder *builder, bool is_object)
{
    if (ssr_builder_begin_value(builder) != SSR_OK)
        return builder->status;
    if (builder->depth == SSR_MAX_DEPTH)
        return ssr_builder_fail(builder, SSR_E_TOO_DEEP);
    struct ssr_builder_frame frame = {
        (uint32_t)builder->out.length, (uint32_t)builder->member_count, is_object, true, false, true};
    if (ssr_builder_put(builder, is_object ? "{" : "[", 1) == SSR_OK)
        builder->frames[builder->depth++] = frame;
    return builder->status;
}

ssr_status ssr_builder_begin_object(struct ssr_builder *builder)
{
    return begin_container(builder, true);
}

ssr_status ssr_builder_begin_array(struct ssr_builder *builder)
{
    return begin_container(builder, false);
}

ssr_status ssr_builder_end_array(struct ssr_builder *builder)
{
    struct ssr_builder_frame *frame = innermost(builder);
    if (!frame || frame->is_object)
        return ssr_builder_fail(builder, SSR_E_BUILDER);
    if (ssr_builder_put(builder, "]", 1) != SSR_OK)
        return builder->status;
    builder->depth--;
    ssr_builder_end_value(builder);
    return SSR_OK;
}

/* ---- The order of keys ------------------------------------------------------------------------------------------ */

/* A character of a canonical string as a number that orders like UTF-16 code units; -1 at the closing quote. */
static int key_unit(const char **p)
{
    unsigned char c = (unsigned char)*(*p)++;
    if (c == '"')
        return -1;
    if (c == '\\') {
        static const char short_forms[] = "b\bf\fn\nr\rt\t\"\"\\\\";
        char form = *(*p)++;
        if (form != 'u')
            return strchr(short_forms, form)[1];
        char digits[5] = {(*p)[0], (*p)[1], (*p)[2], (*p)[3], 0};
        *p += 4;
        return (int)strtol(digits, NULL, 16);
    }
    /* U+E000..U+FFFF start with EE or EF and sort behind the surrogates that F0..F4 stand for. */
    return c == 0xee || c == 0xef ? c + 0x10 : c;
}

/* RFC 8785 3.2.3. */
int ssr_key_compare(const char *a, const char *b)
{
    a++;
    b++;
    for (;;) {
        if (*a == *b && *a != '"' && *a != '\\') {
            a++;
            b++;
            continue;
        }
        int unit_a = key_unit(&a), unit_b = key_unit(&b);
        if (unit_a != unit_b)
            return unit_a < unit_b ? -1 : 1;
        if (unit_a == -1)
            return 0;
    }
}

static int compare_members(const struct ssr_builder *builder, const struct ssr_builder_member *a,
                           const struct ssr_builder_member *b)
{
    return ssr_key_compare(builder->out.data + a->start, builder->out.data + b->start);
}

/* Merges the sorted runs from[low, middle) and from[middle, high) into `to`; of equal keys the earlier comes first. */
static void merge(const struct ssr_builder *builder, const struct ssr_builder_member *from,
                  struct ssr_builder_member *to, size_t low, size_t middle, size_t high)
{
    size_t left = low, right = middle;
    for (size_t i = low; i < high; i++) {
        bool take_left = left < middle && (right == high || compare_members(builder, &from[left], &from[right]) <= 0);
        to[i] = take_left ? from[left++] : from[right++];
    }
}

/* Few members, in place. */
static void insertion_sort(const struct ssr_builder *builder, struct ssr_builder_member *members, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct ssr_builder_member member = members[i];
        size_t at = i;
        for (; at > 0 && compare_members(builder, &members[at - 1], &member) > 0; at--)
            members[at] = members[at - 1];
        members[at] = member;
    }
}

/*
 * Merge sort from the bottom up, between the members and a second array: O(n log n) whatever the input, no
 * allocation behind our back (libc's qsort may), and stable. Returns the sorted members, NULL: no memory.
 */
static struct ssr_builder_member *sort_members(struct ssr_builder *builder, size_t first)
{
    enum { FEW = 8 };
    size_t count = builder->member_count - first;
    if (count <= FEW) {
        insertion_sort(builder, builder->members + first, count);
        return builder->members + first;
    }
    struct ssr_builder_member *sorted =
        ssr_grow(builder->budget, builder->sorted, &builder->sorted_capacity, count, sizeof *sorted);
    if (!sorted)
        return NULL;
    builder->sorted = sorted;
    struct ssr_builder_member *from = builder->members + first, *to = sorted;
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t low = 0; low < count; low += 2 * width) {
            size_t middle = low + width < count ? low + width : count;
            size_t high = low + 2 * width < count ? low + 2 * width : count;
            merge(builder, from, to, low, middle, high);
        }
        struct ssr_builder_member *swapped = from;
        from = to;
        to = swapped;
    }
    return from;
}

/* Where in the input the first key stands that repeats an earlier one; SIZE_MAX: none does. */
static size_t first_duplicate(const struct ssr_builder *builder, const struct ssr_builder_member *sorted, size_t count)
{
    size_t first = SIZE_MAX;
    for (size_t i = 1; i < count; i++)
        if (compare_members(builder, &sorted[i - 1], &sorted[i]) == 0 && sorted[i].source < first)
            first = sorted[i].source;
    return first;
}

size_t ssr_builder_open_duplicate(struct ssr_builder *builder, unsigned depth)
{
    size_t first = SIZE_MAX;
    for (; builder->depth > depth; builder->depth--) {
        const struct ssr_builder_frame *frame = innermost(builder);
        if (frame->is_object && !frame->is_sorted) {
            const struct ssr_builder_member *sorted = sort_members(builder, frame->first_member);
            if (!sorted) {
                builder->status = builder->budget->refusal; /* which error came first cannot be told */
                return SIZE_MAX;
            }
            size_t found = first_duplicate(builder, sorted, builder->member_count - frame->first_member);
            first = found < first ? found : first;
        }
        if (frame->is_object)
            builder->member_count = frame->first_member;
    }
    return first;
}

/* Rewrites the innermost object's text in the order of its keys, by way of a copy behind it. */
static ssr_status order_object(struct ssr_builder *builder, const struct ssr_builder_frame *frame)
{
    size_t count = builder->member_count - frame->first_member;
    const struct ssr_builder_member *sorted = sort_members(builder, frame->first_member);
    if (!sorted)
        return ssr_builder_fail(builder, builder->budget->refusal);
    size_t duplicate = first_duplicate(builder, sorted, count);
    if (duplicate != SIZE_MAX) {
        builder->position = duplicate;
        return ssr_builder_fail(builder, SSR_E_DUPLICATE_KEY);
    }
    ssr_status status = ssr_buffer_reserve(&builder->out, builder->out.length - frame->start);
    if (status != SSR_OK)
        return ssr_builder_fail(builder, status);
    char *ordered = builder->out.data + builder->out.length, *end = ordered;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *end++ = ',';
        memcpy(end, builder->out.data + sorted[i].start, sorted[i].length);
        end += sorted[i].length;
    }
    memcpy(builder->out.data + frame->start + 1, ordered, (size_t)(end - ordered));
    return SSR_OK;
}

ssr_status ssr_builder_end_object(struct ssr_builder *builder)
{
    struct ssr_builder_frame *frame = innermost(builder);
    if (!frame || !frame->is_object || frame->has_key)
        return ssr_builder_fail(builder, SSR_E_BUILDER);
    if (builder->status == SSR_OK && !frame->is_sorted)
        order_object(builder, frame);
    if (ssr_builder_put(builder, "}", 1) != SSR_OK)
        return builder->status;
    builder->member_count = frame->first_member;
    builder->depth--;
    ssr_builder_end_value(builder);
    return SSR_OK;
}

ssr_status ssr_builder_begin_key(struct ssr_builder *builder)
{
    struct ssr_builder_frame *frame = innermost(builder);
    if (!frame || !frame->is_object || frame->has_key)
        return ssr_builder_fail(builder, SSR_E_BUILDER);
    struct ssr_builder_member *members = ssr_grow(builder->budget, builder->members, &builder->member_capacity,
                                                  builder->member_count + 1, sizeof *members);
    if (!members)
        return ssr_builder_fail(builder, builder->budget->refusal);
    builder->members = members;
    if (!frame->is_empty)
        ssr_builder_put(builder, ",", 1);
    if (ssr_builder_put(builder, "\"", 1) != SSR_OK)
        return builder->status;
    frame->is_empty = false;
    members[builder->member_count++] = (struct ssr_builder_member){builder->out.length - 1, 0, builder->position};
    return SSR_OK;
}

ssr_status ssr_builder_end_key(struct ssr_builder *builder)
{
    if (ssr_builder_put(builder, "\":", 2) != SSR_OK) {
        builder->member_count--; /* half a key is none */
        return builder->status;
    }
    struct ssr_builder_frame *frame = innermost(builder);
    frame->has_key = true;
    const struct ssr_builder_member *member = &builder->members[builder->member_count - 1];
    if (frame->is_sorted && builder->member_count - frame->first_member > 1)
        frame->is_sorted = compare_members(builder, member - 1, member) < 0;
    return SSR_OK;
}

/* ---- Tokens ----------------------------------------------------------------------------------------------------- */

/* RFC 8785 3.2.2.2. */
ssr_status ssr_builder_put_escaped(struct ssr_builder *builder, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char short_forms[] = "\bb\tt\nn\ff\rr\"\"\\\\";
    const char *form = strchr(short_forms, c);
    if (form)
        return ssr_builder_put(builder, (char[]){'\\', form[1]}, 2);
    return ssr_builder_put(builder, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
}

/* The inside of a string, from UTF-8. */
static ssr_status put_text(struct ssr_builder *builder, const char *text, size_t length)
{
    const char *end = text + length;
    while (text < end && builder->status == SSR_OK) {
        size_t plain = ssr_scan_json(text, (size_t)(end - text));
        ssr_builder_put(builder, text, plain);
        text += plain;
        if (text == end)
            break;
        unsigned char c = (unsigned char)*text;
        if (c < 0x80) {
            if (c == 0)
                return ssr_builder_fail(builder, SSR_E_NUL);
            ssr_builder_put_escaped(builder, c);
            text++;
            continue;
        }
        size_t sequence = ssr_utf8_sequence((const unsigned char *)text, (const unsigned char *)end);
        if (sequence == 0)
            return ssr_builder_fail(builder, SSR_E_INVALID_UTF8);
        ssr_builder_put(builder, text, sequence);
        text += sequence;
    }
    return builder->status;
}

ssr_status ssr_builder_key_n(struct ssr_builder *builder, const char *key, size_t length)
{
    if (!key)
        return ssr_builder_fail(builder, SSR_E_INVALID_ARGUMENT);
    builder->position++;
    if (ssr_builder_begin_key(builder) != SSR_OK)
        return builder->status;
    put_text(builder, key, length);
    return ssr_builder_end_key(builder);
}

ssr_status ssr_builder_key(struct ssr_builder *builder, const char *key)
{
    return ssr_builder_key_n(builder, key, key ? strlen(key) : 0);
}

ssr_status ssr_builder_string_n(struct ssr_builder *builder, const char *text, size_t length)
{
    if (!text)
        return ssr_builder_fail(builder, SSR_E_INVALID_ARGUMENT);
    if (ssr_builder_begin_value(builder) != SSR_OK)
        return builder->status;
    ssr_builder_put(builder, "\"", 1);
    put_text(builder, text, length);
    if (ssr_builder_put(builder, "\"", 1) == SSR_OK)
        ssr_builder_end_value(builder);
    return builder->status;
}

ssr_status ssr_builder_string(struct ssr_builder *builder, const char *text)
{
    return ssr_builder_string_n(builder, text, text ? strlen(text) : 0);
}

ssr_status ssr_builder_canonical(struct ssr_builder *builder, const char *text, size_t length)
{
    if (ssr_builder_begin_value(builder) == SSR_OK && ssr_builder_put(builder, text, length) == SSR_OK)
        ssr_builder_end_value(builder);
    return builder->status;
}

ssr_status ssr_builder_integer(struct ssr_builder *builder, int64_t integer)
{
    if (integer > SSR_MAX_INTEGER || integer < -SSR_MAX_INTEGER)
        return ssr_builder_fail(builder, SSR_E_INTEGER_RANGE);
    char text[SSR_NUMBER_TEXT];
    return ssr_builder_canonical(builder, text, ssr_integer_write(integer, text));
}

ssr_status ssr_builder_number(struct ssr_builder *builder, double number)
{
    if (number - number != 0)
        return ssr_builder_fail(builder, SSR_E_NOT_FINITE);
    char text[SSR_NUMBER_TEXT];
    return ssr_builder_canonical(builder, text, ssr_number_write(number, text));
}

ssr_status ssr_builder_boolean(struct ssr_builder *builder, bool boolean)
{
    return boolean ? ssr_builder_canonical(builder, "true", 4) : ssr_builder_canonical(builder, "false", 5);
}

ssr_status ssr_builder_null(struct ssr_builder *builder)
{
    return ssr_builder_canonical(builder, "null", 4);
}

ssr_status ssr_builder_value(struct ssr_builder *builder, const struct ssr_value *value)
{
    if (!value)
        return ssr_builder_fail(builder, SSR_E_INVALID_ARGUMENT);
    return ssr_builder_json(builder, value->text, value->length);
}

ssr_status ssr_builder_json(struct ssr_builder *builder, const char *text, size_t length)
{
    if (!text)
        return ssr_builder_fail(builder, SSR_E_INVALID_ARGUMENT);
    if (builder->status != SSR_OK)
        return builder->status;
    size_t position = builder->position;
    ssr_status status = ssr_json_read(builder, text, length, &builder->error_at);
    builder->position = position;
    builder->is_text_error = status >= SSR_E_SYNTAX && status <= SSR_E_TOO_LARGE;
    return status;
}

ssr_status ssr_builder_finish(struct ssr_builder *builder, struct ssr_value **value)
{
    *value = NULL;
    ssr_status status = ssr_builder_complete(builder);
    if (status != SSR_OK)
        return status;
    *value = ssr_value_new(&builder->budget->allocator, builder->out.data, builder->out.length);
    if (!*value)
        return SSR_E_NOMEM;
    ssr_builder_reset(builder);
    return SSR_OK;
}
