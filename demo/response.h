/* demo/response.h - one answer: what a render or a file becomes on its way out. */
#ifndef DEMO_RESPONSE_H
#define DEMO_RESPONSE_H

#include <stddef.h>

#include "demo/request.h"
#include "demo/visit.h"
#include "engine/render.h"

/* Of an answer that no render made. */
#define SET_COOKIES 2

/* The texts and the body are borrowed, from the render, the request, the program or the response itself. */
struct response {
    const struct request *request;
    int status;
    const char *content_type; /* NULL: there is no body */
    const char *cache_control;
    const char *redirect_to; /* NULL: it is no redirect */
    const char *allow;       /* the methods of the address; NULL: the request had one of them */
    const char *body;
    size_t length;
    char *own_body;   /* NULL: body is somebody else's */
    bool runs_script; /* the document's own, from this site */

    ssr_render *render; /* NULL: a file, or there was no memory for one */
    struct visit visit; /* borrowed by the render, as is the id */
    char *set_cookies[SET_COOKIES];
    size_t set_cookie_count;
    char next[32]; /* for redirect_to */
    char id[17];
};

/* An empty response to a request, which is borrowed. NULL: no memory. */
struct response *response_new(const struct request *request);

/* Frees the render with it. NULL is allowed. */
void response_free(struct response *response);

/* Completes it with a line of text. */
void response_refuse(struct response *response, int status, const char *text);

/* Gives it this body, which is taken: free. */
void response_own_body(struct response *response, char *body, size_t length);

/* Adds a value of Set-Cookie, which is copied. False: no memory. */
bool response_add_cookie(struct response *response, const char *line);

/* "Not Found" */
const char *response_reason(int status);

typedef void (*header_fn)(void *arg, const char *name, const char *value);

/* Calls each(arg, name, value) for all header lines but Content-Length, which is response->length. */
void response_headers(const struct response *response, header_fn each, void *arg);

#endif
