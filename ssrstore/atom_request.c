/*
 * What the atom store of a request has beside others: the log that takes a pass back, the values of the last completed
 * pass, cookies as persistence, and what loaders and hooks write. What always holds: the log has every change since the
 * store was last marked, in order; taking it back needs no memory and runs nothing of anybody's.
 */
#include "ssrstore/atom_internal.h"

/* ---- The log ---------------------------------------------------------------------------------------------------- */

static bool has_log(const struct ssr_atom_store *store)
{
    return store->ctx && !store->is_ending;
}

ssr_status ssr_atom_log_reserve(struct ssr_atom_store *store, size_t count)
{
    if (!has_log(store))
        return SSR_OK;
    size_t needed = store->log_count + store->log_owed + count;
    struct ssr_atom_undo *log = ssr_grow(store->budget, store->log, &store->log_capacity, needed, sizeof *log);
    if (!log)
        return store->budget->refusal;
    store->log = log;
    return SSR_OK;
}

/* A first use is no change that a component could see, unless it looks at what has been used. */
static bool is_first_use(struct ssr_atom_undo undo)
{
    return undo.op == SSR_ATOM_OP_LOAD || (undo.op == SSR_ATOM_OP_MAKE && undo.of.atom->is_main);
}

void ssr_atom_log(struct ssr_atom_store *store, struct ssr_atom_undo undo)
{
    if (store->ctx && !is_first_use(undo))
        ssr_frames_heat(store->ctx, &store->ctx->frames.atoms, &store->ctx->frames.atoms_are_hot);
    if (has_log(store))
        store->log[store->log_count++] = undo;
    else
        ssr_atom_value_drop(store, undo.value);
}

/* What was changed stays so. */
static void empty_log(struct ssr_atom_store *store)
{
    while (store->log_count > 0)
        ssr_atom_value_drop(store, store->log[--store->log_count].value);
}

void ssr_atom_forget_log(struct ssr_atom_store *store)
{
    empty_log(store);
    ssr_budget_resize(store->budget, store->log, store->log_capacity * sizeof *store->log, 0);
    store->log = NULL;
    store->log_capacity = 0;
}

static void set_value(struct ssr_atom *atom, struct ssr_atom_value *value)
{
    ssr_atom_value_drop(atom->store, atom->value);
    atom->value = value;
}

static void set_clone(struct ssr_atom *atom, struct ssr_atom *clone)
{
    if (atom->is_main)
        ssr_atom_slot_find(atom->store, atom->template)->atom = clone;
}

void ssr_atom_unmake(struct ssr_atom *atom)
{
    struct ssr_atom_store *store = atom->store;
    ssr_atom_link_remove(&atom->link);
    set_clone(atom, NULL);
    store->made = atom->older;
    if (store->made)
        store->made->younger = NULL;
    store->atom_count--;
    ssr_atom_free(atom);
}

static void restore_atom(struct ssr_atom *atom, struct ssr_atom_value *value)
{
    ssr_atom_link_restore(&atom->link);
    set_clone(atom, atom);
    atom->value = value;
    atom->is_ending = false;
}

static void restore_queued(struct ssr_atom_store *store, const struct ssr_atom_undo *undo)
{
    struct ssr_atom_slot *slot = ssr_atom_slot_find(store, undo->of.template);
    ssr_atom_value_drop(store, slot->queued);
    slot->queued = undo->value;
}

static void unmake_subscription(struct ssr_atom_store *store, struct ssr_atom_subscription *subscription)
{
    ssr_atom_link_remove(&subscription->link);
    ssr_atom_subscriptions_free(store, subscription->older);
}

static void restore_subscription(struct ssr_atom_subscription *subscription)
{
    ssr_atom_link_restore(&subscription->link);
    subscription->is_ended = false;
}

static void take_back(struct ssr_atom_store *store, const struct ssr_atom_undo *undo)
{
    switch (undo->op) { /* GCOVR_EXCL_BR_LINE: there is no operation without a case */
    case SSR_ATOM_OP_VALUE:
    case SSR_ATOM_OP_LOAD: set_value(undo->of.atom, undo->value); break;
    case SSR_ATOM_OP_MAKE: ssr_atom_unmake(undo->of.atom); break;
    case SSR_ATOM_OP_DESTROY: restore_atom(undo->of.atom, undo->value); break;
    case SSR_ATOM_OP_QUEUE: restore_queued(store, undo); break;
    case SSR_ATOM_OP_SUBSCRIBE: unmake_subscription(store, undo->of.subscription); break;
    case SSR_ATOM_OP_UNSUBSCRIBE: restore_subscription(undo->of.subscription); break;
    }
}

