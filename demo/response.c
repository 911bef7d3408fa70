/*
 * demo/response.c - the header lines of an answer, in one place, so that --once and the server cannot differ.
 */
#include "demo/response.h"

#include <stdlib.h>
#include <string.h>

/* Nothing but our own files: pages carry no script that runs, and inline JSON needs no permission. */
static const char page_policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                                  "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
static const char script_policy[] = "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; "
                                    "form-action 'none'; frame-ancestors 'none'";

static const struct {
    const char *name, *value;
} security_headers[] = {
    {"X-Content-Type-Options", "nosniff"},
    /* To our own pages alone; without one a browser would post our forms with "Origin: null" (posts.c). */
    {"Referrer-Policy", "same-origin"},
};

struct response *response_new(const struct request *request)
{
    struct response *response = calloc(1, sizeof *response);

    if (response)
        response->request = request;
    return response;
}

void response_free(struct response *response)
{
    if (!response)
        return;
    ssr_render_free(response->render);
    for (size_t i = 0; i < response->set_cookie_count; i++)
        free(response->set_cookies[i]);
    free(response->visit.noted.server_timing);
    free(response->own_body);
    free(response);
}

void response_refuse(struct response *response, int status, const char *text)
{
    response->status = status;
    response->content_type = "text/plain; charset=utf-8";
    response->cache_control = "no-store";
    response->body = text;
    response->length = strlen(text);
}

void response_own_body(struct response *response, char *body, size_t length)
{
    free(response->own_body);
    response->own_body = body;
    response->body = body;
    response->length = length;
}

bool response_add_cookie(struct response *response, const char *line)
{
    char *copy = response->set_cookie_count < SET_COOKIES ? strdup(line) : NULL;

    if (copy)
        response->set_cookies[response->set_cookie_count++] = copy;
    return copy;
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
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    default: return "Internal Server Error";
    }
}

/* Its digits, somewhere in the text; for what is written in every answer, printf would be slow. */
static const char *count_text(unsigned count, char text[16])
{
    char *start = text + 15;

    *start = '\0';
    do
        *--start = (char)('0' + count % 10);
    while ((count /= 10) > 0);
    return start;
}

/* How it was rendered; NULL: it was not, as a file. */
static void render_headers(const ssr_result *result, header_fn each, void *arg)
{
    char passes[16];

    each(arg, "X-Ssr-Passes", count_text(result ? result->passes : 0, passes));
    each(arg, "X-Ssr-Outcome", result ? ssr_outcome_name(result->outcome) : "none");
}

/* What was said by the page. */
static void result_headers(const ssr_result *result, header_fn each, void *arg)
{
    for (size_t i = 0; i < result->header_count; i++)
        each(arg, result->headers[i].name, result->headers[i].value);
    for (size_t i = 0; i < result->set_cookie_count; i++)
        each(arg, "Set-Cookie", result->set_cookies[i]);
}

void response_headers(const struct response *response, header_fn each, void *arg)
{
    const ssr_result *result = response->render ? ssr_render_result(response->render) : NULL;

    if (response->redirect_to)
        each(arg, "Location", response->redirect_to);
    if (response->allow)
        each(arg, "Allow", response->allow);
    if (response->content_type)
        each(arg, "Content-Type", response->content_type);
    each(arg, "Cache-Control", response->cache_control);
    each(arg, "Content-Security-Policy", response->runs_script ? script_policy : page_policy);
    for (size_t i = 0; i < sizeof security_headers / sizeof *security_headers; i++)
        each(arg, security_headers[i].name, security_headers[i].value);
    for (size_t i = 0; i < response->set_cookie_count; i++)
        each(arg, "Set-Cookie", response->set_cookies[i]);
    if (response->visit.noted.server_timing)
        each(arg, "Server-Timing", response->visit.noted.server_timing);
    if (result)
        result_headers(result, each, arg);
    render_headers(result, each, arg);
}
