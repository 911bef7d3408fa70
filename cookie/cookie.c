/*
 * The cookie store: cookies of one request, read and written as stores are. cookie_internal.h says who owns what and
 * what always holds.
 */
#include "cookie/cookie.h"

#include <limits.h>
#include <string.h>

#include "cookie/cookie_internal.h"
#include "ssrstore/atom_internal.h"

/* ---- What the browser sent -------------------------------------------------------------------------------------- */

static ssr_status too_many(struct ssr_ctx *ctx, const char *limit)
{
    return ssr_fail_memory(ctx, SSR_E_LIMIT, limit);
}

/* How many pairs the headers hold; the render ends when they are more than it may. */
static ssr_status count_pairs(struct ssr_ctx *ctx, size_t *count)
{
    size_t bytes = 0;
    *count = 0;
    for (size_t i = 0; i < ctx->cookie_header_count; i++) {
        const char *header = ctx->cookie_headers[i];
        size_t length = header ? strlen(header) : 0;
        ssr_cookie_pair pair;
        bytes += length;
        if (bytes > ctx->cookie_bytes_cap)
            return too_many(ctx, "ssr_limits.cookie_bytes");
        while (ssr_cookie_next(&header, &length, &pair))
            ++*count;
    }
    return *count > ctx->cookie_cap ? too_many(ctx, "ssr_limits.cookies") : SSR_OK;
}

static void fill_pairs(struct ssr_ctx *ctx, struct ssr_cookie_jar *jar)
{
    for (size_t i = 0; i < ctx->cookie_header_count; i++) {
        const char *header = ctx->cookie_headers[i];
        size_t length = header ? strlen(header) : 0;
        while (ssr_cookie_next(&header, &length, &jar->pairs[jar->pair_count]))
            jar->pair_count++;
    }
}

/* The jar of the request, made at its first touch; NULL: the render has failed. */
struct ssr_cookie_jar *ssr_cookie_jar_of(struct ssr_ctx *ctx)
{
    if (ctx->jar)
        return ctx->jar;
    size_t count;
    if (count_pairs(ctx, &count) != SSR_OK)
        return NULL;
    struct ssr_cookie_jar *jar = ssr_region_alloc(&ctx->request, sizeof *jar);
    if (jar) /* one more, which the last look for a pair may overwrite */
        jar->pairs = ssr_region_alloc(&ctx->request, (count + 1) * sizeof *jar->pairs);
    if (!jar || !jar->pairs) {
        ssr_fail_memory(ctx, ctx->budget.refusal, "the cookies");
        return NULL;
    }
    fill_pairs(ctx, jar);
    jar->outgoing_end = &jar->outgoing;
    jar->by_hand_end = &jar->by_hand;
    return ctx->jar = jar;
}

/* The n-th pair of that name; NULL: none. */
static const ssr_cookie_pair *find_pair(const struct ssr_cookie_jar *jar, const char *name, size_t n)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < jar->pair_count; i++) {
        const ssr_cookie_pair *pair = &jar->pairs[i];
        if (pair->name_length == length && memcmp(pair->name, name, length) == 0 && n-- == 0)
            return pair;
    }
    return NULL;
}

const char *ssr_cookie_sent(struct ssr_ctx *ctx, const char *name, size_t n)
{
    if (ssr_enter(ctx, SSR_CALL_COOKIE_GET) != SSR_OK)
        return NULL;
    ctx->is_private = true;
    const struct ssr_cookie_jar *jar = ssr_cookie_jar_of(ctx);
    const ssr_cookie_pair *pair = jar && name ? find_pair(jar, name, n) : NULL;
    if (!pair)
        return NULL;
    const char *copy = ssr_region_copy(&ctx->request, pair->value, pair->value_length);
    if (!copy)
        ssr_fail_memory(ctx, ctx->budget.refusal, "ssr_cookie_sent");
    return copy;
}

/* ---- Cells ------------------------------------------------------------------------------------------------------ */

/* A sent cookie that is not what its definition says reads as absent; the record says why, once. */
static void note_unreadable(struct ssr_ctx *ctx, const struct ssr_cookie *cookie, ssr_status status)
{
    ssr_status last = ctx->last;
    ssr_refuse(
        ctx, (struct ssr_refusal){
                 .call = SSR_CALL_COOKIE_GET, .status = status, .definition = &cookie->definition, .has_effect = true});
    if (ctx->fatal == SSR_OK)
        ssr_answer(ctx, last);
}

