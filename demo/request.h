/* demo/request.h - what came in, as the server or the command line knows it. */
#ifndef DEMO_REQUEST_H
#define DEMO_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

/* The largest body of a form that is read. */
#define LARGEST_BODY 4096

/* All of it is borrowed until the response is freed. A header that was not sent is NULL. */
struct request {
    const char *method; /* "GET", "HEAD", "POST", or anything else */
    const char *target; /* path and query as they were sent: "/theme?set=dark" */

    const char *const *cookies; /* the values of the Cookie headers; NULL: there is none */
    size_t cookie_count;

    /* Of a POST. */
    const char *host, *origin, *fetch_site; /* Host, Origin, Sec-Fetch-Site */
    const char *content_type;
    const char *body;
    size_t length;     /* up to LARGEST_BODY */
    bool is_too_large; /* there was more */
};

#endif
