/* explain_page.html, .css and .js as C strings, and the hashes by which a Content-Security-Policy allows the latter
 * two; CMakeLists.txt makes the definitions. */
#ifndef SSR_TOOLS_EXPLAIN_PAGE_H
#define SSR_TOOLS_EXPLAIN_PAGE_H

#include <stddef.h>

extern const char explain_page_html[], explain_page_css[], explain_page_js[];
extern const size_t explain_page_css_length, explain_page_js_length;
extern const char explain_page_style_hash[], explain_page_script_hash[]; /* SHA-256 in Base64 */

#endif
