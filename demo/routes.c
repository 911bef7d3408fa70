/*
 * demo/routes.c - the table of pages, and the way from a request target to one of its rows. The table is all there
 * is to add a page: the navigation and the list on the start page are made from it. A target comes from outside:
 * whatever is odd about it means that there is no such page.
 */
#include "demo/routes.h"

#include <string.h>

#include "demo/pages.h"
#include "demo/posts.h"

/* What a cookie costs: one case each. */
#define BISCUIT(address, name, does)                                                                             \
    {                                                                                                            \
        .path = address, .page = page_biscuit, .sets_cookies = true, .shows_biscuit = true, .above = "/cookies", \
        .title = name, .description = "This page " does ".", .about = does                                       \
    }

const struct route routes[] = {
    {.path = "/", .page = page_home},
    {.path = "/ideas",
     .page = page_ideas,
     .loader = "ideas",
     .label = "Ideas",
     .example = "/ideas",
     .about = "Short texts out of a database. The first pass asks for them, the second has them and sets title, "
              "description and breadcrumb, the third shows all three above."},
    {.path = "/ideas/",
     .with_id = true,
     .page = page_idea,
     .loader = "idea",
     .example = "/ideas/1",
     .about = "One of them. The header cannot know what it is called until the page below has heard from the "
              "database."},
    {.path = "/chain",
     .page = page_chain,
     .loader = "favourite",
     .label = "Chain",
     .example = "/chain",
     .about = "A query fills a store, the store is the argument of a second query, and what that finds is in the "
              "header: five passes."},
    {.path = "/override",
     .page = page_override,
     .label = "Override",
     .example = "/override",
     .about = "A part of the page sets the breadcrumb, then the page sets it again. The last set counts, and two "
              "passes are enough."},
    {.path = "/unstable",
     .page = page_unstable,
     .label = "Unstable",
     .example = "/unstable",
     .about = "A page that never comes to rest: it sets another value in each pass, until a cap ends it and the log "
              "says so."},
    {.path = "/flip",
     .page = page_flip,
     .label = "Flip",
     .example = "/flip",
     .about = "Two values that take turns. Whichever the header shows, the page asks for the other."},
    {.path = "/broken",
     .page = page_broken,
     .loader = "comments",
     .label = "Broken",
     .example = "/broken",
     .about = "A query that fails. The page says so, with a fitting status; why it failed is for the log only."},
    {.path = "/island",
     .page = page_island,
     .loader = "ideas",
     .title = "An island in React",
     .description = "A list that the server wrote and React takes over.",
     .label = "Island",
     .example = "/island",
     .about = "A React component inside a page from the server. It starts from what was transferred and shares "
              "the rest of the page\xE2\x80\x99s state."},
    {.path = "/old",
     .page = page_old,
     .leaves = true,
     .example = "/old",
     .about = "Has moved. Its page redirects to the ideas, and the answer is a 301 without a document."},
    {.path = "/theme",
     .page = page_theme,
     .sets_cookies = true,
     .title = "Theme",
     .description = "Dark, light, or what your system says.",
     .example = "/theme",
     .about = "A cookie that the page sets and the whole document follows, in one response: two passes for a new "
              "theme, one for the theme you have."},
    {.path = "/sign-in",
     .page = page_sign_in,
     .post = post_sign_in,
     .title = "Sign in",
     .description = "A name is all it takes.",
     .example = "/sign-in",
     .about = "A form. Posting it renders nothing: the answer sets a sealed cookie, leaves a message for the next "
              "page, and redirects to it."},
    {.path = "/account",
     .page = page_account,
     .title = "Your account",
     .description = "What this site knows about you, which is in a cookie that only this site can read.",
     .example = "/account",
     .about = "Who is signed in. A cookie that came with the request is there in the first pass."},
    {.path = "/sign-out", .post = post_sign_out},
    {.path = "/cookies",
     .page = page_cookies,
     .shows_biscuit = true,
     .title = "Cookies, both ways",
     .description = "A page sets a cookie, and the header above it shows what your browser is about to keep.",
     .label = "Cookies",
     .example = "/cookies",
     .about = "What setting, changing and deleting a cookie costs in passes, a page for each case."},
    {.path = "/leak",
     .page = page_leak,
     .loader = "race",
     .title = "The leak that cannot happen",
     .description = "Two visitors at once, and three places to keep what is only one of theirs.",
     .label = "Leak",
     .example = "/leak",
     .about = "Two visitors race through one server: a global shows one of them the other\xE2\x80\x99s name, a shared "
              "store refuses to, a context store cannot."},
    BISCUIT("/cookies/set", "Set one", "sets a cookie that the header shows: two passes, or one when you have it"),
    BISCUIT("/cookies/unstable", "Never the same",
            "gives the cookie another value in every pass: the last one is sent"),
    BISCUIT("/cookies/from-store", "From a store", "sets the cookie from a store that it sets itself: three passes"),
    BISCUIT("/cookies/to-store", "Into a store", "feeds a store from the cookie that you bring: two passes"),
    BISCUIT("/cookies/set-delete", "Set, then delete",
            "sets the cookie and deletes it at once: one pass, if you had none"),
    BISCUIT("/cookies/delete-set", "Delete, then set", "deletes the cookie and sets it anew: two passes"),
    BISCUIT("/cookies/delete", "Delete", "deletes the cookie: two passes, or one when there is nothing to delete"),
};

const size_t route_count = sizeof routes / sizeof *routes;

const struct route route_not_found = {.path = "", .page = page_not_found};

static int hex_digit(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10;
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    return -1;
}

/* RFC 3986 2.3: escaped or not, these mean the same. An escaped "/" does not, and nothing else is in our paths. */
static bool is_unreserved(char character)
{
    static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    return character && strchr(characters, character);
}

/* The character that "%XX" stands for, or NUL. */
static char unescape(const char *escape)
{
    int high = hex_digit(escape[1]);
    int low = high < 0 ? -1 : hex_digit(escape[2]);
    char character = low < 0 ? '\0' : (char)(high * 16 + low);

    return is_unreserved(character) ? character : '\0';
}

bool routes_path(const char *target, char *path, size_t size)
{
    size_t length = 0;

    for (; *target && *target != '?' && *target != '#'; target++) {
        char character = *target;

        if (character == '%') {
            character = unescape(target);
            target += 2;
        }
        if (!character || length + 1 >= size)
            return false;
        path[length++] = character;
    }
    path[length] = '\0';
    return true;
}

/* One to fifteen digits, the first not 0: every number has one address. */
static bool read_id(const char *text, int64_t *id)
{
    size_t length = strspn(text, "0123456789");

    if (length == 0 || length > 15 || text[length] || *text == '0')
        return false;
    for (*id = 0; *text; text++)
        *id = *id * 10 + (*text - '0');
    return true;
}

static bool matches(const struct route *route, const char *path, int64_t *id)
{
    size_t length = strlen(route->path);

    if (!route->with_id)
        return strcmp(route->path, path) == 0;
    return strncmp(route->path, path, length) == 0 && read_id(path + length, id);
}

const struct route *routes_find(const char *path, int64_t *id)
{
    for (size_t i = 0; i < route_count; i++) {
        if (matches(&routes[i], path, id))
            return &routes[i];
    }
    return &route_not_found;
}