void ssr_atoms_mark(struct ssr_ctx *ctx)
{
    if (ctx->atoms)
        empty_log(ctx->atoms);
}

void ssr_atoms_rewind(struct ssr_ctx *ctx)
{
    struct ssr_atom_store *store = ctx->atoms;
    while (store && store->log_count > 0)
        take_back(store, &store->log[--store->log_count]);
}

/* ---- What the last completed pass shows ------------------------------------------------------------------------- */

static void drop_kept(struct ssr_atom_store *store)
{
    while (store->kept_count > 0)
        ssr_atom_value_drop(store, store->kept[--store->kept_count].value);
}

void ssr_atom_forget_kept(struct ssr_atom_store *store)
{
    drop_kept(store);
    ssr_budget_resize(store->budget, store->kept, store->kept_capacity * sizeof *store->kept, 0);
}

ssr_status ssr_atoms_keep(struct ssr_ctx *ctx)
{
    struct ssr_atom_store *store = ctx->atoms;
    if (!store)
        return SSR_OK;
    struct ssr_atom_kept *kept =
        ssr_grow(store->budget, store->kept, &store->kept_capacity, store->atom_count, sizeof *kept);
    if (kept)
        store->kept = kept;
    else if (store->atom_count > 0)
        return ssr_fail_memory(ctx, store->budget->refusal, "the atoms of a pass");
    drop_kept(store);
    for (struct ssr_atom_link *link = store->atoms.next; link != &store->atoms; link = link->next) {
        const struct ssr_atom *atom = (struct ssr_atom *)link;
        if (atom->is_main && atom->template->policy == SSR_TRANSFERRED)
            store->kept[store->kept_count++] = (struct ssr_atom_kept){atom->template, ssr_atom_value_hold(atom->value)};
    }
    return SSR_OK;
}

void ssr_atoms_transfer(struct ssr_transfer *transfer)
{
    const struct ssr_atom_store *store = transfer->ctx->atoms;
    for (size_t i = 0; store && i < store->kept_count; i++) {
        const char *key = store->kept[i].template->definition.name;
        ssr_builder_key(transfer->builder, key);
        ssr_transfer_add(transfer, &store->kept[i].value->value, key);
    }
}

/* ---- The request's store ---------------------------------------------------------------------------------------- */

static struct ssr_atom_store *store_of(struct ssr_ctx *ctx)
{
    if (!ctx->atoms)
        ctx->atoms = ssr_atom_store_make(ctx->registry, ctx);
    if (!ctx->atoms)
        ssr_fail_memory(ctx, ctx->budget.refusal, "the atom store");
    return ctx->atoms;
}

struct ssr_atom_store *ssr_atoms(struct ssr_ctx *ctx)
{
    if (ssr_enter(ctx, SSR_CALL_ATOMS) != SSR_OK)
        return NULL;
    ctx->is_private = true;
    return ssr_frame_reads(ctx, &ctx->frames.atoms) ? store_of(ctx) : NULL;
}

/* A component that is taken over has used its atoms too. */
static ssr_status replay_use(struct ssr_ctx *ctx, const struct ssr_effect *effect)
{
    ssr_atom_use(store_of(ctx), effect->on);
    return ctx->fatal;
}

bool ssr_atom_note_use(struct ssr_atom_store *store, const struct ssr_atom_template *template)
{
    return !store->ctx ||
           ssr_frame_effect(store->ctx, (struct ssr_effect){.replay = replay_use, .on = (void *)template});
}

void ssr_atoms_end(struct ssr_ctx *ctx)
{
    ssr_guard guard;
    if (!ctx->atoms)
        return;
    ssr_guard_enter(&guard, "request", ctx->id); /* for the listeners: no page is around them any more */
    guard.ctx = ctx;
    ssr_atom_store_end(ctx->atoms);
    ssr_guard_leave(&guard);
    ctx->atoms = NULL;
}

static ssr_status put_value(ssr_draft *draft, void *value)
{
    return ssr_draft_set(draft, "", ssr_input_value(value));
}

/* Changes an atom of the request, which is in no callback, with a mark for those of the template. */
static ssr_status change_guarded(struct ssr_ctx *ctx, struct ssr_atom_store *store,
                                 const struct ssr_atom_template *template, const struct ssr_atom_edit *edit)
{
    ssr_guard guard;
    struct ssr_atom *atom;
    ssr_guard_enter(&guard, "atom", template->definition.name);
    guard.ctx = ctx;
    ssr_status status = ssr_atom_obtain(store, template, &atom);
    status = status == SSR_OK ? ssr_atom_apply(atom, edit) : ssr_atom_refuse(store, template, status, edit->writer);
    ssr_guard_leave(&guard);
    return status;
}

