/* demo/response.h - one answer: what a render or a file becomes on its way out. */
#ifndef DEMO_RESPONSE_H
#define DEMO_RESPONSE_H

#include <stddef.h>

#include "demo/visit.h"
#include "engine/render.h"

/* The texts and the body are borrowed, from the render or from the program. */
struct response {
    int status;
    const char *content_type; /* NULL: there is no body */
    const char *cache_control;
    const char *redirect_to; /* NULL: it is no redirect */
    const char *body;
    size_t length;

    ssr_render *render; /* NULL: a file, or there was no memory for one */
    struct visit visit; /* borrowed by the render, as are the id and the target */
    char id[17];
    char target[];
};

/* An empty response to a request target, which is copied. NULL: no memory. */
struct response *response_new(const char *target);

/* Frees the render with it. NULL is allowed. */
void response_free(struct response *response);

/* "Not Found" */
const char *response_reason(int status);

typedef void (*header_fn)(void *arg, const char *name, const char *value);

/* Calls each(arg, name, value) for all header lines but Content-Length, which is response->length. */
void response_headers(const struct response *response, header_fn each, void *arg);

#endif
