/*
 * demo/server.c - the only file that knows libmicrohttpd. One thread, driven by epoll, answers all connections;
 * the main thread waits for the signal to stop. The daemon hands over each request three times: as its raw target
 * (note_target), as a method (handle, once for the head and again when all of the body has come), and when it is
 * over (forget_request). Answering only on the later calls of handle keeps the connection alive.
 */
#include "demo/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTION_LIMIT 256
#define IDLE_SECONDS 30

/* One request, from its first line to its end. */
struct exchange {
    bool begun;
    char target[];
};

/* ---- Requests ---------------------------------------------------------------------------------------------------- */

/* The target as it was sent: the daemon itself would resolve escapes, NUL included, and cut off the query. */
static void *note_target(void *arg, const char *target, struct MHD_Connection *connection)
{
    size_t size = strlen(target) + 1;
    struct exchange *exchange = malloc(sizeof *exchange + size);

    (void)arg;
    (void)connection;
    if (exchange) {
        exchange->begun = false;
        memcpy(exchange->target, target, size);
    }
    return exchange;
}

static void forget_request(void *arg, struct MHD_Connection *connection, void **exchange,
                           enum MHD_RequestTerminationCode code)
{
    (void)arg;
    (void)connection;
    (void)code;
    free(*exchange);
    *exchange = NULL;
}

static void add_header(void *arg, const char *name, const char *value)
{
    MHD_add_response_header(arg, name, value);
}

static void free_response(void *arg)
{
    response_free(arg);
}

static enum MHD_Result send_response(struct MHD_Connection *connection, unsigned status, struct MHD_Response *answer)
{
    enum MHD_Result sent = MHD_queue_response(connection, status, answer);

    MHD_destroy_response(answer);
    return sent;
}

static enum MHD_Result refuse_method(struct MHD_Connection *connection)
{
    static const char text[] = "This site answers GET and HEAD.\n";
    struct MHD_Response *answer =
        MHD_create_response_from_buffer(sizeof text - 1, (void *)text, MHD_RESPMEM_PERSISTENT);

    if (!answer)
        return MHD_NO;
    MHD_add_response_header(answer, "Allow", "GET, HEAD");
    MHD_add_response_header(answer, "Content-Type", "text/plain; charset=utf-8");
    return send_response(connection, MHD_HTTP_METHOD_NOT_ALLOWED, answer);
}

/* Content-Length is the daemon's, and so is leaving out the body for HEAD. */
static enum MHD_Result send_page(struct MHD_Connection *connection, struct response *response)
{
    struct MHD_Response *answer = MHD_create_response_from_buffer_with_free_callback_cls(
        response->length, (void *)response->body, free_response, response);

    if (!answer) {
        response_free(response);
        return MHD_NO;
    }
    response_headers(response, add_header, answer);
    return send_response(connection, (unsigned)response->status, answer);
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **context)
{
    struct exchange *exchange = *context;
    struct response *response;

    (void)path;
    (void)version;
    (void)upload;
    if (!exchange)
        return MHD_NO;
    if (!exchange->begun || *upload_size > 0) {
        exchange->begun = true;
        *upload_size = 0;
        return MHD_YES;
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return refuse_method(connection);
    response = site_get(arg, exchange->target);
    return response ? send_page(connection, response) : MHD_NO;
}

/* ---- The server -------------------------------------------------------------------------------------------------- */

static int listen_on(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int yes = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0)
        return -1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, SOMAXCONN) == 0)
        return listener;
    int reason = errno;

    close(listener);
    errno = reason;
    return -1;
}

static void explain_listen(uint16_t port, int reason)
{
    if (reason == EADDRINUSE)
        fprintf(stderr, "ssrdemo: port %u is in use: choose another with --port N, or a free one with --port 0\n",
                port);
    else
        fprintf(stderr, "ssrdemo: cannot listen on port %u (%s): choose another with --port N\n", port,
                strerror(reason));
}

static void print_address(int listener)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;

    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("ssrdemo: open http://127.0.0.1:%u/ (Ctrl-C stops)\n", ntohs(address.sin_port));
    fflush(stdout);
}

static void note_daemon_error(void *arg, const char *format, va_list values)
{
    const struct site *site = arg;
    char line[512];

    vsnprintf(line, sizeof line, format, values);
    line[strcspn(line, "\n")] = '\0';
    log_error(site->log, "http", line);
}

/* The daemon owns the listener from here on. */
static struct MHD_Daemon *start_daemon(struct site *site, int listener)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG;

    return MHD_start_daemon(flags, 0, NULL, NULL, handle, site, MHD_OPTION_EXTERNAL_LOGGER, note_daemon_error,
                            (void *)site, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_URI_LOG_CALLBACK, note_target,
                            NULL, MHD_OPTION_NOTIFY_COMPLETED, forget_request, NULL, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)CONNECTION_LIMIT, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
                            MHD_OPTION_END);
}

/* Before the daemon's thread starts, so that it inherits the mask and the signals wait for sigwait. */
static void hold_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool server_run(struct site *site, uint16_t port)
{
    int listener = listen_on(port);
    struct MHD_Daemon *daemon;
    sigset_t signals;
    int caught;

    if (listener < 0) {
        explain_listen(port, errno);
        return false;
    }
    hold_signals(&signals);
    daemon = start_daemon(site, listener);
    if (!daemon) {
        fputs("ssrdemo: the HTTP server does not start: see the line above\n", stderr);
        return false;
    }
    print_address(listener);
    sigwait(&signals, &caught);
    MHD_stop_daemon(daemon);
    return true;
}
