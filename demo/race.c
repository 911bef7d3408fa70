/*
 * demo/race.c - the race of two visitors, Alice and Bob, who are served at the same time; after the seed "Pareto:
 * defineStore", "Why global state leaks across requests on the server". It is run by the loader of a query and not by
 * the page that shows it: a loader has a thread of its own for as long as it likes, and its answer is there for C and
 * for Lua. What always holds: an engine belongs to one race, both renders are stepped in turns on one thread, so every
 * race ends the same way; and the global that leaks is seen by nobody else, for it holds one of two fixed names, and
 * only while the mutex is held.
 */
#include "demo/race.h"

#include <pthread.h>
#include <string.h>

#include "engine/ssr.h"

static pthread_mutex_t one_race = PTHREAD_MUTEX_INITIALIZER;
static const char *current_user; /* what this page is about: do not do that. Guarded by one_race */

struct race {
    ssr_engine *engine;
    ssr_query *basket; /* of the visitor whose name it is given */
    ssr_shared *shared;
    ssr_context *context;
};

struct visitor;

/* A place to keep the visitor's name in while the basket is loaded. */
struct place {
    const char *title, *about;
    ssr_status (*page)(ssr_ctx *ctx, struct visitor *visitor, const char *basket); /* basket NULL: it is on its way */
};

struct visitor {
    const struct race *race;
    const struct place *place;
    const char *name, *other;
    ssr_render *render;
    char refusal[SSR_GUARD_TEXT];
};

/* ---- The page, three times --------------------------------------------------------------------------------------- */

static ssr_status greet(ssr_ctx *ctx, const char *name, const char *basket)
{
    ssr_text(ctx, "Welcome back, ");
    ssr_text(ctx, name);
    ssr_text(ctx, "! In your basket: ");
    ssr_text(ctx, basket);
    return ssr_text(ctx, ".");
}

static ssr_status page_with_global(ssr_ctx *ctx, struct visitor *visitor, const char *basket)
{
    if (basket)
        return greet(ctx, current_user, basket);
    current_user = visitor->name;
    return SSR_OK;
}

static ssr_status page_with_shared(ssr_ctx *ctx, struct visitor *visitor, const char *basket)
{
    ssr_shared *shared = visitor->race->shared;

    if (basket)
        return greet(ctx, ssr_string(ctx, ssr_shared_get(ctx, shared)), basket);
    if (ssr_shared_replace(shared, ssr_input_string(visitor->name)) != SSR_OK)
        strncpy(visitor->refusal, ssr_guard_refusal(), sizeof visitor->refusal - 1);
    return SSR_OK;
}

struct greeting {
    const struct visitor *visitor;
    const char *basket;
};

static ssr_status greet_in_context(ssr_ctx *ctx, void *arg)
{
    const struct greeting *greeting = arg;
    ssr_json name = ssr_context_use(ctx, greeting->visitor->race->context);

    return greeting->basket ? greet(ctx, ssr_string(ctx, name), greeting->basket) : SSR_OK;
}

static ssr_status page_with_context(ssr_ctx *ctx, struct visitor *visitor, const char *basket)
{
    struct greeting greeting = {visitor, basket};

    return ssr_context_provide(ctx, visitor->race->context, NULL, ssr_input_string(visitor->name), greet_in_context,
                               &greeting);
}

static ssr_status page(ssr_ctx *ctx, void *arg)
{
    struct visitor *visitor = arg;
    ssr_query_result basket = ssr_query_string(ctx, visitor->race->basket, visitor->name, true);

    return visitor->place->page(ctx, visitor, basket.state == SSR_QUERY_READY ? ssr_string(ctx, basket.data) : NULL);
}

static const struct place places[] = {
    {"A plain C global",
     "One variable for the whole process. Alice\xE2\x80\x99s page writes her name there and waits for her basket; "
     "meanwhile Bob\xE2\x80\x99s page writes his.",
     page_with_global},
    {"A shared store",
     "One state for the whole process, too, and both pages try the same. But the library knows that a page is being "
     "rendered, and refuses.",
     page_with_shared},
    {"A context store",
     "One state for each provider. Each page puts its visitor\xE2\x80\x99s name around what it renders, and nothing "
     "outside of it can reach that.",
     page_with_context},
};

/* ---- The race ---------------------------------------------------------------------------------------------------- */

static ssr_status load_basket(ssr_operation *operation, void *arg)
{
    bool is_alice = ssr_json_equals(ssr_operation_args(operation), "Alice");

    (void)arg;
    return ssr_builder_string(ssr_operation_build(operation), is_alice ? "three apples" : "one pear");
}

