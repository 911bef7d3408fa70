/* demo/likes.h - the counter that the server shows first and the browser goes on with. */
#ifndef DEMO_LIKES_H
#define DEMO_LIKES_H

#include "engine/ssr.h"
#include "ssrstore/atom.h"

/* Defines the atom "likes" and the cookie that keeps it; what a browser sends instead of a count reads as none. An
 * error is the registry's: ssr_engine_start answers it. */
const ssr_atom_template *likes_define(ssr_registry *registry, bool is_secure);

/* Writes the count and its button, which works as soon as the browser's script does (browser/likes.js). */
void likes_write(ssr_ctx *ctx, const ssr_atom_template *likes);

#endif
