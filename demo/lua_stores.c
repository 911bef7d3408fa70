/*
 * demo/lua_stores.c - atoms, context stores and shared stores as templates call them. An atom is a handle that names
 * its template and holds no value, so that one that is kept too long finds nothing of anybody. A body in Lua that the
 * library calls runs protected and is raised again behind it: no error of Lua crosses a frame of ssrstore.
 */
#include "demo/lua_parts.h"

static ssr_ctx *ctx_of(lua_State *L)
{
    return run_of(L)->ctx;
}

/* Builds the argument; in place of a function, what it makes of the value at `old`, which it replaces. */
static const char *build_next(lua_State *L, int argument, ssr_json old, ssr_builder **value)
{
    luaL_checkany(L, argument);
    if (lua_isfunction(L, argument)) {
        lua_pushvalue(L, argument);
        value_push(L, old);
        lua_call(L, 1, 1);
    } else {
        lua_pushvalue(L, argument);
    }
    *value = ssr_build(ctx_of(L)); /* not before the function has run, which may build, too */
    return value_build(L, lua_gettop(L), *value);
}

/* Builds an argument that may be missing, for an action. */
static ssr_input build_argument(lua_State *L, int argument, const char **error)
{
    ssr_builder *value;

    if (lua_isnoneornil(L, argument))
        return ssr_input_value(NULL);
    *error = build_next(L, argument, (ssr_json){0}, &value);
    return ssr_input_built(value);
}

/* ---- Atoms ------------------------------------------------------------------------------------------------------- */

static const char atom_type[] = "atom";

/* Pushes the atom of this request; made at its first use. */
int stores_atom(lua_State *L)
{
    ssr_ctx *ctx = ctx_of(L);
    const ssr_atom_template *template = ssr_atom_find(options_of(L)->registry, calls_check_name(L, 1));
    ssr_atom_store *atoms = ssr_atoms(ctx);

    if (!template)
        return calls_answer(L, SSR_E_UNKNOWN_ATOM, NULL);
    if (!ssr_atom_use(atoms, template))
        return calls_answer(L, atoms ? ssr_atom_store_status(atoms) : ssr_last_status(ctx), NULL);
    *(const ssr_atom_template **)lua_newuserdatauv(L, sizeof template, 0) = template;
    luaL_setmetatable(L, atom_type);
    return 1;
}

static ssr_atom *check_atom(lua_State *L)
{
    const ssr_atom_template *const *template = luaL_checkudata(L, 1, atom_type);

    return ssr_atom_use(ssr_atoms(ctx_of(L)), *template);
}

static int atom_get(lua_State *L)
{
    ssr_atom *atom = check_atom(L);
    ssr_json value = ssr_atom_get(atom, lua_isnoneornil(L, 2) ? "" : calls_check_name(L, 2), (ssr_json){0});

    lua_settop(L, 3);
    if (ssr_json_type(value) != SSR_JSON_ABSENT)
        value_push(L, value);
    return 1;
}

static int atom_update(lua_State *L)
{
    ssr_atom *atom = check_atom(L);
    const char *file = "template", *error;
    ssr_builder *value;
    int line = 0;

    run_find_place(L, &file, &line);
    error = build_next(L, 2, ssr_atom_value(atom), &value);
    return calls_answer(L, ssr_atom_update_at(check_atom(L), ssr_input_built(value), file, line), error);
}

static int atom_merge(lua_State *L)
{
    ssr_atom *atom = check_atom(L);
    const char *file = "template", *error;
    ssr_builder *members;
    int line = 0;

    run_find_place(L, &file, &line);
    luaL_checktype(L, 2, LUA_TTABLE);
    error = build_next(L, 2, (ssr_json){0}, &members);
    return calls_answer(L, ssr_atom_merge_at(atom, ssr_input_built(members), file, line), error);
}

static int atom_change(lua_State *L)
{
    ssr_atom *atom = check_atom(L);
    const char *path = calls_check_name(L, 2), *file = "template", *error;
    ssr_builder *value;
    int line = 0;

    run_find_place(L, &file, &line);
    error = build_next(L, 3, ssr_atom_get(atom, path, (ssr_json){0}), &value);
    return calls_answer(L, ssr_atom_change_at(check_atom(L), path, ssr_input_built(value), file, line), error);
}

