/*
 * The Lua renderer of demo/: templates, values both ways, and above all what a template must not be able to do: keep
 * something of one visitor for the next, leave the sandbox, or take the program down with it.
 */
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#include "demo/lua_renderer.h"

enum { TEMPLATES = 6, THREADS = 8, PAGES = 1250 };

/* An engine with the stores `seen` and `made`, the cookies `tea` and `jar`, the query `echo`, the atom `cart`, the
 * context store `account`, the shared store `site`, the components `card.html` and `inner.html`, and a renderer of the
 * templates that a test gives. */
struct lua {
    struct fixture fixture;
    struct lua_template templates[TEMPLATES];
    size_t template_count;
    struct test_memory memory; /* of the Lua state */
    struct lua_renderer *renderer;
    ssr_value *props;
    bool fails;     /* the part that the application writes */
    unsigned loads; /* of `echo` */
    unsigned parts; /* that were written */
};

static ssr_status echo(ssr_operation *operation, void *arg)
{
    struct lua *lua = arg;
    ssr_json args = ssr_operation_args(operation);
    lua->loads++;
    if (ssr_json_equals(args, "fail"))
        return ssr_operation_fail(operation, "no_echo", "asked to");
    return ssr_builder_json(ssr_operation_build(operation), args.text, args.length);
}

static void add_template(struct lua *lua, const char *name, const char *text)
{
    assert_true(lua->template_count < TEMPLATES);
    lua->templates[lua->template_count++] = (struct lua_template){name, text, strlen(text)};
}

static ssr_status write_part(ssr_ctx *ctx, void *arg)
{
    struct lua *lua = arg;
    lua->parts++;
    return lua->fails ? SSR_E_FAILED : ssr_text(ctx, "<part>");
}

static const struct lua_part part = {"part", write_part};

static struct lua_renderer_options options_of(struct lua *lua)
{
    return (struct lua_renderer_options){.registry = lua->fixture.registry,
                                         .templates = lua->templates,
                                         .template_count = lua->template_count,
                                         .parts = &part,
                                         .part_count = 1,
                                         .allocator = test_allocator(&lua->memory),
                                         .memory_bytes = 4 << 20,
                                         .instructions = 5000000};
}

static void begin_engine(struct lua *lua)
{
    memset(lua, 0, sizeof *lua);
    fixture_init(&lua->fixture);
}

static ssr_status name_it(ssr_draft *draft, ssr_json name, void *arg)
{
    (void)arg;
    return ssr_draft_set(draft, "/name", ssr_input_cursor(name));
}

static ssr_status empty_it(ssr_draft *draft, ssr_json argument, void *arg)
{
    (void)arg;
    return ssr_json_type(argument) == SSR_JSON_ABSENT ? ssr_draft_set(draft, "", ssr_input_json("{}")) : SSR_E_FAILED;
}

static void define_visitor_stores(ssr_registry *registry)
{
    static const ssr_action actions[] = {{"name", name_it, NULL}, {"empty", empty_it, NULL}};
    assert_non_null(ssr_atom_define(registry, "cart",
                                    &(ssr_atom_options){.default_json = "{\"name\":\"none\",\"of\":[1,2]}",
                                                        .actions = actions,
                                                        .action_count = 2}));
    assert_non_null(
        ssr_context_define(registry, "account", &(ssr_context_options){.actions = actions, .action_count = 2}));
    assert_non_null(ssr_shared_define(registry, "site", &(ssr_shared_options){.initial_json = "{\"name\":\"tea\"}"}));
    lua_renderer_define(registry, "card.html");
    lua_renderer_define(registry, "inner.html");
}

static void define_all(struct lua *lua, const char *seen)
{
    fixture_open(&lua->fixture);
    ssr_registry *registry = lua->fixture.registry;
    assert_non_null(
        ssr_store_define(registry, "seen", &(ssr_store_options){.default_json = seen, .policy = SSR_LOCAL}));
    fixture_store(&lua->fixture, "made", NULL);
    assert_non_null(ssr_cookie_define(registry, "tea", &(ssr_cookie_options){.fallback_string = "none"}));
    assert_non_null(ssr_cookie_define(registry, "jar", &(ssr_cookie_options){.encoding = SSR_COOKIE_JSON}));
    assert_non_null(ssr_query_define(registry, "echo", &(ssr_query_options){.load = echo, .load_arg = lua}));
    define_visitor_stores(registry);
}

static void open_engine(struct lua *lua, const char *seen)
{
    begin_engine(lua);
    define_all(lua, seen);
    fixture_start(&lua->fixture);
}

static void open_lua(struct lua *lua, const char *page)
{
    open_engine(lua, "\"first\"");
    add_template(lua, "layout.html", "<% content() %>");
    add_template(lua, "page.html", page);
}

static ssr_status page(ssr_ctx *ctx, void *arg)
{
    struct lua *lua = arg;
    return lua_renderer_page(lua->renderer, ctx,
                             &(struct lua_page){"layout.html", "page.html", ssr_value_json(lua->props), lua});
}

static void free_renderer(const void *renderer)
{
    lua_renderer_free(sweep_disown(renderer));
}

/* Owned by a sweep, as what the library makes is. */
static struct lua_renderer *new_renderer(const struct lua_renderer_options *options)
{
    return sweep_own_pointer(SWEEP_POINTER("lua_renderer_new", lua_renderer_new(options)), free_renderer);
}

static const ssr_result *render_request(struct lua *lua, const ssr_request *request)
{
    struct lua_renderer_options options = options_of(lua);
    if (!lua->renderer)
        lua->renderer = new_renderer(&options);
    assert_non_null(lua->renderer);
    fixture_run_request(&lua->fixture, page, lua, request);
    return lua->fixture.result;
}

static const ssr_result *render(struct lua *lua)
{
    return render_request(lua, NULL);
}

static void close_lua(struct lua *lua)
{
    free_renderer(lua->renderer);
    ssr_value_free(lua->props);
    assert_all_freed(&lua->memory);
    fixture_close(&lua->fixture);
}

/* What a page of this text writes. */
static void assert_writes(const char *text, const char *html)
{
    struct lua lua;
    open_lua(&lua, text);
    const ssr_result *result = render(&lua);
    assert_string_equal(result->error, "");
    assert_string_equal(result->html, html);
    close_lua(&lua);
}

static void give_props(struct lua *lua, const char *json)
{
    ssr_value_free(lua->props);
    assert_status(ssr_value_parse(NULL, json, strlen(json), NULL, &lua->props), SSR_OK);
}

/* How a page of this text fails; the renderer is as good as before. */
static void assert_fails(const char *text, const char *place, const char *message)
{
    struct lua lua;
    open_lua(&lua, "<% include(props) %>");
    add_template(&lua, "bad.html", text);
    add_template(&lua, "good.html", "good <%= ('x'):rep(3) %>");
    give_props(&lua, "\"bad.html\"");
    const ssr_result *result = render(&lua);
    if (result->outcome != SSR_FAILED || !strstr(result->error, place) || !strstr(result->error, message))
        fail_msg("%s\nended as %s: \"%s\", not with \"%s\" and \"%s\"", text, ssr_outcome_name(result->outcome),
                 result->error, place, message);
    give_props(&lua, "\"good.html\"");
    assert_string_equal(render(&lua)->html, "good xxx");
    close_lua(&lua);
}

/* ---- Templates -------------------------------------------------------------------------------------------------- */

