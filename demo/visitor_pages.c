/*
 * demo/visitor_pages.c - the pages about the visitor: a theme, a sign-in, an account. What the header shows of them is
 * known from the address, so all their passes are for cookies. Forms are posted to posts.c.
 */
#include "demo/form.h"
#include "demo/pages.h"

/* ---- /theme ------------------------------------------------------------------------------------------------------ */

/* What the address asks for, if it does. */
static void set_theme(ssr_ctx *ctx, const struct visit *visit)
{
    struct field wanted;
    const char *theme;

    if (!form_find_in_query(ssr_location(ctx), "set", &wanted))
        return;
    theme = cookies_find_theme(wanted.text);
    if (theme) {
        ssr_cookie_set(ctx, visit->cookies->theme, ssr_input_string(theme));
        return;
    }
    ssr_set_status(ctx, 400);
    ssr_set_string(ctx, visit->stores->notice, "There is no such theme: choose one of the three below.");
}

static void write_choice(ssr_ctx *ctx, const char *theme, const char *label, const char *current)
{
    ssr_html(ctx, "<li><a href=\"/theme?set=");
    ssr_attr(ctx, theme);
    ssr_html(ctx, "\"");
    if (cookies_find_theme(current) == cookies_find_theme(theme))
        ssr_html(ctx, " aria-current=\"true\"");
    ssr_html(ctx, ">");
    ssr_text(ctx, label);
    ssr_html(ctx, "</a></li>\n");
}

ssr_status page_theme(ssr_ctx *ctx, struct visit *visit)
{
    const char *current = cookies_theme(ctx, visit->cookies);

    set_theme(ctx, visit);
    ssr_html(ctx, "<ul class=\"choices\">\n");
    write_choice(ctx, "light", "Light", current);
    write_choice(ctx, "dark", "Dark", current);
    write_choice(ctx, "auto", "As my system", current);
    return ssr_html(
        ctx, "</ul>\n"
             "<p>The first line of this document says which theme the style sheet is to follow, and it is written "
             "long before the page has read the address. So a new theme takes two passes: the page sets the cookie "
             "in the first, and in the second the whole document has it. There is no redirect and no flicker.</p>\n"
             "<p>Choose the theme that you have, and one pass is enough. The cookie is sent all the same, so that it "
             "lives for another year.</p>\n");
}

/* ---- /sign-in ---------------------------------------------------------------------------------------------------- */

ssr_status page_sign_in(ssr_ctx *ctx, struct visit *visit)
{
    if (visit->refusal) {
        ssr_set_status(ctx, 400);
        ssr_html(ctx, "<p class=\"failure\">");
        ssr_text(ctx, visit->refusal);
        ssr_html(ctx, "</p>\n");
    }
    return ssr_html(
        ctx,
        "<form method=\"post\" action=\"/sign-in\">\n<label for=\"name\">Your name</label>\n"
        "<input id=\"name\" name=\"name\" maxlength=\"40\" autocomplete=\"nickname\" required>\n"
        "<button>Sign in</button>\n</form>\n"
        "<p>There is no password: this site believes you. What it gives your browser to keep is sealed, though: "
        "nobody can read it or change it on the way back, not even you.</p>\n"
        "<p class=\"aside\">Posting the form renders nothing. The answer is cookies and the address of the next page, "
        "which finds a message in one of them and shows it once.</p>\n");
}

/* ---- /account ---------------------------------------------------------------------------------------------------- */

/* The time is that of the request, the same in all passes. */
static void write_since(ssr_ctx *ctx, int64_t since_ms)
{
    int64_t minutes = (ssr_now(ctx) - since_ms) / 60000;

    if (minutes < 1) {
        ssr_html(ctx, "since a moment ago");
        return;
    }
    ssr_html(ctx, "for ");
    ssr_text_integer(ctx, minutes);
    ssr_html(ctx, minutes == 1 ? " minute" : " minutes");
}

ssr_status page_account(ssr_ctx *ctx, struct visit *visit)
{
    int64_t since_ms = 0;
    const char *user = cookies_user(ctx, visit->cookies, &since_ms);

    if (!user)
        return ssr_html(ctx, "<p class=\"opening\">Nobody is signed in.</p>\n"
                             "<p class=\"onward\"><a href=\"/sign-in\">Sign in</a></p>\n");
    ssr_html(ctx, "<p class=\"opening\">You are signed in as <strong>");
    ssr_text(ctx, user);
    ssr_html(ctx, "</strong>, ");
    write_since(ctx, since_ms);
    return ssr_html(ctx, ".</p>\n"
                         "<form method=\"post\" action=\"/sign-out\">\n<button>Sign out</button>\n</form>\n"
                         "<p>Nothing of this is kept on the server. Your browser has it, in a cookie that no script "
                         "can see and that is encrypted with a key of this server; change one character of it, and "
                         "you are signed out.</p>\n");
}
