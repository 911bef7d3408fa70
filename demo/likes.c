/*
 * demo/likes.c - an atom that a cookie keeps. No page changes it: the browser does, and tells the cookie (browser/
 * likes.js), so that the next request begins with what the last page showed. What always holds: the atom is a whole
 * number from 0 to MOST, whatever the cookie says.
 */
#include "demo/likes.h"

#include "cookie/cookie.h"

enum { YEAR = 365 * 24 * 60 * 60, MOST = 9999 };

/* Zero for what is no count: visitors can write into their cookies what they like. */
static ssr_status take_count(ssr_draft *next, ssr_json old, const ssr_atom *atom, void *arg)
{
    int64_t count;

    (void)old, (void)atom, (void)arg;
    if (ssr_json_integer(ssr_draft_get(next, ""), &count) == SSR_OK && count >= 0 && count <= MOST)
        return SSR_OK;
    return ssr_draft_set(next, "", ssr_input_json("0"));
}

const ssr_atom_template *likes_define(ssr_registry *registry, bool is_secure)
{
    const ssr_cookie_options kept = {.attributes = {.secure = is_secure, .max_age = YEAR},
                                     .encoding = SSR_COOKIE_JSON,
                                     .fallback_json = "0",
                                     .show_value = true};

    ssr_cookie_define(registry, "likes", &kept);
    return ssr_atom_define(registry, "likes",
                           &(ssr_atom_options){.default_json = "0", .before_update = take_count, .persist = "likes"});
}

void likes_write(ssr_ctx *ctx, const ssr_atom_template *likes)
{
    ssr_html(ctx, "<p class=\"likes\">Likes from you: <output>");
    ssr_text_json(ctx, ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), likes)));
    ssr_html(ctx, "</output> <button type=\"button\">Like</button></p>");
}