static void tags_are_text_code_and_values(void **state)
{
    (void)state;
    assert_writes("", "");
    assert_writes("a\nb\r\n\"\\\1", "a\nb\r\n\"\\\1");
    assert_writes("<%= 1 + 1 %>|<%= 1.0 %>|<%= 0.1 %>|<%= true %>|<%= 'x' %>|<%= nil %>|<%= null %>|<%= %>",
                  "2|1|0.1|true|x|||");
    assert_writes("<%# not <%= this %>b", "b");
    assert_writes("<%% %>", "<% %>");
}

static void a_line_of_code_leaves_no_line(void **state)
{
    (void)state;
    assert_writes("a\n  <% for i = 1, 2 do %>\t\n  <%= i %>\n<% end %>\n<%# note\n over two %>\nb", "a\n  1\n  2\nb");
    assert_writes("a <% local x = 1 %>\n<%= x %>\n", "a \n1\n");
    assert_writes("<% if true then %>yes<% else %>no<% end %>", "yes");
    assert_writes("<% local f = function() return 'f' end %>\n<% (f)() %><% local y = f() %>\n(<%= y %>)", "\n(f)");
}

static void what_is_written_is_escaped(void **state)
{
    (void)state;
    assert_writes("<p title='<%= props %>'>", "<p title=''>");
    struct lua lua;
    open_lua(&lua, "<%= props %>|<%- props %>|<% url('/?q=' .. props) %>|<% url_component(props) %>|"
                   "<%= url('javascript:1') %>|<%= select(2, url('javascript:1')) %>");
    give_props(&lua, "\"<a b='c'>&\\\"\"");
    assert_string_equal(render(&lua)->html,
                        "&lt;a b=&#39;c&#39;&gt;&amp;&quot;|<a b='c'>&\"|"
                        "/?q=%3Ca%20b=&#39;c&#39;%3E&amp;%22|%3Ca%20b%3D&#39;c&#39;%3E%26%22||bad_url");
    close_lua(&lua);
}

static void a_template_says_where_it_is_wrong(void **state)
{
    (void)state;
    assert_fails("a\nb\n<% if %>", "bad.html:3: ", "unexpected symbol");
    assert_fails("a\n<% for i = 1, 2 do %>\nb", "bad.html:3: ", "'end' expected");
    assert_fails("a\n\n<%= 1", "bad.html:3: ", "has no %>");
    assert_fails("a\n<% local t = nil %>\n\n<%= t.x %>", "bad.html:4: ", "attempt to index a nil value");
    assert_fails("<%# \n\n %>\n  <% error('no luck') %>", "bad.html:4: ", "no luck");
    assert_fails("\n<% local function f() error('deep', 0) end %>\n<% f() %>", "bad.html:2: ", "deep");
    assert_fails("\n<% error({}) %>", "bad.html:2: ", "no string");
    assert_fails("\n<% error('\\27[31m<\\n\\xff>') %>", "bad.html:2: ", "?[31m<");
    assert_fails("\n\n<% include('none.html') %>", "bad.html:3: ", "there is no template");
    assert_fails("\n\n<% content() %>", "bad.html:3: ", "no content below a page");
    assert_fails("\n<%= {} %>", "bad.html:2: ", "a table has no text");
    assert_fails("\n<% get('a\\0b') %>", "bad.html:2: ", "a NUL is inside");
    assert_fails("\n<% string.rep() %>", "bad.html:2: ", "nil");
}

/* ---- Values ----------------------------------------------------------------------------------------------------- */

static void values_go_both_ways(void **state)
{
    static const char *const texts[] = {
        "null",
        "true",
        "false",
        "0",
        "-7",
        "1.5",
        "1e+21",
        "9007199254740991",
        "-9007199254740991",
        "5e-324",
        "\"\"",
        "\"\\u0001\\n\\\"\\\\<\xc3\xa9\xf0\x9f\x98\x80\"",
        "[]",
        "{}",
        "[[],{}]",
        "[1,null,true,[\"x\"]]",
        "{\"\":{},\"a\":[],\"b\":{\"1\":null}}",
        "[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]",
    };
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(texts); i++) {
        struct lua lua;
        char wanted[256];
        open_engine(&lua, texts[i]);
        add_template(&lua, "layout.html", "<% content() %>");
        add_template(&lua, "page.html", "<% set('made', get('seen')) %><%= type(get('seen')) %>");
        const ssr_result *result = render(&lua);
        snprintf(wanted, sizeof wanted, "\"stores\":{\"made\":%s}", texts[i]);
        if (result->outcome != SSR_SETTLED || !strstr(result->data, wanted))
            fail_msg("%s became %s", wanted, result->data);
        close_lua(&lua);
    }
}

static void lua_values_become_json(void **state)
{
    static const char *const pairs[][2] = {
        {"{}", "[]"},
        {"object{}", "{}"},
        {"array{}", "[]"},
        {"{1, 2.0, 2.5}", "[1,2,2.5]"},
        {"null", "null"},
        {"{b = 1, a = {x = null}}", "{\"a\":{\"x\":null},\"b\":1}"},
        {"object{a = array{}}", "{\"a\":[]}"},
        {"-0.0", "0"},
        {"1 // 1 | 0", "1"},
        {"2^53", "9007199254740992"},
        {"{{}, {{}}}", "[[],[[]]]"},
        {"('x'):upper()", "\"X\""},
        {"utf8.char(8364)", "\"\xe2\x82\xac\""},
        {"true", "true"},
    };
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(pairs); i++) {
        struct lua lua;
        char text[128], wanted[128];
        snprintf(text, sizeof text, "<%%= set('made', %s) %%>", pairs[i][0]);
        snprintf(wanted, sizeof wanted, "{\"made\":%s}", pairs[i][1]);
        open_lua(&lua, text);
        const ssr_result *result = render(&lua);
        assert_string_equal(result->html, "true");
        if (!strstr(result->data, wanted))
            fail_msg("%s became %s", pairs[i][0], result->data);
        close_lua(&lua);
    }
}

static void bad_values_are_refused_by_name(void **state)
{
    static const char *const pairs[][2] = {
        {"0/0", "not_finite"},
        {"-1/0", "not_finite"},
        {"'\\xff'", "invalid_utf8"},
        {"{a = '\\xed\\xa0\\x80'}", "invalid_utf8"},
        {"'a\\0b'", "nul"},
        {"{['a\\0'] = 1}", "nul"},
        {"1 << 53", "integer_range"},
        {"{1, a = 2}", "bad_table"},
        {"{1, nil, 3}", "bad_table"},
        {"{[2] = 1}", "bad_table"},
        {"{[true] = 1}", "bad_table"},
        {"object{1}", "bad_table"},
        {"array{a = 1}", "bad_table"},
        {"print", "bad_type"},
        {"tostring", "bad_type"},
        {"nil", "bad_type"},
        {"{{tostring}}", "bad_type"},
        {"string", "bad_table"},
        {"_ENV", "bad_table"},
        {"knot()", "too_deep"},
        {"wide()", "too_deep"},
        {"('x'):rep(900000) .. ('x'):rep(900000)", "too_large"},
    };
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(pairs); i++) {
        struct lua lua;
        char text[512];
        snprintf(text, sizeof text,
                 "<%% local print = function() end local function knot() local t = {} t.t = t return t end\n"
                 "local function wide() local t = {} for i = 1, 9 do t[i] = t end return t end %%>\n"
                 "<%%= select(2, set('made', %s)) %%>",
                 pairs[i][0]);
        open_lua(&lua, text);
        const ssr_result *result = render(&lua);
        if (result->outcome != SSR_SETTLED || result->refused != 1 || strcmp(result->html, pairs[i][1]) != 0)
            fail_msg("%s: %s %s %s", pairs[i][0], ssr_outcome_name(result->outcome), result->html, result->error);
        assert_non_null(strstr(lua.fixture.record_json, "page.html:3"));
        close_lua(&lua);
    }
    assert_writes("<%= select(2, set('none', 0/0)) %> <%= select(2, get('none')) %>", "unknown_store unknown_store");
}

