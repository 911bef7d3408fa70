/*
 * demo/posts.c - signing in and out. What always holds: nothing happens to a visitor because of a form on somebody
 * else's site; and a form that was accepted is answered with 303 and its cookies, so that reloading the next page
 * posts nothing again.
 */
#include "demo/posts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "demo/form.h"
#include "demo/routes.h"

enum { LONGEST_NAME = 40, LINE_SIZE = 8192 };

/* ---- Who posts what ---------------------------------------------------------------------------------------------- */

/* "http://" and the Host of this request. By https nothing less will do: a form on a page without it may be anybody's.
 */
static bool is_own_origin(const struct request *request, bool is_secure)
{
    const char *origin = request->origin;

    if (strncasecmp(origin, "https://", 8) == 0)
        origin += 8;
    else if (!is_secure && strncasecmp(origin, "http://", 7) == 0)
        origin += 7;
    else
        return false;
    return request->host && strcasecmp(origin, request->host) == 0;
}

/* Browsers say where a form is, in one way or both, and scripts cannot lie there. Who says nothing is no browser. */
static bool is_from_here(const struct request *request, bool is_secure)
{
    if (request->fetch_site && strcmp(request->fetch_site, "same-origin") != 0)
        return false;
    return !request->origin || is_own_origin(request, is_secure);
}

/* RFC 9110 8.3.1: in any case, parameters aside. Nothing at all needs no type. */
static bool is_form(const struct request *request)
{
    static const char form[] = "application/x-www-form-urlencoded";
    const char *type = request->content_type;

    if (!type)
        return request->length == 0 && !request->is_too_large;
    return strncasecmp(type, form, sizeof form - 1) == 0 &&
           (!type[sizeof form - 1] || strchr("; \t", type[sizeof form - 1]));
}

void posts_answer(struct response *response, const struct request *request, int64_t now_ms)
{
    if (!is_from_here(request, response->visit.cookies->is_secure))
        response_refuse(response, 403, "A form of another site cannot be used here.\n");
    else if (!is_form(request))
        response_refuse(response, 415, "A form is sent as application/x-www-form-urlencoded.\n");
    else if (request->is_too_large)
        response_refuse(response, 413, "A form has at most 4096 bytes here.\n");
    else
        response->visit.route->post(response, request, now_ms);
}

/* ---- Answers ----------------------------------------------------------------------------------------------------- */

/* value NULL: deletes it. */
static bool add_cookie(struct response *response, const ssr_cookie *cookie, const ssr_input *value, int64_t now_ms)
{
    char line[LINE_SIZE];
    size_t length;

    return ssr_cookie_write(cookie, value, NULL, now_ms, line, sizeof line, &length) == SSR_OK &&
           length < sizeof line && response_add_cookie(response, line);
}

/* For the page that comes next. */
static bool add_flash(struct response *response, const char *text, int64_t now_ms)
{
    ssr_input flash = ssr_input_string(text);

    return add_cookie(response, response->visit.cookies->flash, &flash, now_ms);
}

/* To a path of the site that the visitor is in; has_cookies: all that should go along does. */
static void lead_on(struct response *response, const char *path, bool has_cookies)
{
    if (!has_cookies) {
        response_refuse(response, 500, "Something went wrong on our side.\n");
        return;
    }
    snprintf(response->next, sizeof response->next, "%s%s", response->visit.root, path);
    response->redirect_to = response->next;
    response->cache_control = "no-store";
    response->status = 303;
}

/* ---- Handlers ---------------------------------------------------------------------------------------------------- */

static bool add_session(struct response *response, const struct field *name, int64_t now_ms)
{
    ssr_builder *session = ssr_builder_new(NULL);
    bool is_added;

    if (!session)
        return false;
    ssr_builder_begin_object(session);
    ssr_builder_key(session, "user");
    ssr_builder_string_n(session, name->text, name->length);
    ssr_builder_key(session, "since");
    ssr_builder_integer(session, now_ms);
    ssr_builder_end_object(session);
    ssr_input value = ssr_input_built(session);

    is_added = add_cookie(response, response->visit.cookies->session, &value, now_ms);
    ssr_builder_free(session);
    return is_added;
}

void post_sign_in(struct response *response, const struct request *request, int64_t now_ms)
{
    struct field name = {.length = 0};
    char word[sizeof "Welcome, ." + sizeof name.text];

    form_find(request->body, request->length, "name", &name);
    form_trim(&name);
    if (!form_is_line(&name, LONGEST_NAME)) {
        response->visit.refusal = "A name here has 1 to 40 characters, and no control characters among them.";
        return;
    }
    snprintf(word, sizeof word, "Welcome, %s.", name.text);
    lead_on(response, "/account", add_session(response, &name, now_ms) && add_flash(response, word, now_ms));
}

/* The deletion last: curl takes back from its jar what it has deleted when another cookie follows (seen in 7.88). */
void post_sign_out(struct response *response, const struct request *request, int64_t now_ms)
{
    (void)request;
    lead_on(response, "/",
            add_flash(response, "You have signed out.", now_ms) &&
                add_cookie(response, response->visit.cookies->session, NULL, now_ms));
}
