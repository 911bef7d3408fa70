/*
 * demo/server.c - the only file, with daemon.h, that knows libmicrohttpd. One thread, driven by epoll, answers all
 * connections; the main thread waits for the signal to stop; loaders run on the threads of the pool. Nothing here waits
 * for a loader.
 *
 * A request is an exchange, and an exchange is in one of these states:
 *
 *     receiving   note_target made it; handle is called for the head, for each piece of a body, of which a form's is
 *                 kept, and again when all of it has come. Answering only then keeps the connection alive.
 *     awake       handle renders, on the daemon's thread: site_continue.
 *     asleep      loaders are at work and the connection is suspended: the daemon neither reads nor times it, and
 *                 does not see a client go away. A wake, on a loader's thread, resumes it.
 *     woken       awake soon: the daemon will call handle again. Or awake still, and a wake has come before the
 *                 connection could be suspended; then it resumes itself.
 *     answered    the answer is being sent.
 *     over        forget_request: the answer was sent, or could not be; response, render and exchange are freed.
 *
 *     receiving --> awake --> answered --> over          from every state but asleep, when the connection breaks: over
 *                   |   ^
 *                   v   |
 *                asleep-->woken
 *
 * What always holds: each sleep is resumed exactly once, by whoever finds it asleep and makes it woken; and nobody
 * sleeps when the daemon is stopped, because libmicrohttpd does not allow that.
 */
#include "demo/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "demo/daemon.h"

#define FINISH_MS 5000  /* what requests under way get to finish when the server stops */
#define GIVE_UP_MS 1000 /* and then, to send what can be said without what they wait for */

enum turn { AWAKE, ASLEEP, WOKEN };

struct exchange {
    struct exchange *next, *before; /* under the server's lock */
    struct server *server;
    struct MHD_Connection *connection;
    struct request request;
    const char **cookies;      /* those of the request; NULL: there is none */
    char *body;                /* that of a POST; LARGEST_BODY bytes */
    struct response *response; /* NULL: not begun */
    atomic_int turn;           /* enum turn */
    bool has_head;
    char target[];
};

struct server {
    struct site *site;
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock;
    struct exchange *exchanges;
    atomic_bool is_giving_up; /* nobody may sleep any more */
};

/* ---- Exchanges --------------------------------------------------------------------------------------------------- */

static void add_exchange(struct server *server, struct exchange *exchange)
{
    pthread_mutex_lock(&server->lock);
    exchange->next = server->exchanges;
    if (exchange->next)
        exchange->next->before = exchange;
    server->exchanges = exchange;
    pthread_mutex_unlock(&server->lock);
}

static void remove_exchange(struct server *server, struct exchange *exchange)
{
    pthread_mutex_lock(&server->lock);
    if (exchange->next)
        exchange->next->before = exchange->before;
    if (exchange->before)
        exchange->before->next = exchange->next;
    else
        server->exchanges = exchange->next;
    pthread_mutex_unlock(&server->lock);
}

/* RFC 9112 3.2.2: what proxies send, "http://host/path", means the same as "/path". Where the path would begin. */
static const char *skip_authority(const char *target)
{
    size_t scheme = strncasecmp(target, "http://", 7) == 0 ? 7 : strncasecmp(target, "https://", 8) == 0 ? 8 : 0;

    return scheme ? target + scheme + strcspn(target + scheme, "/?#") : target;
}

/* The target as it was sent: the daemon itself would resolve escapes, NUL included, and cut off the query. */
static void *note_target(void *arg, const char *target, struct MHD_Connection *connection)
{
    const char *path = skip_authority(target);
    bool has_no_path = path > target && *path != '/';
    size_t size = strlen(path) + 1;
    struct exchange *exchange = calloc(1, sizeof *exchange + has_no_path + size);

    if (!exchange)
        return NULL;
    exchange->server = arg;
    exchange->connection = connection;
    atomic_init(&exchange->turn, AWAKE);
    exchange->target[0] = '/';
    memcpy(exchange->target + has_no_path, path, size);
    add_exchange(arg, exchange);
    return exchange;
}

