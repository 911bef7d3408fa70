/* What a recycler knows of the pages that were written in its memory. */
#ifndef SSRSTORE_RECYCLER_INTERNAL_H
#define SSRSTORE_RECYCLER_INTERNAL_H

#include "ssrstore/recycler.h"

/* How long a page is likely to become; 0: nobody knows, or there is no recycler. */
size_t ssr_recycler_page_length(const ssr_recycler *recycler);
/* A page has become so long. One that is longer counts at once, shorter ones little by little. */
void ssr_recycler_note_page(ssr_recycler *recycler, size_t length);

#endif
