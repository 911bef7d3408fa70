/*
 * demo/once.c - prints one answer as it would go over the wire, but with plain newlines, for scripts and for people;
 * or what the site's own scripts are compiled against.
 */
#include "demo/once.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/types.h"

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

bool once_print(struct site *site, const struct request *request)
{
    struct response *response = site_get(site, request);

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

bool once_print_types(const struct site *site)
{
    const ssr_registry *registry = ssr_engine_registry(site->engine);
    size_t length;
    ssr_status status = ssr_types_write(registry, NULL, 0, &length);
    char *text = status == SSR_OK ? malloc(length + 1) : NULL;
    bool is_printed = false;

    if (text && ssr_types_write(registry, text, length + 1, &length) == SSR_OK)
        is_printed = fwrite(text, 1, length, stdout) == length && fflush(stdout) == 0;
    free(text);
    if (!is_printed)
        fputs("ssrdemo: cannot print the types: out of memory, or standard output is closed\n", stderr);
    return is_printed;
}
