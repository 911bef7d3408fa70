/*
 * ssrstore/cjson.h - for programs that use cJSON: trees in, views out. Everything else of the library speaks
 * strings, numbers and JSON text, and this is its only header that includes cJSON's.
 *
 * No cJSON allocator hook is set, its error pointer is not read, and its own parser, printer and comparison are not
 * used: docs/values.md says what they would get wrong.
 */
#ifndef SSRSTORE_CJSON_H
#define SSRSTORE_CJSON_H

#include <cjson/cJSON.h>

#include "ssrstore/ssrstore.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The committed value as a cJSON tree, made at the first call for a value.
 *
 * The tree is a view: nobody may change, print into or delete it. cJSON's types let a const parent hand out a
 * mutable child; with ssr_config.check_views a changed view is found at the end of the pass, reported as
 * view_mutated, and made anew. Look keys up with cJSON_GetObjectItemCaseSensitive.
 *
 * Returns    the tree; NULL where ssr_get gives NULL or memory ran out.
 * Memory     borrowed, until the callback returns. Allocates in the request's memory, where its nodes count: about
 *            forty times the text for many small elements.
 * Legal      render, init.
 */
SSR_API const cJSON *ssr_get_cjson(ssr_ctx *ctx, const ssr_store *store);

/*
 * Stages a tree. It is read at once and not kept: the caller may change or delete it afterwards.
 * Returns, legal    as ssr_set_json; a tree whose strings are no UTF-8, whose numbers are not finite, which is
 *                   deeper than 128 or repeats a key is refused by name, an item of no type with wrong_type.
 */
#define ssr_set_cjson(ctx, store, tree) ssr_set_cjson_at(ctx, store, tree, __FILE__, __LINE__)
SSR_API ssr_status ssr_set_cjson_at(ssr_ctx *ctx, const ssr_store *store, const cJSON *tree, const char *file,
                                    int line);

/* Adds a tree to a builder, as its next value. Returns the builder's status. The tree is copied. */
SSR_API ssr_status ssr_builder_cjson(ssr_builder *builder, const cJSON *tree);

#ifdef __cplusplus
}
#endif
#endif
