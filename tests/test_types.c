/*
 * The declarations that ssr_types_write writes: shapes of defaults, names, what stays on the server, stated types, the
 * buffer's end, and an allocator that fails at every point.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ssr.h"
#include "tests/fixture.h"

/* The whole file; static, so one at a time. */
static const char *written(const ssr_registry *registry)
{
    static char text[65536];
    size_t length;
    assert_status(ssr_types_write(registry, text, sizeof text, &length), SSR_OK);
    assert_int_equal(length, strlen(text));
    return text;
}

/* The declaration of the only store there is. */
static void check_store(const char *name, const ssr_store_options *options, const char *declaration)
{
    ssr_registry *registry;
    char file[1024];
    assert_status(ssr_registry_new(NULL, &registry), SSR_OK);
    ssr_store_define(registry, name, options);
    snprintf(file, sizeof file,
             "import 'ssrstore';\n\n// Made from the server's definitions.\n"
             "declare module 'ssrstore' {\n  interface Stores {\n    %s;\n  }\n}\n",
             declaration);
    assert_string_equal(written(registry), file);
    ssr_registry_free(registry);
}

struct pair {
    const char *from, *to;
};

static void test_shapes(void **state)
{
    (void)state;
    static const struct pair shapes[] = {
        {"\"a\"", "string"},
        {"1.5", "number"},
        {"false", "boolean"},
        {"null", "unknown"},
        {"[]", "unknown[]"},
        {"{}", "Record<string, unknown>"},
        {"[null]", "unknown[]"},
        {"[1,2]", "number[]"},
        {"[1,\"a\",true,null,2]", "(string | number | boolean | null)[]"},
        {"[[\"Start\",null]]", "(string | null)[][]"},
        {"[[],[1]]", "number[][]"},
        {"[[]]", "unknown[][]"},
        {"[1,[1]]", "(number | number[])[]"},
        {"[[1],[\"a\"]]", "(string | number)[][]"},
        {"[{},1]", "(number | Record<string, unknown>)[]"},
        {"{\"b\":1,\"a\":{\"c\":null}}", "{ a: { c: unknown }; b: number }"},
        {"[{\"a\":1},{\"a\":null}]", "{ a: number | null }[]"},
        {"[{\"b\":1},{\"a\":\"\"}]", "{ a?: string; b?: number }[]"},
        {"[{\"a\":1,\"c\":1},{\"b\":1,\"c\":1},{}]", "{ a?: number; b?: number; c?: number }[]"},
        {"[{\"a\":{\"x\":1}},{\"a\":{\"y\":1}},{\"a\":[]}]", "{ a: unknown[] | { x?: number; y?: number } }[]"},
        {"{\"a\":[{\"x\":1},{}],\"b\":[{\"x\":1}]}", "{ a: { x?: number }[]; b: { x: number }[] }"},
    };
    for (size_t i = 0; i < TEST_COUNT(shapes); i++) {
        char declaration[256];
        snprintf(declaration, sizeof declaration, "a: %s", shapes[i].to);
        check_store("a", &(ssr_store_options){.default_json = shapes[i].from}, declaration);
    }
}

static ssr_status make_five(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    (void)ctx;
    (void)arg;
    return ssr_builder_integer(value, 5);
}

static void test_what_a_default_cannot_tell(void **state)
{
    (void)state;
    check_store("a", &(ssr_store_options){.default_string = "5"}, "a: string");
    check_store("a", NULL, "a: unknown");
    check_store("a", &(ssr_store_options){.init = make_five}, "a: unknown");
    check_store("a", &(ssr_store_options){.init = make_five, .type = "number"}, "a: number");
    check_store("a", &(ssr_store_options){.type = "string | null"}, "a: string | null");
    check_store("a", &(ssr_store_options){.default_json = "[]", .type = "Map<string, 'a' | 'b'>[]"},
                "a: Map<string, 'a' | 'b'>[]");
}