/* A loader may still be at work: its render is cancelled by being freed, and no wake follows. */
static void forget_request(void *arg, struct MHD_Connection *connection, void **context,
                           enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *context;

    (void)connection;
    (void)code;
    *context = NULL;
    if (!exchange)
        return;
    remove_exchange(arg, exchange);
    response_free(exchange->response);
    free(exchange->cookies);
    free(exchange->body);
    free(exchange);
}

/* ---- Receiving --------------------------------------------------------------------------------------------------- */

/* Counts the Cookie headers, and keeps them once there is room. */
static enum MHD_Result note_cookies(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct exchange *exchange = arg;

    (void)kind;
    if (!value || strcasecmp(name, MHD_HTTP_HEADER_COOKIE) != 0)
        return MHD_YES;
    if (exchange->cookies)
        exchange->cookies[exchange->request.cookie_count] = value;
    exchange->request.cookie_count++;
    return MHD_YES;
}

static bool read_cookies(struct exchange *exchange)
{
    struct request *request = &exchange->request;

    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, note_cookies, exchange);
    if (request->cookie_count == 0)
        return true;
    exchange->cookies = calloc(request->cookie_count, sizeof *exchange->cookies);
    if (!exchange->cookies)
        return false;
    request->cookies = exchange->cookies;
    request->cookie_count = 0;
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, note_cookies, exchange);
    return true;
}

static bool expect_body(struct exchange *exchange)
{
    struct MHD_Connection *connection = exchange->connection;
    struct request *request = &exchange->request;

    exchange->body = malloc(LARGEST_BODY);
    request->host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    request->origin = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ORIGIN);
    request->fetch_site = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Sec-Fetch-Site");
    request->content_type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
    request->body = exchange->body;
    return exchange->body;
}

/* What the daemon has read stays where it is until the request is over. False: no memory. */
static bool read_head(struct exchange *exchange, const char *method)
{
    exchange->request = (struct request){.method = method, .target = exchange->target, .body = ""};
    return read_cookies(exchange) && (strcmp(method, MHD_HTTP_METHOD_POST) != 0 || expect_body(exchange));
}

static void keep_body(struct exchange *exchange, const char *piece, size_t size)
{
    struct request *request = &exchange->request;

    if (!exchange->body)
        return;
    if (size > LARGEST_BODY - request->length) {
        request->is_too_large = true;
        return;
    }
    memcpy(exchange->body + request->length, piece, size);
    request->length += size;
}

/* ---- Waiting ----------------------------------------------------------------------------------------------------- */

/* Any thread. Of several wakes of one sleep, the first resumes. */
static void wake(void *arg)
{
    struct exchange *exchange = arg;

    if (atomic_exchange(&exchange->turn, WOKEN) == ASLEEP)
        MHD_resume_connection(exchange->connection);
}

/* The connection is suspended before the exchange may be found asleep, because only then it may be resumed. */
static void fall_asleep(struct exchange *exchange)
{
    int awake = AWAKE;

    MHD_suspend_connection(exchange->connection);
    if (!atomic_compare_exchange_strong(&exchange->turn, &awake, ASLEEP))
        MHD_resume_connection(exchange->connection);
    else if (atomic_load(&exchange->server->is_giving_up))
        wake(exchange);
}

static void wake_all(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    for (struct exchange *exchange = server->exchanges; exchange; exchange = exchange->next)
        wake(exchange);
    pthread_mutex_unlock(&server->lock);
}

/* ---- Answers ----------------------------------------------------------------------------------------------------- */

static void add_header(void *arg, const char *name, const char *value)
{
    MHD_add_response_header(arg, name, value);
}

static enum MHD_Result send_response(struct MHD_Connection *connection, unsigned status, struct MHD_Response *answer)
{
    enum MHD_Result sent = MHD_queue_response(connection, status, answer);

    MHD_destroy_response(answer);
    return sent;
}

/* The body stays the exchange's until it is over. Content-Length and leaving out the body for HEAD are the daemon's. */
static enum MHD_Result send_page(const struct exchange *exchange)
{
    const struct response *response = exchange->response;
    struct MHD_Response *answer =
        MHD_create_response_from_buffer(response->length, (void *)response->body, MHD_RESPMEM_PERSISTENT);

