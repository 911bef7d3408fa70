/* Text as HTML: what needs it escaped, what is no UTF-8 replaced. */
#ifndef SSR_ENGINE_ESCAPE_H
#define SSR_ENGINE_ESCAPE_H

/* With this much room behind what is written, escaping is at its fastest. */
enum { SSR_ESCAPE_ROOM = 224 };

/*
 * Writes the text from *text on to `out` and moves *text behind what was written, which are whole characters: up to
 * `text_end`, or as many as fit before `out_end`. Returns where the writing ended; what lies behind may be overwritten.
 */
char *ssr_escape_html(char *out, const char *out_end, const char **text, const char *text_end);

#endif
