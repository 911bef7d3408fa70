/*
 * Drafts: a canonical text that is changed in place. What always holds: between two calls the text of an open draft is
 * canonical, no deeper than SSR_MAX_DEPTH, and a NUL stands behind it. A call makes the new piece of text and the room
 * for it before it changes anything, so an input may point into the draft itself, and on an error the draft is as it
 * was.
 */
#include "ssrstore/draft_internal.h"

#include <stdio.h>

void ssr_draft_init(struct ssr_draft *draft, struct ssr_budget *budget, size_t value_cap)
{
    draft->text = draft->spare = draft->argument = (struct ssr_buffer){budget, NULL, 0, 0};
    ssr_builder_init(&draft->input, budget, value_cap);
    draft->is_open = false;
    draft->exhausted = SSR_OK;
    draft->next_spare = NULL;
}

void ssr_draft_release(struct ssr_draft *draft)
{
    struct ssr_budget *budget = draft->input.budget;
    size_t value_cap = draft->input.value_cap;
    ssr_buffer_free(&draft->text);
    ssr_buffer_free(&draft->spare);
    ssr_buffer_free(&draft->argument);
    ssr_builder_release(&draft->input);
    ssr_draft_init(draft, budget, value_cap);
}

ssr_status ssr_draft_open(struct ssr_draft *draft, const char *text, size_t length)
{
    draft->is_open = false;
    draft->text.length = 0;
    ssr_status status = ssr_buffer_reserve(&draft->text, length + 1);
    if (status != SSR_OK)
        return status;
    memcpy(draft->text.data, text, length);
    draft->text.data[length] = '\0';
    draft->text.length = length;
    draft->exhausted = SSR_OK;
    draft->is_open = true;
    return SSR_OK;
}

void ssr_draft_close(struct ssr_draft *draft)
{
    draft->is_open = false;
}

const char *ssr_draft_text(const struct ssr_draft *draft, size_t *length)
{
    *length = draft->text.length;
    return draft->text.data;
}

/* ---- Changes ---------------------------------------------------------------------------------------------------- */

/* Closes the draft behind what a callback answered. */
static ssr_status finish(struct ssr_draft *draft, ssr_status status)
{
    ssr_draft_close(draft);
    return status == SSR_OK ? draft->exhausted : status;
}

ssr_status ssr_draft_run(struct ssr_draft *draft, const char *state, size_t length, ssr_updater_fn updater, void *arg)
{
    if (!updater)
        return SSR_E_INVALID_ARGUMENT;
    ssr_status status = ssr_draft_open(draft, state, length);
    return status == SSR_OK ? finish(draft, updater(draft, arg)) : status;
}

/* The argument gets text of its own, because the action may use the draft's builder. Absent: none was given. */
static ssr_status take_argument(struct ssr_draft *draft, ssr_input input, ssr_json *argument)
{
    *argument = (ssr_json){NULL, 0, NULL, 0};
    if (ssr_input_is_none(input))
        return SSR_OK;
    ssr_builder_reset(&draft->input);
    ssr_builder_input(&draft->input, input);
    ssr_status status = ssr_builder_complete(&draft->input);
    if (status == SSR_OK)
        status = ssr_buffer_append(&draft->input.out, "", 1);
    if (status != SSR_OK)
        return status;
    struct ssr_buffer taken = draft->input.out;
    draft->input.out = draft->argument;
    draft->argument = taken;
    *argument = (ssr_json){taken.data, taken.length - 1, NULL, 0};
    return SSR_OK;
}

ssr_status ssr_draft_act(struct ssr_draft *draft, const char *state, size_t length, const ssr_action *action,
                         ssr_input argument)
{
    ssr_json taken;
    if (!action)
        return SSR_E_UNKNOWN_ACTION;
    ssr_status status = take_argument(draft, argument, &taken);
    if (status == SSR_OK)
        status = ssr_draft_open(draft, state, length);
    return status == SSR_OK ? finish(draft, action->run(draft, taken, action->arg)) : status;
}

