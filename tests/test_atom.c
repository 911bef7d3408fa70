/*
 * Atom stores, with and without an engine: what the seed says, heading by heading; bad input; what a render takes back
 * at the end of a pass; memory that runs out; and a random walk against a naive model.
 */
#include "fixture.h"

#include "ssrstore/atom_internal.h"

/* ---- A store without an engine ---------------------------------------------------------------------------------- */

struct own {
    struct test_memory memory;
    ssr_registry *registry;
    ssr_atom_template *user, *cart, *locale;
    ssr_atom_store *store;
};

static ssr_status push(ssr_draft *draft, ssr_json argument, void *arg)
{
    (void)arg;
    return ssr_draft_set(draft, "/-", ssr_input_cursor(argument));
}

static ssr_status clear(ssr_draft *draft, ssr_json argument, void *arg)
{
    assert_int_equal(ssr_json_type(argument), SSR_JSON_ABSENT);
    (void)arg;
    return ssr_draft_set(draft, "", ssr_input_json("[]"));
}

static const ssr_action cart_actions[] = {{"push", push, NULL}, {"clear", clear, NULL}};
static const ssr_atom_options user_options = {.default_json = "{\"name\":\"Anon\",\"loggedIn\":false}"};
static const ssr_atom_options cart_options = {.default_json = "[]", .actions = cart_actions, .action_count = 2};
static const ssr_atom_options locale_options = {.default_json = "\"en\""};

static void define_own(struct own *own)
{
    memset(own, 0, sizeof *own);
    ssr_allocator allocator = test_allocator(&own->memory);
    assert_status(ssr_registry_new(&allocator, &own->registry), SSR_OK);
    own->user = ssr_atom_define(own->registry, "user", &user_options);
    own->cart = ssr_atom_define(own->registry, "cart", &cart_options);
    own->locale = ssr_atom_define(own->registry, "locale", &locale_options);
}

static void open_own(struct own *own)
{
    define_own(own);
    assert_status(ssr_atom_store_new(own->registry, &own->store), SSR_OK);
}

static void close_own(struct own *own)
{
    assert_status(ssr_atom_store_destroy(own->store), SSR_OK);
    ssr_registry_free(own->registry);
    assert_all_freed(&own->memory);
}

static void assert_json(ssr_json json, const char *text)
{
    char seen[2048];
    snprintf(seen, sizeof seen, "%.*s", (int)json.length, json.text ? json.text : "");
    assert_string_equal(seen, text);
}

#define assert_atom(atom, text) assert_json(ssr_atom_value(atom), text)

static void assert_snapshot(ssr_atom_store *store, const char *text)
{
    ssr_value *value;
    ssr_builder *builder = ssr_builder_new(NULL);
    assert_non_null(builder);
    assert_status(ssr_atom_store_snapshot(store, builder), SSR_OK);
    assert_status(ssr_builder_finish(builder, &value), SSR_OK);
    assert_string_equal(ssr_value_text(value), text);
    ssr_value_free(value);
    ssr_builder_free(builder);
}

static const char alice[] = "{\"loggedIn\":true,\"name\":\"Alice\"}";
static const char anon[] = "{\"loggedIn\":false,\"name\":\"Anon\"}";

/* What listeners wrote, in order: "TAG next<previous;". */
static char told[4096];

static ssr_status note(ssr_atom *atom, ssr_json next, ssr_json previous, void *tag)
{
    (void)atom;
    size_t length = strlen(told);
    snprintf(told + length, sizeof told - length, "%s %.*s<%.*s;", (const char *)tag, (int)next.length,
             next.text ? next.text : "", (int)previous.length, previous.text ? previous.text : "");
    return SSR_OK;
}

#define assert_told(expected)                \
    do {                                     \
        assert_string_equal(told, expected); \
        told[0] = '\0';                      \
    } while (0)

/* ---- Seed "Concepts", "Basic SSR pattern", "API reference" ------------------------------------------------------- */

/* Seed "Concepts": the template holds the default and is never mutated; a clone owns its state. */
static void a_template_is_never_changed(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *user = ssr_atom_use(own.store, own.user);
    assert_atom(user, anon);
    assert_status(ssr_atom_update(user, ssr_input_json(alice)), SSR_OK);
    assert_atom(user, alice);
    assert_json(ssr_atom_template_value(own.user), anon);
    assert_json(ssr_atom_default(user), anon);
    assert_ptr_equal(ssr_atom_template_of(user), own.user);
    close_own(&own);
}

/* Seed "Basic SSR pattern". */
static void the_basic_pattern_works(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *user = ssr_atom_use(own.store, own.user), *locale = ssr_atom_use(own.store, own.locale);
    assert_status(ssr_atom_update(user, ssr_input_json(alice)), SSR_OK);
    assert_status(ssr_atom_update(locale, ssr_input_string("fr")), SSR_OK);
    assert_snapshot(own.store, "{\"locale\":\"fr\",\"user\":{\"loggedIn\":true,\"name\":\"Alice\"}}");
    close_own(&own);
}

/* Seed "store.use(template)": lazily; the second call returns the existing clone. */
static void use_makes_one_clone(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    assert_false(ssr_atom_store_has(own.store, "user"));
    ssr_atom *user = ssr_atom_use(own.store, own.user);
    assert_non_null(user);
    assert_ptr_equal(ssr_atom_use(own.store, own.user), user);
    assert_true(ssr_atom_store_has(own.store, "user"));
    close_own(&own);
}

/* Seed "store.get(key)", "store.has(key)", "Key pitfalls": found by the template's key, whatever the clone's own is. */
static void get_looks_up_by_the_key_of_the_template(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *user = ssr_atom_use(own.store, own.user), *cart = ssr_atom_use(own.store, own.cart);
    assert_ptr_equal(ssr_atom_store_get(own.store, "user"), user);
    assert_null(ssr_atom_store_get(own.store, "never-used"));
    assert_null(ssr_atom_store_get(own.store, "locale"));
    assert_null(ssr_atom_store_get(own.store, "user.clone.1"));
    assert_false(ssr_atom_store_has(own.store, "locale"));
    assert_string_equal(ssr_atom_key(user), "user.clone.1");
    assert_string_equal(ssr_atom_key(cart), "cart.clone.2");
    assert_string_equal(ssr_atom_template_key(own.user), "user");
    close_own(&own);
}

/* Seed "store.list()": all clones in insertion order. */
static void the_list_is_in_the_order_of_first_use(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    assert_null(ssr_atom_store_next(own.store, NULL));
    ssr_atom *user = ssr_atom_use(own.store, own.user), *locale = ssr_atom_use(own.store, own.locale);
    ssr_atom_use(own.store, own.user);
    ssr_atom *cart = ssr_atom_use(own.store, own.cart);
    assert_ptr_equal(ssr_atom_store_next(own.store, NULL), user);
    assert_ptr_equal(ssr_atom_store_next(own.store, user), locale);
    assert_ptr_equal(ssr_atom_store_next(own.store, locale), cart);
    assert_null(ssr_atom_store_next(own.store, cart));
    close_own(&own);
}

static void the_list_may_change_while_it_is_walked(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *user = ssr_atom_use(own.store, own.user), *locale = ssr_atom_use(own.store, own.locale);
    ssr_atom_destroy(user);
    assert_ptr_equal(ssr_atom_store_next(own.store, user), locale);
    ssr_atom_destroy(locale);
    assert_null(ssr_atom_store_next(own.store, user));
    ssr_atom *late = ssr_atom_use(own.store, own.cart);
    assert_ptr_equal(ssr_atom_store_next(own.store, user), late);
    assert_ptr_equal(ssr_atom_store_next(own.store, locale), late);
    ssr_atom_destroy(late);
    ssr_atom *a = ssr_atom_use(own.store, own.user), *b = ssr_atom_use(own.store, own.locale);
    ssr_atom_destroy(a);
    ssr_atom_destroy(b);
    ssr_atom *c = ssr_atom_use(own.store, own.cart);
    assert_ptr_equal(ssr_atom_store_next(own.store, NULL), c);
    close_own(&own);
}

/* Seed "store.hydrate(snapshot)": atoms in the store at once, others on the next use; "Key pitfalls": in any order. */
static void hydrate_applies_or_queues(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *user = ssr_atom_use(own.store, own.user);
    ssr_atom_on_change(user, note, "u");
    told[0] = '\0';
    assert_status(
        ssr_atom_store_hydrate(own.store, ssr_input_json("{\"user\":1,\"locale\":\"fr\",\"ui.theme\":\"dark\"}")),
        SSR_OK);
    assert_told("u 1<{\"loggedIn\":false,\"name\":\"Anon\"};");
    assert_atom(user, "1");
    assert_false(ssr_atom_store_has(own.store, "locale"));
    assert_snapshot(own.store, "{\"user\":1}");
    assert_atom(ssr_atom_use(own.store, own.locale), "\"fr\"");
    ssr_atom_destroy(ssr_atom_store_get(own.store, "locale"));
    assert_atom(ssr_atom_use(own.store, own.locale), "\"en\"");
    assert_status(ssr_atom_store_hydrate(own.store, ssr_input_json("{\"cart\":[1]}")), SSR_OK);
    assert_status(ssr_atom_store_hydrate(own.store, ssr_input_json("{\"cart\":[2]}")), SSR_OK);
    assert_atom(ssr_atom_use(own.store, own.cart), "[2]");
    close_own(&own);
}

/* Seed "store.snapshot()": the values of scoped atoms only, to embed or to hydrate with. */
static void a_snapshot_hydrates_another_store(void **state)
{
    struct own own;
    ssr_atom_store *other;
    (void)state;
    open_own(&own);
    assert_snapshot(own.store, "{}");
    ssr_atom_act(ssr_atom_use(own.store, own.cart), "push", ssr_input_integer(1));
    ssr_atom_update(ssr_atom_use(own.store, own.user), ssr_input_json(alice));
    assert_snapshot(own.store, "{\"cart\":[1],\"user\":{\"loggedIn\":true,\"name\":\"Alice\"}}");
    ssr_builder *builder = ssr_builder_new(NULL);
    assert_non_null(builder);
    ssr_atom_store_snapshot(own.store, builder);
    assert_status(ssr_atom_store_new(own.registry, &other), SSR_OK);
    assert_status(ssr_atom_store_hydrate(other, ssr_input_built(builder)), SSR_OK);
    ssr_builder_free(builder);
    assert_atom(ssr_atom_use(other, own.user), alice);
    assert_atom(ssr_atom_use(other, own.cart), "[1]");
    ssr_atom_store_destroy(other);
    close_own(&own);
}

/* Seed "store.destroy()": destroys every clone; "Key pitfalls": no subscription is left. */
static void destroy_frees_everything_and_tells(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *user = ssr_atom_use(own.store, own.user), *cart = ssr_atom_use(own.store, own.cart);
    for (int i = 0; i < 100; i++)
        ssr_atom_on_change(user, note, "u");
    ssr_atom_on_destroy(cart, note, "cart");
    ssr_atom_on_destroy(user, note, "user");
    told[0] = '\0';
    close_own(&own);
    assert_told("user <{\"loggedIn\":false,\"name\":\"Anon\"};cart <[];");
    assert_status(ssr_atom_store_destroy(NULL), SSR_OK);
}

/* Seed "Multiple stores". */
static void stores_are_independent(void **state)
{
    struct own own;
    ssr_atom_store *other;
    (void)state;
    open_own(&own);
    assert_status(ssr_atom_store_new(own.registry, &other), SSR_OK);
    ssr_atom_update(ssr_atom_use(own.store, own.user), ssr_input_json("\"Alice\""));
    ssr_atom_update(ssr_atom_use(other, own.user), ssr_input_json("\"Bob\""));
    assert_atom(ssr_atom_store_get(own.store, "user"), "\"Alice\"");
    assert_atom(ssr_atom_store_get(other, "user"), "\"Bob\"");
    assert_json(ssr_atom_template_value(own.user), anon);
    assert_string_equal(ssr_atom_key(ssr_atom_store_get(other, "user")), "user.clone.1");
    assert_null(ssr_atom_store_next(own.store, ssr_atom_store_get(other, "user")));
    ssr_atom_store_destroy(other);
    close_own(&own);
}

/* Seed "Key pitfalls": reading the template gives everybody's default; writing to it is refused. */
static void a_template_can_only_be_read(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *user = ssr_atom_template_atom(own.user);
    assert_atom(user, anon);
    assert_json(ssr_atom_get(user, "name", ssr_value_json(NULL)), "\"Anon\"");
    assert_string_equal(ssr_atom_key(user), "user");
    assert_status(ssr_atom_update(user, ssr_input_json(alice)), SSR_E_TEMPLATE_READ_ONLY);
    assert_status(ssr_atom_merge(user, ssr_input_json("{}")), SSR_E_TEMPLATE_READ_ONLY);
    assert_status(ssr_atom_change(user, "name", ssr_input_null()), SSR_E_TEMPLATE_READ_ONLY);
    assert_status(ssr_atom_act(user, "x", ssr_input_null()), SSR_E_TEMPLATE_READ_ONLY);
    assert_status(ssr_atom_update_with(user, NULL, NULL), SSR_E_TEMPLATE_READ_ONLY);
    assert_status(ssr_atom_reset(user), SSR_E_TEMPLATE_READ_ONLY);
    assert_status(ssr_atom_silent_reset(user), SSR_E_TEMPLATE_READ_ONLY);
    assert_status(ssr_atom_silent_update(user, ssr_input_null()), SSR_E_TEMPLATE_READ_ONLY);
    assert_status(ssr_atom_update(NULL, ssr_input_null()), SSR_E_TEMPLATE_READ_ONLY);
    assert_null(ssr_atom_on_change(user, note, NULL));
    assert_null(ssr_atom_watch(user, "name", note, NULL));
    assert_null(ssr_atom_on_reset(user, note, NULL));
    assert_null(ssr_atom_on_destroy(user, note, NULL));
    assert_null(ssr_atom_clone(user));
    ssr_atom_destroy(user);
    assert_atom(user, anon);
    close_own(&own);
}

/* ---- Changing --------------------------------------------------------------------------------------------------- */

static ssr_status rename_user(ssr_draft *draft, void *name)
{
    assert_int_equal(ssr_json_type(ssr_draft_get(draft, "/loggedIn")), SSR_JSON_BOOLEAN);
    return ssr_draft_set(draft, "/name", ssr_input_string(name));
}

