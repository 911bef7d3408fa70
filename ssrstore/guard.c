/*
 * The guard: which threads serve a request just now, so that a write of a shared store from there is refused. It owns
 * the one global of the library, a thread's innermost mark; each mark lies on the stack of who entered it and points to
 * the one around it.
 */
#include <stdio.h>

#include "ssrstore/shared_internal.h"

static _Thread_local struct ssr_guard *innermost;

void ssr_guard_enter(struct ssr_guard *guard, const char *what, const char *name)
{
    guard->what = what ? what : "";
    guard->name = name ? name : "";
    guard->ctx = innermost ? innermost->ctx : NULL;
    guard->outer = innermost;
    guard->refused = 0;
    guard->refusal[0] = '\0';
    innermost = guard;
}

/* A write that was refused: to the list of the guard, which has room for the first ones. */
static void list(struct ssr_guard *guard, ssr_refused_write write)
{
    if (guard->refused < SSR_GUARD_LISTED)
        guard->first_refused[guard->refused] = write;
    guard->refused++;
}

void ssr_guard_leave(struct ssr_guard *guard)
{
    struct ssr_guard *outer = guard->outer;
    innermost = outer;
    for (unsigned i = 0; outer && i < guard->refused; i++)
        list(outer, guard->first_refused[i < SSR_GUARD_LISTED ? i : SSR_GUARD_LISTED - 1]);
}

const struct ssr_guard *ssr_guard_innermost(void)
{
    return innermost;
}

const char *ssr_guard_refusal(void)
{
    return innermost ? innermost->refusal : "";
}

/* Writes the sentence, on one line whatever the names hold. */
static void explain(struct ssr_guard *guard, const struct ssr_shared *shared, struct ssr_writer writer)
{
    snprintf(
        guard->refusal, sizeof guard->refusal,
        "shared store \"%.128s\" was written at %.48s:%d inside %.16s \"%.40s\": every visitor would see it; use a "
        "context store, or say writable_in_render if that is meant",
        shared->definition.name, writer.file ? ssr_base_name(writer.file) : "?", writer.line, guard->what, guard->name);
    for (char *p = guard->refusal; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
}

const struct ssr_definition *ssr_shared_definition(const struct ssr_shared *shared, const struct ssr_registry *registry)
{
    return shared->definition.registry == registry ? &shared->definition : NULL;
}

static ssr_status refuse(struct ssr_guard *guard, const struct ssr_shared *shared, struct ssr_writer writer)
{
    explain(guard, shared, writer);
    if (guard->ctx)
        return ssr_refuse(guard->ctx,
                          (struct ssr_refusal){.call = SSR_CALL_SHARED_UPDATE,
                                               .status = SSR_E_SHARED_WRITE,
                                               .definition = ssr_shared_definition(shared, guard->ctx->registry),
                                               .writer = writer});
    list(guard, (ssr_refused_write){shared, writer.file, writer.line});
    return SSR_E_SHARED_WRITE;
}

/* Notes a write that the definition allows. Nothing is written that cannot be noted. */
static ssr_status note(struct ssr_ctx *ctx, const struct ssr_shared *shared, struct ssr_writer writer)
{
    struct ssr_journal_entry *entry =
        ssr_scope_note(ctx, SSR_JOURNAL_SHARED_WRITE, ssr_shared_definition(shared, ctx->registry));
    if (!entry)
        return ctx->fatal;
    entry->writer = writer;
    entry->init_of = ctx->place.init_of;
    return SSR_OK;
}

ssr_status ssr_guard_write(const struct ssr_shared *shared, struct ssr_writer writer)
{
    struct ssr_guard *guard = innermost;
    if (!guard)
        return SSR_OK;
    if (!shared->writable_in_render)
        return refuse(guard, shared, writer);
    return guard->ctx ? note(guard->ctx, shared, writer) : SSR_OK;
}