/* ---- Places ----------------------------------------------------------------------------------------------------- */

static ssr_json whole(const struct ssr_draft *draft)
{
    return (ssr_json){draft->text.data, draft->text.length, NULL, 0};
}

static size_t offset_of(const struct ssr_draft *draft, const char *p)
{
    return (size_t)(p - draft->text.data);
}

/* Whether a call may look at this place: SSR_OK, draft_ended or invalid_argument. */
static ssr_status enter(const struct ssr_draft *draft, const char *place)
{
    if (!draft || !draft->is_open)
        return SSR_E_DRAFT_ENDED;
    return place && ssr_json_is_pointer(place) ? SSR_OK : SSR_E_INVALID_ARGUMENT;
}

/* The answer of a call; out of memory is remembered. */
static ssr_status answer(struct ssr_draft *draft, ssr_status status)
{
    bool is_exhausted = status == SSR_E_NOMEM || status == SSR_E_LIMIT;
    if (is_exhausted && draft->exhausted == SSR_OK)
        draft->exhausted = status;
    return status;
}

/* A place that need not be there yet, in what is around it. The whole state has nothing around it and no token. */
struct place {
    ssr_json around;
    const char *token; /* the last one of the pointer */
    size_t token_length;
    unsigned depth; /* arrays and objects around it */
};

/* SSR_OK; no_member or wrong_type when there is no array or object around it. */
static ssr_status find(const struct ssr_draft *draft, const char *pointer, struct place *place)
{
    ssr_json next = whole(draft);
    *place = (struct place){{NULL, 0, NULL, 0}, NULL, 0, 0};
    while (*pointer == '/') {
        if (!next.text)
            return SSR_E_NO_MEMBER;
        if (*next.text != '{' && *next.text != '[')
            return SSR_E_WRONG_TYPE;
        size_t length = strcspn(pointer + 1, "/");
        *place = (struct place){next, pointer + 1, length, place->depth + 1};
        pointer += 1 + length;
        if (*pointer == '/')
            next = ssr_json_child(next, place->token, length);
    }
    return SSR_OK;
}

ssr_json ssr_draft_get(const struct ssr_draft *draft, const char *place)
{
    if (enter(draft, place) != SSR_OK)
        return (ssr_json){NULL, 0, NULL, 0};
    return ssr_json_at(whole(draft), place);
}

/* ---- New text --------------------------------------------------------------------------------------------------- */

/* Adds the key that a token names: "~1" stands for "/" and "~0" for "~". */
static ssr_status add_key(struct ssr_draft *draft, const char *token, size_t length)
{
    struct ssr_buffer *key = &draft->spare;
    key->length = 0;
    ssr_status status = ssr_buffer_reserve(key, length + 1);
    if (status != SSR_OK)
        return status;
    for (size_t i = 0; i < length; i++) {
        bool is_escape = token[i] == '~';
        i += is_escape;
        key->data[key->length++] = is_escape ? (token[i] == '0' ? '~' : '/') : token[i];
    }
    return ssr_builder_key_n(&draft->input, key->data, key->length);
}

/*
 * Makes the text of a value, with its key for a member, inside as many arrays and objects as are around the place: so
 * the builder counts their depth. The text begins behind these brackets, which are never closed.
 */
static ssr_status make_text(struct ssr_draft *draft, const struct place *place, ssr_input input)
{
    struct ssr_builder *builder = &draft->input;
    ssr_builder_reset(builder);
    for (unsigned i = 1; i < place->depth; i++)
        ssr_builder_begin_array(builder);
    ssr_status status = builder->status;
    if (ssr_json_type(place->around) == SSR_JSON_OBJECT) {
        ssr_builder_begin_object(builder);
        status = add_key(draft, place->token, place->token_length);
    } else if (place->around.text) {
        status = ssr_builder_begin_array(builder);
    }
    return status == SSR_OK ? ssr_builder_input(builder, input) : status;
}

