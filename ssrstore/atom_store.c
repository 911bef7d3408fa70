/*
 * Atom stores: their life, the clones in them, hydrating and snapshots. What always holds: a template has one clone in
 * a store at the most, its slot's, from its first use until it is destroyed; the ring of atoms is in the order in which
 * they were made.
 */
#include <stdio.h>
#include <string.h>

#include "ssrstore/atom_internal.h"

static const struct ssr_writer nowhere;
static const ssr_json absent = {NULL, 0, NULL, 0};

static struct ssr_atom *atom_of(struct ssr_atom_link *link)
{
    return (struct ssr_atom *)link; /* its first member */
}

/* ---- Life ------------------------------------------------------------------------------------------------------- */

struct ssr_atom_store *ssr_atom_store_make(const struct ssr_registry *registry, struct ssr_ctx *ctx)
{
    struct ssr_budget own;
    ssr_budget_init(&own, &registry->budget.allocator, SIZE_MAX);
    struct ssr_atom_store *store = ssr_budget_resize(ctx ? &ctx->budget : &own, NULL, 0, sizeof *store);
    if (!store)
        return NULL;
    memset(store, 0, sizeof *store);
    store->registry = registry;
    store->ctx = ctx;
    store->own = own;
    store->budget = ctx ? &ctx->budget : &store->own;
    ssr_atom_link_init(&store->atoms);
    return store;
}

ssr_status ssr_atom_store_new(struct ssr_registry *registry, struct ssr_atom_store **store)
{
    *store = NULL;
    if (!registry)
        return SSR_E_INVALID_ARGUMENT;
    if (!registry->is_frozen && !registry->is_own)
        return registry->status != SSR_OK ? registry->status : SSR_E_NOT_STARTED;
    ssr_status status = ssr_registry_freeze(registry);
    if (status != SSR_OK)
        return status;
    *store = ssr_atom_store_make(registry, NULL);
    return *store ? SSR_OK : SSR_E_NOMEM;
}

static void free_drafts(struct ssr_atom_store *store)
{
    while (store->drafts) {
        struct ssr_atom_draft *draft = store->drafts;
        store->drafts = draft->next;
        ssr_draft_release(&draft->draft);
        ssr_budget_resize(store->budget, draft, sizeof *draft, 0);
    }
}

static void free_slots(struct ssr_atom_store *store)
{
    for (size_t i = 0; i < store->slot_size; i++) {
        ssr_atom_value_drop(store, store->slots[i].queued);
        ssr_atom_value_drop(store, store->slots[i].loaded);
    }
    ssr_budget_resize(store->budget, store->slots, store->slot_size * sizeof *store->slots, 0);
}

void ssr_atom_free(struct ssr_atom *atom)
{
    ssr_atom_value_drop(atom->store, atom->value);
    ssr_budget_resize(atom->store->budget, atom, atom->size, 0);
}

static void free_store(struct ssr_atom_store *store)
{
    ssr_atom_forget_kept(store);
    ssr_atom_subscriptions_free(store, NULL);
    while (store->made) {
        struct ssr_atom *atom = store->made;
        store->made = atom->older;
        ssr_atom_free(atom);
    }
    free_slots(store);
    free_drafts(store);
    struct ssr_budget budget = store->own;
    ssr_budget_resize(store->ctx ? store->budget : &budget, store, sizeof *store, 0);
}

void ssr_atom_store_end(struct ssr_atom_store *store)
{
    ssr_atom_forget_log(store);
    store->is_ending = true;
    store->depth++; /* no listener can end the store that tells it */
    while (store->atoms.next != &store->atoms) {
        struct ssr_atom *atom = atom_of(store->atoms.next);
        atom->is_ending = true;
        ssr_atom_tell(atom, SSR_ATOM_DESTROYED, absent, ssr_value_json(&atom->value->value));
        ssr_atom_remove(atom);
    }
    free_store(store);
}

ssr_status ssr_atom_store_destroy(struct ssr_atom_store *store)
{
    if (!store)
        return SSR_OK;
    if (store->ctx || store->depth > 0)
        return ssr_atom_refuse(store, NULL, SSR_E_INVALID_ARGUMENT, nowhere);
    ssr_atom_store_end(store);
    return SSR_OK;
}