static void every_way_changes(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *user = ssr_atom_use(own.store, own.user), *cart = ssr_atom_use(own.store, own.cart);
    assert_status(ssr_atom_update_with(user, rename_user, "Eve"), SSR_OK);
    assert_atom(user, "{\"loggedIn\":false,\"name\":\"Eve\"}");
    assert_status(ssr_atom_merge(user, ssr_input_json("{\"loggedIn\":true,\"tags\":[{\"a\":1}]}")), SSR_OK);
    assert_atom(user, "{\"loggedIn\":true,\"name\":\"Eve\",\"tags\":[{\"a\":1}]}");
    assert_status(ssr_atom_change(user, "tags.0.a", ssr_input_integer(2)), SSR_OK);
    assert_status(ssr_atom_change(user, "x/y~z", ssr_input_null()), SSR_OK);
    assert_atom(user, "{\"loggedIn\":true,\"name\":\"Eve\",\"tags\":[{\"a\":2}],\"x/y~z\":null}");
    assert_json(ssr_atom_get(user, "tags.0.a", ssr_value_json(NULL)), "2");
    assert_json(ssr_atom_get(user, "x/y~z", ssr_value_json(NULL)), "null");
    assert_status(ssr_atom_act(cart, "push", ssr_input_string("a")), SSR_OK);
    assert_status(ssr_atom_act(cart, "push", ssr_input_string("b")), SSR_OK);
    assert_atom(cart, "[\"a\",\"b\"]");
    assert_status(ssr_atom_act(cart, "clear", ssr_input_value(NULL)), SSR_OK);
    assert_atom(cart, "[]");
    assert_status(ssr_atom_reset(user), SSR_OK);
    assert_atom(user, anon);
    assert_status(ssr_atom_change(user, "", ssr_input_integer(7)), SSR_OK);
    assert_atom(user, "7");
    close_own(&own);
}

/* A path that leads to nothing gives what was asked with. */
static void paths_are_dotted(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *atom = ssr_atom_use(own.store, own.user);
    ssr_atom_update(atom, ssr_input_json("{\"a\":{\"b\":[10,{\"c\\n\":1}],\"\":{\"\":5}},\"1\":\"one\"}"));
    static const struct {
        const char *path, *found;
    } cases[] = {{"a.b.0", "10"},      {"a.b.1.c\n", "1"},  {"a.b.2", "\"no\""},
                 {"a.b.01", "\"no\""}, {"a.b.-", "\"no\""}, {"a.b.", "\"no\""},
                 {"1", "\"one\""},     {"a.B", "\"no\""},   {"a.b.0.x", "\"no\""},
                 {"b", "\"no\""},      {"a..x", "\"no\""},  {".", "\"no\""},
                 {"a.bb", "\"no\""},   {"a.b.x", "\"no\""}, {"a.b.4294967297", "\"no\""}};
    ssr_value *no;
    assert_status(ssr_value_parse(NULL, "\"no\"", 4, NULL, &no), SSR_OK);
    for (size_t i = 0; i < TEST_COUNT(cases); i++)
        assert_json(ssr_atom_get(atom, cases[i].path, ssr_value_json(no)), cases[i].found);
    assert_json(ssr_atom_get(atom, "", ssr_value_json(no)), ssr_atom_value(atom).text);
    assert_json(ssr_atom_get(atom, NULL, ssr_value_json(no)), "\"no\"");
    assert_json(ssr_atom_get(NULL, "a", ssr_value_json(no)), "\"no\"");
    ssr_value_free(no);
    close_own(&own);
}

static ssr_status fail_quietly(ssr_draft *draft, void *kept)
{
    *(ssr_draft **)kept = draft;
    ssr_draft_set(draft, "", ssr_input_integer(1));
    return SSR_E_FAILED;
}

static void refused_changes_change_nothing(void **state)
{
    struct own own;
    ssr_draft *kept;
    (void)state;
    open_own(&own);
    ssr_atom *user = ssr_atom_use(own.store, own.user), *cart = ssr_atom_use(own.store, own.cart);
    ssr_atom_on_change(user, note, "u");
    ssr_atom_on_change(cart, note, "c");
    told[0] = '\0';
    assert_status(ssr_atom_update(user, ssr_input_json("{")), SSR_E_SYNTAX);
    assert_status(ssr_atom_store_status(own.store), SSR_E_SYNTAX);
    assert_status(ssr_atom_update(user, ssr_input_string(NULL)), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_atom_merge(user, ssr_input_integer(1)), SSR_E_WRONG_TYPE);
    assert_status(ssr_atom_merge(cart, ssr_input_json("{\"a\":1}")), SSR_E_WRONG_TYPE);
    assert_status(ssr_atom_change(user, "name.first", ssr_input_integer(1)), SSR_E_WRONG_TYPE);
    assert_status(ssr_atom_change(user, "address.city", ssr_input_integer(1)), SSR_E_NO_MEMBER);
    assert_status(ssr_atom_change(cart, "name", ssr_input_integer(1)), SSR_E_NO_MEMBER);
    assert_status(ssr_atom_change(user, NULL, ssr_input_integer(1)), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_atom_update_with(user, NULL, NULL), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_atom_update_with(user, fail_quietly, &kept), SSR_E_FAILED);
    assert_status(ssr_draft_set(kept, "", ssr_input_integer(2)), SSR_E_DRAFT_ENDED);
    assert_status(ssr_atom_act(cart, "pop", ssr_input_null()), SSR_E_UNKNOWN_ACTION);
    assert_status(ssr_atom_act(cart, NULL, ssr_input_null()), SSR_E_UNKNOWN_ACTION);
    assert_status(ssr_atom_act(cart, "push", ssr_input_json("[1")), SSR_E_SYNTAX);
    assert_status(ssr_atom_act(cart, "push", ssr_input_value(NULL)), SSR_E_INVALID_ARGUMENT);
    assert_atom(user, anon);
    assert_atom(cart, "[]");
    assert_told("");
    assert_null(ssr_atom_on_change(user, NULL, NULL));
    assert_null(ssr_atom_watch(user, NULL, note, NULL));
    assert_status(ssr_atom_store_status(own.store), SSR_E_INVALID_ARGUMENT);
    close_own(&own);
}

/* Equal canonical bytes are no change, however fresh. */
static void equal_values_tell_nobody(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *user = ssr_atom_use(own.store, own.user);
    ssr_atom_on_change(user, note, "u");
    ssr_atom_on_reset(user, note, "r");
    told[0] = '\0';
    ssr_json before = ssr_atom_value(user);
    assert_status(ssr_atom_update(user, ssr_input_json("{\"loggedIn\" : false, \"name\":\"\\u0041non\"}")), SSR_OK);
    assert_status(ssr_atom_merge(user, ssr_input_json("{}")), SSR_OK);
    assert_status(ssr_atom_reset(user), SSR_OK);
    assert_ptr_equal(ssr_atom_value(user).text, before.text);
    assert_told("");
    close_own(&own);
}

static void silent_changes_tell_nobody(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *user = ssr_atom_use(own.store, own.user);
    ssr_atom_on_change(user, note, "u");
    ssr_atom_on_reset(user, note, "r");
    told[0] = '\0';
    assert_status(ssr_atom_silent_update(user, ssr_input_integer(1)), SSR_OK);
    assert_atom(user, "1");
    assert_status(ssr_atom_silent_reset(user), SSR_OK);
    assert_atom(user, anon);
    assert_told("");
    assert_status(ssr_atom_update(user, ssr_input_integer(2)), SSR_OK);
    assert_status(ssr_atom_reset(user), SSR_OK);
    assert_told("u 2<{\"loggedIn\":false,\"name\":\"Anon\"};r {\"loggedIn\":false,\"name\":\"Anon\"}<2;"
                "u {\"loggedIn\":false,\"name\":\"Anon\"}<2;");
    close_own(&own);
}

/* Counts its calls, cuts at 10, refuses null. */
static ssr_status cut_at_ten(ssr_draft *next, ssr_json old, const ssr_atom *atom, void *calls)
{
    int64_t number;
    ++*(int *)calls;
    assert_json(old, ssr_atom_value(atom).text);
    if (ssr_json_type(ssr_draft_get(next, "")) == SSR_JSON_NULL)
        return SSR_E_FAILED;
    if (ssr_json_integer(ssr_draft_get(next, ""), &number) == SSR_OK && number > 10)
        return ssr_draft_set(next, "", ssr_input_integer(10));
    return SSR_OK;
}

static ssr_status set_to(ssr_draft *draft, ssr_json argument, void *arg)
{
    (void)arg;
    return ssr_draft_set(draft, "", ssr_input_cursor(argument));
}

static ssr_status set_to_fifty(ssr_draft *draft, void *arg)
{
    (void)arg;
    return ssr_draft_set(draft, "", ssr_input_integer(50));
}

static void before_update_sees_every_way_but_resets(void **state)
{
    struct own own;
    int calls = 0;
    ssr_action set = {"set", set_to, NULL};
    (void)state;
    sweep_test_counts();
    define_own(&own);
    ssr_atom_template *level = ssr_atom_define(
        own.registry, "level",
        &(ssr_atom_options){
            .default_json = "99", .before_update = cut_at_ten, .actions = &set, .action_count = 1, .arg = &calls});
    assert_status(ssr_atom_store_new(own.registry, &own.store), SSR_OK);
    assert_status(ssr_atom_store_hydrate(own.store, ssr_input_json("{\"level\":60}")), SSR_OK);
    assert_int_equal(calls, 0);
    ssr_atom *atom = ssr_atom_use(own.store, level);
    assert_int_equal(calls, 1);
    assert_atom(atom, "10");
    assert_status(ssr_atom_update(atom, ssr_input_integer(3)), SSR_OK);
    assert_status(ssr_atom_update_with(atom, set_to_fifty, NULL), SSR_OK);
    assert_atom(atom, "10");
    assert_status(ssr_atom_silent_update(atom, ssr_input_integer(4)), SSR_OK);
    assert_status(ssr_atom_act(atom, "set", ssr_input_integer(70)), SSR_OK);
    assert_atom(atom, "10");
    assert_status(ssr_atom_change(atom, "", ssr_input_integer(5)), SSR_OK);
    assert_status(ssr_atom_store_hydrate(own.store, ssr_input_json("{\"level\":60}")), SSR_OK);
    assert_atom(atom, "10");
    assert_int_equal(calls, 7);
    assert_status(ssr_atom_update(atom, ssr_input_null()), SSR_E_FAILED);
    assert_status(ssr_atom_store_hydrate(own.store, ssr_input_json("{\"level\":null,\"user\":1}")), SSR_E_FAILED);
    assert_atom(ssr_atom_use(own.store, own.user), "1");
    assert_atom(atom, "10");
    assert_status(ssr_atom_update(atom, ssr_input_json("{}")), SSR_OK);
    assert_status(ssr_atom_merge(atom, ssr_input_json("{\"a\":1}")), SSR_OK);
    assert_int_equal(calls, 11);
    assert_status(ssr_atom_reset(atom), SSR_OK);
    assert_status(ssr_atom_update(atom, ssr_input_integer(1)), SSR_OK);
    assert_status(ssr_atom_silent_reset(atom), SSR_OK);
    assert_int_equal(calls, 12);
    assert_atom(atom, "99");
    close_own(&own);
}

/* A refused queued value leaves the default; the status says so. */
static void a_refused_queued_value_leaves_the_default(void **state)
{
    struct own own;
    int calls = 0;
    (void)state;
    define_own(&own);
    ssr_atom_template *level = ssr_atom_define(
        own.registry, "level", &(ssr_atom_options){.default_json = "7", .before_update = cut_at_ten, .arg = &calls});
    assert_status(ssr_atom_store_new(own.registry, &own.store), SSR_OK);
    assert_status(ssr_atom_store_hydrate(own.store, ssr_input_json("{\"level\":null}")), SSR_OK);
    ssr_atom *atom = ssr_atom_use(own.store, level);
    assert_atom(atom, "7");
    assert_status(ssr_atom_store_status(own.store), SSR_E_FAILED);
    close_own(&own);
}

/* A template whose first look at a queued value runs out of memory, after it has done something else. */
struct beginning {
    struct own own;
    ssr_atom *first;
    enum { JUST_FAIL, USE_ANOTHER, SUBSCRIBE, DESTROY, DESTROY_FIRST, BEGINNINGS, GO_ON } how;
};

static ssr_status begin_badly(ssr_draft *next, ssr_json old, const ssr_atom *atom, void *arg)
{
    const struct beginning *beginning = arg;
    (void)next, (void)old;
    if (beginning->how == USE_ANOTHER)
        assert_non_null(ssr_atom_use(beginning->own.store, beginning->own.cart));
    if (beginning->how == SUBSCRIBE)
        assert_non_null(ssr_atom_on_change((ssr_atom *)atom, note, "never"));
    if (beginning->how == DESTROY)
        ssr_atom_destroy((ssr_atom *)atom);
    if (beginning->how == DESTROY_FIRST)
        ssr_atom_destroy(beginning->first);
    return beginning->how == GO_ON ? SSR_OK : SSR_E_NOMEM;
}

/* No clone is left of it, whatever the callback has done; the value waits for the next use. */
static void a_clone_that_cannot_begin_is_not_there(void **state)
{
    struct beginning beginning;
    (void)state;
    for (unsigned how = JUST_FAIL; how < BEGINNINGS; how++) {
        struct own *own = &beginning.own;
        define_own(own);
        beginning.how = how;
        ssr_atom_template *level = ssr_atom_define(
            own->registry, "level", &(ssr_atom_options){.before_update = begin_badly, .arg = &beginning});
        assert_status(ssr_atom_store_new(own->registry, &own->store), SSR_OK);
        assert_status(ssr_atom_store_hydrate(own->store, ssr_input_json("{\"level\":5}")), SSR_OK);
        told[0] = '\0';
        beginning.first = ssr_atom_use(own->store, own->locale);
        assert_null(ssr_atom_use(own->store, level));
        assert_status(ssr_atom_store_status(own->store), SSR_E_NOMEM);
        assert_false(ssr_atom_store_has(own->store, "level"));
        ssr_atom *another = ssr_atom_store_get(own->store, "cart");
        assert_ptr_equal(ssr_atom_store_next(own->store, beginning.first), another);
        ssr_atom_destroy(beginning.first);
        assert_snapshot(own->store, how == USE_ANOTHER ? "{\"cart\":[]}" : "{}");
        beginning.how = GO_ON;
        assert_atom(ssr_atom_use(own->store, level), "5");
        assert_told("");
        close_own(own);
    }
}