enum comma { NO_COMMA, COMMA_BEFORE, COMMA_BEHIND };

/* Puts a piece of text, with a comma or without, in place of `removed` bytes at an offset. */
static ssr_status splice(struct ssr_draft *draft, size_t at, size_t removed, const char *piece, size_t length,
                         enum comma comma)
{
    struct ssr_buffer *text = &draft->text;
    size_t added = length + (comma != NO_COMMA), rest = text->length - removed;
    if (added > removed && (rest > draft->input.value_cap || added > draft->input.value_cap - rest))
        return SSR_E_TOO_LARGE;
    ssr_status status = added > removed ? ssr_buffer_reserve(text, added - removed + 1) : SSR_OK;
    if (status != SSR_OK)
        return status;
    char *gap = text->data + at;
    memmove(gap + added, gap + removed, text->length - at - removed + 1);
    if (comma != NO_COMMA)
        gap[comma == COMMA_BEFORE ? 0 : length] = ',';
    memcpy(gap + (comma == COMMA_BEFORE), piece, length);
    text->length = rest + added;
    return SSR_OK;
}

/* ---- Setting ---------------------------------------------------------------------------------------------------- */

static ssr_status replace_text(struct ssr_draft *draft, ssr_json old, const char *piece, size_t length)
{
    return splice(draft, offset_of(draft, old.text), old.length, piece, length, NO_COMMA);
}

/* Puts a piece of text before the closing bracket. */
static ssr_status append_text(struct ssr_draft *draft, ssr_json around, const char *piece, size_t length)
{
    size_t at = offset_of(draft, around.text) + around.length - 1;
    return splice(draft, at, 0, piece, length, around.length == 2 ? NO_COMMA : COMMA_BEFORE);
}

/* The piece is a key, a colon and a value: it replaces the member of that key, or goes to its place in the order. */
static ssr_status set_member(struct ssr_draft *draft, ssr_json object, const char *piece, size_t length)
{
    for (ssr_json member = ssr_json_first(object); member.text; member = ssr_json_next(member)) {
        int order = ssr_key_compare(piece, member.key);
        if (order == 0)
            return replace_text(draft, member, piece + member.key_length + 1, length - member.key_length - 1);
        if (order < 0)
            return splice(draft, offset_of(draft, member.key), 0, piece, length, COMMA_BEHIND);
    }
    return append_text(draft, object, piece, length);
}

/* "-", or the number of elements. */
static bool is_behind_last(const struct place *place)
{
    char end[24] = "-";
    if (*place->token != '-')
        snprintf(end, sizeof end, "%zu", ssr_json_count(place->around));
    return place->token_length == strlen(end) && memcmp(place->token, end, place->token_length) == 0;
}

static ssr_status set(struct ssr_draft *draft, const char *pointer, ssr_input input)
{
    struct place place;
    ssr_json old = whole(draft);
    ssr_status status = find(draft, pointer, &place);
    bool is_member = ssr_json_type(place.around) == SSR_JSON_OBJECT;
    if (status == SSR_OK && place.around.text && !is_member) {
        old = ssr_json_child(place.around, place.token, place.token_length);
        if (!old.text && !is_behind_last(&place))
            status = SSR_E_NO_MEMBER;
    }
    if (status == SSR_OK)
        status = make_text(draft, &place, input);
    if (status != SSR_OK)
        return status;
    const char *piece = draft->input.out.data + place.depth;
    size_t length = draft->input.out.length - place.depth;
    if (is_member)
        return set_member(draft, place.around, piece, length);
    return old.text ? replace_text(draft, old, piece, length) : append_text(draft, place.around, piece, length);
}

ssr_status ssr_draft_set(struct ssr_draft *draft, const char *place, ssr_input input)
{
    ssr_status status = enter(draft, place);
    return status == SSR_OK ? answer(draft, set(draft, place, input)) : status;
}

