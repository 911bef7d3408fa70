/*
 * The samples of docs/ that are no programs by themselves: pieces of this file stand there, word for word, which
 * tests/samples.sh compares; here they run, and do what the page says.
 */
#include <engine/ssr.h>
#include <engine/host/pool.h> /* only with the host helper */
#include <ssrstore/cjson.h>   /* only with cJSON, which you link yourself: the library needs its header alone */

#include "fixture.h"

/* ---- docs/cookies.md --------------------------------------------------------------------------------------------- */

static ssr_cookie *theme;

static void define_theme(ssr_registry *registry)
{
    theme = ssr_cookie_define(registry, "theme", &(ssr_cookie_options){.fallback_string = "light"});
}

static ssr_status page(ssr_ctx *ctx)
{
    return ssr_cookie_set(ctx, theme, ssr_input_string("dark"));
}

static ssr_status layout(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    ssr_html(ctx, "<html data-theme=\"");
    ssr_attr(ctx, ssr_cookie_get_string(ctx, theme)); /* light in the first pass, dark in the second */
    ssr_html(ctx, "\">");
    return page(ctx);
}

static void a_cookie_set_below_is_shown_above(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_open(&fixture);
    define_theme(fixture.registry);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, layout, NULL), SSR_OK);
    assert_string_equal(fixture.result->html, "<html data-theme=\"dark\">");
    assert_int_equal(fixture.result->passes, 2);
    assert_int_equal(fixture.result->set_cookie_count, 1);
    assert_string_equal(fixture.result->set_cookies[0], "theme=dark; Path=/; SameSite=Lax");
    fixture_close(&fixture);
}

static ssr_status show_flash(ssr_ctx *ctx, void *flash)
{
    const char *text = ssr_cookie_get_string(ctx, flash);

    if (!text)
        return SSR_OK;
    ssr_text(ctx, text);
    return ssr_cookie_send(ctx, (&(ssr_set_cookie){.name = "flash", .path = "/", .is_deletion = true}));
}

static void a_message_is_shown_once_and_costs_no_pass(void **state)
{
    (void)state;
    struct fixture fixture;
    const char *header = "flash=Saved";
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_cookie *flash = ssr_cookie_define(fixture.registry, "flash", NULL);
    fixture_start(&fixture);
    assert_status(fixture_run_request(&fixture, show_flash, flash,
                                      &(ssr_request){.cookie_headers = &header, .cookie_header_count = 1}),
                  SSR_OK);
    assert_string_equal(fixture.result->html, "Saved");
    assert_int_equal(fixture.result->passes, 1);
    assert_int_equal(fixture.result->set_cookie_count, 1);
    assert_non_null(strstr(fixture.result->set_cookies[0], "flash=; Path=/; Expires=Thu, 01 Jan 1970"));
    assert_status(fixture_run(&fixture, show_flash, flash), SSR_OK);
    assert_string_equal(fixture.result->html, "");
    assert_int_equal(fixture.result->set_cookie_count, 0);
    fixture_close(&fixture);
}

/* ---- docs/shared.md ---------------------------------------------------------------------------------------------- */

static ssr_status set_mode(ssr_draft *draft, ssr_json mode, void *arg)
{
    (void)arg;
    return ssr_draft_set(draft, "/mode", ssr_input_cursor(mode));
}

static ssr_shared *define_look(ssr_registry *registry)
{
    static const ssr_action actions[] = {{.name = "setMode", .run = set_mode}};

    return ssr_shared_define(
        registry, "look",
        &(ssr_shared_options){.initial_json = "{\"mode\":\"light\"}", .actions = actions, .action_count = 1});
}

static ssr_status from_a_thread_that_serves_no_request(ssr_shared *look)
{
    return ssr_shared_act(look, "setMode", ssr_input_string("dark"));
}

static ssr_status show_look(ssr_ctx *ctx, void *look)
{
    return ssr_text(ctx, ssr_string(ctx, ssr_json_at(ssr_shared_get(ctx, look), "/mode")));
}

static void a_shared_store_is_written_outside_and_read_inside(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_shared *look = define_look(fixture.registry);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, show_look, look), SSR_OK);
    assert_string_equal(fixture.result->html, "light");
    assert_status(from_a_thread_that_serves_no_request(look), SSR_OK);
    assert_status(fixture_run(&fixture, show_look, look), SSR_OK);
    assert_string_equal(fixture.result->html, "dark");
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cookie_set_below_is_shown_above),
        cmocka_unit_test(a_message_is_shown_once_and_costs_no_pass),
        cmocka_unit_test(a_shared_store_is_written_outside_and_read_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
