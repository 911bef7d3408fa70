/*
 * JSON Patch (RFC 6902) from one canonical text to another, in one descent into both.
 *
 * What always holds: `path` is the JSON Pointer of the place that is being compared, written as the inside of a JSON
 * string. What was written is a patch whose result equals AFTER in everything in front of that place, so that an index
 * into an array of AFTER is the index at which the next operation applies. `out` never grows beyond `limit`, the length
 * at which replacing an array or object around the place would have been as short; what would exceed it is not written
 * but sets `is_over`, and the innermost array or object whose replacement fits takes the place of what was written of
 * it. `work`, the bytes that may still be descended into, and MAX_EDITS bound the time, whatever the texts are.
 */
#include "ssrstore/patch.h"

#include <string.h>

#include "ssrstore/digest.h"
#include "ssrstore/number.h"
#include "ssrstore/value_internal.h"

enum {
    MAX_EDITS = 128,         /* of an array, to find the fewest */
    WORK_AT_LEAST = 1 << 20, /* the deepest text of 4 KiB can be compared with it */
    WORK_PER_BYTE = 32       /* a larger text: so many levels around all of it */
};

/* A stretch of an array: `same` elements that are alike in both, then `before` elements that became `after` others. */
struct change {
    uint32_t same, before, after;
};

struct patch {
    struct ssr_budget *budget;
    struct ssr_buffer *out;
    struct ssr_buffer path;
    size_t start; /* in out, behind the opening bracket */
    size_t limit;
    uint64_t work;
    bool is_over;
    ssr_status status;      /* of memory */
    struct change *changes; /* a stack: those of the arrays around the place */
    size_t change_count, change_capacity;
    uint64_t *digests; /* of the elements of one array before, then of the one after */
    size_t digest_capacity;
    uint32_t *reach; /* see reach_row */
    size_t reach_capacity;
};

/* One array's elements as digests, and another's. */
struct sequences {
    const uint64_t *before, *after;
    size_t before_count, after_count;
};

static bool is_stopped(const struct patch *patch)
{
    return patch->is_over || patch->status != SSR_OK;
}