/* ---- The library, from templates -------------------------------------------------------------------------------- */

static void a_layout_shows_what_its_page_sets(void **state)
{
    struct lua lua;
    (void)state;
    open_engine(&lua, "null");
    add_template(&lua, "layout.html", "<h1><%= use('made') %></h1><% content() %><% transfer_here() %>");
    add_template(&lua, "page.html", "\n<% set('made', 'a & b') %>\n<%= pass() %>");
    const ssr_result *result = render(&lua);
    assert_int_equal(result->passes, 2);
    assert_int_equal(result->outcome, SSR_SETTLED);
    assert_string_equal(result->html,
                        "<h1>a &amp; b</h1>\n2<script type=\"application/json\" id=\"__SSRSTORE__\">"
                        "{\"atoms\":{},\"contexts\":{},\"queries\":{},\"stores\":{\"made\":\"a \\u0026 b\"},"
                        "\"v\":1}</script>");
    assert_non_null(strstr(lua.fixture.record_json, "page.html:2"));
    close_lua(&lua);
}

static void a_query_is_there_in_the_second_pass(void **state)
{
    struct lua lua;
    (void)state;
    open_lua(&lua, "<% local q = query('echo', {a = {1, 2}}) local f = query('echo', 'fail') %>\n"
                   "<%= q.state %> <%= q.state == 'ready' and q.data.a[2] %> <%= f.state %> <%= f.error %>\n"
                   "<%= query('echo', 7, false).state %> <%= query('none').error %> <%= query('echo', 0/0).error %>\n"
                   "<%= query('echo', {1, a = 1}).error %> <%= query('echo').data == null %>");
    const ssr_result *result = render(&lua);
    assert_int_equal(result->passes, 2);
    assert_string_equal(result->html, "ready 2 failed no_echo\ndisabled unknown_query not_finite\nbad_table true");
    close_lua(&lua);
}

static void components_call_themselves_and_each_other(void **state)
{
    struct lua lua;
    (void)state;
    open_lua(&lua, "<% local parts = include('parts.html') %>\n<% parts.tree({1, {2, {3}}}) %> "
                   "<% include('self.html', 3) %>");
    add_template(&lua, "parts.html",
                 "<% local function tree(node) %>\n<ul><% for _, n in ipairs(node) do %>"
                 "<% if type(n) == 'table' then tree(n) else %><li><%= n %><% end %><% end %></ul><% end %>\n"
                 "<% return {tree = tree} %>\n");
    add_template(&lua, "self.html", "(<%= props %><% if props > 0 then include('self.html', props - 1) end %>)");
    const ssr_result *result = render(&lua);
    assert_string_equal(result->error, "");
    assert_string_equal(result->html, "\n<ul><li>1<ul><li>2<ul><li>3</ul></ul></ul> (3(2(1(0))))");
    close_lua(&lua);
}

static void the_response_is_the_templates(void **state)
{
    struct lua lua;
    (void)state;
    open_lua(
        &lua,
        "<% status(404) header('X-A', 'b') %><%= select(2, status(99)) %> <%= select(2, header('X', 'a\\r\\n')) %> "
        "<%= select(2, header('Location', '/')) %> <%= select(2, redirect('//evil')) %> "
        "<%= select(2, redirect('/', 999999)) %>");
    const ssr_result *result = render(&lua);
    assert_int_equal(result->status, 404);
    assert_int_equal(result->header_count, 1);
    assert_string_equal(result->html, "bad_status bad_header reserved_header bad_redirect bad_redirect");
    close_lua(&lua);
    open_lua(&lua, "<% redirect('/there', 301) %>");
    result = render(&lua);
    assert_int_equal(result->outcome, SSR_REDIRECT);
    assert_int_equal(result->status, 301);
    assert_string_equal(result->redirect_to, "/there");
    close_lua(&lua);
}

static void a_layout_shows_the_cookie_that_its_page_sets(void **state)
{
    static const char *const sent[] = {"tea=black; jar=%7B%22n%22%3A1%7D"};
    struct lua lua;
    (void)state;
    open_engine(&lua, "null");
    add_template(&lua, "layout.html", "<%= cookie('tea') %> <%= cookie('jar').n or 'no n' %><% content() %>");
    add_template(&lua, "page.html",
                 "\n<% set_cookie('tea', 'green', {path = '/x', domain = 'example.com', max_age = 60, secure = true, "
                 "http_only = true, partitioned = true, same_site = 'none'})\nset_cookie('jar', {1, {}, null}) %>");
    const ssr_result *result = render_request(&lua, &(ssr_request){.cookie_headers = sent, .cookie_header_count = 1});
    assert_int_equal(result->passes, 2);
    assert_string_equal(result->html, "green no n\n");
    assert_int_equal(result->set_cookie_count, 2);
    assert_string_equal(result->set_cookies[0], "tea=green; Path=/x; Domain=example.com; Max-Age=60; Secure; HttpOnly; "
                                                "SameSite=None; Partitioned");
    assert_string_equal(result->set_cookies[1], "jar=%5B1%2C%5B%5D%2Cnull%5D; Path=/; SameSite=Lax");
    assert_non_null(strstr(lua.fixture.record_json, "page.html:2"));
    assert_non_null(strstr(lua.fixture.record_json, "page.html:3"));
    close_lua(&lua);
}

static void a_deleted_cookie_is_gone_and_one_sent_by_hand_is_not(void **state)
{
    static const char deletion[] = "=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0";
    static const char *const sent[] = {"tea=black; jar=1"};
    ssr_request request = {.cookie_headers = sent, .cookie_header_count = 1};
    struct lua lua;
    (void)state;
    open_lua(&lua, "<%= cookie('tea') %><% delete_cookie('tea') %>");
    const ssr_result *result = render_request(&lua, &request);
    assert_int_equal(result->passes, 2);
    assert_string_equal(result->html, "none");
    assert_int_equal(result->set_cookie_count, 1);
    assert_memory_equal(result->set_cookies[0] + 3, deletion, sizeof deletion - 1);
    close_lua(&lua);
    open_lua(&lua, "<%= cookie('tea') %> <%= send_cookie('tea', null, {path = '/'}) %> <%= send_cookie('x') %> "
                   "<%= send_cookie('y', 'z', {same_site = 'strict', max_age = 1}) %>");
    result = render_request(&lua, &request);
    assert_int_equal(result->passes, 1);
    assert_string_equal(result->html, "black true true true");
    assert_int_equal(result->set_cookie_count, 3);
    assert_memory_equal(result->set_cookies[0] + 3, deletion, sizeof deletion - 1);
    assert_string_equal(result->set_cookies[2], "y=z; Max-Age=1; SameSite=Strict");
    close_lua(&lua);
}