/* Decodes into the builder; false: absent, or the render has failed. */
static bool decode(struct ssr_ctx *ctx, const struct ssr_cookie *cookie, const ssr_cookie_pair *pair,
                   struct ssr_builder *builder)
{
    char *temporary = ssr_region_alloc(&ctx->memory->region, pair->value_length + 1);
    if (!temporary) {
        ssr_fail_memory(ctx, ctx->budget.refusal, cookie->definition.name);
        return false;
    }
    ssr_status status =
        ssr_cookie_decode_value(cookie, pair->value, pair->value_length, ctx->now_ms, temporary, builder);
    if (ssr_ends_render(status))
        ssr_fail_memory(ctx, status, cookie->definition.name);
    else if (status != SSR_OK)
        note_unreadable(ctx, cookie, status);
    return status == SSR_OK;
}

/* The value of what was sent; NULL: absent, or the render has failed. */
static const struct ssr_value *sent_value(struct ssr_ctx *ctx, const struct ssr_cookie *cookie,
                                          const ssr_cookie_pair *pair)
{
    struct ssr_builder *builder = ssr_scope_borrow_builder(ctx);
    if (!builder) {
        ssr_fail_memory(ctx, ctx->budget.refusal, cookie->definition.name);
        return NULL;
    }
    const struct ssr_value *value = NULL;
    if (decode(ctx, cookie, pair, builder)) {
        value = ssr_scope_text_value(ctx, builder->out.data, builder->out.length);
        if (!value)
            ssr_fail_memory(ctx, ctx->budget.refusal, cookie->definition.name);
    }
    ssr_scope_return_builder(ctx, builder);
    return value;
}

/* Before memory of the request holds what a sealed cookie says. */
static void expect_plaintext(struct ssr_ctx *ctx, const struct ssr_cookie *cookie)
{
    ctx->budget.has_secrets |= cookie->protection == SSR_COOKIE_SEALED;
}

/* The cell with what a reader sees; NULL: the render has failed. */
static struct ssr_cookie_cell *resolve(struct ssr_ctx *ctx, const struct ssr_cookie *cookie)
{
    struct ssr_cookie_jar *jar = ssr_cookie_jar_of(ctx);
    struct ssr_cookie_cell *of_cookie =
        jar ? (struct ssr_cookie_cell *)ssr_scope_cell(ctx, &cookie->definition, sizeof *of_cookie) : NULL;
    if (!of_cookie)
        return NULL;
    struct ssr_cell *cell = &of_cookie->cell;
    if (cell->first_pass == UINT_MAX) /* known from the location before this one */
        ssr_cell_touch(ctx, cell);
    if (cell->committed)
        return of_cookie;
    const ssr_cookie_pair *pair = find_pair(jar, cookie->definition.name, 0);
    if (pair)
        expect_plaintext(ctx, cookie);
    const struct ssr_value *value = pair ? sent_value(ctx, cookie, pair) : NULL;
    if (ctx->fatal != SSR_OK)
        return NULL;
    cell->committed = value ? value : cookie->fallback;
    ssr_value_hold(cell->committed);
    return of_cookie;
}