ssr_status ssr_atom_store_status(const struct ssr_atom_store *store)
{
    return store ? store->status : SSR_E_INVALID_ARGUMENT;
}

/* ---- Slots ------------------------------------------------------------------------------------------------------ */

enum { SLOTS_FIRST = 8 };

static struct ssr_atom_slot *place_of(struct ssr_atom_slot *slots, size_t size,
                                      const struct ssr_atom_template *template)
{
    size_t at = ssr_first_place(&template->definition, size);
    while (slots[at].template && slots[at].template != template)
        at = (at + 1) & (size - 1);
    return &slots[at];
}

struct ssr_atom_slot *ssr_atom_slot_find(const struct ssr_atom_store *store, const struct ssr_atom_template *template)
{
    struct ssr_atom_slot *slot = store->slot_size > 0 ? place_of(store->slots, store->slot_size, template) : NULL;
    return slot && slot->template ? slot : NULL;
}

/* Keeps the table at most half full. */
static bool reserve_slots(struct ssr_atom_store *store)
{
    if ((store->slot_count + 1) * 2 <= store->slot_size)
        return true;
    size_t size = store->slot_size ? store->slot_size * 2 : SLOTS_FIRST;
    struct ssr_atom_slot *slots = ssr_budget_resize(store->budget, NULL, 0, size * sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < size; i++)
        slots[i] = (struct ssr_atom_slot){NULL, NULL, NULL, NULL, false, 0};
    for (size_t i = 0; i < store->slot_size; i++)
        if (store->slots[i].template)
            *place_of(slots, size, store->slots[i].template) = store->slots[i];
    ssr_budget_resize(store->budget, store->slots, store->slot_size * sizeof *slots, 0);
    store->slots = slots;
    store->slot_size = size;
    return true;
}

struct ssr_atom_slot *ssr_atom_slot_make(struct ssr_atom_store *store, const struct ssr_atom_template *template)
{
    struct ssr_atom_slot *slot = ssr_atom_slot_find(store, template);
    if (slot)
        return slot;
    if (!reserve_slots(store))
        return NULL;
    slot = place_of(store->slots, store->slot_size, template);
    slot->template = template;
    store->slot_count++;
    return slot;
}

/* The clone of a template now; NULL: none. */
static struct ssr_atom *clone_of(const struct ssr_atom_store *store, const struct ssr_atom_template *template)
{
    struct ssr_atom_slot *slot = template ? ssr_atom_slot_find(store, template) : NULL;
    return slot ? slot->atom : NULL;
}

/* ---- Making and removing atoms ---------------------------------------------------------------------------------- */

/* A zeroed atom with its key, in one block; NULL: no memory. */
static struct ssr_atom *allocate(struct ssr_atom_store *store, const struct ssr_atom_template *template)
{
    size_t key_size = strlen(template->definition.name) + sizeof ".clone." + 20;
    struct ssr_atom *atom = ssr_budget_resize(store->budget, NULL, 0, sizeof *atom + key_size);
    if (!atom)
        return NULL;
    memset(atom, 0, sizeof *atom);
    char *key = (char *)(atom + 1);
    snprintf(key, key_size, "%s.clone.%zu", template->definition.name, store->atom_count + 1);
    atom->key = key;
    atom->size = sizeof *atom + key_size;
    return atom;
}