/* Names and keys: bare when they can be, else a string literal that shows what it holds and cannot end early. */
static void test_names(void **state)
{
    (void)state;
    static const struct pair names[] = {
        {"$a_1", "$a_1"},
        {"__proto__", "__proto__"},
        {"new", "new"},
        {"1a", "\"1a\""},
        {"page.title", "\"page.title\""},
        {"it's", "\"it's\""},
        {"a\"; b: 1 }", "\"a\\\"; b: 1 }\""},
        {"a\\", "\"a\\\\\""},
        {"*/ </script> //", "\"*/ </script> //\""},
        {"gr\xc3\xb6\xc3\x9f", "\"gr\xc3\xb6\xc3\x9f\""},
        {"\xe6\x9d\xa1 \xf0\x9f\x98\x80", "\"\xe6\x9d\xa1 \xf0\x9f\x98\x80\""},
        {"\xe2\x80\xa8\xe2\x80\xa9", "\"\\u2028\\u2029\""},
        {"\xe2\x80\xae\xe2\x81\xaf\xe2\x81\xb0", "\"\\u202e\\u206f\xe2\x81\xb0\""},
        {"\xc2\x80\xc2\x9f\xc2\xa0\xef\xbb\xbf", "\"\\u0080\\u009f\xc2\xa0\\ufeff\""},
    };
    for (size_t i = 0; i < TEST_COUNT(names); i++) {
        char declaration[256];
        snprintf(declaration, sizeof declaration, "%s: number", names[i].to);
        check_store(names[i].from, &(ssr_store_options){.default_json = "1"}, declaration);
    }
    check_store("a", &(ssr_store_options){.default_json = "{\"\":1,\"\\u0001\\n\\u007f\":2,\"\\u2028\\\"\":3}"},
                "a: { \"\": number; \"\\u0001\\n\\u007f\": number; \"\\u2028\\\"\": number }");
}

static void define_all(ssr_registry *registry)
{
    ssr_store_define(registry, "title", &(ssr_store_options){.default_string = ""});
    ssr_store_define(registry, "secret", &(ssr_store_options){.policy = SSR_LOCAL});
    ssr_store_define(registry, "count", &(ssr_store_options){.default_json = "0", .type = "bigint"});
    ssr_store_define(registry, "count", &(ssr_store_options){.default_json = "0", .replace = true});
    ssr_cookie_define(registry, "theme", &(ssr_cookie_options){.fallback_string = "light"});
    ssr_cookie_define(registry, "seen", &(ssr_cookie_options){.encoding = SSR_COOKIE_PERCENT});
    ssr_cookie_define(registry, "odd", &(ssr_cookie_options){.fallback_json = "[1]"});
    ssr_cookie_define(registry, "mode", &(ssr_cookie_options){.type = "'a' | 'b'"});
    ssr_cookie_define(registry, "filter",
                      &(ssr_cookie_options){.encoding = SSR_COOKIE_JSON, .fallback_json = "{\"tags\":[\"a\"]}"});
    ssr_cookie_define(registry, "json", &(ssr_cookie_options){.encoding = SSR_COOKIE_JSON});
    ssr_cookie_define(registry, "session", &(ssr_cookie_options){.attributes = {.http_only = true}});
    ssr_query_define(registry, "ideas", NULL);
    ssr_query_define(registry, "idea", &(ssr_query_options){.args_type = "number", .type = "{ title: string }"});
    ssr_query_define(registry, "local", &(ssr_query_options){.policy = SSR_LOCAL, .type = "number"});
    ssr_atom_define(registry, "cart", &(ssr_atom_options){.default_json = "[]", .type = "string[]"});
    ssr_atom_define(registry, "counter", &(ssr_atom_options){.default_json = "0"});
    ssr_atom_define(registry, "local", &(ssr_atom_options){.policy = SSR_LOCAL});
    ssr_shared_define(registry, "motd", &(ssr_shared_options){.initial_json = "{\"text\":\"\"}"});
    ssr_shared_define(registry, "rates", &(ssr_shared_options){.type = "Record<string, number>"});
    ssr_shared_define(registry, "local", &(ssr_shared_options){.policy = SSR_LOCAL});
    ssr_context_define(registry, "user", &(ssr_context_options){.type = "{ name: string }"});
    ssr_context_define(registry, "panel", NULL);
    ssr_context_define(registry, "local", &(ssr_context_options){.policy = SSR_LOCAL});
}

