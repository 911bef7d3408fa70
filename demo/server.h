/* demo/server.h - the site on a socket of this machine. */
#ifndef DEMO_SERVER_H
#define DEMO_SERVER_H

#include "demo/site.h"

/*
 * Serves on 127.0.0.1 until SIGINT or SIGTERM comes; port 0 picks a free one. Prints the address to open, and logs
 * the note, unless it is NULL. False: one line on standard error says what to do.
 */
bool server_run(struct site *site, uint16_t port, const char *note);

#endif