static ssr_json get_shouting(ssr_json value, const char *path, void *arg)
{
    if (strcmp(path, "none") == 0)
        return ssr_value_json(NULL);
    return strcmp(path, "own") == 0 ? ssr_value_json(arg) : value;
}

static void a_getter_answers_for_paths(void **state)
{
    struct own own;
    ssr_value *shout;
    (void)state;
    define_own(&own);
    assert_status(ssr_value_parse(NULL, "\"LOUD\"", 6, NULL, &shout), SSR_OK);
    ssr_atom_template *loud =
        ssr_atom_define(own.registry, "loud", &(ssr_atom_options){.get = get_shouting, .arg = shout});
    assert_status(ssr_atom_store_new(own.registry, &own.store), SSR_OK);
    ssr_atom *atom = ssr_atom_use(own.store, loud);
    assert_json(ssr_atom_get(atom, "own", ssr_value_json(NULL)), "\"LOUD\"");
    assert_json(ssr_atom_get(atom, "any", ssr_value_json(NULL)), "null");
    assert_json(ssr_atom_get(atom, "none", ssr_value_json(shout)), "\"LOUD\"");
    ssr_value_free(shout);
    close_own(&own);
}

/* ---- Listening -------------------------------------------------------------------------------------------------- */

static void listeners_are_told_in_order(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *user = ssr_atom_use(own.store, own.user);
    ssr_atom_on_change(user, note, "a");
    ssr_atom_subscription *watch = ssr_atom_watch(user, "name", note, "w");
    ssr_atom_on_change(user, note, "b");
    told[0] = '\0';
    ssr_atom_change(user, "name", ssr_input_string("Eve"));
    assert_told("a {\"loggedIn\":false,\"name\":\"Eve\"}<{\"loggedIn\":false,\"name\":\"Anon\"};w \"Eve\"<\"Anon\";"
                "b {\"loggedIn\":false,\"name\":\"Eve\"}<{\"loggedIn\":false,\"name\":\"Anon\"};");
    ssr_atom_update(user, ssr_input_json("{\"name\":\"Eve\"}"));
    assert_told("a {\"name\":\"Eve\"}<{\"loggedIn\":false,\"name\":\"Eve\"};"
                "b {\"name\":\"Eve\"}<{\"loggedIn\":false,\"name\":\"Eve\"};");
    ssr_atom_update(user, ssr_input_integer(1));
    assert_told("a 1<{\"name\":\"Eve\"};w <\"Eve\";b 1<{\"name\":\"Eve\"};");
    ssr_atom_unsubscribe(watch);
    ssr_atom_unsubscribe(watch);
    ssr_atom_unsubscribe(NULL);
    ssr_atom_update(user, ssr_input_json("{\"name\":2}"));
    assert_told("a {\"name\":2}<1;b {\"name\":2}<1;");
    close_own(&own);
}

static ssr_status refuse(ssr_atom *atom, ssr_json next, ssr_json previous, void *arg)
{
    note(atom, next, previous, arg);
    return SSR_E_FAILED;
}

static void a_bad_listener_does_not_stop_the_others(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *locale = ssr_atom_use(own.store, own.locale);
    ssr_atom_on_change(locale, refuse, "a");
    ssr_atom_on_change(locale, note, "b");
    told[0] = '\0';
    assert_status(ssr_atom_update(locale, ssr_input_integer(1)), SSR_E_LISTENER);
    assert_atom(locale, "1");
    assert_told("a 1<\"en\";b 1<\"en\";");
    assert_status(ssr_atom_store_hydrate(own.store, ssr_input_json("{\"locale\":2}")), SSR_E_LISTENER);
    assert_atom(locale, "2");
    close_own(&own);
}

/* Adds one until three. */
static ssr_status count_up(ssr_atom *atom, ssr_json next, ssr_json previous, void *arg)
{
    int64_t number = 0;
    note(atom, next, previous, arg);
    ssr_json_integer(next, &number);
    ssr_status status = number < 3 ? ssr_atom_update(atom, ssr_input_integer(number + 1)) : SSR_OK;
    note(atom, next, previous, "after");
    return status;
}

/* An inner change is done at once, its listeners are told first, each with its own values. */
static void nested_changes_are_done_at_once(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *locale = ssr_atom_use(own.store, own.locale);
    ssr_atom_on_change(locale, count_up, "up");
    ssr_atom_on_change(locale, note, "b");
    told[0] = '\0';
    assert_status(ssr_atom_update(locale, ssr_input_integer(1)), SSR_OK);
    assert_atom(locale, "3");
    assert_told("up 1<\"en\";up 2<1;up 3<2;after 3<2;b 3<2;after 2<1;b 2<1;after 1<\"en\";b 1<\"en\";");
    close_own(&own);
}

static ssr_status count_for_ever(ssr_atom *atom, ssr_json next, ssr_json previous, void *calls)
{
    int64_t number = 0;
    (void)previous;
    ++*(int *)calls;
    ssr_json_integer(next, &number);
    ssr_atom_update(atom, ssr_input_integer(number + 1));
    return SSR_OK;
}

/* Two listeners that each change the atom would tell each other 2^64 times. */
static void endless_changes_are_cut_off(void **state)
{
    struct own own;
    int calls = 0;
    (void)state;
    open_own(&own);
    ssr_atom *locale = ssr_atom_use(own.store, own.locale);
    ssr_atom_on_change(locale, count_for_ever, &calls);
    ssr_atom_on_change(locale, count_for_ever, &calls);
    assert_status(ssr_atom_update(locale, ssr_input_integer(1)), SSR_E_LISTENER_LOOP);
    assert_int_equal(calls, 2 * SSR_ATOM_DEPTH);
    assert_atom(locale, "64");
    assert_status(ssr_atom_silent_update(locale, ssr_input_integer(1)), SSR_OK);
    assert_status(ssr_atom_update(locale, ssr_input_integer(5)), SSR_E_LISTENER_LOOP);
    close_own(&own);
}

static ssr_atom_subscription *others[2];

/* Ends others[0] and begins a new one, each once. */
static ssr_status rearrange(ssr_atom *atom, ssr_json next, ssr_json previous, void *arg)
{
    note(atom, next, previous, arg);
    if (others[0] && !others[1])
        others[1] = ssr_atom_on_change(atom, note, "new");
    ssr_atom_unsubscribe(others[0]);
    return SSR_OK;
}

static void subscriptions_may_change_while_told(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *locale = ssr_atom_use(own.store, own.locale);
    others[1] = NULL;
    ssr_atom_subscription *self = ssr_atom_on_change(locale, rearrange, "a");
    others[0] = ssr_atom_on_change(locale, note, "ended");
    ssr_atom_on_change(locale, note, "c");
    told[0] = '\0';
    ssr_atom_update(locale, ssr_input_integer(1));
    assert_told("a 1<\"en\";c 1<\"en\";");
    others[0] = self;
    ssr_atom_update(locale, ssr_input_integer(2));
    assert_told("a 2<1;c 2<1;new 2<1;");
    ssr_atom_update(locale, ssr_input_integer(3));
    assert_told("c 3<2;new 3<2;");
    close_own(&own);
}

/* Ends itself and the one behind it. */
static ssr_status end_both(ssr_atom *atom, ssr_json next, ssr_json previous, void *arg)
{
    note(atom, next, previous, arg);
    ssr_atom_unsubscribe(others[0]);
    ssr_atom_unsubscribe(others[1]);
    return SSR_OK;
}

static void who_has_ended_is_not_told_by_who_has_ended(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *locale = ssr_atom_use(own.store, own.locale);
    others[0] = ssr_atom_on_change(locale, end_both, "both");
    others[1] = ssr_atom_on_change(locale, note, "never");
    ssr_atom_on_change(locale, note, "last");
    told[0] = '\0';
    ssr_atom_update(locale, ssr_input_integer(1));
    assert_told("both 1<\"en\";last 1<\"en\";");
    close_own(&own);
}

/* ---- One atom --------------------------------------------------------------------------------------------------- */

static void a_clone_of_a_clone_stands_beside_it(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *locale = ssr_atom_use(own.store, own.locale);
    ssr_atom_update(locale, ssr_input_string("fr"));
    ssr_atom *copy = ssr_atom_clone(locale);
    assert_string_equal(ssr_atom_key(copy), "locale.clone.2");
    assert_atom(copy, "\"fr\"");
    ssr_atom_update(copy, ssr_input_string("de"));
    assert_atom(locale, "\"fr\"");
    assert_ptr_equal(ssr_atom_store_get(own.store, "locale"), locale);
    assert_ptr_equal(ssr_atom_store_next(own.store, locale), copy);
    assert_snapshot(own.store, "{\"locale\":\"fr\"}");
    ssr_atom_reset(copy);
    assert_atom(copy, "\"en\"");
    ssr_atom_destroy(locale);
    assert_atom(copy, "\"en\"");
    assert_false(ssr_atom_store_has(own.store, "locale"));
    close_own(&own);
}

static void a_destroyed_atom_is_gone(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *locale = ssr_atom_use(own.store, own.locale);
    ssr_atom_subscription *subscription = ssr_atom_on_destroy(locale, note, "d");
    ssr_atom_on_change(locale, note, "c");
    told[0] = '\0';
    ssr_atom_destroy(locale);
    ssr_atom_destroy(locale);
    ssr_atom_destroy(NULL);
    assert_told("d <\"en\";");
    assert_status(ssr_atom_update(locale, ssr_input_integer(1)), SSR_E_ATOM_DESTROYED);
    assert_status(ssr_atom_reset(locale), SSR_E_ATOM_DESTROYED);
    assert_status(ssr_atom_act(locale, "x", ssr_input_null()), SSR_E_ATOM_DESTROYED);
    assert_null(ssr_atom_clone(locale));
    assert_null(ssr_atom_on_change(locale, note, "x"));
    assert_int_equal(ssr_json_type(ssr_atom_value(locale)), SSR_JSON_ABSENT);
    assert_string_equal(ssr_atom_key(locale), "locale.clone.1");
    ssr_atom_unsubscribe(subscription);
    assert_null(ssr_atom_store_get(own.store, "locale"));
    assert_snapshot(own.store, "{}");
    ssr_atom *next = ssr_atom_use(own.store, own.locale);
    assert_ptr_not_equal(next, locale);
    assert_string_equal(ssr_atom_key(next), "locale.clone.2");
    close_own(&own);
    assert_told("");
}

static ssr_status destroy_it(ssr_atom *atom, ssr_json next, ssr_json previous, void *arg)
{
    note(atom, next, previous, arg);
    ssr_atom_destroy(atom);
    return SSR_OK;
}

/* In the callback of a store nobody can free it. */
static ssr_status destroy_store(ssr_atom *atom, ssr_json next, ssr_json previous, void *store)
{
    (void)next, (void)previous;
    assert_status(ssr_atom_store_destroy(store), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_atom_update(atom, ssr_input_integer(9)), SSR_E_ATOM_DESTROYED);
    return SSR_OK;
}

static ssr_status destroy_in_updater(ssr_draft *draft, void *atom)
{
    ssr_atom_destroy(atom);
    return ssr_draft_set(draft, "", ssr_input_integer(1));
}

static void atoms_may_go_in_the_middle(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *locale = ssr_atom_use(own.store, own.locale), *cart = ssr_atom_use(own.store, own.cart);
    ssr_atom_on_destroy(locale, note, "d");
    ssr_atom_on_change(locale, destroy_it, "x");
    ssr_atom_on_change(locale, note, "never");
    told[0] = '\0';
    assert_status(ssr_atom_update(locale, ssr_input_integer(1)), SSR_OK);
    assert_told("x 1<\"en\";d <1;");
    assert_status(ssr_atom_update_with(cart, destroy_in_updater, cart), SSR_E_ATOM_DESTROYED);
    ssr_atom_on_destroy(ssr_atom_use(own.store, own.user), destroy_store, own.store);
    close_own(&own);
}

static ssr_status destroy_before_update(ssr_draft *next, ssr_json old, const ssr_atom *atom, void *arg)
{
    (void)next, (void)arg;
    ssr_atom_destroy((ssr_atom *)atom);
    assert_json(old, "null");
    return SSR_OK;
}

static void an_atom_may_go_before_its_update(void **state)
{
    struct own own;
    (void)state;
    define_own(&own);
    ssr_atom_template *shy =
        ssr_atom_define(own.registry, "shy", &(ssr_atom_options){.before_update = destroy_before_update});
    assert_status(ssr_atom_store_new(own.registry, &own.store), SSR_OK);
    assert_status(ssr_atom_update(ssr_atom_use(own.store, shy), ssr_input_integer(1)), SSR_E_ATOM_DESTROYED);
    assert_status(ssr_atom_store_hydrate(own.store, ssr_input_json("{\"shy\":1}")), SSR_OK);
    assert_null(ssr_atom_use(own.store, shy));
    assert_status(ssr_atom_store_status(own.store), SSR_E_ATOM_DESTROYED);
    assert_snapshot(own.store, "{}");
    close_own(&own);
}

static ssr_status use_from_updater(ssr_draft *draft, void *own)
{
    const struct own *of = own;
    ssr_atom *locale = ssr_atom_use(of->store, of->locale);
    assert_status(ssr_atom_update(locale, ssr_input_string("inner")), SSR_OK);
    return ssr_draft_set(draft, "", ssr_input_cursor(ssr_atom_value(locale)));
}

static void updaters_may_change_atoms(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *locale = ssr_atom_use(own.store, own.locale), *cart = ssr_atom_use(own.store, own.cart);
    ssr_atom_on_change(locale, note, "l");
    told[0] = '\0';
    assert_status(ssr_atom_update_with(cart, use_from_updater, &own), SSR_OK);
    assert_atom(cart, "\"inner\"");
    assert_status(ssr_atom_reset(locale), SSR_OK);
    assert_status(ssr_atom_update_with(locale, use_from_updater, &own), SSR_OK);
    assert_told("l \"inner\"<\"en\";l \"en\"<\"inner\";l \"inner\"<\"en\";");
    assert_status(ssr_atom_update(locale, ssr_input_cursor(ssr_atom_value(locale))), SSR_OK);
    close_own(&own);
}

