/*
 * demo/account.c - why a page took as many passes as it did, in sentences. They are written by every pass and read in
 * the last, so each says what is true if its pass is the last one: its number is the final count; a store or cookie
 * that differs from what an earlier pass saw was set by the page; a query that was pending in an earlier pass was
 * waited for, and one that still is was not; what is staged now and differs will be dropped.
 */
#include "demo/account.h"

#include "engine/output.h"

/* ---- Noting ------------------------------------------------------------------------------------------------------ */

/* The entry of a store or cookie, a new one with today's digest; NULL: there is no room. */
static struct seen_value *find_value(struct account *account, const char *name, ssr_digest digest)
{
    for (size_t i = 0; i < account->value_count; i++) {
        if (account->values[i].name == name)
            return &account->values[i];
    }
    if (account->value_count == ACCOUNT_VALUES)
        return NULL;
    struct seen_value *seen = &account->values[account->value_count++];

    *seen = (struct seen_value){.name = name, .digest = digest};
    return seen;
}

/* value NULL: it could not be read, and the render is about to end. */
static struct seen_value *note_value(struct account *account, const char *name, const ssr_value *value, bool is_shown)
{
    ssr_digest digest = value ? ssr_value_digest(value) : (ssr_digest){0};
    struct seen_value *seen = value ? find_value(account, name, digest) : NULL;

    if (!seen)
        return NULL;
    seen->changes += digest.high != seen->digest.high || digest.low != seen->digest.low;
    seen->digest = digest;
    seen->is_shown = is_shown;
    return seen;
}

void account_store(struct account *account, ssr_ctx *ctx, const ssr_store *store, bool is_shown)
{
    note_value(account, ssr_store_name(store), ssr_get(ctx, store), is_shown);
}

void account_cookie(struct account *account, ssr_ctx *ctx, const ssr_cookie *cookie, bool is_shown)
{
    struct seen_value *seen = note_value(account, ssr_cookie_name(cookie), ssr_cookie_get(ctx, cookie), is_shown);

    if (seen)
        seen->is_cookie = true;
}

static struct seen_query *find_query(struct account *account, const ssr_query *query)
{
    for (size_t i = 0; i < account->query_count; i++) {
        if (account->queries[i].query == query)
            return &account->queries[i];
    }
    if (account->query_count == ACCOUNT_QUERIES)
        return NULL;
    account->queries[account->query_count].query = query;
    return &account->queries[account->query_count++];
}

ssr_query_result account_query(struct account *account, ssr_ctx *ctx, const ssr_query *query, ssr_query_result result)
{
    struct seen_query *seen = find_query(account, query);
    unsigned pass = ssr_pass(ctx);

    if (result.state == SSR_QUERY_PENDING && account->last_pending != pass) {
        account->pending_passes++;
        account->last_pending = pass;
    }
    if (!seen)
        return result;
    if (result.state == SSR_QUERY_PENDING) {
        seen->first_pending = seen->first_pending ? seen->first_pending : pass;
        seen->last_pending = pass;
    } else if (result.state != SSR_QUERY_DISABLED && pass == 1) {
        seen->was_there = true;
    }
    return result;
}

/* ---- Lists of names ---------------------------------------------------------------------------------------------- */

/* A list under way: "a", "a and b", "a, b and c". */
struct list {
    ssr_ctx *ctx;
    size_t left;
};

static void write_name(struct list *list, const char *name, unsigned times)
{
    ssr_html(list->ctx, "<code>");
    ssr_text(list->ctx, name);
    ssr_html(list->ctx, "</code>");
    if (times > 1) {
        ssr_html(list->ctx, " (");
        ssr_text_integer(list->ctx, times);
        ssr_html(list->ctx, " times)");
    }
    list->left--;
    ssr_html(list->ctx, list->left > 1 ? ", " : list->left == 1 ? " and " : "");
}

/* ---- Queries ----------------------------------------------------------------------------------------------------- */

typedef bool (*query_test)(const struct seen_query *seen, unsigned pass);

static bool was_waited_for(const struct seen_query *seen, unsigned pass)
{
    return seen->first_pending > 0 && seen->first_pending < pass;
}

static bool is_pending(const struct seen_query *seen, unsigned pass)
{
    return seen->last_pending == pass;
}

static bool was_there(const struct seen_query *seen, unsigned pass)
{
    (void)pass;
    return seen->was_there;
}

static size_t count_queries(const struct account *account, query_test is_meant, unsigned pass)
{
    size_t count = 0;

    for (size_t i = 0; i < account->query_count; i++)
        count += is_meant(&account->queries[i], pass);
    return count;
}

