/* demo/layout.h - what stands around every page. */
#ifndef DEMO_LAYOUT_H
#define DEMO_LAYOUT_H

#include "demo/visit.h"
#include "engine/render.h"

/* The render callback (ssr_page_fn): the whole document, the route's page in it. arg is the struct visit. */
ssr_status layout_render(ssr_ctx *ctx, void *arg);

/* Notes for the account what this pass is about to show above the page. */
void layout_note_shown(ssr_ctx *ctx, struct visit *visit);

#endif
