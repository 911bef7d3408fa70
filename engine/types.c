/*
 * The declarations file. A default becomes a shape, one tree for all values that stand at the same place; shapes and
 * names become text. What always holds: a name or key is written as an identifier or inside quotes, and a stated type
 * was checked when it was defined, so nothing can reach beyond its place; names of one kind are sorted by the builder
 * whose object they are the keys of; members are in canonical order because the defaults are.
 */
#include "engine/types.h"

#include <string.h>

#include "cookie/cookie_internal.h"
#include "engine/operation.h"
#include "ssrstore/atom_internal.h"
#include "ssrstore/context_internal.h"
#include "ssrstore/shared_internal.h"
#include "ssrstore/utf8.h"
#include "ssrstore/value_internal.h"

struct types {
    const struct ssr_registry *registry;
    struct ssr_budget budget;
    struct ssr_region region; /* the shapes of one definition */
    char *buffer;
    size_t size, length;
    ssr_status status;
};

static void put_n(struct types *types, const char *text, size_t length)
{
    if (types->length < types->size) {
        size_t room = types->size - types->length;
        memcpy(types->buffer + types->length, text, length < room ? length : room);
    }
    types->length += length;
}

static void put(struct types *types, const char *text)
{
    put_n(types, text, strlen(text));
}

/* ---- Names ------------------------------------------------------------------------------------------------------ */

/* Whether canonical text between quotes could stand without them. */
static bool is_identifier(const char *text, size_t length)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$0123456789";
    return length > 0 && strspn(text, letters) >= length && !(*text >= '0' && *text <= '9');
}

/* What a reader of the file could not see, or that ends a line: controls, U+2000 to U+206F, the byte order mark. */
static bool is_hidden(uint32_t code_point)
{
    return (code_point >= 0x7f && code_point < 0xa0) || (code_point >= 0x2000 && code_point < 0x2070) ||
           code_point == 0xfeff;
}

static uint32_t decode(const unsigned char *text, size_t length)
{
    static const unsigned char lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code_point = text[0] & lead[length];
    for (size_t i = 1; i < length; i++)
        code_point = code_point << 6 | (text[i] & 0x3f);
    return code_point;
}

/* One of the basic plane, as every hidden one is. */
static void put_escape(struct types *types, uint32_t code_point)
{
    char escape[] = "\\u0000";
    for (size_t i = 5; i >= 2; i--, code_point >>= 4)
        escape[i] = "0123456789abcdef"[code_point & 15];
    put(types, escape);
}

/* The name of a member: its escapes are JSON's, which are JavaScript's too. */
static void put_name(struct types *types, ssr_json member)
{
    const unsigned char *at = (const unsigned char *)member.key, *end = at + member.key_length;
    if (is_identifier(member.key + 1, member.key_length - 2)) {
        put_n(types, member.key + 1, member.key_length - 2);
        return;
    }
    while (at < end) {
        size_t length = *at < 0x80 ? 1 : ssr_utf8_sequence(at, end);
        uint32_t code_point = decode(at, length);
        if (is_hidden(code_point))
            put_escape(types, code_point);
        else
            put_n(types, (const char *)at, length);
        at += length;
    }
}

/* ---- Shapes ----------------------------------------------------------------------------------------------------- */

/* What all values look like that stand at one place. */
struct shape {
    bool has[SSR_JSON_OBJECT + 1]; /* by ssr_json_kind */
    struct shape *element;         /* of the arrays; NULL: all were empty */
    struct member *members;        /* of the objects, in canonical order */
    size_t objects;
};

struct member {
    ssr_json key; /* a member of one of the objects */
    struct shape shape;
    size_t count; /* of the objects that have it */
    struct member *next;
};

static void *allocate(struct types *types, size_t size)
{
    void *object = ssr_region_alloc(&types->region, size);
    if (!object)
        types->status = types->budget.refusal;
    return object;
}

static void add_value(struct types *types, struct shape *shape, ssr_json value);

static void add_elements(struct types *types, struct shape *shape, ssr_json array)
{
    ssr_json element = ssr_json_first(array);
    if (element.text && !shape->element)
        shape->element = allocate(types, sizeof *shape->element);
    for (; element.text && shape->element; element = ssr_json_next(element))
        add_value(types, shape->element, element);
}

/* Both are sorted, so one walk along the known members finds the places of all new ones. */
static void add_members(struct types *types, struct shape *shape, ssr_json object)
{
    struct member **at = &shape->members;
    shape->objects++;
    for (ssr_json key = ssr_json_first(object); key.text; key = ssr_json_next(key)) {
        while (*at && ssr_key_compare((*at)->key.key, key.key) < 0)
            at = &(*at)->next;
        if (!*at || ssr_key_compare((*at)->key.key, key.key) != 0) {
            struct member *member = allocate(types, sizeof *member);
            if (!member)
                return;
            member->key = key;
            member->next = *at;
            *at = member;
        }
        (*at)->count++;
        add_value(types, &(*at)->shape, key);
    }
}

