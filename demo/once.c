/*
 * demo/once.c - prints one answer as it would go over the wire, but with plain newlines, for scripts and for people.
 */
#include "demo/once.h"

#include <stdio.h>

static void print_header(void *arg, const char *name, const char *value)
{
    (void)arg;
    printf("%s: %s\n", name, value);
}

static void print_response(const struct response *response)
{
    printf("HTTP/1.1 %d %s\n", response->status, response_reason(response->status));
    response_headers(response, print_header, NULL);
    printf("Content-Length: %zu\n\n", response->length);
    fwrite(response->body, 1, response->length, stdout);
}

bool once_print(struct site *site, const char *target)
{
    struct response *response = site_get(site, target);

    if (!response) {
        fputs("ssrdemo: out of memory\n", stderr);
        return false;
    }
    print_response(response);
    response_free(response);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    fputs("ssrdemo: cannot write to standard output\n", stderr);
    return false;
}
