/* demo/pages.h - the pages. Each writes what stands in the main element and sets the stores shown above it. */
#ifndef DEMO_PAGES_H
#define DEMO_PAGES_H

#include "demo/visit.h"

ssr_status page_home(ssr_ctx *ctx, struct visit *visit);
ssr_status page_ideas(ssr_ctx *ctx, struct visit *visit);
ssr_status page_idea(ssr_ctx *ctx, struct visit *visit);
ssr_status page_override(ssr_ctx *ctx, struct visit *visit);
ssr_status page_unstable(ssr_ctx *ctx, struct visit *visit);
ssr_status page_flip(ssr_ctx *ctx, struct visit *visit);
ssr_status page_not_found(ssr_ctx *ctx, struct visit *visit);

#endif
