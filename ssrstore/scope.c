/* The request scope: phases, refusals, cells, and the memory of passes. scope.h says what always holds. */
#include "ssrstore/scope.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ssrstore/context_internal.h"
#include "ssrstore/digest.h"

enum { TABLE_FIRST = 16 };

static const struct {
    const char *name;
    int phases;
} calls[] = {
#define SSR_CALL(identifier, name, phases) {name, phases},
#include "ssrstore/phases.def"
#undef SSR_CALL
};

void ssr_scope_init(struct ssr_ctx *ctx, const struct ssr_registry *registry, const ssr_allocator *allocator,
                    uint64_t request_bytes)
{
    ssr_zero(ctx, offsetof(struct ssr_ctx, error));
    ctx->error[0] = ctx->reason[0] = '\0';
    ctx->registry = registry;
    ctx->frames.are_kept = registry->has_components;
    ssr_budget_init(&ctx->budget, allocator, ssr_clamp_size(request_bytes));
    ctx->request.budget = &ctx->budget;
    ctx->touched_end = &ctx->touched;
    ssr_budget_init(&ctx->no_budget, allocator, 0);
    ssr_builder_init(&ctx->refusing, &ctx->no_budget, 0);
    ssr_builder_fail(&ctx->refusing, SSR_E_WRONG_PHASE);
}

static void free_memories(struct ssr_ctx *ctx)
{
    while (ctx->made) {
        struct ssr_pass_memory *memory = ctx->made;
        ctx->made = memory->older;
        ssr_region_free(&memory->region);
    }
}

static void free_builders(struct ssr_ctx *ctx)
{
    while (ctx->spare_builders) {
        struct ssr_builder *builder = ctx->spare_builders;
        ctx->spare_builders = builder->next_free;
        ssr_builder_release(builder);
    }
}

void ssr_pass_hold(struct ssr_pass_memory *memory)
{
    memory->users++;
}

void ssr_pass_drop(struct ssr_ctx *ctx, struct ssr_pass_memory *memory)
{
    if (!memory || --memory->users > 0)
        return;
    ssr_region_reset(&memory->region);
    memory->next_spare = ctx->spare;
    ctx->spare = memory;
}

void ssr_scope_release(struct ssr_ctx *ctx)
{
    ssr_atoms_end(ctx);
    for (struct ssr_cell *cell = ctx->touched; cell; cell = cell->next_touched) {
        if (cell->release)
            cell->release(cell);
        ssr_readers_free(&ctx->budget, &cell->readers);
    }
    ssr_frames_release(ctx);
    free_memories(ctx);
    ssr_scope_take_builder_back(ctx);
    free_builders(ctx);
    ssr_contexts_release(ctx);
    ssr_region_free(&ctx->request);
}

/* ---- Phases and refusals ---------------------------------------------------------------------------------------- */

ssr_status ssr_answer(struct ssr_ctx *ctx, ssr_status status)
{
    ctx->last = status;
    return status;
}

ssr_status ssr_enter(struct ssr_ctx *ctx, enum ssr_call call)
{
    if (ctx->fatal != SSR_OK)
        return ssr_answer(ctx, ctx->fatal);
    return ssr_answer(ctx, (calls[call].phases & (int)ctx->phase) != 0 ? SSR_OK : SSR_E_WRONG_PHASE);
}

ssr_status ssr_enter_write(struct ssr_ctx *ctx, enum ssr_call call, const struct ssr_definition *definition,
                           struct ssr_writer writer)
{
    ssr_status status = ssr_enter(ctx, call);
    if (status != SSR_E_WRONG_PHASE)
        return status;
    return ssr_refuse(ctx,
                      (struct ssr_refusal){.call = call, .status = status, .definition = definition, .writer = writer});
}

struct ssr_journal_entry *ssr_scope_note(struct ssr_ctx *ctx, enum ssr_journal_op op,
                                         const struct ssr_definition *definition)
{
    struct ssr_journal_entry *entry = ssr_journal_append(&ctx->journal, &ctx->memory->region);
    if (!entry) {
        ssr_fail_memory(ctx, ctx->budget.refusal, "the journal");
        return NULL;
    }
    entry->op = op;
    entry->definition = definition;
    return entry;
}

static bool is_same_refusal(const struct ssr_effect *is, const struct ssr_effect *was)
{
    const struct ssr_journal_entry *a = is->what, *b = was->what;
    return a->status == b->status && a->definition == b->definition && a->call == b->call && a->offset == b->offset;
}

