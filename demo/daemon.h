/* demo/daemon.h - how libmicrohttpd is set up: for the demo, and for what is measured beside it (bench/constant.c). */
#ifndef DEMO_DAEMON_H
#define DEMO_DAEMON_H

#include <microhttpd.h>

/* Without MHD_USE_TURBO, which saves nothing that can be measured here. */
#define DAEMON_FLAGS (MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG)

/*
 * For MHD_OPTION_ARRAY. The memory of a connection stays at its 32 KB: less would be quicker, as it is cleared for each
 * request, but cookies are in it twice, and 300 of them have to fit.
 */
static const struct MHD_OptionItem daemon_options[] = {{MHD_OPTION_CONNECTION_LIMIT, 256, NULL},
                                                       {MHD_OPTION_CONNECTION_TIMEOUT, 30, NULL}, /* idle seconds */
                                                       {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},   /* RFC 9112 3.2 */
                                                       {MHD_OPTION_END, 0, NULL}};

#endif
