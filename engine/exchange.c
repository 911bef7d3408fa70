/*
 * What a loader or hook knows of the request's state, and what it does to it: reads from its view and from its own
 * writes, writes that travel in its answer. Runs on the answering thread; touches nothing of the render.
 */
#include <string.h>

#include "engine/operation.h"
#include "ssrstore/atom_internal.h"

/* ---- Writing ---------------------------------------------------------------------------------------------------- */

/* There is room for the first ones. */
static void list(struct ssr_operation *operation, struct ssr_operation_refusal refusal)
{
    if (operation->refused < SSR_GUARD_LISTED)
        operation->first_refused[operation->refused] = refusal;
    operation->refused++;
}

ssr_status ssr_operation_note(struct ssr_operation *operation, struct ssr_operation_refusal write)
{
    if (write.status != SSR_OK && !ssr_ends_render(write.status))
        list(operation, write);
    return write.status;
}

void ssr_operation_free_writes(struct ssr_operation *operation)
{
    while (operation->writes) {
        struct ssr_operation_write *write = operation->writes;
        operation->writes = write->next;
        ssr_value_free(write->value);
        ssr_budget_resize(&operation->budget, write, write->size, 0);
    }
    operation->writes_end = &operation->writes;
}

void ssr_operation_adopt_writes(struct ssr_operation *hook, struct ssr_operation *load)
{
    hook->has_read_private |= load->has_read_private;
    for (unsigned i = 0; i < load->refused; i++)
        list(hook, load->first_refused[i < SSR_GUARD_LISTED ? i : SSR_GUARD_LISTED - 1]);
    if (!load->writes)
        return;
    *hook->writes_end = load->writes;
    hook->writes_end = load->writes_end;
    load->writes = NULL;
    load->writes_end = &load->writes;
}

static size_t text_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static const char *put_text(char **texts, const char *text)
{
    if (!text)
        return NULL;
    char *copy = memcpy(*texts, text, strlen(text) + 1);
    *texts += strlen(text) + 1;
    return copy;
}

/* Appends a write that takes the value; the value stays the caller's on an error. */
static ssr_status add_write(struct ssr_operation *operation, const struct ssr_definition *definition,
                            struct ssr_value *value, const ssr_cookie_attributes *attributes, struct ssr_writer writer)
{
    size_t size = sizeof(struct ssr_operation_write);
    size += attributes ? text_size(attributes->path) + text_size(attributes->domain) : 0;
    struct ssr_operation_write *write = ssr_budget_resize(&operation->budget, NULL, 0, size);
    if (!write)
        return SSR_E_NOMEM;
    *write = (struct ssr_operation_write){.definition = definition, .value = value, .writer = writer, .size = size};
    if (attributes) {
        char *texts = (char *)(write + 1);
        write->has_attributes = true;
        write->attributes = *attributes;
        write->attributes.path = put_text(&texts, attributes->path);
        write->attributes.domain = put_text(&texts, attributes->domain);
    }
    *operation->writes_end = write;
    operation->writes_end = &write->next;
    return SSR_OK;
}

/* Appends a write of what `input` makes. */
static ssr_status write_input(struct ssr_operation *operation, const struct ssr_definition *definition, ssr_input input,
                              const ssr_cookie_attributes *attributes, struct ssr_writer writer)
{
    struct ssr_builder builder;
    struct ssr_value *value = NULL;
    ssr_builder_init(&builder, &operation->budget, operation->value_cap);
    ssr_builder_input(&builder, input);
    ssr_status status = ssr_builder_finish(&builder, &value);
    ssr_builder_release(&builder);
    if (status == SSR_OK && operation->budget.has_secrets)
        ssr_value_keep_secret(value);
    if (status == SSR_OK)
        status = add_write(operation, definition, value, attributes, writer);
    if (status != SSR_OK)
        ssr_value_free(value);
    return status;
}

/* Appends a write of what ssr_operation_build_store has built, which stays there on an error. */
static ssr_status write_built(struct ssr_operation *operation, const struct ssr_definition *definition,
                              struct ssr_writer writer)
{
    struct ssr_builder *side = &operation->side;
    ssr_status status = ssr_builder_complete(side);
    if (status != SSR_OK)
        return status;
    struct ssr_value *value = ssr_value_new(&side->budget->allocator, side->out.data, side->out.length);
    status = value ? add_write(operation, definition, value, NULL, writer) : SSR_E_NOMEM;
    if (status == SSR_OK)
        ssr_builder_reset(side);
    else
        ssr_value_free(value);
    return status;
}

/* The definition, if it is one of this engine's. */
static const struct ssr_definition *known(const struct ssr_operation *operation,
                                          const struct ssr_definition *definition)
{
    return definition && definition->registry == operation->registry ? definition : NULL;
}

ssr_status ssr_operation_set_at(struct ssr_operation *operation, const struct ssr_store *store, const char *file,
                                int line)
{
    struct ssr_operation_refusal write = {
        "ssr_operation_set", SSR_E_UNKNOWN_STORE, known(operation, (const struct ssr_definition *)store), {file, line}};
    if (write.definition)
        write.status = write_built(operation, write.definition, write.writer);
    return ssr_operation_note(operation, write);
}

ssr_status ssr_operation_update_atom_at(struct ssr_operation *operation, const struct ssr_atom_template *atom,
                                        const char *file, int line)
{
    struct ssr_operation_refusal write = {"ssr_operation_update_atom",
                                          SSR_E_UNKNOWN_ATOM,
                                          known(operation, (const struct ssr_definition *)atom),
                                          {file, line}};
    if (write.definition)
        write.status = write_built(operation, write.definition, write.writer);
    return ssr_operation_note(operation, write);
}