static int atom_act(lua_State *L)
{
    ssr_atom *atom = check_atom(L);
    const char *action = calls_check_name(L, 2), *file = "template", *error = NULL;
    ssr_input argument = build_argument(L, 3, &error);
    int line = 0;

    run_find_place(L, &file, &line);
    return calls_answer(L, ssr_atom_act_at(atom, action, argument, file, line), error);
}

static int atom_reset(lua_State *L)
{
    ssr_atom *atom = check_atom(L);
    const char *file = "template";
    int line = 0;

    run_find_place(L, &file, &line);
    return calls_answer(L, ssr_atom_reset_at(atom, file, line), NULL);
}

void stores_setup(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"get", atom_get}, {"update", atom_update}, {"merge", atom_merge}, {"change", atom_change},
        {"act", atom_act}, {"reset", atom_reset},   {NULL, NULL}};

    luaL_newmetatable(L, atom_type);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

/* ---- Context stores ---------------------------------------------------------------------------------------------- */

static const ssr_context *find_context(lua_State *L)
{
    return ssr_context_find(options_of(L)->registry, calls_check_name(L, 1));
}

static ssr_status run_body(ssr_ctx *ctx, void *state)
{
    (void)ctx;
    lua_pushvalue(state, 3);
    return run_protected(state, 0);
}

int stores_provide(lua_State *L)
{
    const ssr_context *context = find_context(L);
    const char *key = lua_isnoneornil(L, 4) ? NULL : calls_check_name(L, 4), *file = "template", *error;
    ssr_builder *initial = ssr_build(ctx_of(L));
    ssr_status status;
    int line = 0;

    luaL_checktype(L, 3, LUA_TFUNCTION);
    run_find_place(L, &file, &line);
    lua_pushvalue(L, 2);
    error = value_build(L, lua_gettop(L), initial);
    luaL_checkstack(L, LUA_MINSTACK, "providers are too deep"); /* for the body: nothing may be raised there */
    status = ssr_context_provide_at(ctx_of(L), context, key, ssr_input_built(initial), run_body, L, file, line);
    run_raise(L);
    return calls_answer(L, status, context ? error : NULL);
}

int stores_context(lua_State *L)
{
    ssr_json state = ssr_context_use(ctx_of(L), find_context(L));

    if (ssr_json_type(state) == SSR_JSON_ABSENT)
        return calls_answer(L, ssr_last_status(ctx_of(L)), NULL);
    value_push(L, state);
    return 1;
}

int stores_set_context(lua_State *L)
{
    const ssr_context *context = find_context(L);
    ssr_json state = lua_isfunction(L, 2) ? ssr_context_use(ctx_of(L), context) : (ssr_json){0};
    const char *file = "template", *error;
    ssr_builder *next;
    int line = 0;

    if (lua_isfunction(L, 2) && ssr_json_type(state) == SSR_JSON_ABSENT)
        return calls_answer(L, ssr_last_status(ctx_of(L)), NULL);
    run_find_place(L, &file, &line);
    error = build_next(L, 2, state, &next);
    return calls_answer(L, ssr_context_set_at(ctx_of(L), context, ssr_input_built(next), file, line),
                        context ? error : NULL);
}

int stores_act(lua_State *L)
{
    const ssr_context *context = find_context(L);
    const char *action = calls_check_name(L, 2), *file = "template", *error = NULL;
    ssr_input argument = build_argument(L, 3, &error);
    int line = 0;

    run_find_place(L, &file, &line);
    return calls_answer(L, ssr_context_act_at(ctx_of(L), context, action, argument, file, line),
                        context ? error : NULL);
}

/* ---- Shared stores ----------------------------------------------------------------------------------------------- */

int stores_shared(lua_State *L)
{
    ssr_shared *shared = ssr_shared_find(options_of(L)->registry, calls_check_name(L, 1));
    ssr_json state = ssr_shared_get(ctx_of(L), shared);

    if (ssr_json_type(state) == SSR_JSON_ABSENT)
        return calls_answer(L, ssr_last_status(ctx_of(L)), NULL);
    value_push(L, state);
    return 1;
}
