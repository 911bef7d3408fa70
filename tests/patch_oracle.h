/*
 * tests/patch_oracle.h - a naive reader of the patches that ssr_patch_write makes, to see what they come to.
 */
#ifndef SSR_TESTS_PATCH_ORACLE_H
#define SSR_TESTS_PATCH_ORACLE_H

#include "ssrstore/value.h"

/*
 * `before` with the patch applied, the caller's to free; NULL when the patch does not apply: an operation that is none
 * of "add", "remove" and "replace", whose place is not there, or that leaves no JSON. A member that is added must be
 * new.
 */
ssr_value *patch_oracle_apply(const ssr_value *before, ssr_json patch);

#endif