/* "the query a", "the queries a and b" */
static void write_queries(ssr_ctx *ctx, const struct account *account, query_test is_meant)
{
    struct list list = {ctx, count_queries(account, is_meant, ssr_pass(ctx))};

    ssr_html(ctx, list.left == 1 ? "the query " : "the queries ");
    for (size_t i = 0; i < account->query_count; i++) {
        if (is_meant(&account->queries[i], ssr_pass(ctx)))
            write_name(&list, ssr_query_name(account->queries[i].query), 1);
    }
}

/* ---- Stores and cookies ------------------------------------------------------------------------------------------ */

static bool has_changed(const struct seen_value *seen, bool is_shown)
{
    return seen->changes > 0 && seen->is_shown == is_shown;
}

static size_t count_changed(const struct account *account, bool is_shown)
{
    size_t changed = 0;

    for (size_t i = 0; i < account->value_count; i++)
        changed += has_changed(&account->values[i], is_shown);
    return changed;
}

static void write_changed(ssr_ctx *ctx, const struct account *account, bool is_shown)
{
    struct list list = {ctx, count_changed(account, is_shown)};

    for (size_t i = 0; i < account->value_count; i++) {
        const struct seen_value *seen = &account->values[i];

        if (!has_changed(seen, is_shown))
            continue;
        ssr_html(ctx, seen->is_cookie ? "the cookie " : "");
        write_name(&list, seen->name, seen->changes);
    }
}

/* ---- The sentences ----------------------------------------------------------------------------------------------- */

/* The clauses of a sentence under way. */
struct clauses {
    ssr_ctx *ctx;
    unsigned count;
};

static ssr_ctx *begin_clause(struct clauses *clauses)
{
    ssr_html(clauses->ctx, clauses->count++ ? "; " : " ");
    return clauses->ctx;
}

static void write_small_number(ssr_ctx *ctx, unsigned number)
{
    static const char *const words[] = {"none", "one", "two", "three", "four", "five", "six"};

    if (number < sizeof words / sizeof *words)
        ssr_html(ctx, words[number]);
    else
        ssr_text_integer(ctx, number);
}

static void tell_queries(struct clauses *clauses, const struct account *account)
{
    unsigned pass = ssr_pass(clauses->ctx);
    unsigned waited = account->pending_passes - (account->last_pending == pass);

    if (count_queries(account, was_there, pass) > 0) {
        write_queries(begin_clause(clauses), account, was_there);
        ssr_html(clauses->ctx, " had been answered before the first");
    }
    if (waited > 0) {
        write_small_number(begin_clause(clauses), waited);
        ssr_html(clauses->ctx, " waited for ");
        write_queries(clauses->ctx, account, was_waited_for);
    }
}

static void tell_values(struct clauses *clauses, const struct account *account)
{
    ssr_ctx *ctx = begin_clause(clauses);
    bool has_own = count_changed(account, false) > 0, has_shown = count_changed(account, true) > 0;

    if (has_own || has_shown)
        ssr_html(ctx, "the page set ");
    if (has_own) {
        write_changed(ctx, account, false);
        ssr_html(ctx, has_shown ? " for its own next pass, and " : " for its own next pass; ");
    }
    if (has_shown) {
        write_changed(ctx, account, true);
        ssr_html(ctx, " after the header above it had been rendered.");
    } else {
        ssr_html(ctx, "the header above shows its initial values.");
    }
}

/* What a cap has cut off. */
static void tell_rest(ssr_ctx *ctx, const struct account *account, bool sets_cookies)
{
    if (count_queries(account, is_pending, ssr_pass(ctx)) > 0) {
        ssr_html(ctx, " What the page asked for last, ");
        write_queries(ctx, account, is_pending);
        ssr_html(ctx, ", was not loaded any more.");
    }
    if (ssr_has_pending_changes(ctx))
        ssr_html(ctx, sets_cookies
                          ? " What the page set last is not shown: stores drop it, cookies are sent nevertheless."
                          : " What the page set last was dropped.");
}

void account_write(const struct account *account, ssr_ctx *ctx, bool sets_cookies)
{
    struct clauses clauses = {.ctx = ctx};

    ssr_html(ctx, "<strong>Rendered in ");
    ssr_text_integer(ctx, ssr_pass(ctx));
    ssr_html(ctx, ssr_pass(ctx) == 1 ? " pass:</strong>" : " passes:</strong>");
    tell_queries(&clauses, account);
    tell_values(&clauses, account);
    tell_rest(ctx, account, sets_cookies);
}
