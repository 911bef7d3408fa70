/*
 * A view: what a request knew when a batch of operations was handed out, in one block, for loaders on other threads.
 * Shared by the operations of the batch and counted by them; it needs neither the render nor the host's request.
 */
#ifndef SSR_ENGINE_VIEW_H
#define SSR_ENGINE_VIEW_H

#include "ssrstore/scope.h"

struct ssr_view;

/* With one user, the caller. NULL: no memory. */
struct ssr_view *ssr_view_new(const struct ssr_ctx *ctx, const ssr_allocator *allocator);
void ssr_view_hold(struct ssr_view *view);
void ssr_view_drop(struct ssr_view *view);

/* The value that the next pass will see; absent: the request has not touched the definition. */
ssr_json ssr_view_find(const struct ssr_view *view, const struct ssr_definition *definition);
/* Of a cookie with such a value: whether it is the cookie's own, not what it reads as where there is none. */
bool ssr_view_cookie_holds(const struct ssr_view *view, const struct ssr_definition *cookie);
/* The value of the request's clone of an atom template; absent: it has not been used. */
ssr_json ssr_view_find_atom(const struct ssr_view *view, const struct ssr_definition *atom);
const char *const *ssr_view_cookie_headers(const struct ssr_view *view, size_t *count);
int64_t ssr_view_now_ms(const struct ssr_view *view);

#endif