static void bad_cookies_are_refused_by_name(void **state)
{
    static const char *const pairs[][2] = {
        {"cookie('none')", "unknown_cookie"},
        {"set_cookie('none', 1)", "unknown_cookie"},
        {"set_cookie('none', {1, a = 1})", "unknown_cookie"},
        {"delete_cookie('none')", "unknown_cookie"},
        {"set_cookie('tea', 1)", "wrong_type"},
        {"set_cookie('tea', null)", "wrong_type"},
        {"set_cookie('tea', nil)", "bad_type"},
        {"set_cookie('jar', {1, a = 1})", "bad_table"},
        {"set_cookie('jar', 0/0)", "not_finite"},
        {"set_cookie('tea', 'a b')", "cookie_value"},
        {"set_cookie('tea', 'a\\r\\nX: y')", "cookie_value"},
        {"set_cookie('tea', 'a', {path = 'a'})", "cookie_path"},
        {"set_cookie('tea', 'a', {domain = 'a b'})", "cookie_domain"},
        {"set_cookie('tea', 'a', {same_site = 'none'})", "cookie_same_site_none"},
        {"set_cookie('tea', 'a', {partitioned = true})", "cookie_partitioned"},
        {"set_cookie('tea', ('x'):rep(4096))", "cookie_too_long"},
        {"send_cookie('a b', 'c')", "cookie_name"},
        {"send_cookie('__Host-a', 'c', {secure = true})", "cookie_prefix"},
        {"send_cookie('a', 'b\\0c')", "cookie_value"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char text[256];
        struct lua lua;
        snprintf(text, sizeof text, "<%%= select(2, %s) %%>", pairs[i][0]);
        open_lua(&lua, text);
        const ssr_result *result = render(&lua);
        if (strcmp(result->html, pairs[i][1]) != 0)
            fail_msg("%s: %s, wanted %s (%s)", pairs[i][0], result->html, pairs[i][1], result->error);
        assert_int_equal(result->set_cookie_count, 0);
        assert_int_equal(result->passes, 1);
        close_lua(&lua);
    }
}

static void mistaken_attributes_end_the_template(void **state)
{
    (void)state;
    assert_fails("\n<% set_cookie('tea', 'a', {paht = '/'}) %>", "bad.html:2", "cookies have no attribute \"paht\"");
    assert_fails("\n<% set_cookie('tea', 'a', {path = 1}) %>", "bad.html:2", "\"path\" is a string without NUL");
    assert_fails("\n<% set_cookie('tea', 'a', {path = '/\\0'}) %>", "bad.html:2", "\"path\" is a string without NUL");
    assert_fails("\n<% set_cookie('tea', 'a', {secure = 1}) %>", "bad.html:2", "\"secure\" is true or false");
    assert_fails("\n<% set_cookie('tea', 'a', {max_age = 1.5}) %>", "bad.html:2", "\"max_age\" is a whole number");
    assert_fails("\n<% set_cookie('tea', 'a', {max_age = -1}) %>", "bad.html:2", "\"max_age\" is a whole number");
    assert_fails("\n<% set_cookie('tea', 'a', {same_site = 'Lax'}) %>", "bad.html:2", "\"same_site\" is");
    assert_fails("\n<% set_cookie('tea', 'a', {1}) %>", "bad.html:2", "attributes have names");
    assert_fails("\n<% set_cookie('tea', 'a', 1) %>", "bad.html:2", "table expected");
    assert_fails("\n<% set_cookie('tea') %>", "bad.html:2", "value expected");
    assert_fails("\n<% cookie() %>", "bad.html:2", "string expected");
    assert_fails("\n<% send_cookie('a', {}) %>", "bad.html:2", "string expected");
}

/* ---- Atoms, context stores, shared stores -------------------------------------------------------------------------
 */

static void atoms_are_changed_at_once(void **state)
{
    (void)state;
    assert_writes("<% local a = assert(atom('cart')) %><%= a:get('name') %>|<%= a:get('of.1') %>|<%= a:get().name %>|"
                  "<%= a:get('no.such') %>|<%= a:get('no', 'otherwise') %>",
                  "none|2|none||otherwise");
    assert_writes("<% local a = atom('cart') %><%= a:update({name = 'x'}) %> <%= a:get('name') %>|"
                  "<% a:update(function(old) old.name = old.name .. 'y' set('made', 1) return old end) %>"
                  "<%= a:get('name') %>|<% a:merge({of = 7}) %><%= a:get('name') %><%= a:get('of') %>|"
                  "<% a:change('of', function(old) return old + 1 end) a:change('deep', {1}) %><%= a:get('of') %>"
                  "<%= a:get('deep.0') %>|<% a:act('name', 'z') %><%= a:get('name') %>|"
                  "<% a:act('empty') %><%= a:get('name', 'gone') %>|<% a:reset() %><%= atom('cart'):get('name') %>",
                  "true x|xy|xy7|81|z|gone|none");
}

static void bad_changes_of_atoms_are_refused_by_name(void **state)
{
    (void)state;
    assert_writes("<%= select(2, atom('none')) %>|<% local a = atom('cart') %><%= select(2, a:act('none')) %>|"
                  "<%= select(2, a:merge({1})) %>|<%= select(2, a:update({1, a = 1})) %>|"
                  "<%= a:get('name') %>",
                  "unknown_atom|unknown_action|wrong_type|bad_table|none");
}

static void context_stores_belong_to_their_subtree(void **state)
{
    (void)state;
    assert_writes(
        "<% local function name() %>[<%= context('account').name %>]<% end %>\n"
        "<% provide('account', {name = 'outer'}, function() name()\n"
        "  provide('account', {name = 'inner'}, function() name() act('account', 'name', 'other') name() end)\n"
        "  name() set_context('account', function(old) old.name = old.name .. '!' return old end) name()\n"
        "end) %>\n"
        "<% provide('account', {name = 'sibling'}, name, 'key') %>\n"
        "<%= select(2, context('account')) %>|<%= select(2, context('none')) %>|"
        "<%= select(2, set_context('account', 1)) %>|<%= select(2, act('account', 'name', 1)) %>|"
        "<%= select(2, provide('none', 1, name)) %>|<%= select(2, provide('account', name, name)) %>",
        "\n[outer][inner][other][outer][outer!][sibling]"
        "no_provider|unknown_context|no_provider|no_provider|unknown_context|bad_type");
}

/* sample.html, which docs/embedding-templates.md shows. */
static void the_sample_of_the_document_works(void **state)
{
    (void)state;
    char text[1024];
    FILE *file = fopen("sample.html", "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_writes(text, "  <p>Signed in as Ada, with tea</p>\n");
}

static void shared_stores_are_read(void **state)
{
    (void)state;
    assert_writes("<%= shared('site').name %>|<%= select(2, shared('none')) %>", "tea|unknown_shared");
}

static void an_error_inside_of_a_body_says_where(void **state)
{
    (void)state;
    assert_fails("\n<% provide('account', 1, function()\n error('inside') end) %>\n<% error('behind') %>",
                 "bad.html:3: ", "inside");
    assert_fails(
        "<% provide('account', 1, function() provide('account', 2, function()\n local x = nil + 1 end) end) %>",
        "bad.html:2: ", "arithmetic");
    assert_fails("\n<% provide('account', 1) %>", "bad.html:2: ", "function expected");
    assert_fails("\n<% atom('none'):get() %>", "bad.html:2: ", "index a nil value");
    assert_fails("\n<% atom('cart').get({}) %>", "bad.html:2: ", "atom expected");
    assert_fails("\n<% atom('cart').value = 1 %>", "bad.html:2: ", "index a atom value");
    assert_fails("\n<% atom('cart'):update() %>", "bad.html:2: ", "value expected");
    assert_fails("\n<% atom('cart'):update(function() error('in it') end) %>", "bad.html:2: ", "in it");
    assert_fails("<% local function deep() provide('account', 1, deep) end %>\n<% deep() %>",
                 "bad.html:1: ", "overflow");
    assert_fails("\n<% provide('account', 1, function() while true do end end) %>",
                 "bad.html:2: ", "instruction_limit");
    assert_fails("\n<%= atom('cart') %>", "bad.html:2: ", "a userdata has no text");
}

/* ---- Components ---------------------------------------------------------------------------------------------------
 */

static void a_template_is_a_component(void **state)
{
    struct lua lua;
    (void)state;
    open_lua(&lua, "<% component('card.html', {name = 'A'}, 1) component('card.html', {name = 'B'}, 2) %>"
                   "<%= select(2, component('card.html', {}, 2)) %>|<%= select(2, component('page.html')) %>|"
                   "<%= select(2, component('card.html', {1, a = 1}, 3)) %>|<% component('card.html') %>");
    add_template(&lua, "card.html", "<b><%= props ~= null and props.name %></b>");
    assert_string_equal(render(&lua)->html,
                        "<b>A</b><b>B</b>duplicate_component|unknown_component|bad_table|<b>false</b>");
    close_lua(&lua);
}

/* The page runs in each pass, a component when what it depends on has changed. */
static void a_component_runs_when_it_must(void **state)
{
    struct lua lua;
    (void)state;
    open_lua(&lua, "<%= get('made') %>:<% set('made', 'new') component('card.html', {1}) %>");
    add_template(&lua, "card.html", "(<% part() component('inner.html') %>)");
    add_template(&lua, "inner.html", "<%= get('seen') %>");
    const ssr_result *result = render(&lua);
    assert_string_equal(result->html, "new:(&lt;part&gt;first)");
    assert_int_equal(result->passes, 2);
    assert_int_equal(lua.parts, 1);
    close_lua(&lua);

    open_lua(&lua, "<% component('card.html', get('made')) set('made', 'new') %>");
    add_template(&lua, "card.html", "(<% part() %><%= props %>)");
    assert_string_equal(render(&lua)->html, "(&lt;part&gt;new)");
    assert_int_equal(lua.parts, 2);
    close_lua(&lua);

    open_lua(&lua, "<% component('card.html', {1}) set('made', 'new') %>");
    add_template(&lua, "card.html", "(<% part() component('inner.html') %>)");
    add_template(&lua, "inner.html", "<%= get('made') %><% provide('account', 1, function() %>!<% end) %>");
    assert_string_equal(render(&lua)->html, "(&lt;part&gt;new!)");
    assert_int_equal(lua.parts, 1); /* only the inner one ran again */
    close_lua(&lua);
}

static void an_error_in_a_component_says_where(void **state)
{
    struct lua lua;
    (void)state;
    open_lua(&lua, "\n<% component('card.html') %>");
    add_template(&lua, "card.html", "\n\n<% component('inner.html', {1}) %>");
    add_template(&lua, "inner.html", "a\n<% error('no ' .. #props) %>");
    const ssr_result *result = render(&lua);
    assert_int_equal(result->outcome, SSR_FAILED);
    assert_non_null(strstr(result->error, "inner.html:2: "));
    assert_non_null(strstr(result->error, "no 1"));
    close_lua(&lua);
    open_engine(&lua, "1");
    add_template(&lua, "layout.html", "<% component('card.html') content() %>");
    add_template(&lua, "page.html", "");
    add_template(&lua, "card.html", "\n<% content() %>");
    assert_non_null(strstr(render(&lua)->error, "card.html:2: there is no content below a page"));
    close_lua(&lua);
    open_lua(&lua, "<% component('card.html') %>");
    add_template(&lua, "card.html", "<% component('card.html') %>");
    assert_non_null(strstr(render(&lua)->error, "card.html:1: "));
    close_lua(&lua);
}

/* Reached from the page's own code and no template's run, it is an error of the page. */
static ssr_status page_in_c(ssr_ctx *ctx, void *arg)
{
    struct lua *lua = arg;
    return ssr_component(ctx, ssr_component_find(lua->fixture.registry, "card.html"), NULL, ssr_input_null());
}

static void a_page_in_c_has_no_such_components(void **state)
{
    struct lua lua;
    (void)state;
    open_engine(&lua, "1");
    fixture_run_request(&lua.fixture, page_in_c, &lua, NULL);
    assert_non_null(strstr(lua.fixture.result->error, "a component of templates only"));
    close_lua(&lua);
}

static void the_application_writes_parts(void **state)
{
    struct lua lua;
    (void)state;
    open_lua(&lua, "<% part() %>|\n<% part() %>");
    assert_string_equal(render(&lua)->html, "&lt;part&gt;|\n&lt;part&gt;");
    lua.fails = true;
    assert_non_null(strstr(render(&lua)->error, "page.html:1: part: failed"));
    close_lua(&lua);
}

static void time_and_chance_settle(void **state)
{
    struct lua lua;
    (void)state;
    open_lua(&lua, "<% local die, part = random(6), random() set('made', {now(), die, part, id(), location()}) %>"
                   "<%= die >= 1 and die <= 6 and part >= 0 and part < 1 %>");
    const ssr_result *result = render(&lua);
    assert_int_equal(result->passes, 2);
    assert_string_equal(result->html, "true");
    close_lua(&lua);
    assert_fails("\n<% random(0) %>", "bad.html:2", "from 1 up");
}

/* The order of a hash differs from state to state; the page must not. */
static void pairs_goes_by_sorted_keys(void **state)
{
    (void)state;
    assert_writes("<% for k, v in pairs({z = 1, b = 2, [10] = 3, [9] = 4, aa = 5}) do %><%= k %>=<%= v %> <% end %>",
                  "9=4 10=3 aa=5 b=2 z=1 ");
}

/* ---- The pass table --------------------------------------------------------------------------------------------- */

/* Who loads what layout and page ask for, before the first pass. The loaders are declared in each case. */
enum ahead { NOBODY, HOOK, OPTION };

/* One row of the table: templates, and what becomes of them. */
struct pass_row {
    const char *what, *layout, *page;
    enum ahead ahead;
    size_t declared; /* how many of `loaders` */
    unsigned passes, loads;
    ssr_outcome outcome;
    const char *html;
};

static const char *const loaders[] = {"page", "layout"};

#define BARE "<% content() %>"
#define SHOWS "<h1><%= use('three') %></h1><% content() %>"
#define LOADS "<% local q = query('echo', 'layout') %><%= use('three') %>|<%= q.data %>|"
#define WAITS LOADS "<% if q.state == 'ready' then content() end %>"
#define PAGE "<% local p = query('echo', 'page') %><%= p.state %> <%= p.data %>"
#define PAGE_SETS PAGE "<% if p.state == 'ready' then set('three', 3) end %>"
#define FAILS "<% local q = query('echo', 'fail') %><%= q.state %> <%= q.error %>"
#define FEEDS                                                                             \
    "<% if query('echo', 'page').state == 'ready' then\nlocal first = query('echo', 7)\n" \
    "if first.state == 'ready' then set('one', first.data) end\n"                         \
    "if get('one') > 0 then %><%= query('echo', get('one') + 1).data %><% end end %>"
#define WATERFALL                                                    \
    "<% local last = {state = 'ready', data = 0}\nfor i = 1, 3 do\n" \
    "last = query('echo', last.data + i, last.state == 'ready')\n"   \
    "if last.state ~= 'ready' then break end %><%= last.data %> <% end %>"

static const struct pass_row pass_table[] = {
    {"a default", SHOWS, "<p>", NOBODY, 0, 1, 0, SSR_SETTLED, "<h1>0</h1><p>"},
    {"page sets what the layout shows", SHOWS, "<% set('three', 5) %>", NOBODY, 0, 2, 0, SSR_SETTLED, "<h1>5</h1>"},
    {"three stores, each set from the one before", SHOWS,
     "<% set('one', 1) set('two', get('one')) set('three', get('two')) %>", NOBODY, 0, 4, 0, SSR_SETTLED, "<h1>1</h1>"},
    {"page loader", BARE, PAGE, NOBODY, 1, 2, 1, SSR_SETTLED, "ready page"},
    {"layout and page loaders together", LOADS "<% content() %>", PAGE, NOBODY, 2, 2, 2, SSR_SETTLED,
     "0|layout|ready page"},
    {"layout and page loaders, one waiting for the other", WAITS, PAGE, NOBODY, 2, 3, 2, SSR_SETTLED,
     "0|layout|ready page"},
    {"the same, and the page sets a store", WAITS, PAGE_SETS, NOBODY, 2, 4, 2, SSR_SETTLED, "3|layout|ready page"},
    {"query feeds a store that feeds a query, behind a page loader", BARE, FEEDS, NOBODY, 1, 5, 3, SSR_SETTLED, "8"},
    {"the same, page loader prefetched", BARE, FEEDS, OPTION, 1, 4, 3, SSR_SETTLED, "8"},
    {"layout and page loaders, by a hook", WAITS, PAGE, HOOK, 2, 1, 2, SSR_SETTLED, "0|layout|ready page"},
    {"layout and page loaders, by the option", WAITS, PAGE, OPTION, 2, 1, 2, SSR_SETTLED, "0|layout|ready page"},
    {"by a hook, with a store set", WAITS, PAGE_SETS, HOOK, 2, 2, 2, SSR_SETTLED, "3|layout|ready page"},
    {"by the option, with a store set", WAITS, PAGE_SETS, OPTION, 2, 2, 2, SSR_SETTLED, "3|layout|ready page"},
    {"a failing query", BARE, FAILS, NOBODY, 0, 2, 1, SSR_SETTLED, "failed no_echo"},
    {"its failure feeds a store", SHOWS, FAILS "<% if q.state == 'failed' then set('three', q.error) end %>", NOBODY, 0,
     3, 1, SSR_SETTLED, "<h1>no_echo</h1>failed no_echo"},
    {"one query from two places", "<%= query('echo', {a = 1, b = 2}).state %> <% content() %>",
     "<%= query('echo', {b = 2, a = 1}).state %>", NOBODY, 0, 2, 1, SSR_SETTLED, "ready ready"},
    {"a disabled query", BARE, "<%= query('echo', 'page', false).state %>", NOBODY, 1, 1, 0, SSR_SETTLED, "disabled"},
    {"a waterfall of three", BARE, WATERFALL, NOBODY, 0, 4, 3, SSR_SETTLED, "1 3 6 "},
    {"a new query in every pass", BARE, "<%= pass() %> <%= query('echo', pass()).state %>", NOBODY, 0, 101, 100,
     SSR_QUERY_CAP, "101 pending"},
    {"a redirect to itself, followed", BARE, "<% redirect('/here') %>", NOBODY, 0, 11, 0, SSR_REDIRECT_LOOP, ""},
};

static ssr_status name_of_loader(const char *location, ssr_builder *args, void *arg)
{
    (void)location;
    return ssr_builder_string(args, arg);
}

static ssr_status load_ahead(ssr_operation *hook, void *arg)
{
    const ssr_query *wanted = arg;
    for (size_t i = 0; i < TEST_COUNT(loaders); i++) {
        ssr_builder_string(ssr_operation_build_args(hook), loaders[i]);
        if (ssr_operation_load(hook, wanted).state != SSR_QUERY_READY)
            return SSR_E_FAILED;
    }
    return SSR_OK;
}

static const ssr_route *the_route(const char *location, void *arg)
{
    assert_string_equal(location, "/here");
    return arg;
}

/* What find_route answers; the render borrows it until it is freed. */
struct row_route {
    ssr_declared_loader declared[TEST_COUNT(loaders)];
    ssr_hook hook;
    ssr_route route;
};

static void open_route(struct row_route *route, const struct pass_row *row, ssr_query *wanted)
{
    for (size_t i = 0; i < TEST_COUNT(loaders); i++)
        route->declared[i] = (ssr_declared_loader){wanted, name_of_loader, (void *)loaders[i]};
    route->hook = (ssr_hook){"ahead", load_ahead, wanted};
    route->route = (ssr_route){&route->hook, row->ahead == HOOK, route->declared, row->declared};
}

static void assert_row(const struct pass_row *row, const struct lua *lua, bool data_only)
{
    const ssr_result *result = lua->fixture.result;
    bool has_document = !data_only && row->outcome != SSR_REDIRECT_LOOP;
    if (result->passes != row->passes || result->outcome != row->outcome || lua->loads != row->loads ||
        lua->fixture.errors != (row->outcome == SSR_QUERY_CAP) || result->refused != 0)
        fail_msg("%s, %s: %u passes, %s, %u loads, %u errors, %u refused: %s", row->what,
                 data_only ? "data" : "document", result->passes, ssr_outcome_name(result->outcome), lua->loads,
                 lua->fixture.errors, result->refused, result->error);
    assert_int_equal(result->has_document, has_document);
    assert_string_equal(result->html, has_document ? row->html : "");
}

/* Plays a row on an engine of its own; `data` receives what leaves for the browser. */
static void play_row(const struct pass_row *row, bool data_only, char data[FIXTURE_TEXT])
{
    struct lua lua;
    struct row_route route;
    ssr_request request = {.location = "/here",
                           .redirects = SSR_REDIRECTS_FOLLOW,
                           .data_only = data_only,
                           .find_route = the_route,
                           .find_route_arg = &route.route};
    begin_engine(&lua);
    lua.fixture.config.prefetch_loaders_before_page_render = row->ahead == OPTION;
    define_all(&lua, "null");
    fixture_store(&lua.fixture, "one", "0");
    fixture_store(&lua.fixture, "two", "0");
    fixture_store(&lua.fixture, "three", "0");
    fixture_start(&lua.fixture);
    add_template(&lua, "layout.html", row->layout);
    add_template(&lua, "page.html", row->page);
    open_route(&route, row, ssr_query_find(lua.fixture.registry, "echo"));
    const ssr_result *result = render_request(&lua, &request);
    assert_row(row, &lua, data_only);
    assert_true(result->data_length < FIXTURE_TEXT);
    memcpy(data, result->data, result->data_length + 1);
    close_lua(&lua);
}

/* The same loop with and without a document: as many passes, and the same data for the browser. */
static void the_pass_table_holds_in_lua(void **state)
{
    static char beside_document[FIXTURE_TEXT], alone[FIXTURE_TEXT];
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(pass_table); i++) {
        play_row(&pass_table[i], false, beside_document);
        play_row(&pass_table[i], true, alone);
        assert_string_equal(alone, beside_document);
        assert_int_equal(*alone != '\0', pass_table[i].outcome != SSR_REDIRECT_LOOP);
    }
}

/* ---- The sandbox ------------------------------------------------------------------------------------------------ */

static void nothing_shared_can_be_changed(void **state)
{
    static const char *const attempts[] = {
        "x = 1",
        "function x() end",
        "_ENV.x = 1",
        "get = nil",
        "_ENV = {}",
        "props = 1",
        "string.x = 1",
        "string.format = nil",
        "('').x = 1",
        "table.insert(string, 1)",
        "table.insert(_ENV, 1)",
        "math.pi = 3",
        "array(string).x = 1",
        "object(_ENV)",
        "array(array{})",
        "utf8.x = 1",
        "local t = table t.t = 1",
        "table.sort(_ENV, function() end) string[1] = 1",
        "for _, l in ipairs({math, table}) do l[1] = 1 end",
    };
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(attempts); i++) {
        char text[256];
        snprintf(text, sizeof text, "\n\n<%% %s %%>", attempts[i]);
        assert_fails(text, "bad.html:3: ", "");
    }
    assert_fails("\n<% visitor = 7 %>", "bad.html:2: ", "a global cannot be assigned, write local: \"visitor\"");
    assert_fails("\n<%= visitor %>", "bad.html:2: ", "there is no \"visitor\"");
    assert_fails("\n<% string.x = 7 %>", "bad.html:2: ", "a library cannot be changed: \"x\"");
}

