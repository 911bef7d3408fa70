/*
 * engine/types.h - names and shapes of an application's state as TypeScript, for the browser's side.
 *
 * What is defined in C once is known to both: the file that ssr_types_write writes fills in the interfaces that the
 * client's declarations leave open, and from then on SsrStore.define('title', ...) knows that a title is a string.
 * The program `ssrstore types` does the same from a description in JSON; docs/types.md shows both.
 *
 * Source: seed "Declare a value".
 */
#ifndef SSR_ENGINE_TYPES_H
#define SSR_ENGINE_TYPES_H

#include "ssrstore/ssrstore.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Writes a file of declarations (.d.ts) with every definition whose values can cross to the browser: not those with
 * policy SSR_LOCAL, nor cookies that are http_only, signed or sealed. Equal definitions give equal bytes, in whatever
 * order they were made: kinds stand in one order, names and members sorted.
 *
 * A type is the one that the definition states, else what its default looks like: null and what nobody knows (an init,
 * a provider's data, a query) is `unknown`, [] `unknown[]` and {} `Record<string, unknown>`; of the elements of an
 * array all shapes are united, and a member that not all objects among them have is optional. Of a shared store it is
 * the state it has now; raw and percent cookies hold strings, or `undefined` without a fallback. Where the application
 * has an `encode`, state the type of what the browser's transformer makes of it.
 *
 * buffer     receives at most `size` bytes, a NUL included when size > 0, as snprintf does; NULL when size is 0.
 * length     receives the length of the whole text in bytes, without NUL; 0 on an error.
 * Returns    SSR_OK; the registry's first error, nomem, invalid_argument (no registry), and then buffer holds "".
 * Memory     borrows the registry for the call; nothing is left allocated. Allocates with the registry's allocator.
 * Legal      once the engine has started on any thread; before that during setup, of what is defined so far.
 */
SSR_API ssr_status ssr_types_write(const ssr_registry *registry, char *buffer, size_t size, size_t *length);

#ifdef __cplusplus
}
#endif
#endif
