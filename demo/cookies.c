/*
 * demo/cookies.c - the cookies, and the reading of them. A theme is the visitor's to change, so whatever is none of
 * the three reads as "auto"; a session is sealed and a flash message signed, so what can be read of them was written
 * by this site.
 */
#include "demo/cookies.h"

#include <string.h>

enum { YEAR = 365 * 24 * 60 * 60, MINUTES_5 = 5 * 60 };

void cookies_define(ssr_registry *registry, bool is_secure, struct cookies *cookies)
{
    const ssr_cookie_attributes plain = {.secure = is_secure}, hidden = {.secure = is_secure, .http_only = true};
    ssr_cookie_options theme = {.attributes = plain, .fallback_string = "auto", .show_value = true};
    ssr_cookie_options session = {.attributes = hidden, .encoding = SSR_COOKIE_JSON, .protection = SSR_COOKIE_SEALED};
    ssr_cookie_options flash = {.attributes = hidden, .protection = SSR_COOKIE_SIGNED};
    ssr_cookie_options biscuit = {.attributes = plain, .encoding = SSR_COOKIE_PERCENT, .show_value = true};

    theme.attributes.max_age = YEAR;
    flash.attributes.max_age = MINUTES_5;
    cookies->is_secure = is_secure;
    cookies->theme = ssr_cookie_define(registry, "theme", &theme);
    cookies->session = ssr_cookie_define(registry, is_secure ? "__Host-session" : "session", &session);
    cookies->flash = ssr_cookie_define(registry, "flash", &flash);
    cookies->biscuit = ssr_cookie_define(registry, "biscuit", &biscuit);
}

const char *cookies_find_theme(const char *name)
{
    static const char *const themes[] = {"dark", "light", "auto"};

    for (size_t i = 0; i < sizeof themes / sizeof *themes; i++) {
        if (strcmp(themes[i], name) == 0)
            return themes[i];
    }
    return NULL;
}

const char *cookies_theme(ssr_ctx *ctx, const struct cookies *cookies)
{
    const char *sent = ssr_cookie_get_string(ctx, cookies->theme);
    const char *theme = sent ? cookies_find_theme(sent) : NULL;

    return theme ? theme : "auto";
}

const char *cookies_user(ssr_ctx *ctx, const struct cookies *cookies, int64_t *since_ms)
{
    ssr_json session = ssr_cookie_get_json(ctx, cookies->session);

    if (since_ms)
        ssr_json_integer(ssr_json_at(session, "/since"), since_ms);
    return ssr_string(ctx, ssr_json_at(session, "/user"));
}

const char *cookies_flash(ssr_ctx *ctx, const struct cookies *cookies)
{
    return ssr_cookie_get_string(ctx, cookies->flash);
}

/*
 * ssr_cookie_delete would stage the deletion: the next pass would find no message, and as that is a change for whoever
 * reads it, there would be a next pass, whose document shows none. A cookie sent by hand is for the browser alone: this
 * request goes on reading the message. A hook that moves the message into a store would do as well, one step earlier:
 * it costs a turn of the pool for every such request, and the message is gone even if the page then redirects.
 */
void cookies_forget_flash(ssr_ctx *ctx, const struct cookies *cookies)
{
    const ssr_set_cookie deletion = {.name = ssr_cookie_name(cookies->flash),
                                     .path = "/",
                                     .secure = cookies->is_secure,
                                     .http_only = true,
                                     .same_site = SSR_SAME_SITE_LAX,
                                     .is_deletion = true};

    ssr_cookie_send(ctx, &deletion);
}