static void the_rest_of_lua_is_not_there(void **state)
{
    static const char *const names[] = {
        "io",           "os",           "debug",          "package", "require", "load",     "loadstring",
        "loadfile",     "dofile",       "collectgarbage", "rawset",  "rawget",  "rawequal", "rawlen",
        "setmetatable", "getmetatable", "coroutine",      "pcall",   "xpcall",  "next",     "print",
        "warn",         "_G",           "_VERSION",       "names",   "html",    "text",
    };
    static const char *const members[] = {"string.dump", "string.pack",     "table.move",
                                          "math.random", "math.randomseed", "('').dump"};
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(names); i++) {
        char text[64];
        snprintf(text, sizeof text, "\n<%%= type(%s) %%>", names[i]);
        assert_fails(text, "bad.html:2: ", "there is no");
    }
    for (size_t i = 0; i < TEST_COUNT(members); i++) {
        char text[64];
        snprintf(text, sizeof text, "<%%= type(%s) %%>", members[i]);
        assert_writes(text, "nil");
    }
}

static void no_address_of_memory_is_told(void **state)
{
    static const char *const attempts[] = {
        "tostring({})",
        "tostring(get)",
        "string.format('%s', {})",
        "string.format('%p', 'x')",
        "('%20p'):format('x')",
        "('%d %s'):format(1, null)",
        "('x' .. {})",
        "error(get)",
        "tostring(_ENV)",
        "('%%%p'):format('x')",
    };
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(attempts); i++) {
        struct lua lua;
        char text[64];
        snprintf(text, sizeof text, "<%%= %s %%>", attempts[i]);
        open_lua(&lua, text);
        assert_int_equal(render(&lua)->outcome, SSR_FAILED);
        assert_null(strstr(lua.fixture.result->error, "0x"));
        close_lua(&lua);
    }
    assert_writes("<%= ('100%% pure %5.1f|%s'):format(2, 'x') %> <%= tostring(null) %>", "100% pure   2.0|x null");
}

