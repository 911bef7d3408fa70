/*
 * Types that definitions state, as TypeScript text. What is accepted always stays in its place in a file of
 * declarations: one line, every bracket and quote closed, nothing outside of quotes that ends a member or begins a
 * comment. Whether it is a type is for the compiler to say.
 */
#include <string.h>

#include "ssrstore/registry.h"

enum { TYPE_DEPTH = 64 };

/* Behind the quoted text that begins at *text; NULL: it does not end. */
static const char *skip_quoted(const char *text)
{
    char quote = *text++;
    while (*text && *text != quote)
        text += text[0] == '\\' && text[1] ? 2 : 1;
    return *text ? text + 1 : NULL;
}

/* Whether brackets and quotes are closed, and nothing between them ends the member. */
static bool is_closed(const char *text)
{
    static const char pairs[] = "(){}[]<>";
    char open[TYPE_DEPTH];
    size_t depth = 0;
    while (text && *text) {
        const char *pair = strchr(pairs, *text);
        bool is_arrow = text[0] == '=' && text[1] == '>';
        if (*text == '/' || (depth == 0 && strchr(",;", *text)))
            return false;
        if (pair && (pair - pairs) % 2 == 0) {
            if (depth == TYPE_DEPTH)
                return false;
            open[depth++] = pair[1];
        } else if (pair && (depth == 0 || open[--depth] != *pair)) {
            return false;
        }
        text = strchr("'\"`", *text) ? skip_quoted(text) : text + (is_arrow ? 2 : 1);
    }
    return text && depth == 0;
}

/* JavaScript ends a line at U+2028 and U+2029 too. */
static bool is_one_line(const char *text)
{
    return ssr_is_plain_text(text) && !strstr(text, "\xe2\x80\xa8") && !strstr(text, "\xe2\x80\xa9");
}

static bool is_type(const char *text)
{
    return text[strspn(text, " ")] != '\0' && is_one_line(text) && !strstr(text, "*/") && is_closed(text);
}

ssr_status ssr_registry_copy_type(struct ssr_registry *registry, const char *type, const char **copy)
{
    *copy = NULL;
    if (!type)
        return SSR_OK;
    if (!is_type(type))
        return SSR_E_INVALID_TYPE;
    *copy = ssr_region_copy(&registry->region, type, strlen(type));
    return *copy ? SSR_OK : SSR_E_NOMEM;
}
