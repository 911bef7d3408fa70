/* demo/once.h - one answer on standard output, without a socket. */
#ifndef DEMO_ONCE_H
#define DEMO_ONCE_H

#include "demo/site.h"

/* Prints the answer to a request: status line, headers, an empty line, body. False: one line says why not. */
bool once_print(struct site *site, const struct request *request);

/* Prints the declarations of the site's definitions for TypeScript. False: one line says why not. */
bool once_print_types(const struct site *site);

#endif
