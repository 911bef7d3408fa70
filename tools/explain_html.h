/*
 * The page that shows records: one HTML file that needs nothing from anywhere. The records are inert JSON in it, and
 * its script shows them as text only, so that no string of a record becomes markup or script. It knows nothing of the
 * tool: a server gives the same page of what it has in memory.
 */
#ifndef SSR_TOOLS_EXPLAIN_HTML_H
#define SSR_TOOLS_EXPLAIN_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ssrstore/value.h"

typedef struct explain_text {
    const char *bytes;
    size_t length;
} explain_text;

typedef struct explain_page {
    const explain_text *records; /* JSON texts, the oldest first; what is no JSON is left out */
    size_t count;
    uint64_t total;           /* how many there were, of which these are the newest; 0: as many as there are here */
    const char *source;       /* where they come from, for the page's head: UTF-8; NULL: not said */
    const ssr_value *summary; /* of all of them, by explain_summary_finish; NULL: made of the records given here */
    /*
     * Both NULL: style and script stand in the page, which then allows itself nothing else by a
     * Content-Security-Policy. Else the URLs at which explain_style and explain_script are served; the page works
     * under "default-src 'none'; style-src 'self'; script-src 'self'".
     */
    const char *style_url, *script_url;
} explain_page;

/*
 * Writes the page in pieces; `write` answers false to stop.
 * Returns    SSR_OK, SSR_E_NOMEM, or SSR_E_FAILED when `write` stopped it.
 * Memory     everything is borrowed for the call. Allocates, and frees what it allocated.
 */
ssr_status explain_html(const explain_page *page, bool (*write)(void *arg, const char *bytes, size_t length),
                        void *arg);

/* The style sheet and the script, as text/css and text/javascript. Static. */
explain_text explain_style(void);
explain_text explain_script(void);

#endif