/* Writes the cookie to nowhere. */
static ssr_status try_cookie(struct ssr_operation *operation, const struct ssr_cookie *cookie, ssr_input input,
                             const ssr_cookie_attributes *attributes)
{
    size_t length;
    return ssr_cookie_write(cookie, &input, attributes, ssr_view_now_ms(operation->view), NULL, 0, &length);
}

ssr_status ssr_operation_set_cookie_at(struct ssr_operation *operation, const struct ssr_cookie *cookie,
                                       ssr_input input, const ssr_cookie_attributes *attributes, const char *file,
                                       int line)
{
    struct ssr_operation_refusal write = {"ssr_operation_set_cookie",
                                          SSR_E_UNKNOWN_COOKIE,
                                          known(operation, (const struct ssr_definition *)cookie),
                                          {file, line}};
    if (write.definition) {
        operation->budget.has_secrets |= cookie->protection == SSR_COOKIE_SEALED;
        write.status = try_cookie(operation, cookie, input, attributes);
    }
    if (write.status == SSR_OK)
        write.status = write_input(operation, write.definition, input, attributes, write.writer);
    return ssr_operation_note(operation, write);
}

ssr_status ssr_operation_delete_cookie_at(struct ssr_operation *operation, const struct ssr_cookie *cookie,
                                          const char *file, int line)
{
    struct ssr_operation_refusal write = {"ssr_operation_delete_cookie",
                                          SSR_E_UNKNOWN_COOKIE,
                                          known(operation, (const struct ssr_definition *)cookie),
                                          {file, line}};
    if (write.definition)
        write.status = add_write(operation, write.definition, NULL, NULL, write.writer);
    return ssr_operation_note(operation, write);
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

/* The latest write of this operation, or of the hook it is loaded in; NULL: none. */
static const struct ssr_operation_write *latest_write(const struct ssr_operation *operation,
                                                      const struct ssr_definition *definition)
{
    const struct ssr_operation_write *latest = NULL;
    for (; operation && !latest; operation = operation->outer)
        for (const struct ssr_operation_write *write = operation->writes; write; write = write->next)
            if (write->definition == definition)
                latest = write;
    return latest;
}

ssr_json ssr_operation_get(struct ssr_operation *operation, const struct ssr_store *store)
{
    if (!known(operation, (const struct ssr_definition *)store))
        return ssr_value_json(NULL);
    const struct ssr_operation_write *write = latest_write(operation, &store->definition);
    if (write)
        return ssr_value_json(write->value);
    ssr_json seen = ssr_view_find(operation->view, &store->definition);
    return seen.text || store->init ? seen : ssr_value_json(store->fallback);
}

/* What the browser sent, read on this thread; borrowed until the next such read. */
static ssr_json read_sent(struct ssr_operation *operation, const struct ssr_cookie *cookie, bool *holds)
{
    size_t count;
    const char *const *headers = ssr_view_cookie_headers(operation->view, &count);
    operation->budget.has_secrets |= cookie->protection == SSR_COOKIE_SEALED;
    ssr_builder_reset(&operation->read);
    ssr_cookie_read_sent(cookie, headers, count, ssr_view_now_ms(operation->view), &operation->read, holds);
    ssr_status status = ssr_builder_complete(&operation->read);
    if (status == SSR_OK)
        status = ssr_buffer_append(&operation->read.out, "", 1); /* where every cursor may look */
    if (status != SSR_OK) {
        operation->has_read_badly = true;
        return ssr_value_json(NULL);
    }
    return (ssr_json){.text = operation->read.out.data, .length = operation->read.out.length - 1};
}

/* What the cookie reads as; `holds`: whether that is its own value. */
static ssr_json read_cookie(struct ssr_operation *operation, const struct ssr_cookie *cookie, bool *holds)
{
    const struct ssr_operation_write *write = latest_write(operation, &cookie->definition);
    *holds = write ? write->value != NULL : ssr_view_cookie_holds(operation->view, &cookie->definition);
    if (write)
        return ssr_value_json(write->value ? write->value : cookie->fallback);
    ssr_json seen = ssr_view_find(operation->view, &cookie->definition);
    return seen.text ? seen : read_sent(operation, cookie, holds);
}

ssr_json ssr_operation_cookie(struct ssr_operation *operation, const struct ssr_cookie *cookie)
{
    if (!known(operation, (const struct ssr_definition *)cookie))
        return ssr_value_json(NULL);
    bool holds;
    operation->has_read_private = true;
    return read_cookie(operation, cookie, &holds);
}

/* What a clone of the template would begin with. */
static ssr_json first_value(struct ssr_operation *operation, const struct ssr_atom_template *atom)
{
    bool holds = false;
    ssr_json kept = ssr_value_json(NULL);
    if (atom->persist)
        kept = read_cookie(operation, ssr_cookie_find(operation->registry, atom->persist), &holds);
    return holds ? kept : ssr_atom_template_value(atom);
}

ssr_json ssr_operation_atom(struct ssr_operation *operation, const struct ssr_atom_template *atom)
{
    if (!known(operation, (const struct ssr_definition *)atom))
        return ssr_value_json(NULL);
    operation->has_read_private = true;
    const struct ssr_operation_write *write = latest_write(operation, &atom->definition);
    if (write)
        return ssr_value_json(write->value);
    ssr_json seen = ssr_view_find_atom(operation->view, &atom->definition);
    return seen.text ? seen : first_value(operation, atom);
}
