/* engine/ssr.h - the whole library but for its cJSON bridge (ssrstore/cjson.h). */
#ifndef SSR_ENGINE_SSR_H
#define SSR_ENGINE_SSR_H

#include "engine/engine.h"
#include "engine/output.h"
#include "engine/query.h"
#include "engine/record.h"
#include "engine/render.h"
#include "engine/response.h"
#include "ssrstore/allocator.h"
#include "ssrstore/ssrstore.h"
#include "ssrstore/status.h"
#include "ssrstore/value.h"

#endif