ssr_status ssr_atoms_answer(struct ssr_ctx *ctx, const struct ssr_atom_template *template, struct ssr_value *value,
                            struct ssr_writer writer)
{
    ctx->is_private = true;
    ssr_frames_touch(&ctx->frames.atoms);
    struct ssr_atom_store *store = store_of(ctx);
    if (!store)
        return ctx->fatal;
    return change_guarded(ctx, store, template,
                          &(struct ssr_atom_edit){.updater = put_value, .arg = value, .writer = writer});
}

ssr_status ssr_atom_note_late(struct ssr_atom *atom, const struct ssr_value *value, struct ssr_writer writer)
{
    struct ssr_ctx *ctx = atom->store->ctx;
    if (!ctx || ctx->phase == SSR_IDLE || atom->read_pass != ctx->pass || atom->late_pass == ctx->pass)
        return SSR_OK;
    struct ssr_journal_entry *entry = ssr_journal_append(&ctx->journal, &ctx->memory->region);
    if (!entry)
        return ctx->budget.refusal;
    entry->op = SSR_JOURNAL_LATE_WRITE;
    entry->definition = &atom->template->definition;
    entry->value = value;
    entry->writer = writer;
    entry->init_of = ctx->place.init_of;
    atom->late_pass = ctx->pass;
    return SSR_OK;
}

/* ---- Persistence ------------------------------------------------------------------------------------------------ */

/* Whether the value of that template is kept in a cookie here. */
static bool is_persistent(const struct ssr_atom_store *store, const struct ssr_atom_template *template)
{
    return template->persist && store->ctx;
}

static ssr_status load(struct ssr_atom_store *store, const struct ssr_atom_template *template,
                       struct ssr_builder *builder)
{
    struct ssr_atom_value *value = NULL;
    if (store->ctx->persistence->load(store->ctx, template, builder)) {
        ssr_status status = ssr_builder_complete(builder);
        if (status != SSR_OK)
            return status;
        value = ssr_atom_value_new(store, builder->out.data, builder->out.length);
        if (!value)
            return store->budget->refusal;
    }
    struct ssr_atom_slot *slot = ssr_atom_slot_find(store, template);
    slot->loaded = value;
    slot->has_loaded = true;
    slot->loaded_pass = store->ctx->pass;
    return store->ctx->fatal;
}

ssr_status ssr_atom_load(struct ssr_atom_store *store, const struct ssr_atom_template *template,
                         struct ssr_atom_value **value)
{
    *value = NULL;
    if (!is_persistent(store, template))
        return SSR_OK;
    ssr_status status = SSR_OK;
    if (!ssr_atom_slot_find(store, template)->has_loaded) {
        struct ssr_builder *builder = ssr_scope_borrow_builder(store->ctx);
        status = builder ? load(store, template, builder) : store->budget->refusal;
        if (builder)
            ssr_scope_return_builder(store->ctx, builder);
    }
    *value = ssr_atom_slot_find(store, template)->loaded;
    return status;
}

ssr_status ssr_atom_save(const struct ssr_atom *atom, const struct ssr_atom_value *value, bool is_change,
                         struct ssr_writer writer)
{
    const struct ssr_atom_store *store = atom->store;
    if (!atom->is_main || !is_persistent(store, atom->template))
        return SSR_OK;
    return store->ctx->persistence->save(store->ctx, atom->template, &value->value, is_change, writer);
}

size_t ssr_atoms_count(const struct ssr_ctx *ctx)
{
    return ctx->atoms ? ctx->atoms->atom_count : 0;
}

/* What cookies keep is asked for again, as far as it was asked for in that pass or later. */
static void forget_loaded(struct ssr_atom_store *store, unsigned since)
{
    for (size_t i = 0; i < store->slot_size; i++) {
        struct ssr_atom_slot *slot = &store->slots[i];
        if (slot->loaded_pass < since)
            continue;
        ssr_atom_value_drop(store, slot->loaded);
        slot->loaded = NULL;
        slot->has_loaded = false;
    }
}

void ssr_atoms_forget_pass(struct ssr_ctx *ctx)
{
    if (!ctx->atoms)
        return;
    forget_loaded(ctx->atoms, ctx->pass);
    for (struct ssr_atom *atom = ctx->atoms->made; atom; atom = atom->older)
        atom->read_pass = atom->late_pass = 0;
}

void ssr_atoms_restart(struct ssr_ctx *ctx)
{
    if (ctx->atoms)
        forget_loaded(ctx->atoms, 0);
}
