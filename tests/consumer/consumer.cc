// The same program in C++: a handle with its deleter, a lambda as callback, and an exception that is caught inside of
// it, because a callback leaves by returning only.
#include <engine/host/pool.h>
#include <engine/ssr.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

namespace
{

struct Free {
    void operator()(ssr_engine *engine) const
    {
        ssr_engine_free(engine);
    }
    void operator()(ssr_pool *pool) const
    {
        ssr_pool_free(pool);
    }
    void operator()(ssr_render *render) const
    {
        ssr_render_free(render);
    }
};

struct Site {
    ssr_store *title;
    ssr_query *idea;

    void page(ssr_ctx *ctx) const
    {
        ssr_html(ctx, "<h1>");
        ssr_text(ctx, ssr_get_string(ctx, title));
        ssr_html(ctx, "</h1>");
        ssr_query_result loaded = ssr_query_integer(ctx, idea, 1, true);
        if (loaded.state == SSR_QUERY_FAILED)
            throw std::runtime_error(loaded.error);
        if (loaded.state == SSR_QUERY_READY)
            ssr_set_string(ctx, title, std::string(ssr_string(ctx, loaded.data)).c_str());
    }
};

ssr_status run_page(ssr_ctx *ctx, void *site)
{
    try {
        static_cast<const Site *>(site)->page(ctx);
        return SSR_OK;
    } catch (const std::exception &error) {
        return ssr_fail(ctx, error.what());
    }
}

} // namespace

int main()
{
    ssr_engine *made = nullptr;
    if (ssr_engine_new(nullptr, &made) != SSR_OK)
        return 1;
    std::unique_ptr<ssr_engine, Free> engine(made);

    ssr_store_options title_options{};
    title_options.default_string = "Untitled";
    ssr_query_options idea_options{};
    idea_options.load = [](ssr_operation *operation, void *) {
        return ssr_builder_string(ssr_operation_build(operation), "Ideas & more");
    };
    ssr_registry *registry = ssr_engine_registry(engine.get());
    Site site{ssr_store_define(registry, "title", &title_options), ssr_query_define(registry, "idea", &idea_options)};

    ssr_pool *threads = nullptr;
    if (ssr_engine_start(engine.get()) != SSR_OK || ssr_pool_new(nullptr, 1, 1, &threads) != SSR_OK)
        return 1;
    std::unique_ptr<ssr_pool, Free> pool(threads);

    ssr_render *run = nullptr;
    ssr_status status = ssr_pool_run(pool.get(), engine.get(), run_page, &site, nullptr, &run);
    std::unique_ptr<ssr_render, Free> render(run);
    if (status != SSR_OK)
        return 1;
    const ssr_result *result = ssr_render_result(render.get());
    std::printf("%s after %u passes: %s\n", ssr_outcome_name(result->outcome), result->passes, result->html);
    return 0;
}