static const char all[] = "import 'ssrstore';\n\n// Made from the server's definitions.\n"
                          "declare module 'ssrstore' {\n"
                          "  interface Stores {\n"
                          "    count: number;\n"
                          "    title: string;\n"
                          "  }\n"
                          "  interface Cookies {\n"
                          "    filter: { tags: string[] };\n"
                          "    json: unknown;\n"
                          "    mode: 'a' | 'b';\n"
                          "    odd: string | number[];\n"
                          "    seen: string | undefined;\n"
                          "    theme: string;\n"
                          "  }\n"
                          "  interface Queries {\n"
                          "    idea: { args: number; data: { title: string } };\n"
                          "    ideas: { args: unknown; data: unknown };\n"
                          "  }\n"
                          "  interface Atoms {\n"
                          "    cart: string[];\n"
                          "    counter: number;\n"
                          "  }\n"
                          "  interface SharedStores {\n"
                          "    motd: { text: string };\n"
                          "    rates: Record<string, number>;\n"
                          "  }\n"
                          "  interface Contexts {\n"
                          "    panel: unknown;\n"
                          "    user: { name: string };\n"
                          "  }\n"
                          "}\n";

static void test_every_kind(void **state)
{
    (void)state;
    ssr_engine *engine;
    assert_status(ssr_engine_new(NULL, &engine), SSR_OK);
    define_all(ssr_engine_registry(engine));
    assert_string_equal(written(ssr_engine_registry(engine)), all);
    assert_status(ssr_engine_start(engine), SSR_OK);
    assert_string_equal(written(ssr_engine_registry(engine)), all);
    ssr_engine_free(engine);
}

static void test_protected_cookies_stay(void **state)
{
    (void)state;
    static const unsigned char secret[SSR_COOKIE_KEY_BYTES] = {1};
    const ssr_cookie_key key = {"a", secret, sizeof secret};
    ssr_config config = ssr_config_default();
    ssr_engine *engine;
    config.cookie_keys = &key;
    config.cookie_key_count = 1;
    ssr_status status = ssr_engine_new(&config, &engine);
    if (status == SSR_E_NO_CRYPTO)
        skip();
    assert_status(status, SSR_OK);
    ssr_registry *registry = ssr_engine_registry(engine);
    ssr_cookie_define(registry, "signed", &(ssr_cookie_options){.protection = SSR_COOKIE_SIGNED});
    ssr_cookie_define(registry, "sealed", &(ssr_cookie_options){.protection = SSR_COOKIE_SEALED});
    assert_status(ssr_engine_start(engine), SSR_OK);
    assert_null(strstr(written(registry), "Cookies"));
    ssr_engine_free(engine);
}

/* A shared store is what it is now. */
static void test_shared_state(void **state)
{
    (void)state;
    ssr_registry *registry;
    assert_status(ssr_registry_new(NULL, &registry), SSR_OK);
    ssr_shared *shared = ssr_shared_define(registry, "motd", NULL);
    assert_non_null(strstr(written(registry), "    motd: unknown;\n"));
    assert_status(ssr_shared_replace(shared, ssr_input_json("{\"a\":1}")), SSR_OK);
    assert_non_null(strstr(written(registry), "    motd: { a: number };\n"));
    ssr_registry_free(registry);
}

/* It holds no state of a shared store longer than the call. */
static void test_shared_state_is_given_back(void **state)
{
    (void)state;
    struct test_memory memory = {0};
    ssr_allocator allocator = test_allocator(&memory);
    ssr_registry *registry;
    assert_status(ssr_registry_new(&allocator, &registry), SSR_OK);
    ssr_shared *shared = ssr_shared_define(registry, "motd", NULL);
    size_t before = 0;
    for (int i = 0; i < 20; i++) {
        assert_status(ssr_shared_replace(shared, ssr_input_integer(i)), SSR_OK);
        written(registry);
        before = i == 3 ? memory.live_blocks : before;
    }
    assert_int_equal(memory.live_blocks, before);
    ssr_registry_free(registry);
    assert_all_freed(&memory);
}

/* ---- Stated types ----------------------------------------------------------------------------------------------- */

static void check_type(const char *type, ssr_status expected)
{
    ssr_registry *registry;
    assert_status(ssr_registry_new(NULL, &registry), SSR_OK);
    ssr_store_define(registry, "a", &(ssr_store_options){.type = type});
    if (ssr_registry_status(registry) != expected)
        fail_msg("%s: %s", type, ssr_status_name(ssr_registry_status(registry)));
    ssr_registry_free(registry);
}

