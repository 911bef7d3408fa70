/*
 * The end of a render: document, transfer element and result of the last completed pass. What always holds: the
 * document and the transferred values are those of the same pass; when they cannot be made, there is no document.
 */
#include "cookie/cookie_internal.h"
#include "engine/render_internal.h"
#include "ssrstore/recycler_internal.h"

#include <string.h>

static const char no_text[] = "";

/* Writes the element that carries `value`, with its NUL, into the memory of the pass. */
static ssr_status make_element(struct ssr_render *render, const ssr_value *value)
{
    static const char id[] = "__SSRSTORE__";
    struct ssr_region *region = &render->ctx.memory->region;
    size_t size = value->length + 128; /* enough when nothing is escaped */
    render->transfer = ssr_region_take(region, size);
    if (!render->transfer)
        return region->budget->refusal;
    render->transfer_length = ssr_value_embed(value, id, render->transfer, size);
    if (render->transfer_length < size)
        return SSR_OK;
    size = render->transfer_length + 1;
    render->transfer = ssr_region_take(region, size);
    if (!render->transfer)
        return region->budget->refusal;
    ssr_value_embed(value, id, render->transfer, size);
    return SSR_OK;
}

/* Puts the element where the page wanted it, and a NUL after the document. */
static ssr_status complete_html(struct ssr_render *render)
{
    struct ssr_buffer *html = &render->kept.html;
    size_t at = render->kept.transfer_at, length = render->transfer_length;
    ssr_status status = ssr_buffer_reserve(html, length + 1);
    if (status != SSR_OK)
        return status;
    if (at != SSR_NO_TRANSFER) {
        memmove(html->data + at + length, html->data + at, html->length - at);
        memcpy(html->data + at, render->transfer, length);
        html->length += length;
    }
    html->data[html->length] = '\0';
    return SSR_OK;
}

static void add_segment(struct ssr_render *render, const char *bytes, size_t length)
{
    if (length > 0)
        render->segments[render->result.segment_count++] = (ssr_segment){bytes, length};
    render->result.html_length += length;
}

/* The document as it lies, with the element where the page wanted it. */
static void cut_segments(struct ssr_render *render)
{
    const struct ssr_buffer *html = &render->kept.html;
    bool has_element = render->request.in_segments && render->kept.transfer_at != SSR_NO_TRANSFER;
    size_t at = has_element ? render->kept.transfer_at : html->length;
    add_segment(render, html->data, at);
    if (has_element)
        add_segment(render, render->transfer, render->transfer_length);
    add_segment(render, html->data + at, html->length - at);
    render->result.segments = render->segments;
}

/* Into the other output, which no pass needs any more. */
const char *ssr_render_html(struct ssr_render *render)
{
    ssr_result *result = &render->result;
    if (render->state != SSR_STATE_ENDED)
        return NULL;
    if (!render->request.in_segments || !result->has_document || result->html != no_text)
        return result->html;
    struct ssr_buffer *html = &render->out.html;
    html->length = 0;
    if (ssr_buffer_reserve(html, result->html_length + 1) != SSR_OK)
        return NULL;
    for (size_t i = 0; i < result->segment_count; i++)
        ssr_buffer_append(html, result->segments[i].bytes, result->segments[i].length);
    html->data[html->length] = '\0';
    return result->html = html->data;
}

/* Document and transfer element of the last completed pass. */
static bool make_document(struct ssr_render *render)
{
    struct ssr_ctx *ctx = &render->ctx;
    const ssr_config *config = &render->engine->config;
    ctx->cell_cap = SIZE_MAX;
    struct ssr_transfer transfer = {.ctx = ctx,
                                    .last_pass = render->completed,
                                    .encode = config->encode,
                                    .encode_arg = config->encode_arg,
                                    .add_queries = ssr_loads_transfer,
                                    .queries_arg = render};
    const ssr_value *value = ssr_transfer_value(&transfer);
    if (!value)
        return false;
    render->data = value;
    if (render->request.data_only)
        return true;
    ssr_status status = make_element(render, value);
    if (status == SSR_OK && !render->request.in_segments)
        status = complete_html(render);
    if (status != SSR_OK)
        ssr_fail_memory(ctx, status, "the document");
    return status == SSR_OK;
}

/* Takes the error out of the scope, which can then serve the end of the render. */
static void move_error(struct ssr_render *render)
{
    struct ssr_ctx *ctx = &render->ctx;
    if (ctx->fatal == SSR_OK)
        return;
    render->result.error_status = ctx->fatal;
    memcpy(render->error, ctx->error, sizeof render->error);
    ctx->fatal = SSR_OK;
}

static bool is_cacheable(const struct ssr_render *render)
{
    return render->request.cacheable && render->outcome == SSR_SETTLED && !render->ctx.is_private &&
           render->followed_total == 0 && render->result.set_cookie_count == 0;
}

static int response_status(const struct ssr_render *render, bool is_complete)
{
    if (render->outcome == SSR_REDIRECT)
        return render->kept.redirect_status;
    return is_complete ? render->kept.status : 500;
}

static void fill_document(struct ssr_render *render)
{
    ssr_result *result = &render->result;
    result->has_document = !render->request.data_only;
    result->data = render->data->text;
    result->data_length = render->data->length;
    if (!result->has_document)
        return;
    if (!render->request.in_segments)
        result->html = render->kept.html.data;
    cut_segments(render);
    result->transfer = render->transfer;
    result->transfer_length = render->transfer_length;
}

static void fill_result(struct ssr_render *render, bool is_complete)
{
    ssr_result *result = &render->result;
    result->outcome = render->outcome;
    result->passes = render->ctx.pass;
    result->rerenders = render->all_rerenders;
    result->query_passes = render->all_query_passes;
    result->refused = render->ctx.refused;
    result->status = response_status(render, is_complete);
    result->location = render->ctx.location;
    result->cache_control = is_cacheable(render) ? "public" : "private, no-store";
    result->error = render->error;
    result->html = no_text;
    result->transfer = result->data = "";
    if (is_complete || render->outcome == SSR_REDIRECT) {
        result->headers = render->kept.headers;
        result->header_count = render->kept.header_count;
    }
    if (render->outcome == SSR_REDIRECT)
        result->redirect_to = render->kept.redirect_to;
    if (is_complete)
        fill_document(render);
}

void ssr_finish_render(struct ssr_render *render)
{
    move_error(render);
    render->ctx.budget.cap = SIZE_MAX; /* what was made within the limits may be handed over */
    render->result.set_cookies = ssr_cookies_flush(&render->ctx, &render->result.set_cookie_count);
    bool is_complete = render->completed > 0 && ssr_outcome_has_document(render->outcome) && make_document(render);
    if (render->ctx.fatal != SSR_OK) /* making the document failed */
        render->outcome = render->ctx.fatal_is_limit ? SSR_LIMITED : SSR_FAILED;
    move_error(render);
    ssr_atoms_end(&render->ctx);
    fill_result(render, is_complete);
    if (is_complete)
        ssr_recycler_note_page(render->request.recycler, render->kept.html.length);
    ssr_record_send(&render->record, &render->out.html);
}