static void what_does_not_end_is_ended(void **state)
{
    (void)state;
    assert_fails("\n\n<% while true do end %>", "bad.html:3: ", "instruction_limit");
    assert_fails("\n<% repeat local x = ('x'):rep(100) until false %>", "bad.html:2: ", "instruction_limit");
    assert_fails("\n<% local function f() return f() end f() %>", "bad.html:2: ", "instruction_limit");
    assert_fails("\n<% local function f() f() end f() %>", "bad.html:2: ", "");
    assert_fails("\n<% include('bad.html') %>", "bad.html:2: ", "stack overflow");
    assert_fails("\n<% local t = {} while true do t[#t + 1] = {} end %>", "bad.html:2: ", "memory_limit");
    assert_fails("\n<% local s = 'x'\nwhile true do s = s .. s end %>", "bad.html:3: ", "memory_limit");
    assert_fails("\n<% ('x'):rep(1e9) %>", "bad.html:2: ", "more than 1 MiB");
    assert_fails("\n<% (''):rep(math.maxinteger) %>", "bad.html:2: ", "more than 1 MiB");
    assert_fails("\n<% local t, s = {}, ('x'):rep(99999) for i = 1, 9999 do t[i] = s end table.concat(t) %>",
                 "bad.html", "not enough memory");
}