/* A new atom with that value, in its place everywhere. */
static ssr_status make_atom(struct ssr_atom_store *store, const struct ssr_atom_template *template, bool is_main,
                            struct ssr_atom_value *value, struct ssr_atom **made)
{
    if (store->ctx && store->ctx->cell_count + store->atom_count >= store->ctx->cell_cap)
        return ssr_fail_memory(store->ctx, SSR_E_LIMIT, "ssr_limits.stores");
    struct ssr_atom_slot *slot = is_main ? ssr_atom_slot_make(store, template) : NULL;
    bool has_room = (slot || !is_main) && ssr_atom_log_reserve(store, 1) == SSR_OK;
    struct ssr_atom *atom = has_room ? allocate(store, template) : NULL;
    if (!atom)
        return store->budget->refusal;
    atom->template = template;
    atom->store = store;
    atom->value = ssr_atom_value_hold(value);
    atom->is_main = is_main;
    ssr_atom_link_init(&atom->subscriptions);
    ssr_atom_link_add(&store->atoms, &atom->link);
    atom->older = store->made;
    if (store->made)
        store->made->younger = atom;
    store->made = atom;
    store->atom_count++;
    if (slot)
        slot->atom = atom;
    ssr_atom_log(store, (struct ssr_atom_undo){SSR_ATOM_OP_MAKE, {.atom = atom}, NULL});
    *made = atom;
    return SSR_OK;
}

void ssr_atom_remove(struct ssr_atom *atom)
{
    struct ssr_atom_store *store = atom->store;
    ssr_atom_log(store, (struct ssr_atom_undo){SSR_ATOM_OP_DESTROY, {.atom = atom}, atom->value});
    ssr_atom_link_remove(&atom->link);
    if (atom->is_main)
        ssr_atom_slot_find(store, atom->template)->atom = NULL;
    atom->is_ending = true;
    atom->value = NULL;
}

/* Puts a value into an atom that nobody has seen yet. Only memory can fail: a refused value leaves the default. */
static ssr_status begin_with(struct ssr_atom *atom, struct ssr_atom_value *value, bool is_load)
{
    struct ssr_atom_edit edit = {.updater = ssr_atom_put_value, .arg = value, .is_silent = true, .is_load = is_load};
    struct ssr_atom_store *store = atom->store;
    bool was_beginning = store->is_beginning;
    store->is_beginning = true;
    ssr_status status = ssr_atom_apply(atom, &edit);
    store->is_beginning = was_beginning;
    return ssr_ends_render(status) ? status : SSR_OK;
}

/* What was queued for the template is the atom's now. */
static ssr_status take_queued(struct ssr_atom *atom)
{
    struct ssr_atom_store *store = atom->store;
    struct ssr_atom_value *queued = ssr_atom_value_hold(ssr_atom_slot_find(store, atom->template)->queued);
    if (!queued)
        return SSR_OK;
    ssr_status status = begin_with(atom, queued, false);
    if (status == SSR_OK)
        status = ssr_atom_log_reserve(store, 1);
    if (status == SSR_OK)
        ssr_atom_queue(store, atom->template, NULL);
    ssr_atom_value_drop(store, queued);
    return status;
}

/* Takes a clone back whose beginning failed; a callback may have kept it from vanishing altogether. */
static void discard(struct ssr_atom *made)
{
    bool is_untouched = made->store->made == made && made->subscriptions.next == &made->subscriptions;
    if (made->is_ending)
        return;
    if (is_untouched)
        ssr_atom_unmake(made);
    else
        ssr_atom_remove(made);
}

/* A new clone: the default, then what its cookie holds, then what was queued. */
static ssr_status make_clone(struct ssr_atom_store *store, const struct ssr_atom_template *template,
                             struct ssr_atom **atom)
{
    struct ssr_atom *made = NULL;
    struct ssr_atom_value *loaded = NULL;
    ssr_status status = make_atom(store, template, true, ssr_atom_fallback(template), &made);
    if (!made)
        return status;
    status = ssr_atom_load(store, template, &loaded);
    if (status == SSR_OK && loaded)
        status = begin_with(made, loaded, true);
    if (status == SSR_OK && !made->is_ending) /* else a callback has destroyed it at its first look */
        status = take_queued(made);
    if (status == SSR_OK) {
        *atom = made;
        return made->is_ending ? SSR_E_ATOM_DESTROYED : SSR_OK;
    }
    if (!store->ctx) /* a render is over now, and its pass is taken back */
        discard(made);
    return status;
}

