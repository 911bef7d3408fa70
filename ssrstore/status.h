/*
 * ssrstore/status.h - every answer the library gives.
 *
 * A call that can fail returns an ssr_status; SSR_OK is 0 and everything else is a named error. The library
 * never aborts, prints or exits, and keeps no global error: what a status says is all there is, and a render's
 * result says where it happened.
 */
#ifndef SSRSTORE_STATUS_H
#define SSRSTORE_STATUS_H

/* Marks what the shared library exports; nothing else is visible. */
#if defined(__GNUC__)
#define SSR_API __attribute__((visibility("default")))
#else
#define SSR_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The statuses: ssrstore/status.def lists them with their names and what to do, docs/errors.md explains them. */
typedef enum ssr_status {
#define SSR_STATUS(identifier, name, advice) identifier,
#include "ssrstore/status.def"
#undef SSR_STATUS
    SSR_STATUS_COUNT
} ssr_status;

/*
 * The name of a status as logs and tools print it: "duplicate_key".
 *
 * Returns    a static string; "unknown" for a number that is no status.
 * Memory     borrowed, for ever. Does not allocate.
 * Legal      anywhere, on any thread.
 */
SSR_API const char *ssr_status_name(ssr_status status);

/*
 * What the status means and what to do about it, as one clause without a full stop.
 *
 * Returns    a static string; "" for a number that is no status.
 * Memory     borrowed, for ever. Does not allocate.
 * Legal      anywhere, on any thread.
 */
SSR_API const char *ssr_status_advice(ssr_status status);

#ifdef __cplusplus
}
#endif
#endif
