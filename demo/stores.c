/* demo/stores.c - the stores and what they hold before a page has said anything. */
#include "demo/stores.h"

void stores_define(ssr_registry *registry, struct stores *stores)
{
    stores->title = ssr_store_define(registry, "page.title", &(ssr_store_options){.default_string = "Second Pass"});
    stores->description = ssr_store_define(
        registry, "page.description",
        &(ssr_store_options){.default_string = "A small site about ideas, rendered until every page has settled."});
    stores->breadcrumb =
        ssr_store_define(registry, "breadcrumb", &(ssr_store_options){.default_json = "[[\"Start\",null]]"});
    stores->notice = ssr_store_define(registry, "notice", NULL);
    stores->author = ssr_store_define(registry, "author", NULL);
}