/* ---- Bad input -------------------------------------------------------------------------------------------------- */

static void bad_snapshots_apply_nothing(void **state)
{
    struct own own;
    char text[400], key[300];
    (void)state;
    define_own(&own);
    memset(key, 'k', sizeof key - 1);
    key[SSR_NAME_BYTES] = '\0';
    ssr_atom_template *longest = ssr_atom_define(own.registry, key, NULL);
    assert_status(ssr_atom_store_new(own.registry, &own.store), SSR_OK);
    ssr_atom *user = ssr_atom_use(own.store, own.user);
    assert_status(ssr_atom_store_hydrate(own.store, ssr_input_json("{\"locale\":\"fr\",\"user\":1")), SSR_E_SYNTAX);
    assert_status(ssr_atom_store_hydrate(own.store, ssr_input_json("{\"user\":1,\"user\":2}")), SSR_E_DUPLICATE_KEY);
    assert_status(ssr_atom_store_hydrate(own.store, ssr_input_json("[1]")), SSR_E_WRONG_TYPE);
    assert_status(ssr_atom_store_hydrate(own.store, ssr_input_null()), SSR_E_WRONG_TYPE);
    assert_status(ssr_atom_store_hydrate(NULL, ssr_input_json("{}")), SSR_E_INVALID_ARGUMENT);
    assert_atom(user, anon);
    assert_atom(ssr_atom_use(own.store, own.locale), "\"en\"");
    key[SSR_NAME_BYTES] = 'k';
    key[sizeof key - 1] = '\0';
    snprintf(text, sizeof text, "{\"%s\":1,\"\":2,\"user.clone.1\":3}", key);
    assert_status(ssr_atom_store_hydrate(own.store, ssr_input_json(text)), SSR_OK);
    assert_snapshot(own.store, "{\"locale\":\"en\",\"user\":{\"loggedIn\":false,\"name\":\"Anon\"}}");
    assert_atom(ssr_atom_use(own.store, longest), "null");
    close_own(&own);
}

/* A key of JavaScript's own is a key. */
static void proto_is_a_key(void **state)
{
    struct own own;
    (void)state;
    define_own(&own);
    ssr_atom_template *proto = ssr_atom_define(own.registry, "__proto__", NULL);
    assert_status(ssr_atom_store_new(own.registry, &own.store), SSR_OK);
    assert_status(ssr_atom_store_hydrate(own.store, ssr_input_json("{\"__proto__\":{\"x\":1},\"toString\":2}")),
                  SSR_OK);
    assert_atom(ssr_atom_use(own.store, proto), "{\"x\":1}");
    assert_snapshot(own.store, "{\"__proto__\":{\"x\":1}}");
    close_own(&own);
}

static void strangers_are_refused(void **state)
{
    struct own own, other;
    (void)state;
    open_own(&own);
    open_own(&other);
    assert_null(ssr_atom_use(own.store, other.user));
    assert_status(ssr_atom_store_status(own.store), SSR_E_UNKNOWN_ATOM);
    assert_null(ssr_atom_use(own.store, NULL));
    assert_status(ssr_atom_store_status(own.store), SSR_E_UNKNOWN_ATOM);
    assert_non_null(ssr_atom_use(own.store, own.user));
    assert_status(ssr_atom_store_status(own.store), SSR_OK);
    assert_null(ssr_atom_use(NULL, own.user));
    assert_status(ssr_atom_store_status(NULL), SSR_E_INVALID_ARGUMENT);
    assert_null(ssr_atom_store_get(NULL, "user"));
    assert_null(ssr_atom_store_get(own.store, NULL));
    assert_null(ssr_atom_store_next(NULL, NULL));
    assert_string_equal(ssr_atom_key(NULL), "");
    assert_null(ssr_atom_template_of(NULL));
    assert_null(ssr_atom_template_atom(NULL));
    assert_int_equal(ssr_json_type(ssr_atom_default(NULL)), SSR_JSON_ABSENT);
    close_own(&own);
    close_own(&other);
}

static void assert_definition_refused(const char *key, const ssr_atom_options *options, ssr_status expected)
{
    struct own own;
    define_own(&own);
    assert_null(ssr_atom_define(own.registry, key, options));
    assert_status(ssr_registry_status(own.registry), expected);
    assert_status(ssr_atom_store_new(own.registry, &own.store), expected);
    assert_null(own.store);
    assert_non_null(strstr(ssr_registry_error(own.registry), "atom"));
    close_own(&own);
}

static void bad_definitions_are_refused(void **state)
{
    ssr_action twice[] = {{"a", set_to, NULL}, {"a", set_to, NULL}}, none = {"a", NULL, NULL};
    (void)state;
    assert_definition_refused("user", NULL, SSR_E_DUPLICATE_NAME);
    assert_definition_refused("", NULL, SSR_E_INVALID_NAME);
    assert_definition_refused("x", &(ssr_atom_options){.default_json = "[1"}, SSR_E_SYNTAX);
    assert_definition_refused("x", &(ssr_atom_options){.policy = (ssr_policy)7}, SSR_E_INVALID_ARGUMENT);
    assert_definition_refused("x", &(ssr_atom_options){.actions = twice, .action_count = 2}, SSR_E_DUPLICATE_NAME);
    assert_definition_refused("x", &(ssr_atom_options){.actions = &none, .action_count = 1}, SSR_E_INVALID_ARGUMENT);
    assert_definition_refused("x", &(ssr_atom_options){.action_count = 1}, SSR_E_INVALID_ARGUMENT);
}

static void a_registry_freezes_with_its_first_store(void **state)
{
    struct own own;
    struct fixture fixture;
    (void)state;
    open_own(&own);
    assert_null(ssr_atom_define(own.registry, "late", NULL));
    assert_null(ssr_atom_find(own.registry, "late"));
    assert_ptr_equal(ssr_atom_find(own.registry, "user"), own.user);
    close_own(&own);
    ssr_registry_free(NULL);
    assert_null(ssr_atom_define(NULL, "x", NULL));
    assert_status(ssr_atom_store_new(NULL, &own.store), SSR_E_INVALID_ARGUMENT);
    fixture_init(&fixture);
    fixture_open(&fixture);
    assert_status(ssr_atom_store_new(fixture.registry, &own.store), SSR_E_NOT_STARTED);
    ssr_atom_template *level = ssr_atom_define(fixture.registry, "level", NULL);
    fixture_start(&fixture);
    assert_status(ssr_atom_store_new(fixture.registry, &own.store), SSR_OK);
    assert_atom(ssr_atom_use(own.store, level), "null");
    ssr_atom_store_destroy(own.store);
    fixture_close(&fixture);
}

/* ---- In a render ------------------------------------------------------------------------------------------------ */

static struct {
    struct fixture fixture;
    ssr_store *turn; /* pages set it to have another pass */
    ssr_atom_template *user, *cart, *locale;
    ssr_query *query;
    unsigned passes;       /* a page asks for as many */
    unsigned destroyed_in; /* while that pass was the latest */
} site;

static ssr_status load_for_cart(ssr_operation *operation, void *arg)
{
    (void)arg;
    ssr_builder_json(ssr_operation_build_store(operation), "[\"loaded\"]", 10);
    assert_status(ssr_operation_update_atom(operation, site.cart), SSR_OK);
    ssr_builder_string(ssr_operation_build_store(operation), "x");
    assert_status(ssr_operation_update_atom(operation, NULL), SSR_E_UNKNOWN_ATOM);
    ssr_builder_json(ssr_operation_build_store(operation), "[", 1);
    assert_status(ssr_operation_update_atom(operation, site.cart), SSR_E_SYNTAX);
    return ssr_builder_null(ssr_operation_build(operation));
}

/* Begins with a configuration to change; define_site comes next. */
static void init_site(void)
{
    memset(&site, 0, sizeof site);
    site.passes = 3;
    fixture_init(&site.fixture);
    told[0] = '\0';
}

static void define_site(void)
{
    fixture_open(&site.fixture);
    ssr_registry *registry = site.fixture.registry;
    site.turn = fixture_store(&site.fixture, "turn", "0");
    site.user = ssr_atom_define(registry, "user", &user_options);
    site.cart = ssr_atom_define(registry, "cart", &cart_options);
    site.locale = ssr_atom_define(registry, "locale", &locale_options);
    site.query = ssr_query_define(registry, "items", &(ssr_query_options){.load = load_for_cart});
}

static void open_site(void)
{
    init_site();
    define_site();
}

static void run_site(ssr_page_fn page, const ssr_request *request)
{
    if (!site.fixture.result)
        fixture_start(&site.fixture);
    fixture_run_request(&site.fixture, page, NULL, request);
}

static void close_site(void)
{
    fixture_close(&site.fixture);
}

static void assert_outcome(ssr_outcome outcome, unsigned passes)
{
    assert_string_equal(ssr_outcome_name(site.fixture.result->outcome), ssr_outcome_name(outcome));
    assert_int_equal(site.fixture.result->passes, passes);
}

/* The text of "atoms" in what crossed. */
static void assert_crossed(const char *atoms)
{
    char expected[512];
    snprintf(expected, sizeof expected, "{\"atoms\":%s,\"contexts\":", atoms);
    assert_memory_equal(site.fixture.result->data, expected, strlen(expected));
}

/* Asks for another pass, until there were enough. */
static void turn(ssr_ctx *ctx)
{
    ssr_set_integer(ctx, site.turn, ssr_pass(ctx) < site.passes ? ssr_pass(ctx) : site.passes - 1);
}

static ssr_status push_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    ssr_atom *cart = ssr_atom_use(ssr_atoms(ctx), site.cart);
    assert_status(ssr_atom_act(cart, "push", ssr_input_string("apple")), SSR_OK);
    turn(ctx);
    return SSR_OK;
}

/* Contract, section 4: one item, not one for each pass. */
static void a_cart_holds_one_item_whatever_the_passes(void **state)
{
    (void)state;
    open_site();
    run_site(push_page, &(ssr_request){.cacheable = true});
    assert_outcome(SSR_SETTLED, 3);
    assert_crossed("{\"cart\":[\"apple\"]}");
    assert_string_equal(site.fixture.result->cache_control, "private, no-store");
    close_site();
}

static void caps_keep_what_the_last_pass_shows(void **state)
{
    (void)state;
    open_site();
    site.passes = 100;
    run_site(push_page, NULL);
    assert_outcome(SSR_HARD_CAP, 26);
    assert_crossed("{\"cart\":[\"apple\"]}");
    close_site();
    init_site();
    site.passes = 100;
    site.fixture.config.allowed_rerenders_count = 2;
    define_site();
    run_site(push_page, NULL);
    assert_outcome(SSR_SOFT_CAP, 3);
    assert_crossed("{\"cart\":[\"apple\"]}");
    close_site();
}

static ssr_status note_destroyed(ssr_atom *atom, ssr_json next, ssr_json previous, void *arg)
{
    site.destroyed_in = *(unsigned *)arg;
    assert_status(ssr_atom_update(atom, ssr_input_integer(5)), SSR_E_WRONG_PHASE);
    return note(atom, next, previous, "destroyed");
}

/* Everything that can be done to a store, on top of what a hook has done. */
static ssr_status busy_page(ssr_ctx *ctx, void *arg)
{
    static unsigned pass;
    (void)arg;
    pass = ssr_pass(ctx);
    ssr_atom_store *atoms = ssr_atoms(ctx);
    assert_false(ssr_atom_store_has(atoms, "cart"));
    assert_snapshot(atoms, "{\"locale\":\"hook\"}");
    ssr_atom *locale = ssr_atom_store_get(atoms, "locale"), *cart = ssr_atom_use(atoms, site.cart);
    assert_string_equal(ssr_atom_key(locale), "locale.clone.1");
    assert_string_equal(ssr_atom_key(cart), "cart.clone.2");
    assert_atom(cart, "[]");
    ssr_atom_subscription *subscription = ssr_atom_on_change(locale, note, "l");
    ssr_atom_update(locale, ssr_input_integer(1));
    assert_told("l 1<\"hook\";");
    ssr_atom_unsubscribe(subscription);
    ssr_atom_clone(locale);
    ssr_atom_destroy(locale);
    assert_status(ssr_atom_store_hydrate(atoms, ssr_input_json("{\"locale\":\"q\",\"user\":\"queued\"}")), SSR_OK);
    ssr_atom *again = ssr_atom_use(atoms, site.locale);
    assert_atom(again, "\"q\"");
    ssr_atom_on_change(again, note, "again");
    ssr_atom_on_destroy(again, note_destroyed, &pass);
    ssr_atom_act(cart, "push", ssr_input_integer(pass));
    if (pass == 2)
        assert_atom(ssr_atom_use(atoms, site.user), "\"queued\"");
    turn(ctx);
    return SSR_OK;
}

static ssr_status write_locale(ssr_operation *operation, void *arg)
{
    (void)arg;
    ssr_builder_string(ssr_operation_build_store(operation), "hook");
    return ssr_operation_update_atom(operation, site.locale);
}

static const ssr_hook locale_hook = {"locale", write_locale, NULL};
static const ssr_route hooked = {.hooks = &locale_hook, .hook_count = 1};

static const ssr_route *find_hooked(const char *location, void *arg)
{
    (void)arg;
    return strcmp(location, "/other") == 0 ? NULL : &hooked;
}

static void a_pass_is_taken_back_and_nobody_is_told(void **state)
{
    (void)state;
    open_site();
    run_site(busy_page, &(ssr_request){.find_route = find_hooked});
    assert_outcome(SSR_SETTLED, 3);
    assert_crossed("{\"cart\":[3],\"locale\":\"q\"}");
    assert_told("destroyed <\"q\";");
    assert_int_equal(site.destroyed_in, 3);
    close_site();
}

static ssr_status change_cart(ssr_atom *atom, ssr_json next, ssr_json previous, void *ctx)
{
    (void)atom, (void)next, (void)previous;
    ssr_atom *cart = ssr_atom_use(ssr_atoms(ctx), site.cart);
    for (unsigned i = 0; i < ssr_pass(ctx); i++)
        assert_status(ssr_atom_act(cart, "push", ssr_input_integer(i)), SSR_OK);
    return SSR_OK;
}

static ssr_status destroying_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    ssr_atom_store *atoms = ssr_atoms(ctx);
    assert_snapshot(atoms, "{}");
    ssr_atom *user = ssr_atom_use(atoms, site.user);
    ssr_atom_on_destroy(user, change_cart, ctx);
    ssr_atom_destroy(user);
    turn(ctx);
    return SSR_OK;
}