/* On an error there is no engine. */
static ssr_status race_open(struct race *race)
{
    ssr_status status = ssr_engine_new(NULL, &race->engine);
    ssr_registry *registry = ssr_engine_registry(race->engine);

    if (status != SSR_OK)
        return status;
    race->basket = ssr_query_define(registry, "basket", &(ssr_query_options){.load = load_basket});
    race->shared = ssr_shared_define(registry, "user", &(ssr_shared_options){.initial_json = "\"nobody\""});
    race->context = ssr_context_define(registry, "user", NULL);
    status = ssr_engine_start(race->engine);
    if (status != SSR_OK)
        ssr_engine_free(race->engine);
    return status;
}

/* True: there is another step. What a step waits for is there before the other visitor's next one. */
static bool take_step(ssr_render *render)
{
    ssr_step step = ssr_render_step(render, 0);

    for (ssr_operation *operation; (operation = ssr_render_next_operation(render)) != NULL;)
        ssr_operation_run(operation);
    return step != SSR_STEP_ENDED;
}

/* Alice's steps and Bob's, in turns, to the end of both. */
static ssr_status run(struct visitor *alice, struct visitor *bob)
{
    static const ssr_request request = {.location = "/basket"};
    ssr_engine *engine = alice->race->engine;
    ssr_status status = ssr_render_new(engine, page, alice, &request, &alice->render);
    bool goes_on = true;

    if (status == SSR_OK)
        status = ssr_render_new(engine, page, bob, &request, &bob->render);
    while (status == SSR_OK && goes_on) {
        goes_on = take_step(alice->render);
        goes_on |= take_step(bob->render);
    }
    if (status == SSR_OK)
        status = ssr_render_result(alice->render)->error_status;
    return status == SSR_OK ? ssr_render_result(bob->render)->error_status : status;
}

/* ---- The answer -------------------------------------------------------------------------------------------------- */

static void add_text(ssr_builder *answer, const char *key, const char *text)
{
    ssr_builder_key(answer, key);
    if (text)
        ssr_builder_string(answer, text);
    else
        ssr_builder_null(answer);
}

static const char *sent_to(const struct visitor *visitor)
{
    return ssr_render_result(visitor->render)->html;
}

static bool sees(const struct visitor *visitor, const char *name)
{
    return strstr(sent_to(visitor), name) != NULL;
}

static const char *tell(const struct visitor *alice, const struct visitor *bob, bool leaks)
{
    if (leaks)
        return sees(alice, bob->name) ? "Leaked: Alice was sent Bob\xE2\x80\x99s name."
                                      : "Leaked: Bob was sent Alice\xE2\x80\x99s name.";
    if (*alice->refusal && *bob->refusal)
        return "Refused, both times: nobody sees anybody.";
    return sees(alice, alice->name) && sees(bob, bob->name) ? "Safe: everybody sees their own name."
                                                            : "Nobody is known.";
}

static void add_race(ssr_builder *answer, const struct visitor *alice, const struct visitor *bob)
{
    bool leaks = sees(alice, alice->other) || sees(bob, bob->other);

    ssr_builder_begin_object(answer);
    add_text(answer, "title", alice->place->title);
    add_text(answer, "about", alice->place->about);
    add_text(answer, "alice", sent_to(alice));
    add_text(answer, "bob", sent_to(bob));
    add_text(answer, "did", tell(alice, bob, leaks));
    ssr_builder_key(answer, "leaks");
    ssr_builder_boolean(answer, leaks);
    add_text(answer, "refusal", *alice->refusal ? alice->refusal : NULL);
    ssr_builder_end_object(answer);
}

static ssr_status race_at(const struct race *race, const struct place *place, ssr_builder *answer)
{
    struct visitor alice = {.race = race, .place = place, .name = "Alice", .other = "Bob"};
    struct visitor bob = {.race = race, .place = place, .name = "Bob", .other = "Alice"};
    ssr_status status = run(&alice, &bob);

    if (status == SSR_OK)
        add_race(answer, &alice, &bob);
    ssr_render_free(alice.render);
    ssr_render_free(bob.render);
    return status;
}

static ssr_status race_all(const struct race *race, ssr_builder *answer)
{
    ssr_status status = ssr_builder_begin_array(answer);

    for (size_t i = 0; i < sizeof places / sizeof *places && status == SSR_OK; i++)
        status = race_at(race, &places[i], answer);
    return status == SSR_OK ? ssr_builder_end_array(answer) : status;
}

static ssr_status load_race(ssr_operation *operation, void *arg)
{
    struct race race;
    ssr_status status = race_open(&race);

    (void)arg;
    if (status != SSR_OK)
        return status;
    pthread_mutex_lock(&one_race);
    status = race_all(&race, ssr_operation_build(operation));
    current_user = NULL;
    pthread_mutex_unlock(&one_race);
    ssr_engine_free(race.engine);
    return status;
}

ssr_query *race_define(ssr_registry *registry)
{
    return ssr_query_define(registry, "race",
                            &(ssr_query_options){.load = load_race,
                                                 .show_args = true,
                                                 .args_type = "null",
                                                 .type = "{ about: string; alice: string; bob: string; did: string; "
                                                         "leaks: boolean; refusal: string | null; title: string }[]"});
}
