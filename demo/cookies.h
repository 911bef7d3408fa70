/* demo/cookies.h - the cookies of the site, and what they mean. */
#ifndef DEMO_COOKIES_H
#define DEMO_COOKIES_H

#include "cookie/cookie.h"

struct cookies {
    bool is_secure; /* visitors come by https: every cookie is Secure */

    ssr_cookie *theme;   /* "dark", "light" or "auto"; scripts may read it */
    ssr_cookie *session; /* {"user":string,"since":milliseconds}, sealed; null: nobody is signed in */
    ssr_cookie *flash;   /* a message for the next page, signed; null: none */
    ssr_cookie *biscuit; /* a word, for the pages below /cookies */
};

/* Defines them. An error is the registry's: ssr_engine_start answers it. */
void cookies_define(ssr_registry *registry, bool is_secure, struct cookies *cookies);

/* The theme of that name, or NULL: there is none. */
const char *cookies_find_theme(const char *name);

/* The theme that holds: whatever the browser sends, one of the three. */
const char *cookies_theme(ssr_ctx *ctx, const struct cookies *cookies);

/* Who is signed in, borrowed until the callback returns; NULL: nobody. since: NULL, or receives when that was. */
const char *cookies_user(ssr_ctx *ctx, const struct cookies *cookies, int64_t *since_ms);

/* The flash message; NULL: none. */
const char *cookies_flash(ssr_ctx *ctx, const struct cookies *cookies);

/* Makes the browser forget it, and this request not: every pass shows it, and none is spent on it. */
void cookies_forget_flash(ssr_ctx *ctx, const struct cookies *cookies);

#endif