static ssr_status replay_refusal(struct ssr_ctx *ctx, const struct ssr_effect *effect);

static bool note_refusal(struct ssr_ctx *ctx, const struct ssr_journal_entry *entry)
{
    return ssr_frame_effect(ctx,
                            (struct ssr_effect){.replay = replay_refusal, .is_same = is_same_refusal, .what = entry});
}

/* A refusal of a component that was taken over is one of this pass too. */
static ssr_status replay_refusal(struct ssr_ctx *ctx, const struct ssr_effect *effect)
{
    const struct ssr_journal_entry *former = effect->what;
    struct ssr_journal_entry *entry = ssr_scope_note(ctx, former->op, former->definition);
    if (!entry)
        return ctx->fatal;
    *entry = *former;
    ctx->refused++;
    note_refusal(ctx, entry);
    return ctx->fatal;
}

ssr_status ssr_refuse(struct ssr_ctx *ctx, struct ssr_refusal refusal)
{
    ctx->refused++;
    if (ctx->phase == SSR_IDLE) /* no pass to note it in */
        return ssr_answer(ctx, refusal.status);
    struct ssr_journal_entry *entry = ssr_scope_note(ctx, SSR_JOURNAL_REFUSE, refusal.definition);
    if (!entry)
        return ctx->fatal;
    entry->status = refusal.status;
    entry->writer = refusal.writer;
    entry->call = calls[refusal.call].name;
    entry->component = ssr_frame_name(ctx);
    entry->init_of = ctx->place.init_of;
    entry->is_text = refusal.is_text;
    entry->offset = refusal.offset;
    if (!refusal.has_effect && !note_refusal(ctx, entry))
        return ctx->fatal;
    return ssr_answer(ctx, refusal.status);
}

/* An error is one line, whatever a reason holds. */
static void replace_controls(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

ssr_status ssr_end_render(struct ssr_ctx *ctx, ssr_status status, const char *format, ...)
{
    if (ctx->fatal == SSR_OK) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(ctx->error, sizeof ctx->error, format, arguments);
        va_end(arguments);
        replace_controls(ctx->error);
        ctx->fatal = status;
        ctx->window.end = ctx->window.at;
    }
    return ssr_answer(ctx, ctx->fatal);
}

ssr_status ssr_end_callback(struct ssr_ctx *ctx, ssr_status status, const char *what, const char *name)
{
    if (ctx->reason[0])
        return ssr_end_render(ctx, status, "pass %u: %s%s: %s", ctx->pass, what, name, ctx->reason);
    return ssr_end_render(ctx, status, "pass %u: %s%s: %s: %s", ctx->pass, what, name, ssr_status_name(status),
                          ssr_status_advice(status));
}

ssr_status ssr_fail_memory(struct ssr_ctx *ctx, ssr_status status, const char *what)
{
    if (ctx->fatal == SSR_OK)
        ctx->fatal_is_limit = true;
    return ssr_end_render(ctx, status, "pass %u: %s: %s: %s", ctx->pass, what, ssr_status_name(status),
                          ssr_status_advice(status));
}

void ssr_begin_init(struct ssr_ctx *ctx, struct ssr_place place, struct ssr_init_mark *mark)
{
    mark->phase = ctx->phase;
    mark->place = ctx->place;
    mark->window = ctx->window;
    ssr_guard_enter(&mark->guard, "init", place.init_of);
    mark->guard.ctx = ctx;
    ctx->phase = SSR_INIT;
    ctx->place = place;
    ctx->window.end = ctx->window.at;
}

void ssr_end_init(struct ssr_ctx *ctx, struct ssr_init_mark *mark)
{
    ssr_guard_leave(&mark->guard);
    ctx->phase = mark->phase;
    ctx->place = mark->place;
    ctx->window = mark->window;
    if (ctx->fatal != SSR_OK)
        ctx->window.end = ctx->window.at;
}

/* ---- The memory of passes --------------------------------------------------------------------------------------- */

static struct ssr_pass_memory *take_memory(struct ssr_ctx *ctx)
{
    struct ssr_pass_memory *memory = ctx->spare;
    if (memory) {
        ctx->spare = memory->next_spare;
    } else {
        memory = ssr_region_alloc(&ctx->request, sizeof *memory);
        if (!memory)
            return NULL;
        memory->region.budget = &ctx->budget;
        memory->older = ctx->made;
        ctx->made = memory;
    }
    memory->users = 1;
    return memory;
}

