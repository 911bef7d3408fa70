/*
 * Definitions: made during setup, frozen by the engine's start, then read by every thread. The registry knows them by
 * kind and name; each kind's own file knows what is behind a definition.
 */
#ifndef SSRSTORE_REGISTRY_H
#define SSRSTORE_REGISTRY_H

#include "ssrstore/memory.h"
#include "ssrstore/ssrstore.h"

enum { SSR_NAME_BYTES = 128, SSR_REGISTRY_ERROR = 320 };

enum ssr_kind {
    SSR_KIND_STORE,
    SSR_KIND_QUERY,
    SSR_KIND_COOKIE,
    SSR_KIND_ATOM,
    SSR_KIND_SHARED,
    SSR_KIND_CONTEXT,
    SSR_KIND_COMPONENT
};

/* What every kind of definition begins with. */
struct ssr_definition {
    const struct ssr_registry *registry;
    const char *name;
    enum ssr_kind kind;
    uint32_t index; /* in the registry, in order of definition */
    bool redact;
    const char *type; /* what it holds, as TypeScript (type_text.c); NULL: what its default looks like */
    void (*release)(struct ssr_definition *definition); /* frees what it owns beside the registry's region; or NULL */
};

struct ssr_store {
    struct ssr_definition definition;
    ssr_init_fn init; /* NULL: fallback is the default */
    void *init_arg;
    struct ssr_value *fallback;
    ssr_lifetime lifetime;
    ssr_policy policy;
    bool always;
    struct ssr_store *next_always; /* once frozen */
};

struct ssr_registry {
    struct ssr_budget budget;
    struct ssr_region region;      /* definitions and names */
    struct ssr_definition **items; /* by index */
    size_t count, capacity;
    struct ssr_definition **table; /* by hash of kind and name, open addressing; its size is a power of two */
    size_t table_size;
    struct ssr_store *always;          /* once frozen: the stores that are always transferred */
    const struct ssr_keyring *keyring; /* of protected cookies; NULL: none */
    bool has_components;
    bool is_own; /* without an engine: its first atom store freezes it */
    bool is_frozen;
    ssr_status status;
    char error[SSR_REGISTRY_ERROR];
};

void ssr_registry_init(struct ssr_registry *registry, const ssr_allocator *allocator);
/* Ends the setup. Answers the first error of a definition; twice is harmless. */
ssr_status ssr_registry_freeze(struct ssr_registry *registry);
void ssr_registry_release(struct ssr_registry *registry);

/* UTF-8 without control characters; and 1 to SSR_NAME_BYTES bytes of it. */
bool ssr_is_plain_text(const char *text);
bool ssr_is_name(const char *name);
struct ssr_definition *ssr_registry_find(const struct ssr_registry *registry, enum ssr_kind kind, const char *name);
/* Whether a definition of that name may be made now: SSR_OK, frozen, invalid_name, duplicate_name. */
ssr_status ssr_registry_check(const struct ssr_registry *registry, enum ssr_kind kind, const char *name, bool replace);
/* Adds a zeroed definition of `size` bytes; NULL: no memory, nothing changed. */
void *ssr_registry_add(struct ssr_registry *registry, enum ssr_kind kind, const char *name, size_t size);
/* Keeps the first error. Always NULL, for the caller to return. */
void *ssr_registry_refuse(struct ssr_registry *registry, enum ssr_kind kind, const char *name, ssr_status status);

/*
 * The type that a definition states, which may be NULL, in the registry's memory: SSR_OK, SSR_E_NOMEM, or
 * SSR_E_INVALID_TYPE when it could reach beyond its place in a file of declarations. (type_text.c)
 */
ssr_status ssr_registry_copy_type(struct ssr_registry *registry, const char *type, const char **copy);

/* As the record prints it: "store". */
const char *ssr_kind_name(enum ssr_kind kind);

#endif