static void add_value(struct types *types, struct shape *shape, ssr_json value)
{
    ssr_json_kind kind = ssr_json_type(value);
    shape->has[kind] = true;
    if (kind == SSR_JSON_ARRAY)
        add_elements(types, shape, value);
    else if (kind == SSR_JSON_OBJECT)
        add_members(types, shape, value);
}

static void put_shape(struct types *types, const struct shape *shape);

static void put_object(struct types *types, const struct shape *shape)
{
    const char *between = "{ ";
    if (!shape->members) {
        put(types, "Record<string, unknown>");
        return;
    }
    for (const struct member *member = shape->members; member; member = member->next, between = "; ") {
        put(types, between);
        put_name(types, member->key);
        put(types, member->count < shape->objects ? "?: " : ": ");
        put_shape(types, &member->shape);
    }
    put(types, " }");
}

/* How many kinds are united; alone, null says nothing and does not count. */
static unsigned count_kinds(const struct shape *shape)
{
    unsigned count = 0;
    for (int kind = SSR_JSON_BOOLEAN; kind <= SSR_JSON_OBJECT; kind++)
        count += shape->has[kind];
    return count > 0 ? count + shape->has[SSR_JSON_NULL] : 0;
}

static void put_array(struct types *types, const struct shape *element)
{
    bool is_union = element && count_kinds(element) > 1;
    put(types, is_union ? "(" : "");
    if (element)
        put_shape(types, element);
    else
        put(types, "unknown");
    put(types, is_union ? ")[]" : "[]");
}

static void put_shape(struct types *types, const struct shape *shape)
{
    static const struct {
        ssr_json_kind kind;
        const char *name;
    } kinds[] = {{SSR_JSON_STRING, "string"}, {SSR_JSON_NUMBER, "number"}, {SSR_JSON_BOOLEAN, "boolean"},
                 {SSR_JSON_ARRAY, NULL},      {SSR_JSON_OBJECT, NULL},     {SSR_JSON_NULL, "null"}};
    const char *between = "";
    if (count_kinds(shape) == 0) {
        put(types, "unknown");
        return;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!shape->has[kinds[i].kind])
            continue;
        put(types, between);
        between = " | ";
        if (kinds[i].name)
            put(types, kinds[i].name);
        else if (kinds[i].kind == SSR_JSON_ARRAY)
            put_array(types, shape->element);
        else
            put_object(types, shape);
    }
}

static void put_type_of(struct types *types, ssr_json value)
{
    struct shape shape = {0};
    add_value(types, &shape, value);
    if (types->status == SSR_OK)
        put_shape(types, &shape);
    ssr_region_reset(&types->region);
}

/* ---- Definitions ------------------------------------------------------------------------------------------------ */

/* Whether the browser can ever hold a value of it. */
static bool crosses(const struct ssr_definition *definition)
{
    switch (definition->kind) { /* GCOVR_EXCL_BR_LINE: components have no types, so nobody asks for one */
    case SSR_KIND_STORE: return ((const struct ssr_store *)definition)->policy == SSR_TRANSFERRED;
    case SSR_KIND_QUERY: return ((const struct ssr_query *)definition)->policy == SSR_TRANSFERRED;
    case SSR_KIND_ATOM: return ((const struct ssr_atom_template *)definition)->policy == SSR_TRANSFERRED;
    case SSR_KIND_SHARED: return ((const struct ssr_shared *)definition)->policy == SSR_TRANSFERRED;
    case SSR_KIND_CONTEXT: return ((const struct ssr_context *)definition)->policy == SSR_TRANSFERRED;
    case SSR_KIND_COMPONENT:
    case SSR_KIND_COOKIE: break;
    }
    const struct ssr_cookie *cookie = (const struct ssr_cookie *)definition;
    return cookie->protection == SSR_COOKIE_PLAIN && !cookie->attributes.http_only;
}

static void put_query(struct types *types, const struct ssr_query *query)
{
    put(types, "{ args: ");
    put(types, query->args_type ? query->args_type : "unknown");
    put(types, "; data: ");
    put(types, query->definition.type ? query->definition.type : "unknown");
    put(types, " }");
}

/* What the browser's get() answers: the text, or the fallback where there is no cookie. */
static void put_cookie(struct types *types, const struct ssr_cookie *cookie)
{
    ssr_json fallback = ssr_value_json(cookie->fallback);
    ssr_json_kind kind = ssr_json_type(fallback);
    if (cookie->encoding == SSR_COOKIE_JSON) {
        put_type_of(types, fallback);
        return;
    }
    put(types, kind == SSR_JSON_NULL ? "string | undefined" : kind == SSR_JSON_STRING ? "string" : "string | ");
    if (kind != SSR_JSON_NULL && kind != SSR_JSON_STRING)
        put_type_of(types, fallback);
}