void ssr_value_hold(const struct ssr_value *value)
{
    if (value && value->home)
        ssr_pass_hold(value->home);
}

void ssr_value_drop(struct ssr_ctx *ctx, const struct ssr_value *value)
{
    if (value && value->home)
        ssr_pass_drop(ctx, value->home);
}

const struct ssr_value *ssr_scope_value(struct ssr_ctx *ctx, const char *text, size_t length, ssr_digest digest)
{
    struct ssr_value *value = ssr_region_alloc(&ctx->memory->region, sizeof *value);
    char *copy = value ? ssr_region_copy(&ctx->memory->region, text, length) : NULL;
    if (!copy)
        return NULL;
    *value = (struct ssr_value){copy, length, digest, ctx->memory};
    return value;
}

const struct ssr_value *ssr_scope_text_value(struct ssr_ctx *ctx, const char *text, size_t length)
{
    return ssr_scope_value(ctx, text, length, ssr_digest_of(text, length, 0));
}

struct ssr_builder *ssr_scope_borrow_builder(struct ssr_ctx *ctx)
{
    struct ssr_builder *builder = ctx->spare_builders;
    if (builder) {
        ctx->spare_builders = builder->next_free;
        ssr_builder_reset(builder);
    } else {
        builder = ssr_region_take(&ctx->request, sizeof *builder);
        if (!builder)
            return NULL;
        ssr_builder_init(builder, &ctx->budget, ctx->value_cap);
    }
    ssr_builder_set_cap(builder, ctx->value_cap);
    return builder;
}

void ssr_scope_return_builder(struct ssr_ctx *ctx, struct ssr_builder *builder)
{
    builder->next_free = ctx->spare_builders;
    ctx->spare_builders = builder;
}

void ssr_scope_take_builder_back(struct ssr_ctx *ctx)
{
    if (ctx->page_builder)
        ssr_scope_return_builder(ctx, ctx->page_builder);
    ctx->page_builder = NULL;
}

ssr_status ssr_scope_begin_pass(struct ssr_ctx *ctx)
{
    if (ssr_reserve_commits(ctx) != SSR_OK || !ssr_frames_prepare(ctx))
        return ctx->fatal;
    struct ssr_pass_memory *memory = take_memory(ctx);
    if (!memory)
        return ssr_fail_memory(ctx, ctx->budget.refusal, "the memory of a pass");
    ctx->seen_from = ++ctx->pass;
    ctx->refused_before = ctx->refused;
    ssr_commit_staged(ctx);
    ssr_atoms_mark(ctx);
    ssr_scope_take_builder_back(ctx);
    ssr_pass_drop(ctx, ctx->memory);
    ctx->memory = memory;
    ctx->journal = (struct ssr_journal){NULL, NULL};
    ctx->provided = NULL;
    ctx->provided_end = &ctx->provided;
    ctx->place = (struct ssr_place){0};
    ctx->reason[0] = '\0';
    ssr_frames_begin_pass(ctx);
    return SSR_OK;
}

void ssr_scope_end_pass(struct ssr_ctx *ctx)
{
    for (size_t i = 0; i < ctx->commit_count; i++)
        ssr_value_drop(ctx, ctx->commits[i].before);
    ctx->commit_count = 0;
    ctx->reason[0] = '\0';
    ssr_pass_drop(ctx, ctx->completed);
    ctx->completed = ctx->memory;
    ssr_pass_hold(ctx->completed);
    ctx->kept_provided = ctx->provided;
}

ssr_status ssr_scope_prepare(struct ssr_ctx *ctx)
{
    if (!ctx->memory)
        ctx->memory = take_memory(ctx);
    return ctx->memory ? SSR_OK : ssr_fail_memory(ctx, ctx->budget.refusal, "the memory of a pass");
}

/* Nothing is known from any pass yet. */
static void forget_passes(struct ssr_cell *cell)
{
    cell->read_pass = cell->string_pass = cell->view_pass = UINT_MAX;
}