static void a_full_page_ends_as_limit(void **state)
{
    struct lua lua;
    (void)state;
    open_lua(&lua, "<% for _ = 1, 100 do raw(('x'):rep(999999)) end %>");
    const ssr_result *result = render(&lua);
    assert_string_equal(ssr_outcome_name(result->outcome), "limit");
    assert_non_null(strstr(result->error, "ssr_limits.output_bytes"));
    close_lua(&lua);
}

/* ---- One visitor after the other -------------------------------------------------------------------------------- */

static const char parts[] = "<% local last = '' %>\n"
                            "<% return {last = function(v) local before = last last = v[1] return before end} %>\n";

static void no_run_sees_another(void **state)
{
    struct lua lua;
    (void)state;
    open_engine(&lua, "{}");
    add_template(&lua, "layout.html", "<% content() %>");
    add_template(&lua, "page.html",
                 "<% local p = include('parts.html') %>\n<%= p.last(props) %>|<%= p.kept or props.kept %>|"
                 "<%= get('seen').kept %>|<% p.kept = 1 props.kept = 1 get('seen').kept = 1 %>"
                 "<% include('steal.html', props) %>");
    add_template(&lua, "parts.html", parts);
    add_template(&lua, "steal.html", "<% local n = props.n %><%= props.kept %> <%= #_ENV %>");
    for (int i = 0; i < 20; i++) {
        char json[32];
        snprintf(json, sizeof json, "{\"1\":\"visitor %d\"}", i);
        give_props(&lua, json);
        assert_string_equal(render(&lua)->html, "|||1 0");
    }
    close_lua(&lua);
}

struct crowd {
    ssr_engine *engine;
    struct lua_template templates[3];
    atomic_uint wrong;
};

struct visitor {
    struct crowd *crowd;
    struct lua_renderer *renderer;
    unsigned first;
    ssr_value *props;
};

static ssr_status visitor_page(ssr_ctx *ctx, void *arg)
{
    struct visitor *visitor = arg;
    return lua_renderer_page(visitor->renderer, ctx,
                             &(struct lua_page){"layout.html", "page.html", ssr_value_json(visitor->props), NULL});
}

