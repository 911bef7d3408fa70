/*
 * Atoms: reading and changing their values. What always holds: an atom that lives has a value; two equal values are
 * one, so that a change is always a different one; a change has its value, its room in the log and its note for the
 * record before it is made, and from then on cannot fail.
 */
#include <stdlib.h>
#include <string.h>

#include "ssrstore/atom_internal.h"
#include "ssrstore/digest.h"

/* ---- Values ----------------------------------------------------------------------------------------------------- */

static size_t block_size(size_t length)
{
    return sizeof(struct ssr_atom_value) + length + 1;
}

struct ssr_atom_value *ssr_atom_value_new(struct ssr_atom_store *store, const char *text, size_t length)
{
    struct ssr_atom_value *value = ssr_budget_resize(store->budget, NULL, 0, block_size(length));
    if (!value)
        return NULL;
    char *copy = memcpy(value + 1, text, length);
    copy[length] = '\0';
    *value = (struct ssr_atom_value){{copy, length, ssr_digest_of(copy, length, 0), NULL}, 1};
    return value;
}

struct ssr_atom_value *ssr_atom_value_hold(struct ssr_atom_value *value)
{
    if (value && value->users > 0)
        value->users++;
    return value;
}

void ssr_atom_value_drop(struct ssr_atom_store *store, struct ssr_atom_value *value)
{
    if (value && value->users > 0 && --value->users == 0)
        ssr_budget_resize(store->budget, value, block_size(value->value.length), 0);
}

