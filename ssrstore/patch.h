/* The difference of two values as a JSON Patch (RFC 6902): what the record of a render says of a store's change. */
#ifndef SSRSTORE_PATCH_H
#define SSRSTORE_PATCH_H

#include "ssrstore/memory.h"
#include "ssrstore/value.h"

/*
 * Appends a patch that makes AFTER of BEFORE: an array of "add", "remove" and "replace" operations, to be applied in
 * that order, with the members in the order "op", "path", "value" and no white space. Equal places give "[]".
 *
 * It is small, not smallest: an array or object is replaced as a whole when that is shorter than what changed in it,
 * so that no patch is longer than [{"op":"replace","path":"","value":AFTER}]. Elements that moved are removed and
 * added, never "move"d.
 *
 * out        what it holds already stays.
 * before     a place in a value, as ssr_value_json gives it; not absent.
 * after      the same.
 * cap        the most bytes of the patch, brackets included.
 * Returns    SSR_OK; SSR_E_LIMIT when the patch is longer than the cap, and so is a replacement of everything; or the
 *            refusal of out's budget. On an error `out` is as long as before.
 * Memory     all from out's budget: the patch, and while it is made the longest path, 8 to 16 bytes for each element of
 *            the two largest arrays that differ, and 64 KiB at the most to find how. Allocates.
 * Time       in proportion to the bytes of both, whatever they hold: what is too deep or too different to be compared
 *            in that time is replaced.
 * Source     RFC 6902, RFC 6901.
 */
ssr_status ssr_patch_write(struct ssr_buffer *out, ssr_json before, ssr_json after, size_t cap);

#endif