/* ---- Merging ---------------------------------------------------------------------------------------------------- */

/* Copies a member to the end of an object under way, which has room for it. */
static void put_member(struct ssr_buffer *object, ssr_json member)
{
    ssr_buffer_append(object, ",", object->length > 1);
    ssr_buffer_append(object, member.key, (size_t)(member.text + member.length - member.key));
}

/* The members of both objects in order, of equal keys the new one, as an object in `merged`. */
static ssr_status merge_objects(struct ssr_buffer *merged, ssr_json old, ssr_json new)
{
    ssr_json left = ssr_json_first(old), right = ssr_json_first(new);
    merged->length = 0;
    ssr_status status = ssr_buffer_reserve(merged, old.length + new.length + 1);
    if (status != SSR_OK)
        return status;
    ssr_buffer_append(merged, "{", 1);
    while (left.text || right.text) {
        int order = !left.text ? 1 : !right.text ? -1 : ssr_key_compare(left.key, right.key);
        put_member(merged, order < 0 ? left : right);
        left = order <= 0 ? ssr_json_next(left) : left;
        right = order >= 0 ? ssr_json_next(right) : right;
    }
    return ssr_buffer_append(merged, "}", 1);
}

/* A value to be, as deep as what stands at the place, with a NUL behind it. */
static ssr_status make_members(struct ssr_draft *draft, const struct place *place, ssr_input input, ssr_json *members)
{
    struct ssr_builder *builder = &draft->input;
    ssr_builder_reset(builder);
    for (unsigned i = 0; i < place->depth; i++)
        ssr_builder_begin_array(builder);
    ssr_builder_input(builder, input);
    ssr_status status = builder->status == SSR_OK ? ssr_buffer_append(&builder->out, "", 1) : builder->status;
    if (status == SSR_OK)
        *members = (ssr_json){builder->out.data + place->depth, builder->out.length - place->depth - 1, NULL, 0};
    return status;
}

static ssr_status merge(struct ssr_draft *draft, const char *pointer, ssr_input input)
{
    struct place place;
    ssr_json members, object = ssr_json_at(whole(draft), pointer);
    ssr_status status = find(draft, pointer, &place);
    if (status == SSR_OK && !object.text)
        status = SSR_E_NO_MEMBER;
    if (status == SSR_OK && ssr_json_type(object) != SSR_JSON_OBJECT)
        status = SSR_E_WRONG_TYPE;
    if (status == SSR_OK)
        status = make_members(draft, &place, input, &members);
    if (status == SSR_OK && ssr_json_type(members) != SSR_JSON_OBJECT)
        status = SSR_E_WRONG_TYPE;
    if (status == SSR_OK)
        status = merge_objects(&draft->spare, object, members);
    return status == SSR_OK ? replace_text(draft, object, draft->spare.data, draft->spare.length) : status;
}

ssr_status ssr_draft_merge(struct ssr_draft *draft, const char *place, ssr_input members)
{
    ssr_status status = enter(draft, place);
    return status == SSR_OK ? answer(draft, merge(draft, place, members)) : status;
}

/* ---- Removing --------------------------------------------------------------------------------------------------- */

ssr_status ssr_draft_remove(struct ssr_draft *draft, const char *place)
{
    ssr_status status = enter(draft, place);
    if (status != SSR_OK)
        return status;
    ssr_json item = *place ? ssr_json_at(whole(draft), place) : (ssr_json){NULL, 0, NULL, 0};
    if (!item.text)
        return SSR_E_NO_MEMBER;
    const char *start = item.key ? item.key : item.text, *end = item.text + item.length;
    if (start[-1] == ',')
        start--;
    else if (*end == ',')
        end++;
    return splice(draft, offset_of(draft, start), (size_t)(end - start), "", 0, NO_COMMA);
}
