/*
 * Views. What always holds: a view never changes once it is made, so that any number of threads read it; its slots lie
 * as the cells of the scope's table do, so that they are found in the same way.
 */
#include "engine/view.h"

#include <stdatomic.h>
#include <string.h>

#include "cookie/cookie_internal.h"
#include "ssrstore/atom_internal.h"

struct slot {
    const struct ssr_definition *definition; /* NULL: free */
    const char *text;                        /* NULL: the request has no value of it yet */
    size_t length;
    bool is_held; /* by a cookie: not what it reads as where there is none */
};

struct ssr_view {
    ssr_allocator allocator;
    atomic_uint users;
    size_t size; /* of the block */
    bool has_secrets;
    int64_t now_ms;
    const char **headers;
    size_t header_count;
    struct slot *slots;
    size_t slot_count;
    struct slot *atoms; /* clones that are in use */
    size_t atom_count;
};

/* ---- Making ----------------------------------------------------------------------------------------------------- */

/* What the next pass sees: staged values are committed before it. A loader asks a shared store itself. */
static const struct ssr_value *next_value(const struct ssr_cell *cell)
{
    if (cell->definition->kind == SSR_KIND_SHARED)
        return NULL;
    return cell->staged ? cell->staged : cell->committed;
}

/* What the request's store holds: between passes, its clones of templates and no others. */
static const struct ssr_atom *next_atom(const struct ssr_ctx *ctx, const struct ssr_atom *before)
{
    const struct ssr_atom_link *end = &ctx->atoms->atoms, *link = before ? before->link.next : end->next;
    return link == end ? NULL : (const struct ssr_atom *)link;
}

static const struct ssr_atom *first_atom(const struct ssr_ctx *ctx)
{
    return ctx->atoms ? next_atom(ctx, NULL) : NULL;
}

static size_t measure(const struct ssr_ctx *ctx)
{
    size_t size = sizeof(struct ssr_view) + ctx->table_size * sizeof(struct slot);
    size += ctx->cookie_header_count * sizeof(const char *);
    for (const struct ssr_atom *atom = first_atom(ctx); atom; atom = next_atom(ctx, atom))
        size += sizeof(struct slot) + atom->value->value.length + 1;
    for (size_t i = 0; i < ctx->cookie_header_count; i++)
        size += ctx->cookie_headers[i] ? strlen(ctx->cookie_headers[i]) + 1 : 1;
    for (const struct ssr_cell *cell = ctx->touched; cell; cell = cell->next_touched)
        size += next_value(cell) ? next_value(cell)->length + 1 : 0;
    return size;
}

static char *put_text(char **texts, const char *text, size_t length)
{
    char *copy = *texts;
    memcpy(copy, text, length);
    copy[length] = '\0';
    *texts += length + 1;
    return copy;
}

static struct slot make_slot(const struct ssr_cell *cell, char **texts)
{
    struct slot slot = {.definition = cell ? cell->definition : NULL};
    const struct ssr_value *value = cell ? next_value(cell) : NULL;
    if (value) {
        slot.is_held =
            cell->definition->kind == SSR_KIND_COOKIE && ssr_cookie_holds_value((const struct ssr_cookie_cell *)cell);
        slot.text = put_text(texts, value->text, value->length);
        slot.length = value->length;
    }
    return slot;
}

static void fill(const struct ssr_ctx *ctx, struct ssr_view *view)
{
    view->slots = (struct slot *)(view + 1);
    view->slot_count = ctx->table_size;
    view->atoms = view->slots + view->slot_count;
    for (const struct ssr_atom *atom = first_atom(ctx); atom; atom = next_atom(ctx, atom))
        view->atom_count++;
    view->headers = (const char **)(view->atoms + view->atom_count);
    view->header_count = ctx->cookie_header_count;
    char *texts = (char *)(view->headers + view->header_count);
    struct slot *slot = view->atoms;
    for (const struct ssr_atom *atom = first_atom(ctx); atom; atom = next_atom(ctx, atom)) {
        const struct ssr_value *value = &atom->value->value;
        *slot++ = (struct slot){&atom->template->definition, put_text(&texts, value->text, value->length),
                                value->length, false};
    }
    for (size_t i = 0; i < view->slot_count; i++)
        view->slots[i] = make_slot(ctx->table[i], &texts);
    for (size_t i = 0; i < view->header_count; i++) {
        const char *header = ctx->cookie_headers[i] ? ctx->cookie_headers[i] : "";
        view->headers[i] = put_text(&texts, header, strlen(header));
    }
}

struct ssr_view *ssr_view_new(const struct ssr_ctx *ctx, const ssr_allocator *allocator)
{
    size_t size = measure(ctx);
    struct ssr_view *view = allocator->resize(allocator->arg, NULL, 0, size);
    if (!view)
        return NULL;
    view->allocator = *allocator;
    atomic_init(&view->users, 1);
    view->size = size;
    view->atom_count = 0;
    view->has_secrets = ctx->budget.has_secrets;
    view->now_ms = ctx->now_ms;
    fill(ctx, view);
    return view;
}

void ssr_view_hold(struct ssr_view *view)
{
    atomic_fetch_add(&view->users, 1);
}

void ssr_view_drop(struct ssr_view *view)
{
    if (!view || atomic_fetch_sub(&view->users, 1) > 1)
        return;
    ssr_allocator allocator = view->allocator;
    size_t size = view->size;
    if (view->has_secrets)
        ssr_wipe(view, size);
    allocator.resize(allocator.arg, view, size, 0);
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

/* The slot of the definition, or a free one. */
static struct slot find(const struct ssr_view *view, const struct ssr_definition *definition)
{
    if (view->slot_count == 0)
        return (struct slot){0};
    size_t at = ssr_first_place(definition, view->slot_count);
    while (view->slots[at].definition && view->slots[at].definition != definition)
        at = (at + 1) & (view->slot_count - 1);
    return view->slots[at];
}

ssr_json ssr_view_find(const struct ssr_view *view, const struct ssr_definition *definition)
{
    struct slot slot = find(view, definition);
    return (ssr_json){.text = slot.text, .length = slot.length};
}

bool ssr_view_cookie_holds(const struct ssr_view *view, const struct ssr_definition *cookie)
{
    return find(view, cookie).is_held;
}

ssr_json ssr_view_find_atom(const struct ssr_view *view, const struct ssr_definition *atom)
{
    for (size_t i = 0; i < view->atom_count; i++)
        if (view->atoms[i].definition == atom)
            return (ssr_json){.text = view->atoms[i].text, .length = view->atoms[i].length};
    return ssr_value_json(NULL);
}

const char *const *ssr_view_cookie_headers(const struct ssr_view *view, size_t *count)
{
    *count = view->header_count;
    return view->headers;
}

int64_t ssr_view_now_ms(const struct ssr_view *view)
{
    return view->now_ms;
}
