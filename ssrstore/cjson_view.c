/*
 * The bridge to cJSON: trees in, views out. The one file that includes cJSON. Of its functions none is called: trees
 * are walked along their links, and the nodes of views lie in the request's memory, where they count.
 */
#include "ssrstore/cjson.h"

#include <limits.h>
#include <string.h>

#include "ssrstore/number.h"
#include "ssrstore/scope.h"

/* ---- Trees in --------------------------------------------------------------------------------------------------- */

static void add_tree(struct ssr_builder *builder, const cJSON *item);

static void add_children(struct ssr_builder *builder, const cJSON *item, bool is_object)
{
    for (const cJSON *child = item->child; child; child = child->next) {
        if (is_object)
            ssr_builder_key(builder, child->string);
        add_tree(builder, child);
    }
}

static void add_tree(struct ssr_builder *builder, const cJSON *item)
{
    switch (item->type & 0xff) {
    case cJSON_NULL: ssr_builder_null(builder); break;
    case cJSON_True: ssr_builder_boolean(builder, true); break;
    case cJSON_False: ssr_builder_boolean(builder, false); break;
    case cJSON_Number: ssr_builder_number(builder, item->valuedouble); break;
    case cJSON_String: ssr_builder_string(builder, item->valuestring); break;
    case cJSON_Raw:
        ssr_builder_json(builder, item->valuestring, item->valuestring ? strlen(item->valuestring) : 0);
        break;
    case cJSON_Array:
        if (ssr_builder_begin_array(builder) == SSR_OK)
            add_children(builder, item, false);
        ssr_builder_end_array(builder);
        break;
    case cJSON_Object:
        if (ssr_builder_begin_object(builder) == SSR_OK)
            add_children(builder, item, true);
        ssr_builder_end_object(builder);
        break;
    default: ssr_builder_fail(builder, SSR_E_WRONG_TYPE);
    }
}

ssr_status ssr_builder_cjson(struct ssr_builder *builder, const cJSON *tree)
{
    if (!tree)
        return ssr_builder_fail(builder, SSR_E_INVALID_ARGUMENT);
    add_tree(builder, tree);
    return ssr_builder_status(builder);
}

ssr_status ssr_set_cjson_at(struct ssr_ctx *ctx, const struct ssr_store *store, const cJSON *tree, const char *file,
                            int line)
{
    struct ssr_writer writer = {file, line};
    struct ssr_builder *builder = ssr_begin_set(ctx, store, writer);
    if (!builder)
        return ctx->last;
    ssr_builder_cjson(builder, tree);
    return ssr_end_set(ctx, store, builder, writer);
}

/* ---- Views out -------------------------------------------------------------------------------------------------- */

/* cJSON's own rule for valueint: saturated. */
static int saturated(double number)
{
    return number >= INT_MAX ? INT_MAX : number <= (double)INT_MIN ? INT_MIN : (int)number;
}

/* The string at json, unescaped, in the region; NULL: no memory. */
static char *view_string(struct ssr_region *region, ssr_json json)
{
    char *text = ssr_region_alloc(region, json.length);
    if (text)
        ssr_json_string(json, text, json.length);
    return text;
}

static cJSON *view_of(struct ssr_region *region, ssr_json json);

/* Links the views of json's items below `parent`, as cJSON does: the first one's prev is the last. */
static bool view_children(struct ssr_region *region, cJSON *parent, ssr_json json)
{
    cJSON *last = NULL;
    for (ssr_json item = ssr_json_first(json); item.text; item = ssr_json_next(item)) {
        cJSON *child = view_of(region, item);
        if (!child)
            return false;
        if (last)
            last->next = child;
        else
            parent->child = child;
        child->prev = last;
        last = child;
    }
    if (last)
        parent->child->prev = last;
    return true;
}

static bool view_scalar(struct ssr_region *region, cJSON *node, ssr_json json)
{
    switch (ssr_json_type(json)) {
    case SSR_JSON_BOOLEAN: node->type = *json.text == 't' ? cJSON_True : cJSON_False; return true;
    case SSR_JSON_NUMBER:
        node->type = cJSON_Number;
        ssr_json_number(json, &node->valuedouble);
        node->valueint = saturated(node->valuedouble);
        return true;
    case SSR_JSON_STRING:
        node->type = cJSON_String;
        node->valuestring = view_string(region, json);
        return node->valuestring != NULL;
    default: node->type = cJSON_NULL; return true;
    }
}

static cJSON *view_of(struct ssr_region *region, ssr_json json)
{
    cJSON *node = ssr_region_alloc(region, sizeof *node);
    if (!node)
        return NULL;
    if (json.key) {
        node->string = view_string(region, ssr_json_key(json));
        if (!node->string)
            return NULL;
    }
    ssr_json_kind kind = ssr_json_type(json);
    if (kind != SSR_JSON_ARRAY && kind != SSR_JSON_OBJECT)
        return view_scalar(region, node, json) ? node : NULL;
    node->type = kind == SSR_JSON_ARRAY ? cJSON_Array : cJSON_Object;
    return view_children(region, node, json) ? node : NULL;
}

const cJSON *ssr_get_cjson(struct ssr_ctx *ctx, const struct ssr_store *store)
{
    struct ssr_cell *cell = ssr_read(ctx, store);
    if (!cell)
        return NULL;
    if (cell->view_pass != ctx->pass) {
        cJSON *view = view_of(&ctx->memory->region, ssr_value_json(cell->committed));
        if (!view) {
            ssr_fail_memory(ctx, ctx->budget.refusal, "a cJSON view");
            return NULL;
        }
        cell->view = view;
        cell->view_pass = ctx->pass;
    }
    return cell->view;
}

/* A view that there was no memory to check may be changed, so that the render ends. */
static void check_view(struct ssr_ctx *ctx, struct ssr_builder *builder, const struct ssr_cell *cell)
{
    ssr_builder_reset(builder);
    ssr_status status = ssr_builder_cjson(builder, cell->view);
    bool is_same = status == SSR_OK && builder->out.length == cell->committed->length &&
                   memcmp(builder->out.data, cell->committed->text, builder->out.length) == 0;
    if (ssr_ends_render(status))
        ssr_fail_memory(ctx, status, cell->definition->name);
    else if (!is_same)
        ssr_refuse(ctx, (struct ssr_refusal){
                            .call = SSR_CALL_GET, .status = SSR_E_VIEW_MUTATED, .definition = cell->definition});
}

void ssr_check_views(struct ssr_ctx *ctx)
{
    struct ssr_builder *builder = ssr_scope_borrow_builder(ctx);
    if (!builder) {
        ssr_fail_memory(ctx, ctx->budget.refusal, "the check of views");
        return;
    }
    ssr_builder_set_cap(builder, SIZE_MAX); /* defaults may be longer than what a request may set */
    for (struct ssr_cell *cell = ctx->touched; cell; cell = cell->next_touched)
        if (cell->view && cell->view_pass == ctx->pass)
            check_view(ctx, builder, cell);
    ssr_scope_return_builder(ctx, builder);
}