/* What listeners of on_destroy do, however much, is taken back with what they listen to. */
static void a_destroyed_atom_comes_back(void **state)
{
    (void)state;
    open_site();
    site.passes = 20;
    run_site(destroying_page, NULL);
    assert_outcome(SSR_SETTLED, 20);
    assert_crossed("{\"cart\":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19]}");
    close_site();
}

static ssr_status loading_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    ssr_atom *cart = ssr_atom_use(ssr_atoms(ctx), site.cart);
    ssr_query_result result = ssr_query_get(ctx, site.query, NULL, true);
    assert_atom(cart, result.state == SSR_QUERY_READY ? "[\"loaded\"]" : "[]");
    ssr_atom_act(cart, "push", ssr_input_string("apple"));
    turn(ctx);
    return SSR_OK;
}

/* Contract, section 4: what loaders wrote is what later passes begin with. */
static void what_loaders_write_stays(void **state)
{
    (void)state;
    open_site();
    site.passes = 4;
    run_site(loading_page, NULL);
    assert_outcome(SSR_SETTLED, 4);
    assert_crossed("{\"cart\":[\"loaded\",\"apple\"]}");
    close_site();
}

static ssr_status leaving_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    ssr_atom_store *atoms = ssr_atoms(ctx);
    ssr_atom_act(ssr_atom_use(atoms, site.cart), "push", ssr_input_integer(ssr_pass(ctx)));
    if (strcmp(ssr_location(ctx), "/other") == 0) {
        assert_atom(ssr_atom_store_get(atoms, "locale"), "\"hook\"");
        assert_false(ssr_atom_store_has(atoms, "user"));
        return SSR_OK;
    }
    ssr_atom_update(ssr_atom_use(atoms, site.user), ssr_input_integer(1));
    ssr_atom_update(ssr_atom_use(atoms, site.locale), ssr_input_integer(1));
    return ssr_redirect(ctx, "/other", 302);
}

/* Contract, section 2: nothing of a component is reused across locations; what hooks wrote stays. */
static void a_followed_redirect_takes_the_page_back(void **state)
{
    (void)state;
    open_site();
    run_site(leaving_page, &(ssr_request){.find_route = find_hooked, .redirects = SSR_REDIRECTS_FOLLOW});
    assert_outcome(SSR_SETTLED, 2);
    assert_crossed("{\"cart\":[2],\"locale\":\"hook\"}");
    close_site();
}

static ssr_status failing_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    ssr_atom_store *atoms = ssr_atoms(ctx);
    ssr_atom *cart = ssr_atom_use(atoms, site.cart);
    ssr_atom_act(cart, "push", ssr_input_integer(ssr_pass(ctx)));
    if (ssr_pass(ctx) == 2) {
        ssr_atom_use(atoms, site.user);
        while (ssr_atom_clone(cart))
            ;
        assert_status(ssr_last_status(ctx), SSR_E_LIMIT);
    }
    turn(ctx);
    return SSR_OK;
}

/* What crosses is what the last completed pass showed; clones count against the limit of stores. */
static void an_abandoned_pass_leaves_the_kept_one(void **state)
{
    (void)state;
    open_site();
    run_site(failing_page, NULL);
    assert_outcome(SSR_LIMITED, 2);
    assert_crossed("{\"cart\":[1]}");
    assert_non_null(strstr(site.fixture.result->error, "ssr_limits.stores"));
    close_site();
}

static ssr_status crowded_page(ssr_ctx *ctx, void *arg)
{
    const bool *begins_with_atoms = arg;
    ssr_atom_store *atoms = ssr_atoms(ctx);
    if (*begins_with_atoms) {
        assert_non_null(ssr_atom_use(atoms, site.user));
        assert_non_null(ssr_atom_use(atoms, site.cart));
        assert_null(ssr_get(ctx, site.turn));
    } else {
        assert_non_null(ssr_get(ctx, site.turn));
        assert_non_null(ssr_atom_use(atoms, site.cart));
        assert_null(ssr_atom_use(atoms, site.user));
    }
    return SSR_OK;
}

/* Stores and atoms are counted together, whichever come first. */
static void stores_and_atoms_share_a_limit(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        bool begins_with_atoms = i;
        init_site();
        site.fixture.config.limits.stores = 2;
        define_site();
        fixture_start(&site.fixture);
        assert_status(fixture_run(&site.fixture, crowded_page, &begins_with_atoms), SSR_E_LIMIT);
        assert_outcome(SSR_LIMITED, 1);
        close_site();
    }
}

/* Between passes there is nothing to abandon, but the state is taken back already. */
static void a_deadline_leaves_the_last_completed_pass(void **state)
{
    static const ssr_outcome outcomes[] = {SSR_DEADLINE, SSR_CANCELLED};
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(outcomes); i++) {
        ssr_render *render;
        open_site();
        fixture_start(&site.fixture);
        assert_status(ssr_render_new(site.fixture.engine, push_page, NULL, &(ssr_request){.deadline_ms = 100}, &render),
                      SSR_OK);
        assert_int_equal(ssr_render_step(render, 1), SSR_STEP_AGAIN);
        if (outcomes[i] == SSR_CANCELLED)
            ssr_render_cancel(render);
        assert_int_equal(ssr_render_step(render, 100), SSR_STEP_ENDED);
        site.fixture.render = render;
        site.fixture.result = ssr_render_result(render);
        assert_outcome(outcomes[i], 1);
        assert_crossed("{\"cart\":[\"apple\"]}");
        close_site();
    }
}

static ssr_atom_store *leaked_store;
static ssr_atom *leaked_atom;

static ssr_status listening_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    leaked_store = ssr_atoms(ctx);
    leaked_atom = ssr_atom_use(leaked_store, site.cart);
    ssr_atom_on_destroy(leaked_atom, note, "d");
    return SSR_OK;
}

/* Its listeners are told in the last step, or the store is freed with a render that never gets there. */
static void the_end_of_a_render_destroys_its_store(void **state)
{
    ssr_render *render;
    (void)state;
    open_site();
    fixture_start(&site.fixture);
    assert_status(ssr_render_new(site.fixture.engine, listening_page, NULL, NULL, &render), SSR_OK);
    assert_int_equal(ssr_render_step(render, 1), SSR_STEP_ENDED);
    assert_told("d <[];");
    ssr_render_free(render);
    assert_told("");
    assert_status(ssr_render_new(site.fixture.engine, push_page, NULL, NULL, &render), SSR_OK);
    assert_int_equal(ssr_render_step(render, 1), SSR_STEP_AGAIN);
    ssr_render_free(render);
    close_site();
}

static ssr_status init_user(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    (void)arg;
    ssr_atom_store *atoms = ssr_atoms(ctx);
    ssr_atom *cart = ssr_atom_use(atoms, site.cart);
    assert_atom(cart, "[]");
    assert_status(ssr_atom_update(cart, ssr_input_integer(1)), SSR_E_WRONG_PHASE);
    assert_status(ssr_atom_store_hydrate(atoms, ssr_input_json("{}")), SSR_E_WRONG_PHASE);
    assert_null(ssr_atom_on_change(cart, note, NULL));
    assert_null(ssr_atom_clone(cart));
    ssr_atom_destroy(cart);
    assert_ptr_equal(ssr_atom_store_get(atoms, "cart"), cart);
    return ssr_builder_integer(value, 1);
}

static ssr_status reading_page(ssr_ctx *ctx, void *store)
{
    ssr_get(ctx, store);
    leaked_store = ssr_atoms(ctx);
    leaked_atom = ssr_atom_use(leaked_store, site.cart);
    assert_status(ssr_atom_store_destroy(leaked_store), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_atom_update(leaked_atom, ssr_input_json("[")), SSR_E_SYNTAX);
    assert_null(ssr_atom_use(leaked_store, NULL));
    assert_status(ssr_last_status(ctx), SSR_E_UNKNOWN_ATOM);
    turn(ctx);
    return SSR_OK;
}

static void writes_are_refused_where_they_do_not_belong(void **state)
{
    ssr_render *render;
    (void)state;
    open_site();
    ssr_store *store = ssr_store_define(site.fixture.registry, "made", &(ssr_store_options){.init = init_user});
    site.locale = ssr_atom_define(site.fixture.registry, "tail", &locale_options);
    fixture_start(&site.fixture);
    site.passes = 2;
    assert_status(ssr_render_new(site.fixture.engine, reading_page, store, NULL, &render), SSR_OK);
    ssr_ctx *ctx = (ssr_ctx *)render;
    assert_null(ssr_atoms(ctx));
    assert_status(ssr_last_status(ctx), SSR_E_WRONG_PHASE);
    assert_int_equal(ssr_render_step(render, 0), SSR_STEP_AGAIN);
    assert_null(ssr_atom_use(leaked_store, site.cart));
    assert_status(ssr_atom_store_status(leaked_store), SSR_E_WRONG_PHASE);
    assert_status(ssr_atom_store_hydrate(leaked_store, ssr_input_json("{}")), SSR_E_WRONG_PHASE);
    assert_null(ssr_atom_store_next(leaked_store, NULL));
    assert_int_equal(ssr_render_step(render, 0), SSR_STEP_ENDED);
    site.fixture.render = render;
    site.fixture.result = ssr_render_result(render);
    assert_outcome(SSR_SETTLED, 2);
    assert_non_null(strstr(site.fixture.record_json, "\"call\":\"ssr_atom_update\",\"kind\":\"atom\",\"name\":\"cart\","
                                                     "\"error\":\"syntax\""));
    assert_non_null(strstr(site.fixture.record_json, "test_atom.c:"));
    close_site();
}

static ssr_status wrap(const ssr_value *value, ssr_builder *encoded, void *arg)
{
    (void)arg;
    ssr_builder_begin_array(encoded);
    ssr_builder_value(encoded, value);
    return ssr_builder_end_array(encoded);
}

static ssr_status three_page(ssr_ctx *ctx, void *arg)
{
    ssr_atom_store *atoms = ssr_atoms(ctx);
    ssr_atom_use(atoms, site.user);
    ssr_atom_use(atoms, arg);
    ssr_atom_use(atoms, site.cart);
    return SSR_OK;
}

static void local_atoms_stay_and_others_are_encoded(void **state)
{
    (void)state;
    init_site();
    site.fixture.config.encode = wrap;
    define_site();
    ssr_atom_template *local =
        ssr_atom_define(site.fixture.registry, "local", &(ssr_atom_options){.policy = SSR_LOCAL});
    fixture_start(&site.fixture);
    fixture_run(&site.fixture, three_page, local);
    assert_crossed("{\"cart\":[[]],\"user\":[{\"loggedIn\":false,\"name\":\"Anon\"}]}");
    close_site();
}

static unsigned late_writes(const ssr_ctx *ctx, ssr_json *last)
{
    unsigned count = 0;
    for (const struct ssr_journal_chunk *chunk = ctx->journal.first; chunk; chunk = chunk->next)
        for (size_t i = 0; i < chunk->count; i++)
            if (chunk->entries[i].op == SSR_JOURNAL_LATE_WRITE) {
                *last = ssr_value_json(chunk->entries[i].value);
                assert_string_equal(chunk->entries[i].definition->name, "locale");
                assert_non_null(chunk->entries[i].writer.file);
                count++;
            }
    return count;
}

/* A look that does not count: the library has asked for it. */
static ssr_status look(ssr_draft *next, ssr_json old, const ssr_atom *atom, void *arg)
{
    (void)next, (void)arg;
    assert_json(old, ssr_atom_value(atom).text);
    return SSR_OK;
}

static ssr_status late_page(ssr_ctx *ctx, void *looked_at)
{
    ssr_json last;
    ssr_atom *other = ssr_atom_use(ssr_atoms(ctx), looked_at);
    ssr_atom_update(other, ssr_input_integer(1));
    ssr_atom_update(other, ssr_input_integer(2));
    ssr_atom_destroy(other);
    ssr_atom *locale = ssr_atom_use(ssr_atoms(ctx), site.locale), *user = ssr_atom_use(ssr_atoms(ctx), site.user);
    ssr_atom_on_change(locale, note, "l");
    ssr_atom_update(locale, ssr_input_integer(1));
    ssr_atom_update(locale, ssr_input_integer(2));
    assert_int_equal(late_writes(ctx, &last), 0);
    assert_json(ssr_atom_get(locale, "", ssr_value_json(NULL)), "2");
    ssr_atom_update(user, ssr_input_integer(1));
    ssr_atom_update(locale, ssr_input_integer(2));
    assert_int_equal(late_writes(ctx, &last), 0);
    ssr_atom_update(locale, ssr_input_integer(3));
    ssr_atom_value(locale);
    ssr_atom_update(locale, ssr_input_integer(4));
    assert_int_equal(late_writes(ctx, &last), 1);
    assert_json(last, "3");
    turn(ctx);
    return SSR_OK;
}

/* Noted once for each clone and pass, when the page had read it and it changed. */
static void late_writes_are_noted(void **state)
{
    (void)state;
    open_site();
    site.passes = 2;
    ssr_atom_template *looked_at =
        ssr_atom_define(site.fixture.registry, "looked_at", &(ssr_atom_options){.before_update = look});
    fixture_start(&site.fixture);
    fixture_run(&site.fixture, late_page, looked_at);
    assert_outcome(SSR_SETTLED, 2);
    close_site();
}

/* What is embedded by hand is read too. */
static ssr_status snapshot_page(ssr_ctx *ctx, void *arg)
{
    ssr_json last;
    (void)arg;
    ssr_atom *locale = ssr_atom_use(ssr_atoms(ctx), site.locale);
    ssr_atom_update(locale, ssr_input_integer(1));
    assert_snapshot(ssr_atoms(ctx), "{\"locale\":1}");
    assert_int_equal(late_writes(ctx, &last), 0);
    ssr_atom_update(locale, ssr_input_integer(2));
    assert_int_equal(late_writes(ctx, &last), 1);
    assert_json(last, "2");
    return SSR_OK;
}

static void a_write_behind_a_snapshot_is_late(void **state)
{
    (void)state;
    open_site();
    fixture_start(&site.fixture);
    fixture_run(&site.fixture, snapshot_page, NULL);
    assert_outcome(SSR_SETTLED, 1);
    close_site();
}