static void test_types_stay_in_their_place(void **state)
{
    (void)state;
    static const char *const good[] = {
        "string",
        "(a: number, b?: string) => void",
        "{ a: 1; b: [x: 2, y: 3] }",
        "Record<string, Array<number>>",
        "'}' | \"*\\\"}\" | `//${string}`",
        "import('./idea').Idea | null",
        "<T ={ a: 1 }>(of: T) => T",
        "'\\\\'",
        "gr\xc3\xb6\xc3\x9f",
    };
    static const char *const bad[] = {
        "",      "  ",   "a\nb",    "a\tb",    "a\x7f",     "a\xe2\x80\xa8", "a\xe2\x80\xa9",
        "\xff",  "a */", "'*/'",    "/* a",    "a // b",    "a / b",         "{ a: 1",
        "a }",   "(]",   "a; b: c", "a, b: c", "'a",        "\"a'",          "`a",
        "'a\\'", "'a\\", "Array<a", "a > b",   "}; evil {", "string } { ",   "[[[)]]]",
    };
    for (size_t i = 0; i < TEST_COUNT(good); i++)
        check_type(good[i], SSR_OK);
    for (size_t i = 0; i < TEST_COUNT(bad); i++)
        check_type(bad[i], SSR_E_INVALID_TYPE);
    char deep[2 * 65 + 1] = "";
    for (size_t depth = 64; depth <= 65; depth++) {
        memset(deep, '(', depth);
        memset(deep + depth, ')', depth);
        deep[2 * depth] = '\0';
        check_type(deep, depth == 64 ? SSR_OK : SSR_E_INVALID_TYPE);
    }
}

/* Every kind looks at its type, copies it, and names itself. */
static void test_types_of_every_kind(void **state)
{
    (void)state;
    for (int kind = 0; kind < 7; kind++) {
        static const char *const names[] = {"store", "cookie", "query", "query", "atom", "shared", "context"};
        char type[] = "a //", wanted[64];
        ssr_registry *registry;
        assert_status(ssr_registry_new(NULL, &registry), SSR_OK);
        switch (kind) {
        case 0: ssr_store_define(registry, "a", &(ssr_store_options){.type = type}); break;
        case 1: ssr_cookie_define(registry, "a", &(ssr_cookie_options){.type = type}); break;
        case 2: ssr_query_define(registry, "a", &(ssr_query_options){.type = type}); break;
        case 3: ssr_query_define(registry, "a", &(ssr_query_options){.args_type = type}); break;
        case 4: ssr_atom_define(registry, "a", &(ssr_atom_options){.type = type}); break;
        case 5: ssr_shared_define(registry, "a", &(ssr_shared_options){.type = type}); break;
        default: ssr_context_define(registry, "a", &(ssr_context_options){.type = type}); break;
        }
        snprintf(wanted, sizeof wanted, "%s \"a\": invalid_type: ", names[kind]);
        assert_memory_equal(ssr_registry_error(registry), wanted, strlen(wanted));
        ssr_registry_free(registry);
    }
    ssr_registry *registry;
    char type[] = "string";
    assert_status(ssr_registry_new(NULL, &registry), SSR_OK);
    ssr_store_define(registry, "a", &(ssr_store_options){.type = type});
    memset(type, 'x', sizeof type - 1);
    assert_non_null(strstr(written(registry), "    a: string;\n"));
    ssr_registry_free(registry);
}

/* ---- The call --------------------------------------------------------------------------------------------------- */

static void test_buffer(void **state)
{
    (void)state;
    ssr_engine *engine;
    size_t length;
    char text[sizeof all + 1];
    assert_status(ssr_engine_new(NULL, &engine), SSR_OK);
    define_all(ssr_engine_registry(engine));
    assert_status(ssr_types_write(ssr_engine_registry(engine), NULL, 0, &length), SSR_OK);
    assert_int_equal(length, sizeof all - 1);
    for (size_t size = 1; size <= sizeof all + 1; size++) {
        size_t whole = size <= sizeof all ? size - 1 : sizeof all - 1;
        memset(text, '#', sizeof text);
        assert_status(ssr_types_write(ssr_engine_registry(engine), text, size, &length), SSR_OK);
        assert_int_equal(length, sizeof all - 1);
        assert_int_equal(strlen(text), whole);
        assert_memory_equal(text, all, whole);
        assert_true(size == sizeof text || text[size] == '#');
    }
    ssr_engine_free(engine);
}