static void put_shared(struct types *types, struct ssr_shared *shared)
{
    struct ssr_snapshot *snapshot = ssr_shared_snapshot(shared);
    put_type_of(types, ssr_snapshot_json(snapshot));
    ssr_snapshot_free(snapshot);
}

static void put_definition(struct types *types, struct ssr_definition *definition)
{
    if (definition->kind == SSR_KIND_QUERY)
        put_query(types, (const struct ssr_query *)definition);
    else if (definition->type)
        put(types, definition->type);
    else if (definition->kind == SSR_KIND_STORE)
        put_type_of(types, ssr_value_json(((const struct ssr_store *)definition)->fallback));
    else if (definition->kind == SSR_KIND_COOKIE)
        put_cookie(types, (const struct ssr_cookie *)definition);
    else if (definition->kind == SSR_KIND_ATOM)
        put_type_of(types, ssr_atom_template_value((const struct ssr_atom_template *)definition));
    else if (definition->kind == SSR_KIND_SHARED)
        put_shared(types, (struct ssr_shared *)definition);
    else
        put(types, "unknown");
}

/* ---- The file --------------------------------------------------------------------------------------------------- */

/* The names of one kind as the keys of an object, whose values are their indices. */
static void collect(const struct types *types, enum ssr_kind kind, struct ssr_builder *names)
{
    ssr_builder_reset(names);
    ssr_builder_begin_object(names);
    for (size_t i = 0; i < types->registry->count; i++) {
        const struct ssr_definition *definition = types->registry->items[i];
        if (definition->kind != kind || !crosses(definition))
            continue;
        ssr_builder_key(names, definition->name);
        ssr_builder_integer(names, definition->index);
    }
    ssr_builder_end_object(names);
}

static void put_interface(struct types *types, const char *name, ssr_json names)
{
    ssr_json at = ssr_json_first(names);
    if (!at.text)
        return;
    put(types, "  interface ");
    put(types, name);
    put(types, " {\n");
    for (; at.text && types->status == SSR_OK; at = ssr_json_next(at)) {
        int64_t index = 0;
        ssr_json_integer(at, &index);
        put(types, "    ");
        put_name(types, at);
        put(types, ": ");
        put_definition(types, types->registry->items[index]);
        put(types, ";\n");
    }
    put(types, "  }\n");
}

static void put_kind(struct types *types, enum ssr_kind kind, const char *interface, struct ssr_builder *builder)
{
    struct ssr_value *names;
    collect(types, kind, builder);
    types->status = ssr_builder_finish(builder, &names);
    if (types->status == SSR_OK)
        put_interface(types, interface, ssr_value_json(names));
    ssr_value_free(names);
}

static void put_file(struct types *types, struct ssr_builder *builder)
{
    static const struct {
        enum ssr_kind kind;
        const char *interface;
    } kinds[] = {{SSR_KIND_STORE, "Stores"}, {SSR_KIND_COOKIE, "Cookies"},      {SSR_KIND_QUERY, "Queries"},
                 {SSR_KIND_ATOM, "Atoms"},   {SSR_KIND_SHARED, "SharedStores"}, {SSR_KIND_CONTEXT, "Contexts"}};
    put(types, "import 'ssrstore';\n\n// Made from the server's definitions.\ndeclare module 'ssrstore' {\n");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && types->status == SSR_OK; i++)
        put_kind(types, kinds[i].kind, kinds[i].interface, builder);
    put(types, "}\n");
}

ssr_status ssr_types_write(const struct ssr_registry *registry, char *buffer, size_t size, size_t *length)
{
    *length = 0;
    if (size > 0)
        buffer[0] = '\0';
    if (!registry || registry->status != SSR_OK)
        return registry ? registry->status : SSR_E_INVALID_ARGUMENT;
    struct types types = {.registry = registry, .buffer = buffer, .size = size};
    struct ssr_builder *builder = ssr_builder_new(&registry->budget.allocator);
    if (!builder)
        return SSR_E_NOMEM;
    ssr_budget_init(&types.budget, &registry->budget.allocator, SIZE_MAX);
    types.region.budget = &types.budget;
    put_file(&types, builder);
    ssr_region_free(&types.region);
    ssr_builder_free(builder);
    if (types.status == SSR_OK)
        *length = types.length;
    if (size > 0)
        buffer[types.status != SSR_OK ? 0 : types.length < size ? types.length : size - 1] = '\0';
    return types.status;
}