static bool has_text(const struct ssr_atom_value *value, const char *text, size_t length)
{
    return value->value.length == length && memcmp(value->value.text, text, length) == 0;
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

static const ssr_json absent = {NULL, 0, NULL, 0};

bool ssr_atom_may_read(const struct ssr_atom_store *store)
{
    return !store->ctx || store->depth > 0 || ssr_enter(store->ctx, SSR_CALL_ATOMS) == SSR_OK;
}

const char *ssr_atom_key(const struct ssr_atom *atom)
{
    if (atom && atom->store && atom->store->ctx)
        ssr_frame_runs_always(atom->store->ctx); /* it counts the atoms that were made before */
    return atom ? atom->key : "";
}

const struct ssr_atom_template *ssr_atom_template_of(const struct ssr_atom *atom)
{
    return atom ? atom->template : NULL;
}

ssr_json ssr_atom_default(const struct ssr_atom *atom)
{
    return atom ? ssr_value_json(&atom->template->fallback.value) : absent;
}

void ssr_atom_note_read(const struct ssr_atom *atom)
{
    if (atom->store && atom->store->ctx && atom->store->depth == 0)
        ((struct ssr_atom *)atom)->read_pass = atom->store->ctx->pass; /* atoms of stores are not constant */
}

ssr_json ssr_atom_value(const struct ssr_atom *atom)
{
    if (!atom || !atom->value || (atom->store && !ssr_atom_may_read(atom->store)))
        return absent;
    ssr_atom_note_read(atom);
    return ssr_value_json(&atom->value->value);
}

/* Whether the member's name is that part of a path. */
static bool is_named(ssr_json member, const char *part, size_t length)
{
    const char *p = member.key + 1, *end = member.key + member.key_length - 1;
    for (; p < end && length > 0; part++, length--)
        if (ssr_json_next_byte(&p) != *part)
            return false;
    return p == end && length == 0;
}

static bool is_index(const char *part, size_t length)
{
    return length > 0 && length < 10 && strspn(part, "0123456789") >= length && (part[0] != '0' || length == 1);
}

/* Whether the item, the number-th of its array or object, is that part of a path. */
static bool is_part(ssr_json item, size_t number, const char *part, size_t length)
{
    if (item.key)
        return is_named(item, part, length);
    return is_index(part, length) && strtoul(part, NULL, 10) == number;
}

ssr_json ssr_atom_path(ssr_json json, const char *path)
{
    while (*path && json.text) {
        size_t length = strcspn(path, "."), number = 0;
        ssr_json item = ssr_json_first(json);
        for (; item.text && !is_part(item, number, path, length); number++)
            item = ssr_json_next(item);
        json = item;
        path += length;
        if (*path == '.' && *++path == '\0') /* "a." ends with the name "" */
            return absent;
    }
    return json;
}

ssr_json ssr_atom_get(const struct ssr_atom *atom, const char *path, ssr_json otherwise)
{
    ssr_json value = ssr_atom_value(atom);
    if (!value.text || !path)
        return otherwise;
    const struct ssr_atom_template *template = atom->template;
    ssr_json found = template->get ? template->get(value, path, template->arg) : ssr_atom_path(value, path);
    return found.text ? found : otherwise;
}

/* ---- What a write answers -----------------------------------------------------------------------------------------
 */

ssr_status ssr_atom_answer(struct ssr_atom_store *store, ssr_status status)
{
    store->status = status;
    return store->ctx ? ssr_answer(store->ctx, status) : status;
}

ssr_status ssr_atom_refuse(struct ssr_atom_store *store, const struct ssr_atom_template *template, ssr_status status,
                           struct ssr_writer writer)
{
    store->status = status;
    if (!store->ctx)
        return status;
    if (ssr_ends_render(status))
        return ssr_fail_memory(store->ctx, status, template ? template->definition.name : "an atom store");
    return ssr_refuse(store->ctx, (struct ssr_refusal){.call = SSR_CALL_ATOM_UPDATE,
                                                       .status = status,
                                                       .definition = template ? &template->definition : NULL,
                                                       .writer = writer,
                                                       .has_effect = store->is_beginning});
}

ssr_status ssr_atom_enter_write(struct ssr_atom *atom, struct ssr_writer writer)
{
    if (!atom || !atom->store)
        return SSR_E_TEMPLATE_READ_ONLY;
    struct ssr_atom_store *store = atom->store;
    ssr_status status =
        store->ctx ? ssr_enter_write(store->ctx, SSR_CALL_ATOM_UPDATE, &atom->template->definition, writer) : SSR_OK;
    if (status != SSR_OK)
        return store->status = status;
    if (atom->is_ending || store->is_ending)
        return ssr_atom_refuse(store, atom->template, SSR_E_ATOM_DESTROYED, writer);
    return store->status = SSR_OK;
}

ssr_status ssr_atom_begin_calls(struct ssr_atom_store *store)
{
    if (store->is_looping || store->depth >= SSR_ATOM_DEPTH) {
        store->is_looping = true;
        return SSR_E_LISTENER_LOOP;
    }
    store->depth++;
    return SSR_OK;
}

bool ssr_atom_end_calls(struct ssr_atom_store *store)
{
    bool was_looping = store->is_looping;
    if (--store->depth == 0)
        store->is_looping = false;
    return was_looping;
}

/* ---- The next value -----------------------------------------------------------------------------------------------
 */

static struct ssr_atom_draft *borrow_draft(struct ssr_atom_store *store)
{
    struct ssr_atom_draft *draft = store->drafts;
    if (draft) {
        store->drafts = draft->next;
        return draft;
    }
    draft = ssr_budget_resize(store->budget, NULL, 0, sizeof *draft);
    if (draft)
        ssr_draft_init(&draft->draft, store->budget, store->ctx ? store->ctx->value_cap : SIZE_MAX);
    return draft;
}

static void return_draft(struct ssr_atom_store *store, struct ssr_atom_draft *draft)
{
    draft->next = store->drafts;
    store->drafts = draft;
}

/* What a draft's callbacks work on. */
struct work {
    struct ssr_atom *atom;
    const struct ssr_atom_edit *edit;
};

/* The template's own look at what the atom is about to take. */
static ssr_status look_at(struct ssr_atom *atom, ssr_draft *next)
{
    const struct ssr_atom_template *template = atom->template;
    if (atom->is_ending) /* a callback has destroyed it */
        return SSR_E_ATOM_DESTROYED;
    if (!template->before_update)
        return SSR_OK;
    struct ssr_atom_value *old = ssr_atom_value_hold(atom->value);
    ssr_status status = template->before_update(next, ssr_value_json(&old->value), atom, template->arg);
    ssr_atom_value_drop(atom->store, old);
    return status == SSR_OK && atom->is_ending ? SSR_E_ATOM_DESTROYED : status;
}

static ssr_status update_and_look(ssr_draft *draft, void *arg)
{
    const struct work *work = arg;
    ssr_status status = work->edit->updater(draft, work->edit->arg);
    return status == SSR_OK ? look_at(work->atom, draft) : status;
}

static ssr_status act_and_look(ssr_draft *draft, ssr_json argument, void *arg)
{
    const struct work *work = arg;
    const ssr_action *action = work->edit->action;
    ssr_status status = action->run(draft, argument, action->arg);
    return status == SSR_OK ? look_at(work->atom, draft) : status;
}

static ssr_status run(struct ssr_draft *draft, struct ssr_atom *atom, const struct ssr_atom_edit *edit)
{
    struct work work = {atom, edit};
    ssr_action action = {"", act_and_look, &work};
    const struct ssr_value *now = &atom->value->value;
    return edit->action ? ssr_draft_act(draft, now->text, now->length, &action, edit->argument)
                        : ssr_draft_run(draft, now->text, now->length, update_and_look, &work);
}

/* The text of a draft as a value, held: the atom's own when it is equal. NULL: no memory. */
static struct ssr_atom_value *value_of(struct ssr_atom *atom, const struct ssr_draft *draft)
{
    size_t length;
    const char *text = ssr_draft_text(draft, &length);
    if (has_text(atom->value, text, length))
        return ssr_atom_value_hold(atom->value);
    return ssr_atom_value_new(atom->store, text, length);
}

/* What the change and the template make of the present value; held. */
static ssr_status make_next(struct ssr_atom *atom, const struct ssr_atom_edit *edit, struct ssr_atom_value **next)
{
    struct ssr_atom_store *store = atom->store;
    struct ssr_atom_draft *draft = borrow_draft(store);
    if (!draft)
        return store->budget->refusal;
    ssr_status status = run(&draft->draft, atom, edit);
    struct ssr_atom_value *value = status == SSR_OK ? value_of(atom, &draft->draft) : NULL;
    return_draft(store, draft);
    if (value)
        *next = value;
    return value || status != SSR_OK ? status : store->budget->refusal;
}

/* ---- Changing -----------------------------------------------------------------------------------------------------
 */

/* Everything about a write that can fail. */
static ssr_status prepare(struct ssr_atom *atom, const struct ssr_atom_value *next, bool is_change,
                          const struct ssr_atom_edit *edit)
{
    ssr_status status = edit->is_load ? SSR_OK : ssr_atom_save(atom, next, is_change, edit->writer);
    if (status == SSR_OK && is_change)
        status = ssr_atom_log_reserve(atom->store, 1);
    return status == SSR_OK && is_change ? ssr_atom_note_late(atom, &next->value, edit->writer) : status;
}

/* The atom takes the next value, and everybody is told: cannot be refused. */
static ssr_status change(struct ssr_atom *atom, struct ssr_atom_value *next, const struct ssr_atom_edit *edit)
{
    struct ssr_atom_value *previous = ssr_atom_value_hold(atom->value);
    enum ssr_atom_op op = edit->is_load ? SSR_ATOM_OP_LOAD : SSR_ATOM_OP_VALUE;
    ssr_atom_log(atom->store, (struct ssr_atom_undo){op, {.atom = atom}, atom->value});
    atom->value = ssr_atom_value_hold(next);
    ssr_status told = SSR_OK;
    if (!edit->is_silent)
        told = ssr_atom_tell(atom, edit->is_reset ? SSR_ATOM_RESET : SSR_ATOM_CHANGED, ssr_value_json(&next->value),
                             ssr_value_json(&previous->value));
    ssr_atom_value_drop(atom->store, previous);
    return told;
}

ssr_status ssr_atom_apply(struct ssr_atom *atom, const struct ssr_atom_edit *edit)
{
    struct ssr_atom_store *store = atom->store;
    struct ssr_atom_value *next = ssr_atom_fallback(atom->template);
    ssr_status told = SSR_OK, status = ssr_atom_begin_calls(store);
    if (status != SSR_OK)
        return ssr_atom_refuse(store, atom->template, status, edit->writer);
    if (!edit->is_reset)
        status = make_next(atom, edit, &next);
    bool is_change = status == SSR_OK && !has_text(atom->value, next->value.text, next->value.length);
    if (status == SSR_OK)
        status = prepare(atom, next, is_change, edit);
    if (is_change && status == SSR_OK)
        told = change(atom, next, edit);
    ssr_atom_value_drop(store, next);
    bool was_looping = ssr_atom_end_calls(store);
    if (status != SSR_OK)
        return ssr_atom_refuse(store, atom->template, status, edit->writer);
    return ssr_atom_answer(store, was_looping ? SSR_E_LISTENER_LOOP : told);
}

/* ---- The ways to change -------------------------------------------------------------------------------------------
 */

/* A value and where it goes; for merges, the members. */
struct put {
    const char *place;
    ssr_input input;
};

static ssr_status put(ssr_draft *draft, void *arg)
{
    const struct put *what = arg;
    return ssr_draft_set(draft, what->place, what->input);
}

static ssr_status put_members(ssr_draft *draft, void *arg)
{
    const struct put *what = arg;
    return ssr_draft_merge(draft, what->place, what->input);
}

ssr_status ssr_atom_put_value(ssr_draft *draft, void *arg)
{
    const struct ssr_atom_value *value = arg;
    return ssr_draft_set(draft, "", ssr_input_value(&value->value));
}

static ssr_status edit_atom(struct ssr_atom *atom, struct ssr_atom_edit edit)
{
    ssr_status status = ssr_atom_enter_write(atom, edit.writer);
    if (status != SSR_OK)
        return status;
    if (!edit.is_reset && !edit.updater)
        return ssr_atom_refuse(atom->store, atom->template, SSR_E_INVALID_ARGUMENT, edit.writer);
    return ssr_atom_apply(atom, &edit);
}

ssr_status ssr_atom_update_at(struct ssr_atom *atom, ssr_input input, const char *file, int line)
{
    struct put whole = {"", input};
    return edit_atom(atom, (struct ssr_atom_edit){.updater = put, .arg = &whole, .writer = {file, line}});
}

ssr_status ssr_atom_silent_update_at(struct ssr_atom *atom, ssr_input input, const char *file, int line)
{
    struct put whole = {"", input};
    return edit_atom(atom,
                     (struct ssr_atom_edit){.updater = put, .arg = &whole, .writer = {file, line}, .is_silent = true});
}

ssr_status ssr_atom_update_with_at(struct ssr_atom *atom, ssr_updater_fn updater, void *arg, const char *file, int line)
{
    return edit_atom(atom, (struct ssr_atom_edit){.updater = updater, .arg = arg, .writer = {file, line}});
}

ssr_status ssr_atom_merge_at(struct ssr_atom *atom, ssr_input members, const char *file, int line)
{
    struct put whole = {"", members};
    return edit_atom(atom, (struct ssr_atom_edit){.updater = put_members, .arg = &whole, .writer = {file, line}});
}

ssr_status ssr_atom_reset_at(struct ssr_atom *atom, const char *file, int line)
{
    return edit_atom(atom, (struct ssr_atom_edit){.writer = {file, line}, .is_reset = true});
}

ssr_status ssr_atom_silent_reset_at(struct ssr_atom *atom, const char *file, int line)
{
    return edit_atom(atom, (struct ssr_atom_edit){.writer = {file, line}, .is_reset = true, .is_silent = true});
}

ssr_status ssr_atom_act_at(struct ssr_atom *atom, const char *name, ssr_input argument, const char *file, int line)
{
    struct ssr_writer writer = {file, line};
    ssr_status status = ssr_atom_enter_write(atom, writer);
    if (status != SSR_OK)
        return status;
    const ssr_action *action = ssr_actions_find(&atom->template->actions, name);
    if (!action)
        return ssr_atom_refuse(atom->store, atom->template, SSR_E_UNKNOWN_ACTION, writer);
    return ssr_atom_apply(atom, &(struct ssr_atom_edit){.action = action, .argument = argument, .writer = writer});
}

/* Adds a dotted path as a JSON Pointer with its NUL (RFC 6901 3). */
static ssr_status add_pointer(struct ssr_buffer *pointer, const char *path)
{
    ssr_status status = *path ? ssr_buffer_append(pointer, "/", 1) : SSR_OK;
    for (; *path && status == SSR_OK; path++) {
        const char *text = *path == '.' ? "/" : *path == '/' ? "~1" : *path == '~' ? "~0" : NULL;
        status = text ? ssr_buffer_append(pointer, text, strlen(text)) : ssr_buffer_append(pointer, path, 1);
    }
    return status == SSR_OK ? ssr_buffer_append(pointer, "", 1) : status;
}

ssr_status ssr_atom_change_at(struct ssr_atom *atom, const char *path, ssr_input input, const char *file, int line)
{
    struct ssr_writer writer = {file, line};
    ssr_status status = ssr_atom_enter_write(atom, writer);
    if (status != SSR_OK)
        return status;
    struct ssr_buffer pointer = {.budget = atom->store->budget};
    status = path ? add_pointer(&pointer, path) : SSR_E_INVALID_ARGUMENT;
    if (status == SSR_OK) {
        struct put member = {pointer.data, input};
        status = ssr_atom_apply(atom, &(struct ssr_atom_edit){.updater = put, .arg = &member, .writer = writer});
    } else {
        status = ssr_atom_refuse(atom->store, atom->template, status, writer);
    }
    ssr_buffer_free(&pointer);
    return status;
}
