/*
 * The end of a render: document, transfer element and result of the last completed pass. What always holds: the
 * document and the transferred values are those of the same pass; when they cannot be made, there is no document.
 */
#include "cookie/cookie_internal.h"
#include "engine/render_internal.h"

#include <string.h>

/* Writes the element that carries `value`, with its NUL. */
static ssr_status make_element(struct ssr_render *render, const ssr_value *value)
{
    static const char id[] = "__SSRSTORE__";
    struct ssr_buffer *element = &render->transfer;
    ssr_status status = ssr_buffer_reserve(element, value->length + 128); /* enough when nothing is escaped */
    if (status != SSR_OK)
        return status;
    size_t length = ssr_value_embed(value, id, element->data, element->capacity);
    if (length >= element->capacity) {
        status = ssr_buffer_reserve(element, length + 1);
        if (status != SSR_OK)
            return status;
        ssr_value_embed(value, id, element->data, element->capacity);
    }
    element->length = length;
    return SSR_OK;
}

/* Puts the element where the page wanted it, and a NUL after the document. */
static ssr_status complete_html(struct ssr_render *render)
{
    struct ssr_buffer *html = &render->kept.html;
    size_t at = render->kept.transfer_at, length = render->transfer.length;
    ssr_status status = ssr_buffer_reserve(html, length + 1);
    if (status != SSR_OK)
        return status;
    if (at != SSR_NO_TRANSFER) {
        memmove(html->data + at + length, html->data + at, html->length - at);
        memcpy(html->data + at, render->transfer.data, length);
        html->length += length;
    }
    html->data[html->length] = '\0';
    return SSR_OK;
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
    if (status == SSR_OK)
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
    result->html = render->kept.html.data;
    result->html_length = render->kept.html.length;
    result->transfer = render->transfer.data;
    result->transfer_length = render->transfer.length;
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
    result->html = result->transfer = result->data = "";
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
    ssr_record_send(&render->record, &render->out.html);
}
