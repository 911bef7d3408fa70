/*
 * demo/account.h - the footer's account of how its page came about: what every pass saw, told by the last one.
 */
#ifndef DEMO_ACCOUNT_H
#define DEMO_ACCOUNT_H

#include <stdbool.h>

#include "cookie/cookie.h"
#include "engine/query.h"

/* More than any page uses; what exceeds them is not told. */
#define ACCOUNT_VALUES 12
#define ACCOUNT_QUERIES 4

/* Of a store or a cookie. */
struct seen_value {
    const char *name; /* by whose address it is known */
    bool is_cookie;
    bool is_shown; /* in the header */
    ssr_digest digest;
    unsigned changes; /* how often it differed from what was seen before */
};

struct seen_query {
    const ssr_query *query;
    bool was_there;                       /* when the first pass asked */
    unsigned first_pending, last_pending; /* the passes in which it was; 0: none */
};

/* All zero before the first pass. */
struct account {
    struct seen_value values[ACCOUNT_VALUES];
    size_t value_count;
    struct seen_query queries[ACCOUNT_QUERIES];
    size_t query_count;
    unsigned pending_passes; /* that found something to load */
    unsigned last_pending;   /* the last of them */
};

/* Notes what a store holds that only the page sets. Once in a pass, before the page sets it. */
void account_store(struct account *account, ssr_ctx *ctx, const ssr_store *store, bool is_shown);

/* The same of a cookie that only the page sets. */
void account_cookie(struct account *account, ssr_ctx *ctx, const ssr_cookie *cookie, bool is_shown);

/* Notes what a query answered, and hands the answer on. Each time a page asks. */
ssr_query_result account_query(struct account *account, ssr_ctx *ctx, const ssr_query *query, ssr_query_result result);

/* Writes the sentences, as the content of a paragraph. When the page has run; sets_cookies: whether such pages do. */
void account_write(const struct account *account, ssr_ctx *ctx, bool sets_cookies);

#endif