/* The sample of docs/atoms.md. */
static ssr_status cart_page(ssr_ctx *ctx, void *cart_template)
{
    ssr_atom *cart = ssr_atom_use(ssr_atoms(ctx), cart_template);
    ssr_atom_act(cart, "push", ssr_input_string("apple"));
    ssr_html(ctx, "<p>");
    ssr_text(ctx, ssr_string(ctx, ssr_atom_get(cart, "0", ssr_value_json(NULL))));
    return ssr_html(ctx, "</p>");
}

static void the_sample_works(void **state)
{
    (void)state;
    open_site();
    fixture_start(&site.fixture);
    fixture_run(&site.fixture, cart_page, site.cart);
    assert_outcome(SSR_SETTLED, 1);
    assert_string_equal(site.fixture.result->html, "<p>apple</p>");
    close_site();
}

/* ---- Persistence ------------------------------------------------------------------------------------------------ */

static struct {
    char held[64]; /* what the cookie holds; "": there is none */
    char saved[64];
    unsigned loads, saves;
    bool refuses;
} cookie;

static bool load_cookie(ssr_ctx *ctx, const ssr_atom_template *template, ssr_builder *value)
{
    assert_non_null(ctx);
    assert_string_equal(template->persist, "locale_cookie");
    cookie.loads++;
    if (!cookie.held[0])
        return false;
    ssr_builder_json(value, cookie.held, strlen(cookie.held));
    return true;
}

static ssr_status save_cookie(ssr_ctx *ctx, const ssr_atom_template *template, const ssr_value *value, bool is_change,
                              struct ssr_writer writer)
{
    assert_non_null(ctx);
    assert_string_equal(template->definition.name, "kept");
    (void)writer;
    if (!is_change && strcmp(cookie.held, ssr_value_text(value)) == 0)
        return SSR_OK;
    if (cookie.refuses)
        return SSR_E_COOKIE_TOO_LONG;
    cookie.saves++;
    snprintf(cookie.saved, sizeof cookie.saved, "%s", ssr_value_text(value));
    snprintf(cookie.held, sizeof cookie.held, "%s", ssr_value_text(value)); /* as if committed at once */
    return SSR_OK;
}

static const struct ssr_atom_persistence persistence = {load_cookie, save_cookie};

static ssr_status persistent_page(ssr_ctx *ctx, void *kept)
{
    ctx->persistence = &persistence;
    ssr_atom *atom = ssr_atom_use(ssr_atoms(ctx), kept);
    assert_atom(atom, "10"); /* in every pass, though the last one has changed the cookie */
    assert_status(ssr_atom_silent_update(atom, ssr_input_integer(4)), SSR_OK);
    assert_string_equal(cookie.saved, "4");
    assert_status(ssr_atom_reset(atom), SSR_OK);
    assert_string_equal(cookie.saved, "7");
    assert_status(ssr_atom_reset(atom), SSR_OK);
    cookie.refuses = true;
    assert_status(ssr_atom_update(atom, ssr_input_integer(1)), SSR_E_COOKIE_TOO_LONG);
    assert_atom(atom, "7");
    cookie.refuses = false;
    ssr_atom_update(ssr_atom_clone(atom), ssr_input_integer(1));
    turn(ctx);
    return SSR_OK;
}

static void cookies_keep_atoms(void **state)
{
    int calls = 0;
    (void)state;
    open_site();
    ssr_cookie_define(site.fixture.registry, "locale_cookie", NULL);
    ssr_atom_template *kept = ssr_atom_define(
        site.fixture.registry, "kept",
        &(ssr_atom_options){
            .default_json = "7", .persist = "locale_cookie", .before_update = cut_at_ten, .arg = &calls});
    memset(&cookie, 0, sizeof cookie);
    strcpy(cookie.held, "20");
    fixture_start(&site.fixture);
    fixture_run(&site.fixture, persistent_page, kept);
    assert_outcome(SSR_SETTLED, 3);
    assert_int_equal(cookie.loads, 1);
    assert_int_equal(cookie.saves, 6);
    assert_crossed("{\"kept\":7}");
    ssr_atom_store *store;
    assert_status(ssr_atom_store_new(site.fixture.registry, &store), SSR_OK);
    assert_atom(ssr_atom_use(store, kept), "7");
    ssr_atom_store_destroy(store);
    close_site();
}

static ssr_status queued_page(ssr_ctx *ctx, void *kept)
{
    ctx->persistence = &persistence;
    ssr_atom_store_hydrate(ssr_atoms(ctx), ssr_input_json("{\"kept\":3}"));
    assert_atom(ssr_atom_use(ssr_atoms(ctx), kept), "3");
    assert_string_equal(cookie.saved, "3");
    return SSR_OK;
}

/* What is given explicitly wins over what was kept, and is kept. */
static void a_queued_value_wins_over_the_cookie(void **state)
{
    (void)state;
    open_site();
    ssr_cookie_define(site.fixture.registry, "locale_cookie", NULL);
    ssr_atom_template *kept =
        ssr_atom_define(site.fixture.registry, "kept", &(ssr_atom_options){.persist = "locale_cookie"});
    memset(&cookie, 0, sizeof cookie);
    strcpy(cookie.held, "20");
    fixture_start(&site.fixture);
    fixture_run(&site.fixture, queued_page, kept);
    assert_outcome(SSR_SETTLED, 1);
    assert_int_equal(cookie.saves, 1);
    close_site();
}

/* Lets the atom go at its first look, which is at what the cookie holds. */
static ssr_status go_at_once(ssr_draft *next, ssr_json old, const ssr_atom *atom, void *looks)
{
    (void)next, (void)old;
    ++*(unsigned *)looks;
    ssr_atom_destroy((ssr_atom *)atom);
    return SSR_OK;
}

static ssr_status shy_page(ssr_ctx *ctx, void *kept)
{
    ctx->persistence = &persistence;
    ssr_atom_store_hydrate(ssr_atoms(ctx), ssr_input_json("{\"kept\":3}"));
    assert_null(ssr_atom_use(ssr_atoms(ctx), kept));
    assert_status(ssr_last_status(ctx), SSR_E_ATOM_DESTROYED);
    return SSR_OK;
}

/* What is queued finds no atom any more, and waits for the next use. */
static void an_atom_may_go_before_what_is_queued(void **state)
{
    unsigned looks = 0;
    (void)state;
    open_site();
    ssr_cookie_define(site.fixture.registry, "locale_cookie", NULL);
    ssr_atom_template *kept =
        ssr_atom_define(site.fixture.registry, "kept",
                        &(ssr_atom_options){.persist = "locale_cookie", .before_update = go_at_once, .arg = &looks});
    memset(&cookie, 0, sizeof cookie);
    strcpy(cookie.held, "20");
    fixture_start(&site.fixture);
    fixture_run(&site.fixture, shy_page, kept);
    assert_outcome(SSR_SETTLED, 1);
    assert_int_equal(looks, 1);
    assert_crossed("{}");
    close_site();
}

static ssr_status moving_page(ssr_ctx *ctx, void *kept)
{
    ctx->persistence = &persistence;
    ssr_atom *atom = ssr_atom_use(ssr_atoms(ctx), kept);
    if (strcmp(ssr_location(ctx), "/other") == 0) {
        assert_atom(atom, "21");
        return SSR_OK;
    }
    assert_atom(atom, "20");
    ssr_atom_update(atom, ssr_input_integer(21));
    return ssr_redirect(ctx, "/other", 302);
}

/* Cookies cross a followed redirect, and so does what they keep. */
static void a_cookie_is_asked_again_at_another_location(void **state)
{
    (void)state;
    open_site();
    ssr_cookie_define(site.fixture.registry, "locale_cookie", NULL);
    ssr_atom_template *kept =
        ssr_atom_define(site.fixture.registry, "kept", &(ssr_atom_options){.persist = "locale_cookie"});
    memset(&cookie, 0, sizeof cookie);
    strcpy(cookie.held, "20");
    fixture_start(&site.fixture);
    fixture_run_request(&site.fixture, moving_page, kept, &(ssr_request){.redirects = SSR_REDIRECTS_FOLLOW});
    assert_outcome(SSR_SETTLED, 2);
    assert_int_equal(cookie.loads, 2);
    assert_crossed("{\"kept\":21}");
    close_site();
}

struct greedy {
    ssr_atom_template *kept;
    size_t turn;    /* which allocation of the first use fails */
    bool has_fired; /* it had so many */
};

static ssr_status greedy_page(ssr_ctx *ctx, void *arg)
{
    struct greedy *greedy = arg;
    struct test_memory *memory = &site.fixture.memory;
    ssr_atom_store *atoms = ssr_atoms(ctx);
    fixture_fill(&ctx->request);
    memory->fail_at = memory->calls + greedy->turn;
    const ssr_atom *atom = ssr_atom_use(atoms, greedy->kept);
    greedy->has_fired = memory->calls >= memory->fail_at;
    memory->fail_at = 0;
    if (greedy->has_fired) {
        assert_null(atom);
        assert_status(ssr_last_status(ctx), SSR_E_NOMEM);
    } else {
        assert_atom(atom, "\"blue\"");
    }
    return SSR_OK;
}

/* It is not taken for one that holds nothing: the page would go on with the default, and keep that. */
static void a_cookie_that_finds_no_memory_ends_the_render(void **state)
{
    struct greedy greedy = {.turn = 0};
    (void)state;
    sweep_leave_alone();
    open_site();
    ssr_cookie_define(site.fixture.registry, "colour", NULL);
    greedy.kept = ssr_atom_define(site.fixture.registry, "kept", &(ssr_atom_options){.persist = "colour"});
    fixture_start(&site.fixture);
    const char *cookies = "colour=blue";
    do {
        greedy.turn++;
        fixture_run_request(&site.fixture, greedy_page, &greedy,
                            &(ssr_request){.cookie_headers = &cookies, .cookie_header_count = 1});
        assert_status(site.fixture.result->error_status, greedy.has_fired ? SSR_E_NOMEM : SSR_OK);
    } while (greedy.has_fired);
    assert_true(greedy.turn > 4); /* the atom, the cookie, and the value among them */
    close_site();
}

static ssr_status failed_page(ssr_ctx *ctx, void *arg)
{
    ssr_atom_store *atoms = ssr_atoms(ctx);
    ssr_builder *builder = arg;
    assert_non_null(ssr_atom_use(atoms, site.cart));
    assert_true(ssr_atom_store_has(atoms, "cart"));
    assert_null(ssr_atom_use(atoms, site.user));
    assert_status(ssr_last_status(ctx), SSR_E_LIMIT);
    assert_false(ssr_atom_store_has(atoms, "cart"));
    assert_status(ssr_atom_store_snapshot(atoms, builder), SSR_E_LIMIT);
    assert_status(ssr_builder_status(builder), SSR_E_LIMIT);
    return SSR_OK;
}

static void a_page_that_has_failed_reads_no_atoms(void **state)
{
    ssr_builder *builder = ssr_builder_new(NULL);
    (void)state;
    init_site();
    site.fixture.config.limits.stores = 1;
    define_site();
    fixture_start(&site.fixture);
    fixture_run(&site.fixture, failed_page, builder);
    assert_status(site.fixture.result->error_status, SSR_E_LIMIT);
    ssr_builder_free(builder);
    close_site();
}

/* ---- The edges of a store ---------------------------------------------------------------------------------------- */

static void what_is_not_there_answers_nothing(void **state)
{
    struct own own;
    (void)state;
    assert_string_equal(ssr_atom_template_key(NULL), "");
    assert_null(ssr_atom_template_atom(NULL));
    assert_int_equal(ssr_json_type(ssr_atom_template_value(NULL)), SSR_JSON_ABSENT);
    assert_null(ssr_atom_store_get(NULL, "user"));
    assert_false(ssr_atom_store_has(NULL, "user"));
    ssr_builder *builder = ssr_builder_new(NULL);
    assert_status(ssr_atom_store_snapshot(NULL, builder), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_builder_status(builder), SSR_E_INVALID_ARGUMENT);
    ssr_builder_free(builder);
    open_own(&own);
    assert_status(ssr_atom_update_with(ssr_atom_use(own.store, own.user), NULL, NULL), SSR_E_INVALID_ARGUMENT);
    assert_atom(ssr_atom_use(own.store, own.user), anon);
    close_own(&own);
}

/* A store of an engine's templates waits for the engine's start, and tells what keeps it from starting. */
static void a_store_needs_sound_templates(void **state)
{
    ssr_engine *engine;
    ssr_atom_store *store;
    (void)state;
    assert_status(ssr_engine_new(NULL, &engine), SSR_OK);
    ssr_registry *registry = ssr_engine_registry(engine);
    assert_status(ssr_atom_store_new(registry, &store), SSR_E_NOT_STARTED);
    assert_null(ssr_atom_define(registry, "", NULL));
    assert_status(ssr_atom_store_new(registry, &store), SSR_E_INVALID_NAME);
    assert_null(store);
    ssr_engine_free(engine);
}

static ssr_status fail_listening(ssr_atom *atom, ssr_json next, ssr_json previous, void *arg)
{
    (void)atom, (void)next, (void)previous, (void)arg;
    return SSR_E_FAILED;
}

/* Those of the change are told all the same; the answer is of whoever failed first. */
static void a_failing_listener_of_a_reset_is_told(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *user = ssr_atom_use(own.store, own.user);
    assert_status(ssr_atom_change(user, "name", ssr_input_string("x")), SSR_OK);
    ssr_atom_on_reset(user, fail_listening, NULL);
    ssr_atom_on_change(user, note, "c");
    told[0] = '\0';
    assert_status(ssr_atom_reset(user), SSR_E_LISTENER);
    assert_told("c {\"loggedIn\":false,\"name\":\"Anon\"}<{\"loggedIn\":false,\"name\":\"x\"};");
    assert_atom(user, anon);
    close_own(&own);
}

static ssr_status listen_from_now_on(ssr_atom *atom, ssr_json next, ssr_json previous, void *tag)
{
    (void)next, (void)previous;
    ssr_atom_on_change(atom, note, tag);
    return SSR_OK;
}

/* A reset is one change: who destroys the atom in it keeps it from all others, who begins to listen waits for the next.
 */
