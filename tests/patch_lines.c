/*
 * The patches of many pairs, for tests/node/patch.mjs: two JSON texts separated by a tab a line on stdin, a patch a
 * line on stdout, or "error: NAME". The only argument, if any, is the cap in bytes. Exits 2 when nothing sensible can
 * be done.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "ssrstore/patch.h"

static ssr_status patch_texts(struct ssr_buffer *out, const char *texts, size_t length, size_t cap)
{
    const char *tab = memchr(texts, '\t', length);
    if (!tab)
        return SSR_E_INVALID_ARGUMENT;
    size_t before_length = (size_t)(tab - texts);
    ssr_value *before, *after = NULL;
    ssr_status status = ssr_value_parse(NULL, texts, before_length, NULL, &before);
    if (status == SSR_OK)
        status = ssr_value_parse(NULL, tab + 1, length - before_length - 1, NULL, &after);
    if (status == SSR_OK)
        status = ssr_patch_write(out, ssr_value_json(before), ssr_value_json(after), cap);
    ssr_value_free(before);
    ssr_value_free(after);
    return status;
}

int main(int argc, char **argv)
{
    size_t cap = argc > 1 ? strtoul(argv[1], NULL, 10) : SIZE_MAX, capacity = 0;
    struct ssr_budget budget;
    ssr_budget_init(&budget, NULL, SIZE_MAX);
    struct ssr_buffer out = {.budget = &budget};
    char *line = NULL;
    for (ssize_t length; (length = getline(&line, &capacity, stdin)) >= 0;) {
        out.length = 0;
        ssr_status status = patch_texts(&out, line, (size_t)length - (line[length - 1] == '\n'), cap);
        if (status == SSR_OK)
            printf("%.*s\n", (int)out.length, out.data);
        else
            printf("error: %s\n", ssr_status_name(status));
    }
    free(line);
    ssr_buffer_free(&out);
    return ferror(stdin) || fflush(stdout) != 0 ? 2 : 0;
}