static bool same_text(ssr_json a, ssr_json b)
{
    return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

/* ---- Operations ------------------------------------------------------------------------------------------------- */

static const char op_member[] = "{\"op\":\"", path_member[] = "\",\"path\":\"", value_member[] = ",\"value\":";

/* `value` is absent for "remove". */
static size_t operation_length(const struct patch *patch, const char *name, ssr_json value)
{
    size_t comma = patch->out->length > patch->start;
    size_t value_length = value.text ? sizeof value_member - 1 + value.length : 0;
    return comma + sizeof op_member - 1 + strlen(name) + sizeof path_member - 1 + patch->path.length + 1 +
           value_length + 1;
}

static void put_operation(struct patch *patch, const char *name, ssr_json value)
{
    struct ssr_buffer *out = patch->out;
    size_t length = operation_length(patch, name, value);
    if (is_stopped(patch))
        return;
    if (length > patch->limit - out->length) {
        patch->is_over = true;
        return;
    }
    patch->status = ssr_buffer_reserve(out, length);
    if (patch->status != SSR_OK)
        return;
    ssr_buffer_append(out, ",", out->length > patch->start);
    ssr_buffer_append(out, op_member, sizeof op_member - 1);
    ssr_buffer_append(out, name, strlen(name));
    ssr_buffer_append(out, path_member, sizeof path_member - 1);
    ssr_buffer_append(out, patch->path.data, patch->path.length);
    ssr_buffer_append(out, "\"", 1);
    if (value.text) {
        ssr_buffer_append(out, value_member, sizeof value_member - 1);
        ssr_buffer_append(out, value.text, value.length);
    }
    ssr_buffer_append(out, "}", 1);
}

static void put_remove(struct patch *patch)
{
    put_operation(patch, "remove", (ssr_json){NULL, 0, NULL, 0});
}

/* ---- Paths ------------------------------------------------------------------------------------------------------ */

static void path_append(struct patch *patch, const char *bytes, size_t length)
{
    if (patch->status == SSR_OK)
        patch->status = ssr_buffer_append(&patch->path, bytes, length);
}

/*
 * Enters a member. RFC 6901 3 escapes "~" and "/". Canonical text escapes neither, and no escape of its contains one,
 * so that the key's own text stays a JSON string when they are replaced in it.
 */
static void path_enter_key(struct patch *patch, ssr_json member)
{
    const char *p = member.key + 1, *end = member.key + member.key_length - 1;
    path_append(patch, "/", 1);
    while (p < end) {
        const char *plain = p;
        while (p < end && *p != '~' && *p != '/')
            p++;
        path_append(patch, plain, (size_t)(p - plain));
        if (p < end)
            path_append(patch, *p++ == '~' ? "~0" : "~1", 2);
    }
}

static void path_enter_index(struct patch *patch, size_t index)
{
    char text[SSR_NUMBER_TEXT];
    path_append(patch, "/", 1);
    path_append(patch, text, ssr_number_write((double)index, text));
}

/* ---- Objects ---------------------------------------------------------------------------------------------------- */

static void compare(struct patch *patch, ssr_json before, ssr_json after);

static void compare_objects(struct patch *patch, ssr_json before, ssr_json after)
{
    ssr_json a = ssr_json_first(before), b = ssr_json_first(after);
    size_t outer = patch->path.length;
    while ((a.text || b.text) && !is_stopped(patch)) {
        int order = !a.text ? 1 : !b.text ? -1 : ssr_key_compare(a.key, b.key);
        if (order != 0 || !same_text(a, b)) {
            path_enter_key(patch, order > 0 ? b : a);
            if (order < 0)
                put_remove(patch);
            else if (order > 0)
                put_operation(patch, "add", b);
            else
                compare(patch, a, b);
            patch->path.length = outer;
        }
        if (order <= 0)
            a = ssr_json_next(a);
        if (order >= 0)
            b = ssr_json_next(b);
    }
}

/* ---- The fewest edits of an array ------------------------------------------------------------------------------- */

/*
 * Row d of the triangle has d + 1 entries: how many elements of BEFORE d edits can lead past, when i of them remove one
 * and d - i add one, so that x of BEFORE stand beside x + d - 2i of AFTER (Myers, "An O(ND) Difference Algorithm").
 * The search goes from the ends of the arrays to their beginnings, so that its trace is read forwards. An entry may lie
 * beyond an array: it is on the way to no end that one inside does not reach with fewer edits.
 */
static uint32_t *reach_row(const struct patch *patch, size_t d)
{
    return patch->reach + d * (d + 1) / 2;
}

/* Whether the entry i below a row is reached by removing an element, rather than by adding one. */
static bool reach_by_removal(const uint32_t *row, size_t d, size_t i)
{
    return i > 0 && (i == d || row[i - 1] + 1 > row[i]);
}

static uint32_t reach_entry(const struct patch *patch, size_t d, size_t i)
{
    if (d == 0)
        return 0;
    const uint32_t *above = reach_row(patch, d - 1);
    return reach_by_removal(above, d, i) ? above[i - 1] + 1 : above[i];
}

/* How far the elements are alike behind x of BEFORE and y of AFTER, counted from the ends. */
static size_t count_alike(const struct sequences *s, size_t x, size_t y)
{
    size_t count = 0;
    while (x + count < s->before_count && y + count < s->after_count &&
           s->before[s->before_count - 1 - x - count] == s->after[s->after_count - 1 - y - count])
        count++;
    return count;
}

/* Fills row d. Whether all of both is behind d edits, *removals of them removals. */
static bool reach_with(struct patch *patch, const struct sequences *s, size_t d, size_t *removals)
{
    uint32_t *row = reach_row(patch, d);
    for (size_t i = 0; i <= d; i++) {
        size_t x = reach_entry(patch, d, i), y = x + d - 2 * i, alike = count_alike(s, x, y);
        row[i] = (uint32_t)(x + alike);
        if (x + alike == s->before_count && y + alike == s->after_count) {
            *removals = i;
            return true;
        }
    }
    return false;
}

/* How many edits, at most `most`, lead from one to the other; SIZE_MAX: more, or there is no memory. */
static size_t count_edits(struct patch *patch, const struct sequences *s, size_t most, size_t *removals)
{
    for (size_t d = 0; d <= most; d++) {
        uint32_t *reach =
            ssr_grow(patch->budget, patch->reach, &patch->reach_capacity, (d + 1) * (d + 2) / 2, sizeof *reach);
        if (!reach) {
            patch->status = patch->budget->refusal;
            return SIZE_MAX;
        }
        patch->reach = reach;
        if (reach_with(patch, s, d, removals))
            return d;
    }
    return SIZE_MAX;
}

static bool push_change(struct patch *patch, struct change change)
{
    struct change *changes =
        ssr_grow(patch->budget, patch->changes, &patch->change_capacity, patch->change_count + 1, sizeof *changes);
    if (!changes) {
        patch->status = patch->budget->refusal;
        return false;
    }
    patch->changes = changes;
    changes[patch->change_count++] = change;
    return true;
}

/* Pushes what `d` edits do, the first change first. Returns how many operations it takes. */
static size_t push_edits(struct patch *patch, const struct sequences *s, size_t d, size_t removals)
{
    size_t first = patch->change_count, i = removals, operations = 0;
    uint32_t x = (uint32_t)s->before_count;
    for (; d > 0; d--) {
        const uint32_t *above = reach_row(patch, d - 1);
        bool is_removal = reach_by_removal(above, d, i);
        uint32_t same = x - reach_entry(patch, d, i);
        if ((same > 0 || patch->change_count == first) && !push_change(patch, (struct change){same, 0, 0}))
            return SIZE_MAX;
        struct change *change = &patch->changes[patch->change_count - 1];
        uint32_t *side = is_removal ? &change->before : &change->after;
        ++*side;
        operations += *side > (is_removal ? change->after : change->before);
        i -= is_removal;
        x = above[i];
    }
    return operations;
}

/* How many operations it takes to make each element into the one of the same index, and to add or remove the rest. */
static size_t count_different(const struct sequences *s)
{
    size_t shorter = s->before_count < s->after_count ? s->before_count : s->after_count;
    size_t count = s->before_count + s->after_count - 2 * shorter;
    for (size_t i = 0; i < shorter; i++)
        count += s->before[i] != s->after[i];
    return count;
}

/* Pushes the changes from one to the other: the fewest edits, or one change of everything if that takes no more. */
static void push_changes(struct patch *patch, const struct sequences *s)
{
    size_t first = patch->change_count, different = count_different(s), removals;
    if (s->before_count > 0 && s->after_count > 0 && different > 1) {
        size_t most = 2 * different < MAX_EDITS ? 2 * different : MAX_EDITS; /* an operation does two at the most */
        size_t edits = count_edits(patch, s, most, &removals);
        if (edits != SIZE_MAX && push_edits(patch, s, edits, removals) < different)
            return;
    }
    patch->change_count = first;
    if (patch->status == SSR_OK)
        push_change(patch, (struct change){0, (uint32_t)s->before_count, (uint32_t)s->after_count});
}

/* ---- Arrays ----------------------------------------------------------------------------------------------------- */

/* Adds the digests of an element and those behind it to the first `count`. Returns how many there are then. */
static size_t list_digests(struct patch *patch, ssr_json element, size_t count)
{
    for (; element.text && patch->status == SSR_OK; element = ssr_json_next(element)) {
        uint64_t *digests =
            ssr_grow(patch->budget, patch->digests, &patch->digest_capacity, count + 1, sizeof *digests);
        if (!digests) {
            patch->status = patch->budget->refusal;
            break;
        }
        patch->digests = digests;
        digests[count++] = ssr_digest_of(element.text, element.length, 0).high;
    }
    return count;
}

/* Finds how the elements from a and b on differ, and pushes that. What is alike at the end of both is left out. */
static void find_changes(struct patch *patch, ssr_json a, ssr_json b)
{
    size_t before_count = list_digests(patch, a, 0);
    size_t after_count = list_digests(patch, b, before_count) - before_count;
    if (patch->status != SSR_OK)
        return;
    struct sequences s = {patch->digests, patch->digests + before_count, before_count, after_count};
    size_t alike = count_alike(&s, 0, 0);
    s.before_count -= alike;
    s.after_count -= alike;
    push_changes(patch, &s);
}

/* Where a walk through two arrays is; `index` is that of b. */
struct walk {
    ssr_json a, b;
    size_t index;
};

static void walk_on(struct walk *walk)
{
    walk->a = ssr_json_next(walk->a);
    walk->b = ssr_json_next(walk->b);
    walk->index++;
}

/* Makes the element into the one that stands beside it; nothing when they are alike, which no digest proves. */
static void walk_pair(struct patch *patch, struct walk *walk)
{
    size_t outer = patch->path.length;
    if (!same_text(walk->a, walk->b)) {
        path_enter_index(patch, walk->index);
        compare(patch, walk->a, walk->b);
        patch->path.length = outer;
    }
    walk_on(walk);
}

static void walk_change(struct patch *patch, struct walk *walk, struct change change)
{
    size_t both = change.before < change.after ? change.before : change.after, outer = patch->path.length;
    for (size_t pairs = change.same + both; pairs > 0 && !is_stopped(patch); pairs--)
        walk_pair(patch, walk);
    for (size_t left = change.before - both; left > 0 && !is_stopped(patch); left--) {
        path_enter_index(patch, walk->index);
        put_remove(patch);
        patch->path.length = outer;
        walk->a = ssr_json_next(walk->a);
    }
    for (size_t left = change.after - both; left > 0 && !is_stopped(patch); left--) {
        path_enter_index(patch, walk->index++);
        put_operation(patch, "add", walk->b);
        patch->path.length = outer;
        walk->b = ssr_json_next(walk->b);
    }
}

static void compare_arrays(struct patch *patch, ssr_json before, ssr_json after)
{
    struct walk walk = {ssr_json_first(before), ssr_json_first(after), 0};
    size_t first = patch->change_count;
    while (walk.a.text && walk.b.text && same_text(walk.a, walk.b))
        walk_on(&walk);
    find_changes(patch, walk.a, walk.b);
    size_t end = patch->change_count;
    for (size_t i = first; i < end && !is_stopped(patch); i++)
        walk_change(patch, &walk, patch->changes[i]);
    while (walk.a.text && walk.b.text && !is_stopped(patch))
        walk_pair(patch, &walk);
    patch->change_count = first;
}

/* ---- Values ----------------------------------------------------------------------------------------------------- */

/* Whether it is worth looking into both: two arrays or two objects, and work enough left to read them once. */
static bool may_descend(struct patch *patch, ssr_json before, ssr_json after)
{
    ssr_json_kind kind = ssr_json_type(after);
    size_t work = before.length + after.length;
    if ((kind != SSR_JSON_ARRAY && kind != SSR_JSON_OBJECT) || ssr_json_type(before) != kind || work > patch->work)
        return false;
    patch->work -= work;
    return true;
}

/* Writes what makes `before`, which is at `path`, into `after`, which differs from it. */
static void compare(struct patch *patch, ssr_json before, ssr_json after)
{
    if (is_stopped(patch))
        return;
    if (may_descend(patch, before, after)) {
        size_t start = patch->out->length, outer_limit = patch->limit;
        size_t replacement = operation_length(patch, "replace", after);
        if (replacement < outer_limit - start)
            patch->limit = start + replacement;
        if (ssr_json_type(after) == SSR_JSON_OBJECT)
            compare_objects(patch, before, after);
        else
            compare_arrays(patch, before, after);
        patch->limit = outer_limit;
        if (!patch->is_over)
            return;
        patch->is_over = false;
        patch->out->length = start;
    }
    put_operation(patch, "replace", after);
}

static uint64_t work_for(size_t bytes)
{
    uint64_t most = (uint64_t)bytes * WORK_PER_BYTE;
    return most > WORK_AT_LEAST ? most : WORK_AT_LEAST;
}

static void release(struct patch *patch)
{
    ssr_buffer_free(&patch->path);
    ssr_budget_resize(patch->budget, patch->changes, patch->change_capacity * sizeof *patch->changes, 0);
    ssr_budget_resize(patch->budget, patch->digests, patch->digest_capacity * sizeof *patch->digests, 0);
    ssr_budget_resize(patch->budget, patch->reach, patch->reach_capacity * sizeof *patch->reach, 0);
}

ssr_status ssr_patch_write(struct ssr_buffer *out, ssr_json before, ssr_json after, size_t cap)
{
    size_t start = out->length;
    if (cap < 2)
        return SSR_E_LIMIT;
    ssr_status status = ssr_buffer_append(out, "[", 1);
    if (status != SSR_OK)
        return status;
    struct patch patch = {.budget = out->budget, .out = out, .path = {.budget = out->budget}, .start = out->length};
    patch.limit = cap < SIZE_MAX - start ? start + cap - 1 : SIZE_MAX - 1;
    patch.work = work_for(before.length + after.length);
    if (!same_text(before, after))
        compare(&patch, before, after);
    release(&patch);
    status = patch.status == SSR_OK && patch.is_over ? SSR_E_LIMIT : patch.status;
    if (status == SSR_OK)
        status = ssr_buffer_append(out, "]", 1);
    if (status != SSR_OK)
        out->length = start;
    return status;
}
