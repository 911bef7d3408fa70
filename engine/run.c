/* The blocking call: a loop over the step API that uses nothing else, so the two ways to drive cannot drift apart. */
#include "engine/render.h"

#define BEFORE_EVERYTHING INT64_MIN /* nobody tells the time, so that nothing is due */

ssr_status ssr_run(const ssr_engine *engine, ssr_page_fn page, void *arg, const ssr_request *request,
                   ssr_render **render)
{
    ssr_status status = ssr_render_new(engine, page, arg, request, render);
    if (status != SSR_OK)
        return status;
    while (ssr_render_step(*render, BEFORE_EVERYTHING) != SSR_STEP_ENDED)
        for (ssr_operation *operation; (operation = ssr_render_next_operation(*render)) != NULL;)
            ssr_operation_run(operation);
    const ssr_result *result = ssr_render_result(*render);
    return result->data_length > 0 ? SSR_OK : result->error_status;
}
