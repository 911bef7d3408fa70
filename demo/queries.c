/*
 * demo/queries.c - the queries and their loaders. A loader runs on a thread of the pool, several at a time; all it
 * touches is its own operation and a connection that it has borrowed. Why one failed is said to the log only: the
 * page and the browser learn nothing but the code.
 */
#include "demo/queries.h"

#include <time.h>

#include "demo/race.h"

#define LOOK_UP_MS 10 /* how often a delayed loader looks whether anybody still waits */

/* The slowness that was asked for. False: nobody waits any more. */
static bool linger(const ssr_operation *operation, unsigned delay_ms)
{
    while (delay_ms > 0 && !ssr_operation_is_cancelled(operation)) {
        unsigned slice = delay_ms < LOOK_UP_MS ? delay_ms : LOOK_UP_MS;

        nanosleep(&(struct timespec){.tv_nsec = (long)slice * 1000000}, NULL);
        delay_ms -= slice;
    }
    return !ssr_operation_is_cancelled(operation);
}

static ssr_status load(ssr_operation *operation, const struct loading *loading, enum selection selection)
{
    struct connection *connection;
    ssr_status status;

    if (!linger(operation, loading->delay_ms))
        return ssr_operation_fail(operation, "cancelled", "nobody waits for it any more");
    connection = data_borrow(loading->data);
    if (!connection)
        return SSR_E_NOMEM;
    status = connection_select(connection, selection, ssr_operation_args(operation), ssr_operation_build(operation));
    if (status == SSR_E_FAILED)
        ssr_operation_fail(operation, "database", connection_error(connection));
    data_give_back(loading->data, connection);
    return status;
}

static ssr_status load_ideas(ssr_operation *operation, void *loading)
{
    return load(operation, loading, SELECT_IDEAS);
}

static ssr_status load_idea(ssr_operation *operation, void *loading)
{
    return load(operation, loading, SELECT_IDEA);
}

static ssr_status load_favourite(ssr_operation *operation, void *loading)
{
    return load(operation, loading, SELECT_FAVOURITE);
}

static ssr_status load_by_author(ssr_operation *operation, void *loading)
{
    return load(operation, loading, SELECT_BY_AUTHOR);
}

static ssr_status load_comments(ssr_operation *operation, void *loading)
{
    return load(operation, loading, SELECT_COMMENTS);
}

#define AN_IDEA "{ author: string; created: string; id: number; summary: string; title: string; votes: number }"

/* What is asked for here is public, so the log may show it. */
static ssr_query *define(ssr_registry *registry, const char *name, ssr_loader_fn loader, const struct loading *loading,
                         const char *args_type, const char *type)
{
    return ssr_query_define(
        registry, name,
        &(ssr_query_options){
            .load = loader, .load_arg = (void *)loading, .show_args = true, .args_type = args_type, .type = type});
}

void queries_define(ssr_registry *registry, const struct loading *loading, struct queries *queries)
{
    queries->ideas = define(registry, "ideas", load_ideas, loading, "null", AN_IDEA "[]");
    queries->idea = define(registry, "idea", load_idea, loading, "number", "(" AN_IDEA " & { body: string }) | null");
    queries->favourite = define(registry, "favourite", load_favourite, loading, "null", AN_IDEA);
    queries->by_author = define(registry, "by_author", load_by_author, loading, "string", AN_IDEA "[]");
    queries->comments = define(registry, "comments", load_comments, loading, "null", "never");
    queries->race = race_define(registry);
}