/* What is staged in stores is dropped; cookies stay staged. */
static void drop_staged_stores(struct ssr_ctx *ctx)
{
    size_t kept = 0;
    ctx->differing = 0;
    for (size_t i = 0; i < ctx->staged_count; i++) {
        struct ssr_cell *cell = ctx->staged[i];
        if (cell->definition->kind == SSR_KIND_STORE) {
            cell->staged = NULL;
            continue;
        }
        ctx->staged[kept++] = cell;
        ctx->differing += cell->staged != cell->committed;
    }
    ctx->staged_count = kept;
}

void ssr_scope_restart(struct ssr_ctx *ctx)
{
    ctx->journal = (struct ssr_journal){NULL, NULL}; /* hooks of the new location add to one of their own */
    drop_staged_stores(ctx);
    ssr_atoms_restart(ctx);
    ssr_frames_forget(ctx);
    for (struct ssr_cell *cell = ctx->touched; cell; cell = cell->next_touched) {
        if (cell->definition->kind == SSR_KIND_STORE) {
            ssr_value_drop(ctx, cell->committed);
            ssr_value_drop(ctx, cell->initial);
            cell->committed = cell->initial = NULL;
        }
        cell->first_pass = UINT_MAX; /* not touched at the new location */
        forget_passes(cell);
    }
}

static void drop_staged(struct ssr_ctx *ctx)
{
    for (size_t i = 0; i < ctx->staged_count; i++)
        ctx->staged[i]->staged = NULL;
    ctx->staged_count = 0;
    ctx->differing = 0;
}

/* What the pass was the first to touch is not touched, and its init has not run. */
static void untouch(struct ssr_ctx *ctx, struct ssr_cell *cell)
{
    if (cell->first_pass != ctx->pass || cell->was_given)
        return;
    cell->first_pass = UINT_MAX;
    if (cell->definition->kind == SSR_KIND_SHARED) /* pinned for good */
        return;
    ssr_value_drop(ctx, cell->committed);
    ssr_value_drop(ctx, cell->initial);
    cell->committed = cell->initial = NULL;
}

/* What the pass did to atoms and cells is undone, and nothing is known that was made of what it saw. */
static void undo_pass(struct ssr_ctx *ctx)
{
    ssr_atoms_rewind(ctx);
    drop_staged(ctx);
    for (struct ssr_cell *cell = ctx->touched; cell; cell = cell->next_touched) {
        forget_passes(cell);
        untouch(ctx, cell);
    }
}

void ssr_scope_abandon_pass(struct ssr_ctx *ctx)
{
    ssr_take_back_commits(ctx);
    undo_pass(ctx);
}

void ssr_scope_start_over(struct ssr_ctx *ctx)
{
    undo_pass(ctx);
    ssr_atoms_forget_pass(ctx);
    ssr_frames_forget(ctx);
    ctx->refused = ctx->refused_before;
    ctx->pass--;
}

/* ---- Cells ------------------------------------------------------------------------------------------------------ */

static struct ssr_cell **place_of(struct ssr_cell **table, size_t size, const struct ssr_definition *definition)
{
    size_t at = ssr_first_place(definition, size);
    while (table[at] && table[at]->definition != definition)
        at = (at + 1) & (size - 1);
    return &table[at];
}

static ssr_status reserve_table(struct ssr_ctx *ctx)
{
    if ((ctx->cell_count + 1) * 2 <= ctx->table_size)
        return SSR_OK;
    size_t size = ctx->table_size ? ctx->table_size * 2 : TABLE_FIRST;
    struct ssr_cell **table = ssr_region_take(&ctx->request, size * sizeof(struct ssr_cell *));
    if (!table)
        return ctx->budget.refusal;
    for (size_t i = 0; i < size; i++)
        table[i] = NULL;
    for (struct ssr_cell *cell = ctx->touched; cell; cell = cell->next_touched)
        *place_of(table, size, cell->definition) = cell;
    ctx->table = table;
    ctx->table_size = size;
    return SSR_OK;
}

