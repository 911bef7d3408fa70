/*
 * demo/response.c - the header lines of an answer, in one place, so that --once and the server cannot differ.
 */
#include "demo/response.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nothing but our own style sheet and icon: pages carry no script that runs, and inline JSON needs no permission. */
static const struct {
    const char *name, *value;
} security_headers[] = {
    {"Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
                                "form-action 'self'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
};

struct response *response_new(const char *target)
{
    size_t size = strlen(target) + 1;
    struct response *response = calloc(1, sizeof *response + size);

    if (response)
        memcpy(response->target, target, size);
    return response;
}

void response_free(struct response *response)
{
    if (!response)
        return;
    ssr_render_free(response->render);
    free(response);
}

const char *response_reason(int status)
{
    switch (status) {
    case 200: return "OK";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 404: return "Not Found";
    case 503: return "Service Unavailable";
    default: return "Internal Server Error";
    }
}

/* What was said by the page, and how it was rendered. */
static void result_headers(const ssr_result *result, header_fn each, void *arg)
{
    char passes[16];

    for (size_t i = 0; i < result->header_count; i++)
        each(arg, result->headers[i].name, result->headers[i].value);
    snprintf(passes, sizeof passes, "%u", result->passes);
    each(arg, "X-Ssr-Passes", passes);
    each(arg, "X-Ssr-Outcome", ssr_outcome_name(result->outcome));
}

void response_headers(const struct response *response, header_fn each, void *arg)
{
    const ssr_result *result = response->render ? ssr_render_result(response->render) : NULL;

    if (response->redirect_to)
        each(arg, "Location", response->redirect_to);
    if (response->content_type)
        each(arg, "Content-Type", response->content_type);
    each(arg, "Cache-Control", response->cache_control);
    for (size_t i = 0; i < sizeof security_headers / sizeof *security_headers; i++)
        each(arg, security_headers[i].name, security_headers[i].value);
    if (result)
        result_headers(result, each, arg);
}