ssr_status ssr_atom_obtain(struct ssr_atom_store *store, const struct ssr_atom_template *template,
                           struct ssr_atom **atom)
{
    *atom = clone_of(store, template);
    if (*atom)
        return SSR_OK;
    return store->is_ending ? SSR_E_ATOM_DESTROYED : make_clone(store, template, atom);
}

/* ---- Clones ----------------------------------------------------------------------------------------------------- */

struct ssr_atom *ssr_atom_use(struct ssr_atom_store *store, const struct ssr_atom_template *template)
{
    struct ssr_atom *atom;
    if (!store)
        return NULL;
    if (!ssr_atom_may_read(store)) {
        store->status = store->ctx->last;
        return NULL;
    }
    if (!template || template->definition.registry != store->registry) {
        ssr_atom_answer(store, SSR_E_UNKNOWN_ATOM);
        return NULL;
    }
    ssr_atom_answer(store, SSR_OK);
    ssr_status status = ssr_atom_obtain(store, template, &atom);
    if (status == SSR_OK)
        return ssr_atom_note_use(store, template) ? atom : NULL;
    ssr_atom_refuse(store, template, status, nowhere);
    return NULL;
}

/* What has been used so far is not what a component alone decides. */
static void note_look_around(const struct ssr_atom_store *store)
{
    if (store->ctx)
        ssr_frame_runs_always(store->ctx);
}

struct ssr_atom *ssr_atom_store_get(struct ssr_atom_store *store, const char *key)
{
    if (!store || !ssr_atom_may_read(store))
        return NULL;
    note_look_around(store);
    return clone_of(store, ssr_atom_find(store->registry, key));
}

bool ssr_atom_store_has(struct ssr_atom_store *store, const char *key)
{
    return ssr_atom_store_get(store, key) != NULL;
}

/* The first in the ring that was made behind one that is not there any more; NULL: none. */
static struct ssr_atom *next_behind(const struct ssr_atom *destroyed)
{
    struct ssr_atom *atom = destroyed->younger;
    while (atom && !atom->value)
        atom = atom->younger;
    return atom;
}

struct ssr_atom *ssr_atom_store_next(struct ssr_atom_store *store, const struct ssr_atom *before)
{
    if (!store || !ssr_atom_may_read(store) || (before && before->store != store))
        return NULL;
    note_look_around(store);
    if (before && !before->value)
        return next_behind(before);
    struct ssr_atom_link *next = before ? before->link.next : store->atoms.next;
    return next == &store->atoms ? NULL : atom_of(next);
}

struct ssr_atom *ssr_atom_clone(struct ssr_atom *atom)
{
    struct ssr_atom *made = NULL;
    if (ssr_atom_enter_write(atom, nowhere) != SSR_OK)
        return NULL;
    ssr_status status = make_atom(atom->store, atom->template, false, atom->value, &made);
    if (status == SSR_OK)
        return made;
    ssr_atom_refuse(atom->store, atom->template, status, nowhere);
    return NULL;
}

/* Tells the listeners, then takes the atom out. */
static ssr_status end_atom(struct ssr_atom *atom)
{
    struct ssr_atom_store *store = atom->store;
    ssr_status status = ssr_atom_log_reserve(store, 1);
    if (status == SSR_OK)
        status = ssr_atom_begin_calls(store);
    if (status != SSR_OK)
        return ssr_atom_refuse(store, atom->template, status, nowhere);
    store->log_owed++;
    atom->is_ending = true;
    status = ssr_atom_tell(atom, SSR_ATOM_DESTROYED, absent, ssr_value_json(&atom->value->value));
    store->log_owed--;
    ssr_atom_remove(atom);
    bool was_looping = ssr_atom_end_calls(store);
    return ssr_atom_answer(store, was_looping ? SSR_E_LISTENER_LOOP : status);
}

void ssr_atom_destroy(struct ssr_atom *atom)
{
    if (atom && !atom->is_ending && ssr_atom_enter_write(atom, nowhere) == SSR_OK)
        end_atom(atom);
}

/* ---- Hydrating and snapshots ------------------------------------------------------------------------------------ */

