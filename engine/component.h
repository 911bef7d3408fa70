/*
 * engine/component.h - component boundaries: a pass re-runs only what read something that has changed.
 *
 * Whoever renders in passes pays for whole passes. A component that is rendered through a boundary promises that what
 * it writes depends on nothing but its props, what it reads through the context, and its definition. Then a later pass
 * can take its output and its sets from the pass before, as long as none of these has changed; and where only a
 * component deep inside has to run, what lies around it is not touched. The document, the values, the cookies and the
 * number of passes are those that a render without boundaries has.
 *
 * What breaks the promise (a global, the clock, memory that the caller shares with it) shows old output. The checking
 * mode (ssr_config.check_components) runs everything and names the component; a component that cannot promise says
 * `always`.
 *
 * Effects of a component that is not run again do not run again. Nothing is reused in the first pass of a location.
 *
 * Source: design 10, "Re-running only what changed"; docs/components.md has the rules.
 */
#ifndef SSR_ENGINE_COMPONENT_H
#define SSR_ENGINE_COMPONENT_H

#include "ssrstore/ssrstore.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One defined component. Borrowed from the registry, valid as long as it; shared by all requests and threads. */
typedef struct ssr_component_definition ssr_component_definition;

/* What a component was given: copies that belong to the boundary, the same in every pass until they change. */
typedef struct ssr_props {
    ssr_json json;     /* of ssr_component; absent with ssr_component_bytes */
    const void *bytes; /* of ssr_component_bytes, aligned for any object; NULL otherwise */
    size_t size;
} ssr_props;

/* Writes the component through ctx. An error is the answer of ssr_component; such a component is never reused. */
typedef ssr_status (*ssr_component_fn)(ssr_ctx *ctx, const ssr_props *props, void *arg);

typedef struct ssr_component_options {
    ssr_component_fn render;
    void *arg; /* borrowed as long as the registry; the same for all requests: what is of one request goes into props */
    bool always; /* runs in every pass: it depends on something that it does not read through the context */
} ssr_component_options;

/*
 * Defines a component. As ssr_store_define: unique name, setup only, one thread; NULL on an error that ssr_engine_start
 * answers; invalid_argument without a function.
 */
SSR_API ssr_component_definition *ssr_component_define(ssr_registry *registry, const char *name,
                                                       const ssr_component_options *options);
SSR_API ssr_component_definition *ssr_component_find(const ssr_registry *registry, const char *name);
SSR_API const char *ssr_component_name(const ssr_component_definition *component);

/*
 * Renders a component here, or takes what it left in the pass before.
 *
 * key        tells the components of one name inside one parent apart, wherever they stand; NULL: "". Copied.
 * props      any value; or flat bytes without pointers to what may change. Copied.
 * Returns    what the component returned; SSR_OK when it did not have to run. unknown_component, wrong_phase,
 *            duplicate_component (this key was rendered in this parent before, in this pass), a value error of the
 *            props: nothing is rendered, the refusal is listed in the record.
 * Memory     key and props are copied. Allocates in the request's memory.
 * Legal      render.
 */
SSR_API ssr_status ssr_component(ssr_ctx *ctx, const ssr_component_definition *component, const char *key,
                                 ssr_input props);
SSR_API ssr_status ssr_component_bytes(ssr_ctx *ctx, const ssr_component_definition *component, const char *key,
                                       const void *props, size_t size);

#ifdef __cplusplus
}
#endif
#endif