static void a_reset_is_one_change(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *user = ssr_atom_use(own.store, own.user);
    ssr_atom_update(user, ssr_input_integer(1));
    ssr_atom_on_reset(user, listen_from_now_on, "late");
    told[0] = '\0';
    assert_status(ssr_atom_reset(user), SSR_OK);
    assert_told("");
    ssr_atom_update(user, ssr_input_integer(2));
    assert_told("late 2<{\"loggedIn\":false,\"name\":\"Anon\"};");
    ssr_atom_on_reset(user, destroy_it, "r");
    ssr_atom_on_reset(user, note, "never");
    told[0] = '\0';
    assert_status(ssr_atom_reset(user), SSR_OK);
    assert_told("r {\"loggedIn\":false,\"name\":\"Anon\"}<2;");
    assert_false(ssr_atom_store_has(own.store, "user"));
    close_own(&own);
}

/* A path counts items by numbers as arrays are indexed; what is at it before and after decides, and how long it is not.
 */
static void paths_are_watched_by_what_is_there(void **state)
{
    static const char *const paths[] = {"0", "00", ".x", "12345678901", "x"};
    static const char *const tags[] = {"first", "no index", "no part", "no such", "no number"};
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *cart = ssr_atom_use(own.store, own.cart);
    for (size_t i = 0; i < TEST_COUNT(paths); i++)
        ssr_atom_watch(cart, paths[i], note, (void *)(uintptr_t)tags[i]);
    told[0] = '\0';
    ssr_atom_update(cart, ssr_input_json("[1,2]"));
    assert_told("first 1<;");
    ssr_atom_update(cart, ssr_input_json("[1,3]"));
    assert_told("");
    ssr_atom_update(cart, ssr_input_json("[2,3]")); /* of the same length */
    assert_told("first 2<1;");
    ssr_atom_update(cart, ssr_input_json("{\"00\":0,\"\":{\"x\":1},\"12345678901\":2}"));
    assert_told("first <2;no index 0<;no part 1<;no such 2<;");
    close_own(&own);
}

/* While a store goes, its listeners find that nothing can be made or changed any more. */
struct ending {
    struct own own;
    ssr_atom *cart;
    unsigned calls;
};

static ssr_status try_everything(ssr_atom *atom, ssr_json next, ssr_json previous, void *arg)
{
    struct ending *ending = arg;
    (void)next, (void)previous;
    ending->calls++;
    assert_null(ssr_atom_use(ending->own.store, ending->own.locale));
    assert_status(ssr_atom_update(ending->cart, ssr_input_json("[1]")), SSR_E_ATOM_DESTROYED);
    assert_status(ssr_atom_update(atom, ssr_input_json("1")), SSR_E_ATOM_DESTROYED);
    assert_status(ssr_atom_store_hydrate(ending->own.store, ssr_input_json("{\"cart\":[2]}")), SSR_E_ATOM_DESTROYED);
    return SSR_OK;
}

static void nothing_changes_in_a_store_that_goes(void **state)
{
    struct ending ending = {.calls = 0};
    (void)state;
    open_own(&ending.own);
    ssr_atom *user = ssr_atom_use(ending.own.store, ending.own.user);
    ending.cart = ssr_atom_use(ending.own.store, ending.own.cart);
    assert_non_null(ssr_atom_on_destroy(user, try_everything, &ending));
    close_own(&ending.own);
    assert_int_equal(ending.calls, 1);
}

static ssr_status hydrate_again(ssr_atom *atom, ssr_json next, ssr_json previous, void *arg)
{
    struct own *own = arg;
    (void)atom, (void)next, (void)previous;
    assert_status(ssr_atom_store_hydrate(own->store, ssr_input_json("{\"cart\":[\"later\"]}")), SSR_OK);
    return SSR_OK;
}

/* What hydrates while a clone goes is for the next one. */
static void a_clone_that_goes_does_not_hydrate(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *cart = ssr_atom_use(own.store, own.cart);
    ssr_atom_on_destroy(cart, hydrate_again, &own);
    ssr_atom_destroy(cart);
    assert_atom(ssr_atom_use(own.store, own.cart), "[\"later\"]");
    close_own(&own);
}

static ssr_status destroy_another(ssr_atom *atom, ssr_json next, ssr_json previous, void *arg)
{
    (void)next, (void)previous;
    ssr_atom *another = ssr_atom_clone(*(ssr_atom **)arg);
    (void)atom;
    if (!another)
        return SSR_OK;
    ssr_atom_on_destroy(another, destroy_another, arg);
    ssr_atom_destroy(another);
    return SSR_OK;
}

/* Each that goes makes one more and lets it go: that ends, and is told. */
static void listeners_that_destroy_in_a_loop_are_stopped(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    ssr_atom *cart = ssr_atom_use(own.store, own.cart);
    ssr_atom *first = ssr_atom_clone(cart);
    ssr_atom_on_destroy(first, destroy_another, &cart);
    ssr_atom_destroy(first);
    assert_status(ssr_atom_store_status(own.store), SSR_E_LISTENER_LOOP);
    assert_status(ssr_atom_update(cart, ssr_input_json("[1]")), SSR_OK); /* and all goes on */
    ssr_atom_store_destroy(own.store);
    ssr_registry_free(own.registry);
    assert_all_freed(&own.memory);
}

/* Templates that lie at the same place of a table. */
static void many_templates_are_told_apart(void **state)
{
    enum { MANY = 128 };
    struct test_memory memory = {0};
    ssr_allocator allocator = test_allocator(&memory);
    ssr_registry *registry;
    ssr_atom_store *store;
    ssr_atom_template *templates[MANY];
    (void)state;
    assert_status(ssr_registry_new(&allocator, &registry), SSR_OK);
    for (int i = 0; i < MANY; i++) {
        char key[16], json[16];
        snprintf(key, sizeof key, "atom %d", i);
        snprintf(json, sizeof json, "%d", i);
        templates[i] = ssr_atom_define(registry, key, &(ssr_atom_options){.default_json = json});
    }
    assert_status(ssr_atom_store_new(registry, &store), SSR_OK);
    for (int i = 0; i < MANY; i += 8)
        assert_status(ssr_atom_update(ssr_atom_use(store, templates[i]), ssr_input_integer(1000 + i)), SSR_OK);
    for (int i = 0; i < MANY; i++) {
        char expected[16];
        snprintf(expected, sizeof expected, "%d", i % 8 == 0 ? 1000 + i : i);
        assert_atom(ssr_atom_use(store, templates[i]), expected);
    }
    assert_status(ssr_atom_store_destroy(store), SSR_OK);
    ssr_registry_free(registry);
    assert_all_freed(&memory);
}

/* ---- Memory that runs out --------------------------------------------------------------------------------------- */

/* What can be seen of a store, but for its subscriptions. */
static void see(ssr_atom_store *store, char *seen, size_t size)
{
    size_t length = 0;
    seen[0] = '\0';
    for (ssr_atom *atom = ssr_atom_store_next(store, NULL); atom; atom = ssr_atom_store_next(store, atom))
        length +=
            (size_t)snprintf(seen + length, size - length, "%s=%s ", ssr_atom_key(atom), ssr_atom_value(atom).text);
}

static ssr_status status_of(const struct own *own, const void *made)
{
    return made ? SSR_OK : ssr_atom_store_status(own->store);
}

enum { ACTS = 14 };

/* One call that may run out of memory. */
static ssr_status act_once(struct own *own, int number)
{
    ssr_atom *user = ssr_atom_store_get(own->store, "user"), *cart = ssr_atom_store_get(own->store, "cart");
    switch (number) {
    case 0: return status_of(own, ssr_atom_use(own->store, own->user));
    case 1: return status_of(own, ssr_atom_on_change(user, note, "u"));
    case 2: return status_of(own, ssr_atom_watch(user, "name", note, "w"));
    case 3: return ssr_atom_update(user, ssr_input_json(alice));
    case 4: return ssr_atom_update_with(user, rename_user, "Eve");
    case 5: return ssr_atom_merge(user, ssr_input_json("{\"a\":[1,2,3]}"));
    case 6: return ssr_atom_change(user, "a.0", ssr_input_string("a longer text"));
    case 7: return ssr_atom_store_hydrate(own->store, ssr_input_json("{\"cart\":[1],\"locale\":\"fr\"}"));
    case 8: return status_of(own, ssr_atom_use(own->store, own->cart));
    case 9: return ssr_atom_act(cart, "push", ssr_input_string("apple"));
    case 10: return status_of(own, ssr_atom_clone(cart));
    case 11: return status_of(own, ssr_atom_use(own->store, own->locale));
    case 12: return ssr_atom_reset(user);
    default: return ssr_atom_silent_update(user, ssr_input_string("the end"));
    }
}

/* Each call fails without a trace, then does what it should. False: a definition or the store failed. */
static bool live_alone(struct own *own, bool is_patient, char *seen, size_t size)
{
    char before[1024];
    for (int i = 0; i < ACTS; i++) {
        see(own->store, before, sizeof before);
        ssr_status status = act_once(own, i);
        if (status == SSR_OK)
            continue;
        assert_status(status, SSR_E_NOMEM);
        see(own->store, seen, size);
        assert_string_equal(seen, before);
        if (!is_patient)
            return false;
        assert_status(act_once(own, i), SSR_OK);
    }
    see(own->store, seen, size);
    return true;
}

static ssr_status begin_alone(struct own *own, struct test_memory memory)
{
    memset(own, 0, sizeof *own);
    own->memory = memory;
    ssr_allocator allocator = test_allocator(&own->memory);
    ssr_status status = ssr_registry_new(&allocator, &own->registry);
    if (status != SSR_OK)
        return status;
    own->user = ssr_atom_define(own->registry, "user", &user_options);
    own->cart = ssr_atom_define(own->registry, "cart", &cart_options);
    own->locale = ssr_atom_define(own->registry, "locale", &(ssr_atom_options){.persist = "cookie"});
    return ssr_atom_store_new(own->registry, &own->store);
}

static void a_store_survives_no_memory(void **state)
{
    struct own own;
    char good[1024], seen[1024];
    (void)state;
    assert_status(begin_alone(&own, (struct test_memory){0}), SSR_OK);
    assert_true(live_alone(&own, true, good, sizeof good));
    size_t calls = own.memory.calls;
    close_own(&own);
    for (size_t i = 1; i <= calls * 2; i++) {
        bool is_patient = i <= calls;
        told[0] = '\0';
        ssr_status status =
            begin_alone(&own, (struct test_memory){.fail_at = (i - 1) % calls + 1, .fail_after = !is_patient});
        if (status == SSR_OK) {
            if (live_alone(&own, is_patient, seen, sizeof seen))
                assert_string_equal(seen, good);
        } else {
            assert_status(status, SSR_E_NOMEM);
        }
        close_own(&own);
    }
}

static ssr_status load_quietly(ssr_operation *operation, void *arg)
{
    (void)arg;
    ssr_builder_json(ssr_operation_build_store(operation), "[\"loaded\"]", 10);
    ssr_status status = ssr_operation_update_atom(operation, site.cart);
    return status == SSR_OK ? ssr_builder_null(ssr_operation_build(operation)) : status;
}

static ssr_status all_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    ssr_atom_store *atoms = ssr_atoms(ctx);
    ssr_query_get(ctx, site.query, NULL, true);
    ssr_atom_store_hydrate(atoms, ssr_input_json("{\"cart\":[1],\"user\":{\"name\":\"x\"}}"));
    ssr_atom *cart = ssr_atom_use(atoms, site.cart), *user = ssr_atom_use(atoms, site.user);
    ssr_atom_subscription *subscription = ssr_atom_on_change(cart, note, "c");
    ssr_atom_act(cart, "push", ssr_input_integer(2));
    ssr_atom_unsubscribe(subscription);
    ssr_atom_value(user);
    ssr_atom_change(user, "name", ssr_input_string("y"));
    ssr_atom_destroy(ssr_atom_clone(user));
    ssr_atom_destroy(user);
    ssr_atom_use(atoms, site.user);
    told[0] = '\0';
    turn(ctx);
    return SSR_OK;
}

/* The transferred data; "" and no memory where that was told. */
static void run_badly(struct test_memory memory, size_t *calls, char *data, size_t size)
{
    init_site();
    site.fixture.memory = memory;
    site.fixture.config.log = (ssr_log){.arg = NULL};
    ssr_engine *engine = NULL;
    ssr_status status = ssr_engine_new(&site.fixture.config, &engine);
    data[0] = '\0';
    if (status == SSR_OK) {
        ssr_registry *registry = ssr_engine_registry(engine);
        site.turn = ssr_store_define(registry, "turn", &(ssr_store_options){.default_json = "0"});
        site.user = ssr_atom_define(registry, "user", &user_options);
        site.cart = ssr_atom_define(registry, "cart", &cart_options);
        site.locale = ssr_atom_define(registry, "locale", &locale_options);
        site.query = ssr_query_define(registry, "items", &(ssr_query_options){.load = load_quietly});
        status = ssr_engine_start(engine);
    }
    ssr_render *render = NULL;
    if (status == SSR_OK)
        status = ssr_run(engine, all_page, NULL, &(ssr_request){.find_route = find_hooked}, &render);
    const ssr_result *result = render ? ssr_render_result(render) : NULL;
    if (result && result->outcome == SSR_SETTLED)
        snprintf(data, size, "%s", result->data);
    else
        assert_status(result ? result->error_status : status, SSR_E_NOMEM);
    *calls = site.fixture.memory.calls;
    ssr_render_free(render);
    ssr_engine_free(engine);
    assert_all_freed(&site.fixture.memory);
}

static void a_render_survives_no_memory(void **state)
{
    char good[1024], data[1024];
    size_t calls, ignored;
    (void)state;
    run_badly((struct test_memory){0}, &calls, good, sizeof good);
    assert_non_null(strstr(good, "\"cart\":[1,2]"));
    for (size_t i = 1; i <= calls; i++)
        for (int after = 0; after < 2; after++) {
            run_badly((struct test_memory){.fail_at = i, .fail_after = after == 1}, &ignored, data, sizeof data);
            /* the loader's own memory is told in the query */
            if (data[0] && !strstr(data, "\"failed\":\"nomem\""))
                assert_string_equal(data, good);
        }
}

/* ---- A naive model ---------------------------------------------------------------------------------------------- */

enum { TEMPLATES = 5, MODEL_ATOMS = 400, MODEL_SUBSCRIPTIONS = 400 };

struct model_atom {
    int template, number, value;
    bool is_main, is_gone;
};

