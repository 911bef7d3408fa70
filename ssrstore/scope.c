/* The request scope: phases, refusals, cells, and the memory of passes. scope.h says what always holds. */
#include "ssrstore/scope.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
    memset(ctx, 0, sizeof *ctx);
    ctx->registry = registry;
    ssr_budget_init(&ctx->budget, allocator, ssr_clamp_size(request_bytes));
    ctx->request.budget = &ctx->budget;
    ctx->touched_end = &ctx->touched;
    ssr_budget_init(&ctx->no_budget, allocator, 0);
    ssr_builder_init(&ctx->refusing, &ctx->no_budget, 0);
    ssr_builder_fail(&ctx->refusing, SSR_E_WRONG_PHASE);
}

/* Frees a list of pass memories that nobody holds any more, or that die with the request. */
static void free_memories(struct ssr_ctx *ctx, struct ssr_pass_memory *memory)
{
    while (memory) {
        struct ssr_pass_memory *next = memory->next;
        ssr_region_free(&memory->region);
        ssr_budget_resize(&ctx->budget, memory, sizeof *memory, 0);
        memory = next;
    }
}

static void free_builders(struct ssr_ctx *ctx)
{
    while (ctx->spare_builders) {
        struct ssr_builder *builder = ctx->spare_builders;
        ctx->spare_builders = builder->next_free;
        ssr_builder_release(builder);
        ssr_budget_resize(&ctx->budget, builder, sizeof *builder, 0);
    }
}

/* Gives back what the cells and the running pass hold, so that every pass memory is spare. */
static void drop_values(struct ssr_ctx *ctx)
{
    for (size_t i = 0; i < ctx->commit_count; i++)
        ssr_value_drop(ctx, ctx->commits[i].before);
    for (struct ssr_cell *cell = ctx->touched; cell; cell = cell->next_touched) {
        ssr_value_drop(ctx, cell->committed);
        ssr_value_drop(ctx, cell->initial);
    }
}

static void release_memory(struct ssr_ctx *ctx, struct ssr_pass_memory *memory)
{
    if (!memory || --memory->users > 0)
        return;
    ssr_region_reset(&memory->region);
    memory->next = ctx->spare;
    ctx->spare = memory;
}