static void test_errors(void **state)
{
    (void)state;
    char text[16] = "#";
    size_t length = 5;
    assert_status(ssr_types_write(NULL, text, sizeof text, &length), SSR_E_INVALID_ARGUMENT);
    assert_int_equal(length, 0);
    assert_string_equal(text, "");
    ssr_registry *registry;
    assert_status(ssr_registry_new(NULL, &registry), SSR_OK);
    ssr_store_define(registry, "a", &(ssr_store_options){.default_json = "["});
    assert_status(ssr_types_write(registry, NULL, 0, &length), SSR_E_SYNTAX);
    ssr_registry_free(registry);
}

static void test_nothing_defined(void **state)
{
    (void)state;
    ssr_registry *registry;
    assert_status(ssr_registry_new(NULL, &registry), SSR_OK);
    assert_string_equal(
        written(registry),
        "import 'ssrstore';\n\n// Made from the server's definitions.\ndeclare module 'ssrstore' {\n}\n");
    ssr_registry_free(registry);
}

static void test_order_of_definition_does_not_matter(void **state)
{
    (void)state;
    static const char *const names[] = {"b", "a", "\xf0\x9f\x98\x80", "B", "\xef\xac\x80", "aa"};
    char first[1024];
    for (int turn = 0; turn < 2; turn++) {
        ssr_registry *registry;
        assert_status(ssr_registry_new(NULL, &registry), SSR_OK);
        for (size_t i = 0; i < TEST_COUNT(names); i++)
            ssr_atom_define(registry, names[turn == 0 ? i : TEST_COUNT(names) - 1 - i], NULL);
        if (turn == 0)
            snprintf(first, sizeof first, "%s", written(registry));
        else
            assert_string_equal(written(registry), first);
        ssr_registry_free(registry);
    }
    assert_true(strstr(first, "    a:") < strstr(first, "    aa:") &&
                strstr(first, "    B:") < strstr(first, "    a:"));
}

/* Whatever is refused, nothing is written and nothing stays allocated; definitions do not notice. */
static void test_no_memory(void **state)
{
    (void)state;
    struct test_memory memory = {0};
    ssr_allocator allocator = test_allocator(&memory);
    ssr_registry *registry;
    size_t length;
    char text[512] = "";
    assert_status(ssr_registry_new(&allocator, &registry), SSR_OK);
    ssr_store_define(registry, "a", &(ssr_store_options){.default_json = "[{\"a\":[1]},{\"b\":{\"c\":\"\"}}]"});
    ssr_shared_define(registry, "b", &(ssr_shared_options){.initial_json = "{\"a\":1}"});
    size_t before = memory.live_blocks, failures = 0;
    for (ssr_status status = SSR_E_NOMEM; status != SSR_OK; failures++) {
        memory.calls = 0;
        memory.fail_at = failures + 1;
        status = ssr_types_write(registry, text, sizeof text, &length);
        assert_true(status == SSR_OK || status == SSR_E_NOMEM);
        assert_true((status == SSR_OK) == (length > 0 && strlen(text) == length));
        assert_int_equal(memory.live_blocks, before);
    }
    assert_true(failures > 3);
    assert_non_null(strstr(text, "    a: { a?: number[]; b?: { c: string } }[];\n"));
    ssr_registry_free(registry);
    assert_all_freed(&memory);
}

/* As deep as values may be. */
static void test_depth(void **state)
{
    (void)state;
    char json[257], declaration[512] = "a: unknown";
    memset(json, '[', 128);
    memset(json + 128, ']', 128);
    json[256] = '\0';
    for (int i = 0; i < 128; i++)
        strcat(declaration, "[]");
    check_store("a", &(ssr_store_options){.default_json = json}, declaration);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_what_a_default_cannot_tell),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_protected_cookies_stay),
        cmocka_unit_test(test_shared_state),
        cmocka_unit_test(test_shared_state_is_given_back),
        cmocka_unit_test(test_types_stay_in_their_place),
        cmocka_unit_test(test_types_of_every_kind),
        cmocka_unit_test(test_buffer),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_nothing_defined),
        cmocka_unit_test(test_order_of_definition_does_not_matter),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