void ssr_atom_queue(struct ssr_atom_store *store, const struct ssr_atom_template *template,
                    struct ssr_atom_value *value)
{
    struct ssr_atom_slot *slot = ssr_atom_slot_find(store, template);
    ssr_atom_log(store, (struct ssr_atom_undo){SSR_ATOM_OP_QUEUE, {.template = template}, slot->queued});
    slot->queued = value;
}

/* Keeps a value for the template's first use. */
static ssr_status queue_later(struct ssr_atom_store *store, const struct ssr_atom_template *template, ssr_json json)
{
    struct ssr_atom_value *value = NULL;
    if (ssr_atom_slot_make(store, template) && ssr_atom_log_reserve(store, 1) == SSR_OK)
        value = ssr_atom_value_new(store, json.text, json.length);
    if (!value)
        return ssr_atom_refuse(store, template, store->budget->refusal, nowhere);
    ssr_atom_queue(store, template, value);
    return SSR_OK;
}

static ssr_status put_json(ssr_draft *draft, void *json)
{
    return ssr_draft_set(draft, "", ssr_input_cursor(*(const ssr_json *)json));
}

/* One member of what hydrates; a key of no template waits for ever. */
static ssr_status hydrate_one(struct ssr_atom_store *store, ssr_json member)
{
    char key[SSR_NAME_BYTES + 1];
    if (ssr_json_string(ssr_json_key(member), key, sizeof key) >= sizeof key)
        return SSR_OK;
    const struct ssr_atom_template *template = ssr_atom_find(store->registry, key);
    if (!template)
        return SSR_OK;
    struct ssr_atom *atom = clone_of(store, template);
    if (!atom || atom->is_ending)
        return queue_later(store, template, member);
    return ssr_atom_apply(atom, &(struct ssr_atom_edit){.updater = put_json, .arg = &member});
}

/* Every member, in the order of the keys; the first error, or the one that leaves no memory for the others. */
static ssr_status hydrate_all(struct ssr_atom_store *store, ssr_json snapshot)
{
    ssr_status first = SSR_OK;
    for (ssr_json member = ssr_json_first(snapshot); member.text; member = ssr_json_next(member)) {
        ssr_status status = hydrate_one(store, member);
        if (ssr_ends_render(status))
            return status;
        if (first == SSR_OK)
            first = status;
    }
    return first;
}

ssr_status ssr_atom_store_hydrate(struct ssr_atom_store *store, ssr_input snapshot)
{
    if (!store)
        return SSR_E_INVALID_ARGUMENT;
    note_look_around(store); /* what is in use takes the value now, and may refuse it */
    ssr_status status = store->ctx ? ssr_enter_unplaced(store->ctx, SSR_CALL_ATOM_UPDATE) : SSR_OK;
    if (status != SSR_OK)
        return store->status = status;
    struct ssr_value *value = NULL;
    status = store->is_ending ? SSR_E_ATOM_DESTROYED : ssr_input_make(&store->budget->allocator, snapshot, &value);
    if (status == SSR_OK && ssr_json_type(ssr_value_json(value)) != SSR_JSON_OBJECT)
        status = SSR_E_WRONG_TYPE;
    status = status == SSR_OK ? ssr_atom_answer(store, hydrate_all(store, ssr_value_json(value)))
                              : ssr_atom_refuse(store, NULL, status, nowhere);
    ssr_value_free(value);
    return status;
}

ssr_status ssr_atom_store_snapshot(struct ssr_atom_store *store, ssr_builder *snapshot)
{
    if (!store || !ssr_atom_may_read(store))
        return ssr_builder_fail(snapshot, store ? store->ctx->last : SSR_E_INVALID_ARGUMENT);
    note_look_around(store);
    ssr_builder_begin_object(snapshot);
    for (struct ssr_atom_link *link = store->atoms.next; link != &store->atoms; link = link->next) {
        const struct ssr_atom *atom = atom_of(link);
        if (!atom->is_main)
            continue;
        ssr_atom_note_read(atom);
        ssr_builder_key(snapshot, atom->template->definition.name);
        ssr_builder_value(snapshot, &atom->value->value);
    }
    return store->status = ssr_builder_end_object(snapshot);
}
