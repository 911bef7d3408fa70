/*
 * engine/ssr.h - the whole library but for its cJSON bridge (ssrstore/cjson.h) and the host helper (engine/host).
 *
 * You give a page callback, definitions, and what you know of a request. You get the HTML, the status and headers, the
 * cookies to set, the state for the browser, and a record of why it took as many passes as it did.
 *
 * The library never starts a thread, does I/O, reads a clock, allocates past your allocator, keeps state outside of
 * your handles, prints, exits or aborts. Waiting is an answer, not a call that blocks: see engine/render.h.
 */
#ifndef SSR_ENGINE_SSR_H
#define SSR_ENGINE_SSR_H

#include "cookie/cookie.h"
#include "cookie/grammar.h"
#include "cookie/seal.h"
#include "engine/component.h"
#include "engine/engine.h"
#include "engine/output.h"
#include "engine/query.h"
#include "engine/record.h"
#include "engine/render.h"
#include "engine/response.h"
#include "engine/types.h"
#include "ssrstore/allocator.h"
#include "ssrstore/atom.h"
#include "ssrstore/context.h"
#include "ssrstore/recycler.h"
#include "ssrstore/shared.h"
#include "ssrstore/ssrstore.h"
#include "ssrstore/status.h"
#include "ssrstore/value.h"

#endif
