/* demo/layout.h - what stands around every page. */
#ifndef DEMO_LAYOUT_H
#define DEMO_LAYOUT_H

#include "demo/visit.h"
#include "engine/component.h"
#include "engine/render.h"

/* Defines the part of the layout that a second pass need not run again. An error is the registry's. */
const ssr_component_definition *layout_define(ssr_registry *registry);

/* The render callback (ssr_page_fn): the whole document, the route's page in it. arg is the struct visit. */
ssr_status layout_render(ssr_ctx *ctx, void *arg);

/* Notes for the account what this pass is about to show above the page. */
void layout_note_shown(ssr_ctx *ctx, struct visit *visit);

#endif
