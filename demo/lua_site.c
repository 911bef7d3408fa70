/*
 * demo/lua_site.c - which template is which page, and what they are told: props, and the sentences of the footer, which
 * remain C's. A renderer is taken out of the list for one pass and put back, so that no two threads ever share one and
 * there are as many as threads have rendered at once.
 */
#include "demo/lua_site.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "demo/embedded.h"
#include "demo/form.h"
#include "demo/layout.h"
#include "demo/lua_renderer.h"
#include "demo/routes.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { MEMORY_BYTES = 16 << 20, INSTRUCTIONS = 10000000 };

/* Made by embed_files in CMakeLists.txt. */
#define EMBEDDED(name) embedded_templates_##name##_html
extern const struct embedded EMBEDDED(home), EMBEDDED(ideas), EMBEDDED(idea), EMBEDDED(chain), EMBEDDED(override),
    EMBEDDED(unstable), EMBEDDED(flip), EMBEDDED(broken), EMBEDDED(old), EMBEDDED(theme), EMBEDDED(sign_in),
    EMBEDDED(account), EMBEDDED(cookies), EMBEDDED(biscuit), EMBEDDED(leak), EMBEDDED(race), EMBEDDED(island),
    EMBEDDED(not_found), EMBEDDED(layout), EMBEDDED(parts);

static const struct page {
    const char *path; /* of the route; one that ends with "/" is for all routes below it that have no other */
    const char *name;
    const struct embedded *text;
} pages[] = {
    {"/", "home.html", &EMBEDDED(home)},
    {"/ideas", "ideas.html", &EMBEDDED(ideas)},
    {"/ideas/", "idea.html", &EMBEDDED(idea)},
    {"/chain", "chain.html", &EMBEDDED(chain)},
    {"/override", "override.html", &EMBEDDED(override)},
    {"/unstable", "unstable.html", &EMBEDDED(unstable)},
    {"/flip", "flip.html", &EMBEDDED(flip)},
    {"/broken", "broken.html", &EMBEDDED(broken)},
    {"/old", "old.html", &EMBEDDED(old)},
    {"/theme", "theme.html", &EMBEDDED(theme)},
    {"/sign-in", "sign_in.html", &EMBEDDED(sign_in)},
    {"/account", "account.html", &EMBEDDED(account)},
    {"/cookies", "cookies.html", &EMBEDDED(cookies)},
    {"/cookies/", "biscuit.html", &EMBEDDED(biscuit)},
    {"/leak", "leak.html", &EMBEDDED(leak)},
    {"/island", "island.html", &EMBEDDED(island)},
    {"", "not_found.html", &EMBEDDED(not_found)}, /* route_not_found */
    {NULL, "layout.html", &EMBEDDED(layout)},
    {NULL, "parts.html", &EMBEDDED(parts)},
    {NULL, "race.html", &EMBEDDED(race)},
};

struct idle {
    struct idle *next;
    struct lua_renderer *renderer;
};

struct lua_site {
    struct lua_template templates[COUNT(pages)];
    struct lua_renderer_options options;
    pthread_mutex_t mutex; /* guards idle */
    struct idle *idle;
};

/* ---- The footer -------------------------------------------------------------------------------------------------- */

/* Asks again for what the page asks for, without loading it: nothing changes, and the account knows. */
static ssr_query_result note_query(ssr_ctx *ctx, struct visit *visit, const ssr_query *query)
{
    ssr_query_result result = visit->route->with_id ? ssr_query_integer(ctx, query, visit->id, false)
                                                    : ssr_query_get(ctx, query, NULL, false);

    return account_query(&visit->account, ctx, query, result);
}

static bool has_favourite(ssr_ctx *ctx, const struct visit *visit)
{
    const ssr_query *query = visit->queries->favourite;

    return visit->route->loader && strcmp(visit->route->loader, ssr_query_name(query)) == 0 &&
           ssr_query_get(ctx, query, NULL, false).state == SSR_QUERY_READY;
}

static void note_queries(ssr_ctx *ctx, struct visit *visit)
{
    const struct queries *queries = visit->queries;
    ssr_query *const known[] = {queries->ideas, queries->idea, queries->favourite, queries->comments, queries->race};
    const char *author = has_favourite(ctx, visit) ? ssr_get_string(ctx, visit->stores->author) : NULL;

    for (size_t i = 0; i < COUNT(known); i++) {
        if (visit->route->loader && strcmp(visit->route->loader, ssr_query_name(known[i])) == 0)
            note_query(ctx, visit, known[i]);
    }
    if (author)
        account_query(&visit->account, ctx, queries->by_author,
                      ssr_query_string(ctx, queries->by_author, author, false));
}

static ssr_status write_account(ssr_ctx *ctx, void *arg)
{
    struct visit *visit = arg;

    note_queries(ctx, visit);
    account_write(&visit->account, ctx, visit->route->sets_cookies);
    return SSR_OK;
}

static void note_stores(ssr_ctx *ctx, struct visit *visit)
{
    layout_note_shown(ctx, visit);
    if (has_favourite(ctx, visit))
        account_store(&visit->account, ctx, visit->stores->author, false);
}

/* ---- Props ------------------------------------------------------------------------------------------------------- */

static void add_text(ssr_builder *props, const char *key, const char *text)
{
    if (!text)
        return;
    ssr_builder_key(props, key);
    ssr_builder_string(props, text);
}

static void add_flag(ssr_builder *props, const char *key, bool flag)
{
    ssr_builder_key(props, key);
    ssr_builder_boolean(props, flag);
}

