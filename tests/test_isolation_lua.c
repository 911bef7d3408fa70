/*
 * No request sees another's state under Lua either. Eight threads, each with a renderer of its own, serve requests on
 * one engine; each request has a 64-bit identity in its cookies and nowhere else, and templates pass it through stores,
 * cookies, atoms, nested context stores, components and a query. What leaves is compared byte for byte with what this
 * visitor alone can be sent, and searched for identities of others. Some templates fail midway, each at another place,
 * and the renderer then serves the next visitor.
 *
 * What always holds: threads count what is wrong instead of asserting, because cmocka belongs to the main thread.
 *
 * An argument is the number of requests.
 */
#include "tests/host_fixture.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

#include "demo/lua_renderer.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
enum { SLOW = 20 };
#elif defined(__SANITIZE_ADDRESS__)
enum { SLOW = 10 };
#else
enum { SLOW = 1 };
#endif

enum { THREADS = 8, DIGITS = 16, RECENT = 64, FAILING = 7 };

static unsigned long all_requests = 20000 / SLOW;

/* ---- The templates ------------------------------------------------------------------------------------------------
 */

static const char layout[] = "<title><%= get('title') %></title><p><%= cookie('kept') %></p><% content() %>";

/* Whoever's cookie says so fails, before, inside of or behind what holds the visitor's name. */
static const char page_text[] = "<% local who, fails = cookie('who'), cookie('fails')\n"
                                "set('title', who) set_cookie('kept', who)\n"
                                "local a = atom('cart')\n"
                                "if a:get('0') then error('a cart that was used') end\n"
                                "a:update(function(old) old[1] = who return old end)\n"
                                "if fails == '1' then error(who) end\n"
                                "local answer = query('echo', who)\n"
                                "local function name() %><i><%= context('account').name %></i><% end\n"
                                "provide('account', {name = who}, function()\n"
                                "  name()\n"
                                "  provide('account', {name = 'inner'}, function()\n"
                                "    act('account', 'rename', who .. who) name()\n"
                                "    if fails == '2' then error(who) end\n"
                                "  end)\n"
                                "  component('card.html', {who = get('title')})\n"
                                "  component('still.html')\n"
                                "end)\n"
                                "if context('account') then error('a context that is still there') end %>\n"
                                "<b><%= a:get('0') %></b><u><%= answer.data %></u><s><%= shared('site') %></s>\n"
                                "<% local strings = string\n"
                                "if strings.kept then error('a library that was changed') end %>";

static const char card[] = "<li><%= props.who %><% if cookie('fails') == '3' then error(cookie('who')) end %></li>";
static const char still[] = "<em><%= cookie('who') %><%= context('account').name %><%= atom('cart'):get('0') %></em>";

#define TEMPLATE(name, text)        \
    {                               \
        name, text, sizeof text - 1 \
    }
static const struct lua_template templates[] = {TEMPLATE("layout.html", layout), TEMPLATE("page.html", page_text),
                                                TEMPLATE("card.html", card), TEMPLATE("still.html", still)};

/* ---- The application ----------------------------------------------------------------------------------------------
 */

static struct {
    struct shared_memory memory; /* of the engine and all Lua states */
    ssr_engine *engine;
    struct lua_renderer *renderers[THREADS];
    _Atomic uint64_t recent[RECENT];
    atomic_uint begun, failed, wrong, foreign;
    char first_wrong[1024];
} app;

static ssr_status load_echo(ssr_operation *operation, void *arg)
{
    ssr_json who = ssr_operation_args(operation);
    (void)arg;
    return ssr_builder_json(ssr_operation_build(operation), who.text, who.length);
}

static ssr_status rename_account(ssr_draft *draft, ssr_json name, void *arg)
{
    (void)arg;
    return ssr_draft_set(draft, "/name", ssr_input_cursor(name));
}

static void open_application(void)
{
    static const ssr_action actions[] = {{"rename", rename_account, NULL}};
    ssr_config config = ssr_config_default();
    config.allocator = shared_allocator(&app.memory);
    assert_status(ssr_engine_new(&config, &app.engine), SSR_OK);
    ssr_registry *registry = ssr_engine_registry(app.engine);
    ssr_store_define(registry, "title", &(ssr_store_options){.default_string = "none"});
    ssr_cookie_define(registry, "who", NULL);
    ssr_cookie_define(registry, "fails", NULL);
    ssr_cookie_define(registry, "kept", NULL);
    ssr_atom_define(registry, "cart", &(ssr_atom_options){.default_json = "[]"});
    ssr_context_define(registry, "account", &(ssr_context_options){.actions = actions, .action_count = 1});
    ssr_query_define(registry, "echo", &(ssr_query_options){.load = load_echo});
    ssr_shared_define(registry, "site", &(ssr_shared_options){.initial_json = "\"everybody\""});
    lua_renderer_define(registry, "card.html");
    lua_renderer_define(registry, "still.html");
    assert_status(ssr_engine_start(app.engine), SSR_OK);
    for (unsigned i = 0; i < THREADS; i++) {
        app.renderers[i] = lua_renderer_new(&(struct lua_renderer_options){.registry = registry,
                                                                           .templates = templates,
                                                                           .template_count = TEST_COUNT(templates),
                                                                           .allocator = config.allocator,
                                                                           .memory_bytes = 4 << 20,
                                                                           .instructions = 1000000});
        assert_non_null(app.renderers[i]);
    }
}

