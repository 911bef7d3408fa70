/* demo/pages.h - the pages. Each writes what stands in the main element and sets the stores shown above it. */
#ifndef DEMO_PAGES_H
#define DEMO_PAGES_H

#include "demo/visit.h"

/* pages.c */
ssr_status page_home(ssr_ctx *ctx, struct visit *visit);
ssr_status page_old(ssr_ctx *ctx, struct visit *visit);
ssr_status page_override(ssr_ctx *ctx, struct visit *visit);
ssr_status page_unstable(ssr_ctx *ctx, struct visit *visit);
ssr_status page_flip(ssr_ctx *ctx, struct visit *visit);
ssr_status page_not_found(ssr_ctx *ctx, struct visit *visit);

/* idea_pages.c: what they show is loaded while they are rendered. */
ssr_status page_ideas(ssr_ctx *ctx, struct visit *visit);
ssr_status page_idea(ssr_ctx *ctx, struct visit *visit);
ssr_status page_chain(ssr_ctx *ctx, struct visit *visit);
ssr_status page_broken(ssr_ctx *ctx, struct visit *visit);

/* island_page.c */
ssr_status page_island(ssr_ctx *ctx, struct visit *visit);

/* visitor_pages.c: what a visitor sets for themselves. */
ssr_status page_theme(ssr_ctx *ctx, struct visit *visit);
ssr_status page_sign_in(ssr_ctx *ctx, struct visit *visit);
ssr_status page_account(ssr_ctx *ctx, struct visit *visit);

/* cookie_pages.c: what cookies cost. */
ssr_status page_cookies(ssr_ctx *ctx, struct visit *visit);
ssr_status page_biscuit(ssr_ctx *ctx, struct visit *visit); /* of all routes below /cookies */

/* leak_page.c: why there are context stores. */
ssr_status page_leak(ssr_ctx *ctx, struct visit *visit);

/* One step of the way to a page; no address: here. */
struct crumb {
    const char *label, *address;
};

/* Builds the way for ssr_set_built(ctx, breadcrumb). */
void page_trail(ssr_ctx *ctx, const struct crumb *crumbs, size_t count);
void page_trail_here(ssr_ctx *ctx, const char *label);

#endif