void ssr_scope_release(struct ssr_ctx *ctx)
{
    drop_values(ctx);
    release_memory(ctx, ctx->memory);
    free_memories(ctx, ctx->spare);
    if (ctx->page_builder)
        ssr_scope_return_builder(ctx, ctx->page_builder);
    free_builders(ctx);
    ssr_budget_resize(&ctx->budget, ctx->table, ctx->table_size * sizeof *ctx->table, 0);
    ssr_budget_resize(&ctx->budget, ctx->staged, ctx->staged_capacity * sizeof *ctx->staged, 0);
    ssr_budget_resize(&ctx->budget, ctx->commits, ctx->commit_capacity * sizeof *ctx->commits, 0);
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

ssr_status ssr_refuse(struct ssr_ctx *ctx, struct ssr_refusal refusal)
{
    ctx->refused++;
    if (ctx->phase == SSR_IDLE) /* no pass to note it in */
        return ssr_answer(ctx, refusal.status);
    struct ssr_journal_entry *entry = ssr_journal_append(&ctx->journal, &ctx->memory->region);
    if (!entry)
        return ssr_fail_memory(ctx, ctx->budget.refusal, "the journal");
    entry->op = SSR_JOURNAL_REFUSE;
    entry->status = refusal.status;
    entry->definition = refusal.definition;
    entry->writer = refusal.writer;
    entry->call = calls[refusal.call].name;
    entry->init_of = ctx->place.init_of;
    entry->is_text = refusal.is_text;
    entry->offset = refusal.offset;
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

/* ---- The memory of passes --------------------------------------------------------------------------------------- */

static struct ssr_pass_memory *take_memory(struct ssr_ctx *ctx)
{
    struct ssr_pass_memory *memory = ctx->spare;
    if (memory) {
        ctx->spare = memory->next;
    } else {
        memory = ssr_budget_resize(&ctx->budget, NULL, 0, sizeof *memory);
        if (!memory)
            return NULL;
        memset(memory, 0, sizeof *memory);
        memory->region.budget = &ctx->budget;
    }
    memory->next = NULL;
    memory->users = 1;
    return memory;
}

void ssr_value_hold(const struct ssr_value *value)
{
    if (value && value->home)
        value->home->users++;
}

void ssr_value_drop(struct ssr_ctx *ctx, const struct ssr_value *value)
{
    if (value && value->home)
        release_memory(ctx, value->home);
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

struct ssr_builder *ssr_scope_borrow_builder(struct ssr_ctx *ctx)
{
    struct ssr_builder *builder = ctx->spare_builders;
    if (builder) {
        ctx->spare_builders = builder->next_free;
        ssr_builder_reset(builder);
    } else {
        builder = ssr_budget_resize(&ctx->budget, NULL, 0, sizeof *builder);
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

ssr_status ssr_scope_begin_pass(struct ssr_ctx *ctx)
{
    if (ssr_reserve_commits(ctx) != SSR_OK)
        return ctx->fatal;
    struct ssr_pass_memory *memory = take_memory(ctx);
    if (!memory)
        return ssr_fail_memory(ctx, ctx->budget.refusal, "the memory of a pass");
    ctx->seen_from = ++ctx->pass;
    ssr_commit_staged(ctx);
    release_memory(ctx, ctx->memory);
    ctx->memory = memory;
    ctx->journal = (struct ssr_journal){NULL, NULL};
    ctx->place = (struct ssr_place){NULL, 0, 0, 0};
    ctx->reason[0] = '\0';
    return SSR_OK;
}

void ssr_scope_end_pass(struct ssr_ctx *ctx)
{
    for (size_t i = 0; i < ctx->commit_count; i++)
        ssr_value_drop(ctx, ctx->commits[i].before);
    ctx->commit_count = 0;
    ctx->reason[0] = '\0';
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

void ssr_scope_restart(struct ssr_ctx *ctx)
{
    for (size_t i = 0; i < ctx->staged_count; i++)
        ctx->staged[i]->staged = NULL;
    ctx->staged_count = 0;
    ctx->differing = 0;
    for (struct ssr_cell *cell = ctx->touched; cell; cell = cell->next_touched) {
        ssr_value_drop(ctx, cell->committed);
        ssr_value_drop(ctx, cell->initial);
        cell->committed = cell->initial = NULL;
        cell->first_pass = UINT_MAX; /* not touched at the new location */
        forget_passes(cell);
    }
}

void ssr_scope_abandon_pass(struct ssr_ctx *ctx)
{
    ssr_take_back_commits(ctx);
    ctx->staged_count = 0;
    ctx->differing = 0;
}

/* ---- Cells ------------------------------------------------------------------------------------------------------ */

static struct ssr_cell **place_of(struct ssr_cell **table, size_t size, const struct ssr_store *store)
{
    size_t at = (store->definition.index * UINT32_C(2654435769)) & (size - 1);
    while (table[at] && table[at]->store != store)
        at = (at + 1) & (size - 1);
    return &table[at];
}

static ssr_status reserve_table(struct ssr_ctx *ctx)
{
    if ((ctx->cell_count + 1) * 2 <= ctx->table_size)
        return SSR_OK;
    size_t size = ctx->table_size ? ctx->table_size * 2 : TABLE_FIRST;
    struct ssr_cell **table = ssr_budget_resize(&ctx->budget, NULL, 0, size * sizeof(struct ssr_cell *));
    if (!table)
        return ctx->budget.refusal;
    for (size_t i = 0; i < size; i++)
        table[i] = NULL;
    for (struct ssr_cell *cell = ctx->touched; cell; cell = cell->next_touched)
        *place_of(table, size, cell->store) = cell;
    ssr_budget_resize(&ctx->budget, ctx->table, ctx->table_size * sizeof *table, 0);
    ctx->table = table;
    ctx->table_size = size;
    return SSR_OK;
}

static struct ssr_cell *add_cell(struct ssr_ctx *ctx, const struct ssr_store *store)
{
    if (ctx->cell_count >= ctx->cell_cap) {
        ssr_fail_memory(ctx, SSR_E_LIMIT, "ssr_limits.stores");
        return NULL;
    }
    struct ssr_cell *cell = reserve_table(ctx) == SSR_OK ? ssr_region_alloc(&ctx->request, sizeof *cell) : NULL;
    if (!cell) {
        ssr_fail_memory(ctx, ctx->budget.refusal, store->definition.name);
        return NULL;
    }
    cell->store = store;
    cell->first_pass = ctx->seen_from;
    forget_passes(cell);
    *ctx->touched_end = cell;
    ctx->touched_end = &cell->next_touched;
    if (store->lifetime == SSR_DERIVED) {
        cell->next_derived = ctx->derived;
        ctx->derived = cell;
    }
    *place_of(ctx->table, ctx->table_size, store) = cell;
    ctx->cell_count++;
    return cell;
}

struct ssr_cell *ssr_scope_cell(struct ssr_ctx *ctx, const struct ssr_store *store)
{
    struct ssr_cell *cell = ctx->table_size > 0 ? *place_of(ctx->table, ctx->table_size, store) : NULL;
    return cell ? cell : add_cell(ctx, store);
}

/* ---- The request ------------------------------------------------------------------------------------------------ */

unsigned ssr_pass(const struct ssr_ctx *ctx)
{
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
    return ctx->phase != SSR_IDLE && ctx->differing > 0;
}

ssr_status ssr_fail_at(struct ssr_ctx *ctx, const char *reason, const char *file, int line)
{
    if (ssr_enter_write(ctx, SSR_CALL_FAIL, NULL, (struct ssr_writer){file, line}) != SSR_OK)
        return ctx->last;
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

uint64_t ssr_random(struct ssr_ctx *ctx)
{
    if (ssr_enter(ctx, SSR_CALL_RANDOM) != SSR_OK)
        return 0;
    uint64_t key[2] = {ctx->place.path, ctx->place.randoms++};
    return ssr_digest_of((const char *)key, sizeof key, ctx->seed).low;
}

const char *ssr_id(struct ssr_ctx *ctx)
{
    if (ssr_enter(ctx, SSR_CALL_ID) != SSR_OK)
        return "";
    char id[48];
    int length = snprintf(id, sizeof id, "s%llx-%u", (unsigned long long)ctx->place.path, ctx->place.ids++);
    const char *copy = ssr_region_copy(&ctx->memory->region, id, (size_t)length);
    if (!copy)
        ssr_fail_memory(ctx, ctx->budget.refusal, "ssr_id");
    return copy ? copy : "";
}