static struct ssr_cell *add_cell(struct ssr_ctx *ctx, const struct ssr_definition *definition, size_t size)
{
    if (ctx->cell_count + ssr_atoms_count(ctx) >= ctx->cell_cap) {
        ssr_fail_memory(ctx, SSR_E_LIMIT, "ssr_limits.stores");
        return NULL;
    }
    struct ssr_cell *cell = reserve_table(ctx) == SSR_OK ? ssr_region_alloc(&ctx->request, size) : NULL;
    if (!cell) {
        ssr_fail_memory(ctx, ctx->budget.refusal, definition->name);
        return NULL;
    }
    cell->definition = definition;
    ssr_cell_touch(ctx, cell);
    forget_passes(cell);
    *ctx->touched_end = cell;
    ctx->touched_end = &cell->next_touched;
    if (definition->kind == SSR_KIND_STORE && ssr_cell_store(cell)->lifetime == SSR_DERIVED) {
        cell->next_derived = ctx->derived;
        ctx->derived = cell;
    }
    *place_of(ctx->table, ctx->table_size, definition) = cell;
    ctx->cell_count++;
    return cell;
}

struct ssr_cell *ssr_scope_cell(struct ssr_ctx *ctx, const struct ssr_definition *definition, size_t size)
{
    struct ssr_cell *cell = ctx->table_size > 0 ? *place_of(ctx->table, ctx->table_size, definition) : NULL;
    return cell ? cell : add_cell(ctx, definition, size);
}

/* ---- The request ------------------------------------------------------------------------------------------------ */

/* What they answer changes with the pass, so whoever asks runs in each. The context belongs to this thread. */
static void note_pass_read(const struct ssr_ctx *ctx)
{
    if (ctx->frames.current)
        ssr_frame_runs_always((struct ssr_ctx *)ctx);
}

unsigned ssr_pass(const struct ssr_ctx *ctx)
{
    note_pass_read(ctx);
    return ctx->phase == SSR_IDLE ? 0 : ctx->pass;
}

const char *ssr_location(const struct ssr_ctx *ctx)
{
    return ctx->location;
}

const char *ssr_request_id(const struct ssr_ctx *ctx)
{
    return ctx->id ? ctx->id : "";
}

bool ssr_has_pending_changes(const struct ssr_ctx *ctx)
{
    note_pass_read(ctx);
    return ctx->phase != SSR_IDLE && ctx->differing > 0;
}

ssr_status ssr_fail_at(struct ssr_ctx *ctx, const char *reason, const char *file, int line)
{
    if (ssr_enter_write(ctx, SSR_CALL_FAIL, NULL, (struct ssr_writer){file, line}) != SSR_OK)
        return ctx->last;
    ssr_frame_runs_always(ctx); /* what failed may say so again in the next pass, whatever comes of it */
    snprintf(ctx->reason, sizeof ctx->reason, "%s:%d: %.255s", ssr_base_name(file), line, reason ? reason : "");
    return ssr_answer(ctx, SSR_E_FAILED);
}

ssr_status ssr_last_status(const struct ssr_ctx *ctx)
{
    return ctx->last;
}

ssr_status ssr_private(struct ssr_ctx *ctx)
{
    ssr_status status = ssr_enter_unplaced(ctx, SSR_CALL_PRIVATE);
    if (status == SSR_OK)
        ctx->is_private = true;
    return status;
}

void *ssr_host(struct ssr_ctx *ctx)
{
    if (ssr_enter(ctx, SSR_CALL_HOST) != SSR_OK)
        return NULL;
    ctx->is_private = true;
    return ctx->host;
}

int64_t ssr_now(struct ssr_ctx *ctx)
{
    return ssr_enter(ctx, SSR_CALL_NOW) == SSR_OK ? ctx->now_ms : 0;
}

static uint64_t path_here(const struct ssr_ctx *ctx)
{
    return ctx->place.spot.frame ? ssr_frame_path(ctx->place.spot.frame) : ctx->place.path;
}

uint64_t ssr_random(struct ssr_ctx *ctx)
{
    if (ssr_enter(ctx, SSR_CALL_RANDOM) != SSR_OK)
        return 0;
    uint64_t key[2] = {path_here(ctx), ctx->place.spot.randoms++};
    return ssr_digest_of((const char *)key, sizeof key, ctx->seed).low;
}

const char *ssr_id(struct ssr_ctx *ctx)
{
    if (ssr_enter(ctx, SSR_CALL_ID) != SSR_OK)
        return "";
    char id[48];
    int length = snprintf(id, sizeof id, "s%llx-%u", (unsigned long long)path_here(ctx), ctx->place.spot.ids++);
    const char *copy = ssr_region_copy(&ctx->memory->region, id, (size_t)length);
    if (!copy)
        ssr_fail_memory(ctx, ctx->budget.refusal, "ssr_id");
    return copy ? copy : "";
}