/* The theme that the address asks for, "" when there is no such. */
static void add_wanted_theme(ssr_builder *props, const char *location)
{
    struct field wanted;
    const char *theme;

    if (!form_find_in_query(location, "set", &wanted))
        return;
    theme = cookies_find_theme(wanted.text);
    add_text(props, "set", theme ? theme : "");
}

static void add_routes(ssr_builder *props)
{
    ssr_builder_key(props, "routes");
    ssr_builder_begin_array(props);
    for (size_t i = 0; i < route_count; i++) {
        ssr_builder_begin_object(props);
        add_text(props, "path", routes[i].path);
        add_text(props, "label", routes[i].label);
        add_text(props, "example", routes[i].example);
        add_text(props, "about", routes[i].about);
        add_text(props, "title", routes[i].title);
        add_text(props, "above", routes[i].above);
        ssr_builder_end_object(props);
    }
    ssr_builder_end_array(props);
}

/* What every template is told. NULL: no memory. */
static ssr_value *make_props(const struct visit *visit, const char *location)
{
    ssr_builder *props = ssr_builder_new(NULL);
    ssr_value *value = NULL;

    if (!props)
        return NULL;
    ssr_builder_begin_object(props);
    add_text(props, "root", visit->root);
    add_text(props, "here", visit->route->path);
    ssr_builder_key(props, "id");
    ssr_builder_integer(props, visit->id);
    add_text(props, "session", ssr_cookie_name(visit->cookies->session));
    add_text(props, "refusal", visit->refusal);
    add_flag(props, "secure", visit->cookies->is_secure);
    add_flag(props, "leaves", visit->route->leaves);
    add_flag(props, "has_island", visit->has_island);
    add_flag(props, "shows_biscuit", visit->route->shows_biscuit);
    add_wanted_theme(props, location);
    add_routes(props);
    ssr_builder_end_object(props);
    ssr_builder_finish(props, &value);
    ssr_builder_free(props);
    return value;
}

/* ---- Rendering --------------------------------------------------------------------------------------------------- */

static struct idle *take_renderer(struct lua_site *site)
{
    struct idle *taken;

    pthread_mutex_lock(&site->mutex);
    taken = site->idle;
    if (taken)
        site->idle = taken->next;
    pthread_mutex_unlock(&site->mutex);
    if (taken || !(taken = calloc(1, sizeof *taken)))
        return taken;
    taken->renderer = lua_renderer_new(&site->options);
    if (taken->renderer)
        return taken;
    free(taken);
    return NULL;
}

static void put_back(struct lua_site *site, struct idle *taken)
{
    pthread_mutex_lock(&site->mutex);
    taken->next = site->idle;
    site->idle = taken;
    pthread_mutex_unlock(&site->mutex);
}

static bool is_page_of(const struct page *page, const struct route *route)
{
    size_t length = page->path ? strlen(page->path) : 0;

    if (!page->path)
        return false;
    if (strcmp(page->path, route->path) == 0)
        return true;
    return length > 1 && page->path[length - 1] == '/' && strncmp(page->path, route->path, length) == 0;
}

static const char *template_of(const struct route *route)
{
    for (size_t i = 0; i < COUNT(pages); i++) {
        if (is_page_of(&pages[i], route))
            return pages[i].name;
    }
    return "not_found.html";
}

ssr_status lua_site_render(ssr_ctx *ctx, void *arg)
{
    struct visit *visit = arg;
    struct idle *taken = take_renderer(visit->lua);
    ssr_value *props = make_props(visit, ssr_location(ctx));
    ssr_status status = SSR_E_NOMEM;

    note_stores(ctx, visit);
    if (taken && props)
        status = lua_renderer_page(taken->renderer, ctx,
                                   &(struct lua_page){.layout = "layout.html",
                                                      .page = template_of(visit->route),
                                                      .props = ssr_value_json(props),
                                                      .arg = visit});
    ssr_value_free(props);
    if (taken)
        put_back(visit->lua, taken);
    return status;
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

void lua_site_define(ssr_registry *registry)
{
    lua_renderer_define(registry, "race.html");
}

struct lua_site *lua_site_open(const ssr_registry *registry)
{
    static const struct lua_part account = {"account", write_account};
    struct lua_site *site = calloc(1, sizeof *site);

    if (!site)
        return NULL;
    for (size_t i = 0; i < COUNT(pages); i++)
        site->templates[i] = (struct lua_template){pages[i].name, pages[i].text->bytes, pages[i].text->size};
    site->options = (struct lua_renderer_options){.registry = registry,
                                                  .templates = site->templates,
                                                  .template_count = COUNT(pages),
                                                  .parts = &account,
                                                  .part_count = 1,
                                                  .memory_bytes = MEMORY_BYTES,
                                                  .instructions = INSTRUCTIONS};
    pthread_mutex_init(&site->mutex, NULL);
    return site;
}

void lua_site_close(struct lua_site *site)
{
    if (!site)
        return;
    while (site->idle) {
        struct idle *idle = site->idle;

        site->idle = idle->next;
        lua_renderer_free(idle->renderer);
        free(idle);
    }
    pthread_mutex_destroy(&site->mutex);
    free(site);
}

bool lua_site_cut_path(char *path)
{
    size_t root = strlen(LUA_ROOT), length = strlen(path);

    if (strncmp(path, LUA_ROOT, root) != 0 || (path[root] && path[root] != '/'))
        return false;
    memmove(path, path[root] ? path + root : "/", path[root] ? length - root + 1 : 2);
    return true;
}