static void close_application(void)
{
    for (unsigned i = 0; i < THREADS; i++)
        lua_renderer_free(app.renderers[i]);
    ssr_engine_free(app.engine);
    assert_int_equal(atomic_load(&app.memory.live_blocks), 0);
    assert_int_equal(atomic_load(&app.memory.live_bytes), 0);
}

/* ---- A visitor ----------------------------------------------------------------------------------------------------
 */

struct visitor {
    unsigned thread;
    uint64_t identity;
    unsigned fails; /* 0: not at all */
    char digits[DIGITS + 1];
};

static void note_wrong(const struct visitor *visitor, const char *what)
{
    if (atomic_fetch_add(&app.wrong, 1) == 0)
        snprintf(app.first_wrong, sizeof app.first_wrong, "visitor %s: %s", visitor->digits, what);
}

/* splitmix64: identities that share nothing. */
static uint64_t identity_of(uint64_t number)
{
    uint64_t z = number * 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static bool is_recent(uint64_t identity)
{
    for (size_t i = 0; i < RECENT; i++)
        if (atomic_load_explicit(&app.recent[i], memory_order_relaxed) == identity)
            return true;
    return false;
}

/* Looks at every 16 hexadecimal digits in a row for the identity of somebody else. */
static void search_foreign(const struct visitor *visitor, const char *text)
{
    uint64_t window = 0;
    unsigned length = 0;
    for (; *text; text++) {
        bool is_digit = (*text >= '0' && *text <= '9') || (*text >= 'a' && *text <= 'f');
        length = is_digit ? length + 1 : 0;
        if (is_digit)
            window = window << 4 | (uint64_t)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
        if (length >= DIGITS && window != visitor->identity && is_recent(window))
            atomic_fetch_add(&app.foreign, 1);
    }
}

/* Whether a text is the template with the visitor's digits for "@", to the last byte. */
static void check_text(const struct visitor *visitor, const char *text, const char *template)
{
    const char *at = text;
    search_foreign(visitor, text);
    for (; *template; template ++) {
        const char *piece = *template == '@' ? visitor->digits : template;
        size_t length = *template == '@' ? DIGITS : 1;
        if (strncmp(at, piece, length) != 0)
            break;
        at += length;
    }
    if (*template || *at)
        note_wrong(visitor, text);
}

static void check_result(const struct visitor *visitor, const ssr_result *result)
{
    search_foreign(visitor, result->data);
    search_foreign(visitor, result->transfer);
    for (size_t i = 0; i < result->set_cookie_count; i++)
        search_foreign(visitor, result->set_cookies[i]);
    if (visitor->fails) {
        atomic_fetch_add(&app.failed, 1);
        search_foreign(visitor, result->error);
        if (result->outcome != SSR_FAILED || !strstr(result->error, visitor->digits))
            note_wrong(visitor, result->error);
        return;
    }
    if (result->outcome != SSR_SETTLED || result->set_cookie_count != 1)
        note_wrong(visitor, result->error);
    check_text(visitor, result->html,
               "<title>@</title><p>@</p><i>@</i><i>@@</i><li>@</li><em>@@@</em>\n<b>@</b><u>@</u><s>everybody</s>\n");
}

static ssr_status page(ssr_ctx *ctx, void *arg)
{
    const struct visitor *visitor = arg;
    return lua_renderer_page(app.renderers[visitor->thread], ctx,
                             &(struct lua_page){.layout = "layout.html", .page = "page.html"});
}

static void visit(unsigned thread, uint64_t identity)
{
    struct visitor visitor = {.thread = thread, .identity = identity};
    char cookies[64];
    const char *header = cookies;
    ssr_render *render = NULL;
    if (identity % FAILING == 0)
        visitor.fails = 1 + (unsigned)(identity >> 32) % 3;
    snprintf(visitor.digits, sizeof visitor.digits, "%016" PRIx64, identity);
    snprintf(cookies, sizeof cookies, "who=%s; fails=%u", visitor.digits, visitor.fails);
    atomic_store(&app.recent[atomic_fetch_add(&app.begun, 1) % RECENT], identity);
    ssr_run(app.engine, page, &visitor,
            &(ssr_request){.cookie_headers = &header, .cookie_header_count = 1, .seed = identity}, &render);
    if (render)
        check_result(&visitor, ssr_render_result(render));
    else
        note_wrong(&visitor, "no render");
    ssr_render_free(render);
}

static void *visit_often(void *arg)
{
    unsigned thread = (unsigned)(uintptr_t)arg;
    for (uint64_t number = thread + 1; number <= all_requests; number += THREADS)
        visit(thread, identity_of(number));
    return NULL;
}

static void no_request_sees_another(void **state)
{
    pthread_t threads[THREADS];
    (void)state;
    open_application();
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, visit_often, (void *)i), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    close_application();
    print_message("count: %u requests, %u of them failed midway; %u foreign\n", atomic_load(&app.begun),
                  atomic_load(&app.failed), atomic_load(&app.foreign));
    assert_string_equal(app.first_wrong, "");
    assert_int_equal(atomic_load(&app.wrong), 0);
    assert_int_equal(atomic_load(&app.foreign), 0);
    assert_int_equal(atomic_load(&app.begun), all_requests);
    assert_true(atomic_load(&app.failed) > 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_request_sees_another)};
    if (argc > 1)
        all_requests = strtoul(argv[1], NULL, 10);
    return cmocka_run_group_tests_name("isolation_lua", tests, NULL, NULL);
}