static bool is_mine(struct visitor *visitor, unsigned number)
{
    char json[32], html[64], data[64];
    ssr_render *run;
    snprintf(json, sizeof json, "[\"<%u>\"]", number);
    snprintf(html, sizeof html, "[&lt;%u&gt;]&lt;%u&gt;||", number, number);
    snprintf(data, sizeof data, "\"made\":[\"<%u>\"]}", number);
    if (ssr_value_parse(NULL, json, strlen(json), NULL, &visitor->props) != SSR_OK)
        return false;
    bool is_good = ssr_run(visitor->crowd->engine, visitor_page, visitor, NULL, &run) == SSR_OK &&
                   strcmp(ssr_render_result(run)->html, html) == 0 && strstr(ssr_render_result(run)->data, data) &&
                   ssr_render_result(run)->passes == 2;
    ssr_render_free(run);
    ssr_value_free(visitor->props);
    return is_good;
}

static void *visit_often(void *arg)
{
    struct visitor *visitor = arg;
    for (unsigned i = 0; i < PAGES; i++)
        if (!is_mine(visitor, visitor->first + i))
            atomic_fetch_add(&visitor->crowd->wrong, 1);
    return NULL;
}

static void open_crowd(struct crowd *crowd, struct visitor *visitors)
{
    static const char layout[] = "[<%= get('made') ~= null and get('made')[1] %>]<% content() %>";
    static const char visit[] = "<% local p = include('parts.html') %>\n<%= props[1] %>|<%= p.last(props) %>|"
                                "<% p.kept = props set('made', array{props[1]}) %>";
    atomic_init(&crowd->wrong, 0);
    crowd->templates[0] = (struct lua_template){"layout.html", layout, strlen(layout)};
    crowd->templates[1] = (struct lua_template){"page.html", visit, strlen(visit)};
    crowd->templates[2] = (struct lua_template){"parts.html", parts, strlen(parts)};
    assert_status(ssr_engine_new(NULL, &crowd->engine), SSR_OK);
    ssr_store_define(ssr_engine_registry(crowd->engine), "made", NULL);
    assert_status(ssr_engine_start(crowd->engine), SSR_OK);
    for (unsigned i = 0; i < THREADS; i++) {
        struct lua_renderer_options options = {.registry = ssr_engine_registry(crowd->engine),
                                               .templates = crowd->templates,
                                               .template_count = 3,
                                               .memory_bytes = 4 << 20,
                                               .instructions = 1000000};
        visitors[i] = (struct visitor){crowd, new_renderer(&options), i * PAGES, NULL};
        assert_non_null(visitors[i].renderer);
    }
}

static void no_thread_sees_another(void **state)
{
    static struct crowd crowd;
    struct visitor visitors[THREADS];
    pthread_t threads[THREADS];
    (void)state;
    open_crowd(&crowd, visitors);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, visit_often, &visitors[i]), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < THREADS; i++)
        free_renderer(visitors[i].renderer);
    ssr_engine_free(crowd.engine);
    assert_int_equal(crowd.wrong, 0);
}

/* ---- Memory ----------------------------------------------------------------------------------------------------- */

static const char busy[] =
    "<% local q = query('echo', {a = {1, 'x'}}) local f = include('parts.html') %>\n"
    "<% for k, v in pairs({c = 1, b = 2}) do %><%= k .. v %><% end %><%= f.last({'z'}) %>"
    "<% set('made', {b = {get('seen'), q.state}}) %>"
    "<% local a = atom('cart') a:merge({x = a:get('of')}) a:change('y', function() return {1} end)"
    " provide('account', {b = 1}, function() act('account', 'name', context('account').b)"
    " component('card.html', {c = shared('site').name}, 'k') end) %>"
    "<% set_cookie('jar', {{cookie('tea')}, {b = 1}}, {path = '/' .. #q.state}) %>\n"
    "<%= ('%s'):format(('x'):rep(9)) %>";

/* A whole life in which the fail_at-th allocation of the Lua state fails; how many there were. */
static size_t live_busily(size_t fail_at, bool fail_after)
{
    struct lua lua;
    open_lua(&lua, busy);
    add_template(&lua, "parts.html", parts);
    add_template(&lua, "card.html", "<% local c = {props.c} %><%= c[1] %><% component('inner.html', c) %>");
    add_template(&lua, "inner.html", "");
    lua.memory.fail_at = fail_at;
    lua.memory.fail_after = fail_after;
    struct lua_renderer_options options = options_of(&lua);
    lua.renderer = new_renderer(&options);
    if (lua.renderer) {
        const ssr_result *result = render(&lua);
        if (result->outcome == SSR_FAILED)
            assert_non_null(strstr(result->error, "not enough memory"));
        else
            assert_string_equal(result->html, "b2c1tea\nxxxxxxxxx");
        lua.memory.fail_at = 0;
        assert_string_equal(render(&lua)->error, "");
    }
    size_t calls = lua.memory.calls;
    close_lua(&lua);
    return calls;
}

static void no_memory_ends_in_good_order(void **state)
{
    (void)state;
    size_t count = live_busily(0, false), step = count / 400 + 1;
    for (size_t i = 1; i <= count; i += step) {
        live_busily(i, false);
        live_busily(i, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_are_text_code_and_values),
        cmocka_unit_test(a_line_of_code_leaves_no_line),
        cmocka_unit_test(what_is_written_is_escaped),
        cmocka_unit_test(a_template_says_where_it_is_wrong),
        cmocka_unit_test(values_go_both_ways),
        cmocka_unit_test(lua_values_become_json),
        cmocka_unit_test(bad_values_are_refused_by_name),
        cmocka_unit_test(a_layout_shows_what_its_page_sets),
        cmocka_unit_test(a_query_is_there_in_the_second_pass),
        cmocka_unit_test(components_call_themselves_and_each_other),
        cmocka_unit_test(the_response_is_the_templates),
        cmocka_unit_test(a_layout_shows_the_cookie_that_its_page_sets),
        cmocka_unit_test(a_deleted_cookie_is_gone_and_one_sent_by_hand_is_not),
        cmocka_unit_test(bad_cookies_are_refused_by_name),
        cmocka_unit_test(mistaken_attributes_end_the_template),
        cmocka_unit_test(atoms_are_changed_at_once),
        cmocka_unit_test(bad_changes_of_atoms_are_refused_by_name),
        cmocka_unit_test(context_stores_belong_to_their_subtree),
        cmocka_unit_test(the_sample_of_the_document_works),
        cmocka_unit_test(shared_stores_are_read),
        cmocka_unit_test(an_error_inside_of_a_body_says_where),
        cmocka_unit_test(a_template_is_a_component),
        cmocka_unit_test(a_component_runs_when_it_must),
        cmocka_unit_test(an_error_in_a_component_says_where),
        cmocka_unit_test(a_page_in_c_has_no_such_components),
        cmocka_unit_test(the_application_writes_parts),
        cmocka_unit_test(time_and_chance_settle),
        cmocka_unit_test(pairs_goes_by_sorted_keys),
        cmocka_unit_test(the_pass_table_holds_in_lua),
        cmocka_unit_test(nothing_shared_can_be_changed),
        cmocka_unit_test(the_rest_of_lua_is_not_there),
        cmocka_unit_test(no_address_of_memory_is_told),
        cmocka_unit_test(what_does_not_end_is_ended),
        cmocka_unit_test(a_full_page_ends_as_limit),
        cmocka_unit_test(no_run_sees_another),
        cmocka_unit_test(no_thread_sees_another),
        cmocka_unit_test(no_memory_ends_in_good_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
