/*
 * Status, headers and redirects of the running pass. What always holds: nothing that could end a header line or
 * begin another is ever kept.
 */
#include "engine/response.h"

#include <string.h>
#include <strings.h>

#include "engine/render_internal.h"

static struct ssr_output *output_of(struct ssr_ctx *ctx)
{
    return &((struct ssr_render *)ctx)->out;
}

bool ssr_is_http_status(int status)
{
    return status >= 200 && status <= 599;
}

static ssr_status take_status(struct ssr_ctx *ctx, int status);

static ssr_status replay_status(struct ssr_ctx *ctx, const struct ssr_effect *effect)
{
    return take_status(ctx, (int)effect->number);
}

static ssr_status take_status(struct ssr_ctx *ctx, int status)
{
    output_of(ctx)->status = status;
    ssr_frame_effect(ctx, (struct ssr_effect){.replay = replay_status, .number = (size_t)status});
    return ctx->fatal;
}

ssr_status ssr_set_status(struct ssr_ctx *ctx, int status)
{
    if (ssr_enter_unplaced(ctx, SSR_CALL_STATUS) != SSR_OK)
        return ctx->last;
    if (!ssr_is_http_status(status))
        return ssr_refuse_unplaced(ctx, SSR_CALL_STATUS, SSR_E_BAD_STATUS);
    return take_status(ctx, status);
}

/* ---- Headers ---------------------------------------------------------------------------------------------------- */

/* RFC 9110 5.6.2. */
static bool is_token(const char *name)
{
    static const char tchars[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    return name && *name && name[strspn(name, tchars)] == '\0';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* RFC 9110 5.5. */
static bool is_field_value(const char *value)
{
    if (!value || is_blank(*value) || (*value && is_blank(value[strlen(value) - 1])))
        return false;
    for (const char *p = value; *p; p++)
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
            return false;
    return true;
}

static bool is_reserved(const char *name)
{
    static const char *const names[] = {"Set-Cookie", "Content-Length", "Transfer-Encoding", "Location"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

/* The place of a header of that name, or a new one; NULL: no memory. */
static ssr_header *header_place(struct ssr_ctx *ctx, struct ssr_output *out, const char *name)
{
    for (size_t i = 0; i < out->header_count; i++)
        if (strcasecmp(out->headers[i].name, name) == 0)
            return &out->headers[i];
    ssr_header *headers =
        ssr_grow(&ctx->budget, out->headers, &out->header_capacity, out->header_count + 1, sizeof *headers);
    if (!headers)
        return NULL;
    out->headers = headers;
    headers[out->header_count].name = NULL;
    return &headers[out->header_count];
}

ssr_status ssr_check_header(const char *name, const char *value)
{
    if (!is_token(name) || !is_field_value(value))
        return SSR_E_BAD_HEADER;
    return is_reserved(name) ? SSR_E_RESERVED_HEADER : SSR_OK;
}

ssr_status ssr_output_set_header(struct ssr_ctx *ctx, struct ssr_output *out, const char *name, const char *value)
{
    const char *name_copy = ssr_region_copy(&out->region, name, strlen(name));
    const char *value_copy = name_copy ? ssr_region_copy(&out->region, value, strlen(value)) : NULL;
    ssr_header *header = value_copy ? header_place(ctx, out, name) : NULL;
    if (!header)
        return ssr_fail_memory(ctx, ctx->budget.refusal, "a header");
    out->header_count += header->name == NULL;
    *header = (ssr_header){name_copy, value_copy};
    return SSR_OK;
}

static ssr_status take_header(struct ssr_ctx *ctx, const char *name, const char *value);

static ssr_status replay_header(struct ssr_ctx *ctx, const struct ssr_effect *effect)
{
    return take_header(ctx, effect->what, effect->more);
}

/* The texts of the effect are those of the output, which lives as long as the next pass may want them. */
static ssr_status take_header(struct ssr_ctx *ctx, const char *name, const char *value)
{
    struct ssr_output *out = output_of(ctx);
    if (ssr_output_set_header(ctx, out, name, value) != SSR_OK)
        return ctx->fatal;
    const ssr_header *header = header_place(ctx, out, name);
    ssr_frame_effect(ctx, (struct ssr_effect){.replay = replay_header,
                                              .is_same = ssr_effects_say_the_same,
                                              .what = header->name,
                                              .more = header->value});
    return ctx->fatal;
}

ssr_status ssr_set_header(struct ssr_ctx *ctx, const char *name, const char *value)
{
    if (ssr_enter_unplaced(ctx, SSR_CALL_HEADER) != SSR_OK)
        return ctx->last;
    ssr_status status = ssr_check_header(name, value);
    if (status != SSR_OK)
        return ssr_refuse_unplaced(ctx, SSR_CALL_HEADER, status);
    return take_header(ctx, name, value);
}

/* ---- Redirects -------------------------------------------------------------------------------------------------- */

static bool is_redirect_status(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool is_visible_ascii(const char *text)
{
    for (const char *p = text; *p; p++)
        if (*p <= 0x20 || *p >= 0x7f)
            return false;
    return true;
}

/* A path of this site. Browsers take "//x" and "/\x" for another host. */
static bool is_path(const char *path)
{
    return path[0] == '/' && path[1] != '/' && path[1] != '\\';
}

static bool is_web_url(const char *url)
{
    size_t scheme = strncasecmp(url, "http://", 7) == 0 ? 7 : strncasecmp(url, "https://", 8) == 0 ? 8 : 0;
    return scheme > 0 && url[scheme] != '\0' && url[scheme] != '/' && url[scheme] != '\\';
}

static ssr_status redirect(struct ssr_ctx *ctx, const char *to, int status, bool (*is_form)(const char *))
{
    if (ssr_enter_unplaced(ctx, SSR_CALL_REDIRECT) != SSR_OK)
        return ctx->last;
    status = status == 0 ? 302 : status;
    if (!to || !is_redirect_status(status) || !is_visible_ascii(to) || !is_form(to))
        return ssr_refuse_unplaced(ctx, SSR_CALL_REDIRECT, SSR_E_BAD_REDIRECT);
    struct ssr_output *out = output_of(ctx);
    const char *copy = ssr_region_copy(&out->region, to, strlen(to));
    if (!copy)
        return ssr_fail_memory(ctx, ctx->budget.refusal, "a redirect");
    out->redirect_to = copy;
    out->redirect_status = status;
    return SSR_OK;
}

ssr_status ssr_redirect(struct ssr_ctx *ctx, const char *path, int status)
{
    return redirect(ctx, path, status, is_path);
}

ssr_status ssr_redirect_external(struct ssr_ctx *ctx, const char *url, int status)
{
    return redirect(ctx, url, status, is_web_url);
}