/* A store as anybody would write it down; rewinding copies all of it. */
struct model {
    struct model_atom atoms[MODEL_ATOMS];
    int atom_count;
    int queued[TEMPLATES]; /* -1: nothing */
    struct {
        int atom;
        bool is_ended;
    } subscriptions[MODEL_SUBSCRIPTIONS];
    int subscription_count;
};

static struct walk {
    struct ssr_ctx ctx;
    ssr_registry *registry;
    ssr_atom_template *templates[TEMPLATES];
    struct model now, marked;
    ssr_atom *atoms[MODEL_ATOMS];
    ssr_atom_subscription *subscriptions[MODEL_SUBSCRIPTIONS];
    char expected[4096];
    uint64_t random;
} walk;

static int below(int limit)
{
    walk.random = walk.random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((walk.random >> 33) % (unsigned)limit);
}

/* The template with the number 0 halves what is above 50 and refuses 13. */
static ssr_status halve(ssr_draft *next, ssr_json old, const ssr_atom *atom, void *arg)
{
    int64_t number = 0;
    (void)old, (void)atom, (void)arg;
    ssr_json_integer(ssr_draft_get(next, ""), &number);
    if (number == 13)
        return SSR_E_FAILED;
    return number > 50 ? ssr_draft_set(next, "", ssr_input_integer(number / 2)) : SSR_OK;
}

static ssr_status note_model(ssr_atom *atom, ssr_json next, ssr_json previous, void *number)
{
    char tag[16];
    snprintf(tag, sizeof tag, "%d", (int)(intptr_t)number);
    return note(atom, next, previous, tag);
}

static int model_main(int template)
{
    for (int i = 0; i < walk.now.atom_count; i++)
        if (walk.now.atoms[i].template == template && walk.now.atoms[i].is_main && !walk.now.atoms[i].is_gone)
            return i;
    return -1;
}

static int any_live(void)
{
    int live[MODEL_ATOMS], count = 0;
    for (int i = 0; i < walk.now.atom_count; i++)
        if (!walk.now.atoms[i].is_gone)
            live[count++] = i;
    return count > 0 ? live[below(count)] : -1;
}

/* What the model tells when an atom takes a value. */
static void model_change(int at, int value, bool is_silent)
{
    struct model_atom *atom = &walk.now.atoms[at];
    if (!is_silent && value != atom->value)
        for (int i = 0; i < walk.now.subscription_count; i++)
            if (walk.now.subscriptions[i].atom == at && !walk.now.subscriptions[i].is_ended) {
                size_t length = strlen(walk.expected);
                snprintf(walk.expected + length, sizeof walk.expected - length, "%d %d<%d;", i, value, atom->value);
            }
    atom->value = value;
}

/* SSR_OK, or the template refuses it. */
static ssr_status model_update(int at, int value, bool is_silent)
{
    if (walk.now.atoms[at].template == 0 && value == 13)
        return SSR_E_FAILED;
    model_change(at, walk.now.atoms[at].template == 0 && value > 50 ? value / 2 : value, is_silent);
    return SSR_OK;
}

static int model_make(int template, bool is_main, int value)
{
    int at = walk.now.atom_count++;
    walk.now.atoms[at] = (struct model_atom){template, at + 1, value, is_main, false};
    return at;
}

static void step_use(int template)
{
    int at = model_main(template);
    ssr_atom *atom = ssr_atom_use(walk.ctx.atoms, walk.templates[template]);
    assert_non_null(atom);
    if (at < 0) {
        at = model_make(template, true, 0);
        walk.atoms[at] = atom;
        if (walk.now.queued[template] >= 0)
            model_update(at, walk.now.queued[template], true);
        walk.now.queued[template] = -1;
    }
    assert_ptr_equal(atom, walk.atoms[at]);
}

static void step_update(int at, int value)
{
    switch (below(4)) {
    case 0:
        assert_status(ssr_atom_silent_update(walk.atoms[at], ssr_input_integer(value)), model_update(at, value, true));
        return;
    case 1:
        assert_status(ssr_atom_reset(walk.atoms[at]), SSR_OK);
        model_change(at, 0, false);
        return;
    default: assert_status(ssr_atom_update(walk.atoms[at], ssr_input_integer(value)), model_update(at, value, false));
    }
}

static void step_hydrate(void)
{
    char text[256] = "{\"none\":1", key[32];
    ssr_status expected = SSR_OK;
    for (int i = 0; i < TEMPLATES; i++) {
        if (below(3) > 0)
            continue;
        int value = below(60), at = model_main(i);
        snprintf(key, sizeof key, ",\"t%d\":%d", i, value);
        strcat(text, key);
        ssr_status status = SSR_OK;
        if (at >= 0)
            status = model_update(at, value, false);
        else
            walk.now.queued[i] = value;
        expected = expected == SSR_OK ? status : expected;
    }
    assert_status(ssr_atom_store_hydrate(walk.ctx.atoms, ssr_input_json(strcat(text, "}"))), expected);
}

static void step_subscribe(int at)
{
    int number = walk.now.subscription_count++;
    walk.now.subscriptions[number].atom = at;
    walk.now.subscriptions[number].is_ended = false;
    walk.subscriptions[number] = ssr_atom_on_change(walk.atoms[at], note_model, (void *)(intptr_t)number);
    assert_non_null(walk.subscriptions[number]);
}

static void step_unsubscribe(void)
{
    if (walk.now.subscription_count == 0)
        return;
    int number = below(walk.now.subscription_count);
    ssr_atom_unsubscribe(walk.subscriptions[number]);
    walk.now.subscriptions[number].is_ended = true;
}

static void begin_model_pass(void)
{
    walk.ctx.phase = SSR_IDLE;
    assert_status(ssr_scope_begin_pass(&walk.ctx), SSR_OK);
    walk.ctx.phase = SSR_RENDER;
    walk.marked = walk.now;
}

static void end_model_pass(bool completes)
{
    walk.ctx.phase = SSR_IDLE;
    if (completes) {
        assert_status(ssr_atoms_keep(&walk.ctx), SSR_OK);
        ssr_scope_end_pass(&walk.ctx);
        if (below(4) > 0) {
            ssr_atoms_rewind(&walk.ctx);
            walk.now = walk.marked;
        }
    } else {
        ssr_scope_abandon_pass(&walk.ctx);
        walk.now = walk.marked;
    }
    begin_model_pass();
}

static void step_model(void)
{
    bool is_full = walk.now.atom_count + 1 >= MODEL_ATOMS || walk.now.subscription_count + 1 >= MODEL_SUBSCRIPTIONS;
    int at = any_live(), what = is_full ? 99 : below(100);
    if (what < 20)
        step_use(below(TEMPLATES));
    else if (what < 30)
        step_hydrate();
    else if (what < 33)
        step_unsubscribe();
    else if (what >= 96)
        end_model_pass(what % 2 == 0);
    else if (at < 0)
        return;
    else if (what < 65)
        step_update(at, below(60));
    else if (what < 75)
        step_subscribe(at);
    else if (what < 82) {
        ssr_atom *copy = ssr_atom_clone(walk.atoms[at]);
        walk.atoms[model_make(walk.now.atoms[at].template, false, walk.now.atoms[at].value)] = copy;
    } else {
        ssr_atom_destroy(walk.atoms[at]);
        walk.now.atoms[at].is_gone = true;
    }
}

/* The list, the look-ups and what was told. */
static void compare_model(void)
{
    ssr_atom *next = NULL;
    for (int i = 0; i < walk.now.atom_count; i++) {
        const struct model_atom *atom = &walk.now.atoms[i];
        char key[32], value[16];
        if (atom->is_gone)
            continue;
        next = ssr_atom_store_next(walk.ctx.atoms, next);
        assert_ptr_equal(next, walk.atoms[i]);
        snprintf(key, sizeof key, "t%d.clone.%d", atom->template, atom->number);
        snprintf(value, sizeof value, "%d", atom->value);
        assert_string_equal(ssr_atom_key(next), key);
        assert_atom(next, value);
    }
    assert_null(ssr_atom_store_next(walk.ctx.atoms, next));
    for (int i = 0; i < TEMPLATES; i++) {
        int at = model_main(i);
        assert_ptr_equal(ssr_atom_store_get(walk.ctx.atoms, walk.templates[i]->definition.name),
                         at < 0 ? NULL : walk.atoms[at]);
    }
    assert_told(walk.expected);
    walk.expected[0] = '\0';
}

static void take_a_walk(uint64_t seed, int steps, struct test_memory *memory)
{
    ssr_allocator allocator = test_allocator(memory);
    memset(&walk, 0, sizeof walk);
    walk.random = seed;
    told[0] = '\0';
    assert_status(ssr_registry_new(&allocator, &walk.registry), SSR_OK);
    for (int i = 0; i < TEMPLATES; i++) {
        char key[32];
        snprintf(key, sizeof key, "t%d", i);
        walk.templates[i] = ssr_atom_define(
            walk.registry, key, &(ssr_atom_options){.default_json = "0", .before_update = i == 0 ? halve : NULL});
        walk.now.queued[i] = -1;
    }
    assert_status(ssr_registry_freeze(walk.registry), SSR_OK);
    ssr_scope_init(&walk.ctx, walk.registry, &allocator, UINT64_MAX);
    walk.ctx.cell_cap = walk.ctx.value_cap = SIZE_MAX;
    begin_model_pass();
    assert_non_null(ssr_atoms(&walk.ctx));
    for (int i = 0; i < steps; i++) {
        step_model();
        compare_model();
    }
    ssr_scope_release(&walk.ctx);
    ssr_registry_free(walk.registry);
    assert_all_freed(memory);
}

static void a_random_walk_agrees_with_the_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= sweep_rounds(40); seed++) {
        struct test_memory memory = {0};
        take_a_walk(seed, 500, &memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_there_answers_nothing),
        cmocka_unit_test(a_store_needs_sound_templates),
        cmocka_unit_test(a_failing_listener_of_a_reset_is_told),
        cmocka_unit_test(a_reset_is_one_change),
        cmocka_unit_test(paths_are_watched_by_what_is_there),
        cmocka_unit_test(nothing_changes_in_a_store_that_goes),
        cmocka_unit_test(a_clone_that_goes_does_not_hydrate),
        cmocka_unit_test(listeners_that_destroy_in_a_loop_are_stopped),
        cmocka_unit_test(many_templates_are_told_apart),
        cmocka_unit_test(a_template_is_never_changed),
        cmocka_unit_test(the_basic_pattern_works),
        cmocka_unit_test(use_makes_one_clone),
        cmocka_unit_test(get_looks_up_by_the_key_of_the_template),
        cmocka_unit_test(the_list_is_in_the_order_of_first_use),
        cmocka_unit_test(the_list_may_change_while_it_is_walked),
        cmocka_unit_test(hydrate_applies_or_queues),
        cmocka_unit_test(a_snapshot_hydrates_another_store),
        cmocka_unit_test(destroy_frees_everything_and_tells),
        cmocka_unit_test(stores_are_independent),
        cmocka_unit_test(a_template_can_only_be_read),
        cmocka_unit_test(every_way_changes),
        cmocka_unit_test(paths_are_dotted),
        cmocka_unit_test(refused_changes_change_nothing),
        cmocka_unit_test(equal_values_tell_nobody),
        cmocka_unit_test(silent_changes_tell_nobody),
        cmocka_unit_test(before_update_sees_every_way_but_resets),
        cmocka_unit_test(a_refused_queued_value_leaves_the_default),
        cmocka_unit_test(a_clone_that_cannot_begin_is_not_there),
        cmocka_unit_test(a_getter_answers_for_paths),
        cmocka_unit_test(listeners_are_told_in_order),
        cmocka_unit_test(a_bad_listener_does_not_stop_the_others),
        cmocka_unit_test(nested_changes_are_done_at_once),
        cmocka_unit_test(endless_changes_are_cut_off),
        cmocka_unit_test(subscriptions_may_change_while_told),
        cmocka_unit_test(who_has_ended_is_not_told_by_who_has_ended),
        cmocka_unit_test(a_clone_of_a_clone_stands_beside_it),
        cmocka_unit_test(a_destroyed_atom_is_gone),
        cmocka_unit_test(atoms_may_go_in_the_middle),
        cmocka_unit_test(an_atom_may_go_before_its_update),
        cmocka_unit_test(updaters_may_change_atoms),
        cmocka_unit_test(bad_snapshots_apply_nothing),
        cmocka_unit_test(proto_is_a_key),
        cmocka_unit_test(strangers_are_refused),
        cmocka_unit_test(bad_definitions_are_refused),
        cmocka_unit_test(a_registry_freezes_with_its_first_store),
        cmocka_unit_test(a_cart_holds_one_item_whatever_the_passes),
        cmocka_unit_test(caps_keep_what_the_last_pass_shows),
        cmocka_unit_test(a_pass_is_taken_back_and_nobody_is_told),
        cmocka_unit_test(a_destroyed_atom_comes_back),
        cmocka_unit_test(what_loaders_write_stays),
        cmocka_unit_test(a_followed_redirect_takes_the_page_back),
        cmocka_unit_test(an_abandoned_pass_leaves_the_kept_one),
        cmocka_unit_test(stores_and_atoms_share_a_limit),
        cmocka_unit_test(a_deadline_leaves_the_last_completed_pass),
        cmocka_unit_test(the_end_of_a_render_destroys_its_store),
        cmocka_unit_test(writes_are_refused_where_they_do_not_belong),
        cmocka_unit_test(local_atoms_stay_and_others_are_encoded),
        cmocka_unit_test(late_writes_are_noted),
        cmocka_unit_test(a_write_behind_a_snapshot_is_late),
        cmocka_unit_test(the_sample_works),
        cmocka_unit_test(cookies_keep_atoms),
        cmocka_unit_test(a_queued_value_wins_over_the_cookie),
        cmocka_unit_test(an_atom_may_go_before_what_is_queued),
        cmocka_unit_test(a_cookie_is_asked_again_at_another_location),
        cmocka_unit_test(a_cookie_that_finds_no_memory_ends_the_render),
        cmocka_unit_test(a_page_that_has_failed_reads_no_atoms),
        cmocka_unit_test(a_store_survives_no_memory),
        cmocka_unit_test(a_render_survives_no_memory),
        cmocka_unit_test(a_random_walk_agrees_with_the_model),
    };
    return cmocka_run_group_tests_name("atoms", tests, NULL, NULL);
}