static bool is_known(const struct ssr_ctx *ctx, const struct ssr_cookie *cookie)
{
    return cookie && cookie->definition.registry == ctx->registry;
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

static struct ssr_cell *read_cell(struct ssr_ctx *ctx, const struct ssr_cookie *cookie)
{
    if (ssr_enter(ctx, SSR_CALL_COOKIE_GET) != SSR_OK)
        return NULL;
    if (!is_known(ctx, cookie)) {
        ssr_answer(ctx, SSR_E_UNKNOWN_COOKIE);
        return NULL;
    }
    ctx->is_private = true;
    struct ssr_cookie_cell *of_cookie = resolve(ctx, cookie);
    return of_cookie && ssr_note_read(ctx, &of_cookie->cell) ? &of_cookie->cell : NULL;
}

const ssr_value *ssr_cookie_get(struct ssr_ctx *ctx, const struct ssr_cookie *cookie)
{
    struct ssr_cell *cell = read_cell(ctx, cookie);
    return cell ? cell->committed : NULL;
}

const ssr_value *ssr_cookie_use(struct ssr_ctx *ctx, const struct ssr_cookie *cookie)
{
    return ssr_cookie_get(ctx, cookie);
}

const char *ssr_cookie_get_string(struct ssr_ctx *ctx, const struct ssr_cookie *cookie)
{
    struct ssr_cell *cell = read_cell(ctx, cookie);
    return cell ? ssr_cell_string(ctx, cell) : NULL;
}

ssr_json ssr_cookie_get_json(struct ssr_ctx *ctx, const struct ssr_cookie *cookie)
{
    return ssr_value_json(ssr_cookie_get(ctx, cookie));
}

/* ---- Writing ---------------------------------------------------------------------------------------------------- */

static ssr_status refuse(struct ssr_ctx *ctx, const struct ssr_cookie *cookie, ssr_status status,
                         struct ssr_writer writer)
{
    return ssr_refuse(ctx, (struct ssr_refusal){.call = SSR_CALL_COOKIE_SET,
                                                .status = status,
                                                .definition = cookie ? &cookie->definition : NULL,
                                                .writer = writer});
}

/* Whether the cookie can be written, by writing it to nowhere. */
static ssr_status try_write(struct ssr_ctx *ctx, const struct ssr_cookie *cookie, const struct ssr_value *value,
                            const ssr_cookie_attributes *attributes)
{
    ssr_status status = value ? ssr_cookie_check_type(cookie, value->text) : SSR_OK;
    if (status != SSR_OK)
        return status;
    struct ssr_buffer scratch = {&ctx->budget, NULL, 0, 0};
    ssr_cookie_attributes complete = attributes ? ssr_cookie_complete(attributes) : cookie->attributes;
    size_t length;
    status = ssr_cookie_encode(cookie, value, &complete, ctx->now_ms, &scratch, NULL, 0, &length);
    ssr_buffer_free(&scratch);
    return status;
}

/*
 * Stages what a reader will see and makes the write; NULL: refused, or the render has failed. `value` is what is sent,
 * in anybody's memory; NULL: a deletion.
 */
static struct ssr_cookie_write *stage(struct ssr_ctx *ctx, struct ssr_cookie_cell *of_cookie,
                                      const struct ssr_value *value, const ssr_cookie_attributes *attributes,
                                      struct ssr_writer writer)
{
    const struct ssr_cookie *cookie = (const struct ssr_cookie *)of_cookie->cell.definition;
    const struct ssr_value *seen = cookie->fallback;
    ssr_status status = try_write(ctx, cookie, value, attributes);
    if (status != SSR_OK && !ssr_ends_render(status)) {
        refuse(ctx, cookie, status, writer);
        return NULL;
    }
    if (status == SSR_OK && value)
        seen = ssr_value_for(ctx, &of_cookie->cell, value->text, value->length);
    else if (status == SSR_OK && ssr_value_equal(seen, of_cookie->cell.committed))
        seen = of_cookie->cell.committed;
    struct ssr_cookie_write *write =
        status == SSR_OK && seen ? ssr_cookie_write_new(ctx, cookie, value ? seen : NULL, attributes) : NULL;
    if (!write) {
        ssr_fail_memory(ctx, status == SSR_OK ? ctx->budget.refusal : status, cookie->definition.name);
        return NULL;
    }
    if (ssr_stage(ctx, &of_cookie->cell, seen, writer) == SSR_OK)
        return write;
    ssr_cookie_write_drop(ctx, write);
    return NULL;
}

/* Whether a write is legal here and the cookie is one of this engine's; then its cell. */
static struct ssr_cookie_cell *begin_write(struct ssr_ctx *ctx, const struct ssr_cookie *cookie,
                                           struct ssr_writer writer)
{
    const struct ssr_cookie *known = is_known(ctx, cookie) ? cookie : NULL;
    if (ssr_enter_write(ctx, SSR_CALL_COOKIE_SET, known ? &known->definition : NULL, writer) != SSR_OK)
        return NULL;
    if (known) {
        expect_plaintext(ctx, known);
        return resolve(ctx, known);
    }
    refuse(ctx, NULL, SSR_E_UNKNOWN_COOKIE, writer);
    return NULL;
}

static ssr_status write_value(struct ssr_ctx *ctx, struct ssr_cookie_cell *of_cookie, const struct ssr_value *value,
                              const ssr_cookie_attributes *attributes, struct ssr_writer writer)
{
    struct ssr_cookie_write *write = stage(ctx, of_cookie, value, attributes, writer);
    if (write)
        ssr_cookie_note_written(ctx, of_cookie, write);
    return ctx->last;
}

ssr_status ssr_cookie_set_at(struct ssr_ctx *ctx, const struct ssr_cookie *cookie, ssr_input input,
                             const ssr_cookie_attributes *attributes, const char *file, int line)
{
    struct ssr_writer writer = {file, line};
    struct ssr_cookie_cell *of_cookie = begin_write(ctx, cookie, writer);
    struct ssr_builder *builder = of_cookie ? ssr_scope_borrow_builder(ctx) : NULL;
    if (!builder)
        return of_cookie ? ssr_fail_memory(ctx, ctx->budget.refusal, cookie->definition.name) : ctx->last;
    ssr_builder_input(builder, input);
    ssr_status status = ssr_builder_complete(builder);
    if (ssr_ends_render(status)) {
        ssr_fail_memory(ctx, status, cookie->definition.name);
    } else if (status != SSR_OK) {
        refuse(ctx, cookie, status, writer);
    } else {
        struct ssr_value value = {builder->out.data, builder->out.length, {0, 0}, NULL};
        write_value(ctx, of_cookie, &value, attributes, writer);
    }
    ssr_scope_return_builder(ctx, builder);
    return ctx->last;
}

ssr_status ssr_cookie_delete_at(struct ssr_ctx *ctx, const struct ssr_cookie *cookie, const char *file, int line)
{
    struct ssr_writer writer = {file, line};
    struct ssr_cookie_cell *of_cookie = begin_write(ctx, cookie, writer);
    return of_cookie ? write_value(ctx, of_cookie, NULL, NULL, writer) : ctx->last;
}

ssr_status ssr_cookie_stage_answer(struct ssr_ctx *ctx, const struct ssr_cookie *cookie, const struct ssr_value *value,
                                   const ssr_cookie_attributes *attributes, struct ssr_writer writer)
{
    ctx->seen_from = ctx->pass + 1;
    expect_plaintext(ctx, cookie);
    struct ssr_cookie_cell *of_cookie = resolve(ctx, cookie);
    struct ssr_cookie_write *write = of_cookie ? stage(ctx, of_cookie, value, attributes, writer) : NULL;
    if (write)
        ssr_cookie_note_outgoing(ctx, of_cookie, write);
    return ctx->fatal;
}

/* ---- Atoms that are kept in a cookie ----------------------------------------------------------------------------- */

/* Never NULL: ssr_engine_start has looked for it. */
static const struct ssr_cookie *cookie_of(const struct ssr_ctx *ctx, const struct ssr_atom_template *atom)
{
    return ssr_cookie_find(ctx->registry, atom->persist);
}

bool ssr_cookie_holds_value(const struct ssr_cookie_cell *of_cookie)
{
    const struct ssr_cookie *cookie = (const struct ssr_cookie *)of_cookie->cell.definition;
    return of_cookie->outgoing ? of_cookie->outgoing->value != NULL : of_cookie->cell.committed != cookie->fallback;
}

/* Between passes what a hook or loader has set is staged: the next pass sees it. */
static const struct ssr_value *held_value(const struct ssr_ctx *ctx, const struct ssr_cell *cell)
{
    return ctx->phase == SSR_IDLE && cell->staged ? cell->staged : cell->committed;
}

static bool load_atom(struct ssr_ctx *ctx, const struct ssr_atom_template *atom, struct ssr_builder *value)
{
    const struct ssr_cookie *cookie = cookie_of(ctx, atom);
    expect_plaintext(ctx, cookie); /* also of what the atom is given before it is saved */
    const struct ssr_cookie_cell *of_cookie = resolve(ctx, cookie);
    if (!of_cookie || !ssr_cookie_holds_value(of_cookie))
        return false;
    const struct ssr_value *held = held_value(ctx, &of_cookie->cell);
    ssr_builder_canonical(value, held->text, held->length);
    return true;
}

/* Whether the next request will begin with that value, as far as is known now. */
static bool holds(const struct ssr_cookie_cell *of_cookie, const struct ssr_atom_template *atom,
                  const struct ssr_value *value)
{
    const struct ssr_cell *cell = &of_cookie->cell;
    const struct ssr_value *kept = cell->staged ? cell->staged : cell->committed;
    bool is_absent = of_cookie->written ? !of_cookie->written->value : !ssr_cookie_holds_value(of_cookie);
    return ssr_value_equal(is_absent ? &atom->fallback.value : kept, value);
}

/* In a render as the page's set, between passes as a loader's. */
static ssr_status save_atom(struct ssr_ctx *ctx, const struct ssr_atom_template *atom, const struct ssr_value *value,
                            bool is_change, struct ssr_writer writer)
{
    const struct ssr_cookie *cookie = cookie_of(ctx, atom);
    expect_plaintext(ctx, cookie);
    struct ssr_cookie_cell *of_cookie = resolve(ctx, cookie);
    if (!of_cookie) /* GCOVR_EXCL_BR_LINE: before an atom is written it is loaded, which makes the cell */
        return ctx->fatal;
    if (!is_change && !ssr_frame_reads(ctx, &ctx->frames.always)) /* looks at what the pass has staged before */
        return ctx->fatal;
    if (!is_change && holds(of_cookie, atom, value))
        return SSR_OK;
    ssr_status status = try_write(ctx, cookie, value, NULL);
    if (status != SSR_OK)
        return status;
    if (ctx->phase == SSR_IDLE)
        return ssr_cookie_stage_answer(ctx, cookie, value, NULL, writer);
    return write_value(ctx, of_cookie, value, NULL, writer);
}

const struct ssr_atom_persistence ssr_cookie_persistence = {load_atom, save_atom};