    if (!answer)
        return MHD_NO;
    response_headers(response, add_header, answer);
    return send_response(exchange->connection, (unsigned)response->status, answer);
}

/* Renders as far as it goes: to the answer, or to where loaders must be waited for. */
static enum MHD_Result advance(struct exchange *exchange)
{
    struct server *server = exchange->server;

    atomic_store(&exchange->turn, AWAKE);
    if (!exchange->response)
        exchange->response = site_begin(server->site, &exchange->request, wake, exchange);
    if (!exchange->response)
        return MHD_NO;
    if (atomic_load(&server->is_giving_up))
        site_give_up(server->site, exchange->response);
    if (site_continue(server->site, exchange->response))
        return send_page(exchange);
    fall_asleep(exchange);
    return MHD_YES;
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **context)
{
    struct exchange *exchange = *context;

    (void)arg;
    (void)path;
    (void)version;
    (void)connection;
    if (!exchange)
        return MHD_NO;
    if (!exchange->has_head) {
        exchange->has_head = true;
        return read_head(exchange, method) ? MHD_YES : MHD_NO;
    }
    if (*upload_size == 0)
        return advance(exchange);
    keep_body(exchange, upload, *upload_size);
    *upload_size = 0;
    return MHD_YES;
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

__attribute__((format(printf, 2, 0))) static void note_daemon_error(void *arg, const char *format, va_list values)
{
    const struct server *server = arg;
    char line[512];

    vsnprintf(line, sizeof line, format, values);
    line[strcspn(line, "\n")] = '\0';
    log_error(server->site->log, "http", line);
}

/* The daemon owns the listener from here on. */
static bool start_daemon(struct server *server, int listener)
{
    server->daemon = MHD_start_daemon(
        DAEMON_FLAGS, 0, NULL, NULL, handle, server, MHD_OPTION_EXTERNAL_LOGGER, note_daemon_error, (void *)server,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_URI_LOG_CALLBACK, note_target, (void *)server,
        MHD_OPTION_NOTIFY_COMPLETED, forget_request, (void *)server, MHD_OPTION_ARRAY, daemon_options, MHD_OPTION_END);
    if (!server->daemon)
        fputs("ssrdemo: the HTTP server does not start: see the line above\n", stderr);
    return server->daemon;
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

/* ---- Stopping ---------------------------------------------------------------------------------------------------- */

static bool is_idle(struct server *server)
{
    bool idle;

    pthread_mutex_lock(&server->lock);
    idle = !server->exchanges;
    pthread_mutex_unlock(&server->lock);
    return idle;
}

/* Until every exchange is over, the time is up, or another signal says that it takes too long. */
static void wait_until_idle(struct server *server, const sigset_t *signals, int within_ms)
{
    enum { LOOK_MS = 10 };

    for (int waited = 0; waited < within_ms && !is_idle(server); waited += LOOK_MS) {
        if (sigtimedwait(signals, NULL, &(struct timespec){.tv_nsec = LOOK_MS * 1000000L}) > 0)
            return;
    }
}

/* No new connections; who is being served gets the time to finish, and in the end everybody is woken. */
static void stop(struct server *server, const sigset_t *signals)
{
    int listener = MHD_quiesce_daemon(server->daemon);

    if (listener >= 0)
        close(listener);
    wait_until_idle(server, signals, FINISH_MS);
    atomic_store(&server->is_giving_up, true);
    wake_all(server);
    wait_until_idle(server, signals, GIVE_UP_MS);
    MHD_stop_daemon(server->daemon);
}

bool server_run(struct site *site, uint16_t port, const char *note)
{
    struct server server = {.site = site, .lock = PTHREAD_MUTEX_INITIALIZER};
    int listener = listen_on(port);
    sigset_t signals;
    int caught;

    if (listener < 0) {
        explain_listen(port, errno);
        return false;
    }
    hold_signals(&signals);
    if (!start_daemon(&server, listener))
        return false;
    print_address(listener);
    if (note)
        log_note(site->log, "demo", note);
    sigwait(&signals, &caught);
    stop(&server, &signals);
    pthread_mutex_destroy(&server.lock);
    return true;
}
