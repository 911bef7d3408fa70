/*
 * The demo under fire: fire SSRDEMO [full]. Sixty-four visitors ask for pages over connections of their own, each page
 * for a visitor of its own, while others do what no browser does: dribble their bytes, close half a connection, break
 * off a download, send heads that are too large, malformed or full of cookies. Then a second server, whose loaders are
 * slow, is told to stop while as many requests are under way.
 *
 * What always holds: an ordinary answer is compared byte for byte with what the page said at rest to another visitor,
 * whose name and cookie have been replaced by those of this one, so that one byte of somebody else is found; what came
 * of a hostile request is in the list of what may; nobody waits for ever; and no clock decides. Threads count what is
 * wrong, and say the first of it.
 */
#include "tests/fire_http.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED
#endif

/* Room for the allocator to find its level; what is lost for good is found by the long run, and by AddressSanitizer. */
#ifdef IS_SANITIZED
enum { SLOW = 2, MAY_GROW = 32 << 20, MAY_GROW_LONG = 32 << 20 };
#else
enum { SLOW = 1, MAY_GROW = 8 << 20, MAY_GROW_LONG = 4 << 20 };
#endif

enum {
    VISITORS = 64,
    ATTACKERS = 8,
    DIGITS = 16,
    REQUEST_BYTES = 65536,
    STAY = 100, /* requests over one connection */
};

static struct {
    uint16_t port;
    unsigned long wanted;
    time_t until; /* goes on until then, however many there were */
    atomic_ulong requests, checked, refused, closed, abandoned, wrong, stopped;
    atomic_bool is_over; /* attackers go home */
    char first_wrong[512];
} fire;

static void note_wrong(const char *what, const char *about, const struct answer *answer)
{
    if (atomic_fetch_add(&fire.wrong, 1) == 0)
        snprintf(fire.first_wrong, sizeof fire.first_wrong, "%s: %s; status %d, %.*s", about, what, answer->status,
                 (int)(answer->length < 300 ? answer->length : 300), answer->bytes ? answer->bytes : "");
}

/* ---- Identities -------------------------------------------------------------------------------------------------- */

/* splitmix64: identities that share nothing. */
static uint64_t random_number(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* Who asks: a name, which is in a sealed cookie only, and the value of a plain one. */
struct visitor {
    uint64_t chance;
    struct stream stream;
    char name[DIGITS + 1], biscuit[DIGITS + 1];
    char session[1024];
};

static void name_anew(uint64_t *chance, char digits[DIGITS + 1])
{
    snprintf(digits, DIGITS + 1, "%016" PRIx64, random_number(chance));
}

/* ---- Pages ------------------------------------------------------------------------------------------------------- */

enum { MOST_PLACES = 8 };

/* Where an identity stands in the answer at rest. */
struct places {
    size_t at[MOST_PLACES];
    unsigned count;
};

static struct page {
    const char *method, *target;
    bool is_signed_in, has_biscuit;
    unsigned shows;  /* so many identities of who asks */
    unsigned weight; /* how often it is asked for */
    char *at_rest;
    size_t length;
    struct places name, biscuit;
} pages[] = {
    {.method = "GET", .target = "/", .weight = 6},
    {.method = "GET", .target = "/ideas", .shows = 1, .is_signed_in = true, .weight = 6},
    {.method = "GET", .target = "/ideas/3", .shows = 1, .is_signed_in = true, .has_biscuit = true, .weight = 6},
    {.method = "GET", .target = "/ideas/11?from=fire", .weight = 6},
    {.method = "GET", .target = "/ideas/99", .weight = 2},
    {.method = "GET", .target = "/lua/ideas/7", .shows = 1, .is_signed_in = true, .weight = 4},
    {.method = "GET", .target = "/lua/ideas", .weight = 4},
    {.method = "GET", .target = "/chain", .shows = 1, .is_signed_in = true, .weight = 4},
    {.method = "GET", .target = "/override", .shows = 1, .is_signed_in = true, .weight = 8},
    {.method = "GET", .target = "/broken", .shows = 1, .is_signed_in = true, .weight = 4},
    {.method = "GET", .target = "/old", .is_signed_in = true, .weight = 2},
    {.method = "GET", .target = "/theme?set=dark", .shows = 1, .is_signed_in = true, .weight = 4},
    {.method = "GET", .target = "/cookies", .shows = 2, .is_signed_in = true, .has_biscuit = true, .weight = 12},
    {.method = "GET", .target = "/cookies/to-store", .shows = 3, .has_biscuit = true, .weight = 12},
    {.method = "GET", .target = "/cookies/set", .has_biscuit = true, .weight = 4},
    {.method = "GET",
     .target = "/lua/cookies/to-store",
     .shows = 4,
     .is_signed_in = true,
     .has_biscuit = true,
     .weight = 4},
    {.method = "GET", .target = "/style.css", .weight = 2},
    {.method = "GET", .target = "/nothing", .shows = 1, .is_signed_in = true, .weight = 2},
    {.method = "GET", .target = "/flip", .shows = 1, .is_signed_in = true, .weight = 1},
    {.method = "GET", .target = "/leak", .shows = 1, .is_signed_in = true, .weight = 1},
    {.method = "HEAD", .target = "/ideas/3", .is_signed_in = true, .weight = 2},
    {.method = "PUT", .target = "/ideas", .weight = 1},
};

enum { PAGES = sizeof pages / sizeof *pages };

static bool has_body(const struct page *page)
{
    return strcmp(page->method, "HEAD") != 0;
}

static struct page *pick_page(uint64_t *chance)
{
    unsigned all = 0, choice;

    for (size_t i = 0; i < PAGES; i++)
        all += pages[i].weight;
    choice = (unsigned)(random_number(chance) % all);
    for (size_t i = 0;; i++) {
        if (choice < pages[i].weight)
            return &pages[i];
        choice -= pages[i].weight;
    }
}

static struct page *find_page(const char *target)
{
    size_t i = 0;

    while (strcmp(pages[i].target, target) != 0)
        i++;
    return &pages[i];
}

/* more: further header lines. */
static size_t write_request(const struct page *page, struct visitor *visitor, const char *more, char *request)
{
    name_anew(&visitor->chance, visitor->biscuit);
    return (size_t)snprintf(request, REQUEST_BYTES, "%s %s HTTP/1.1\r\nHost: fire\r\nCookie: %s; biscuit=%s\r\n%s\r\n",
                            page->method, page->target, page->is_signed_in ? visitor->session : "a=b",
                            page->has_biscuit ? visitor->biscuit : "", more);
}

/* ---- Answers ----------------------------------------------------------------------------------------------------- */

static void put_identity(char *text, const struct places *places, const char *digits)
{
    for (unsigned i = 0; i < places->count; i++)
        memcpy(text + places->at[i], digits, DIGITS);
}

static bool is_right(const struct page *page, const struct visitor *visitor, const struct answer *answer)
{
    static _Thread_local char expected[LARGEST_ANSWER];

    if (answer->length != page->length)
        return false;
    memcpy(expected, page->at_rest, page->length);
    put_identity(expected, &page->name, visitor->name);
    put_identity(expected, &page->biscuit, visitor->biscuit);
    return memcmp(answer->bytes, expected, page->length) == 0;
}

static bool check(const struct page *page, const struct visitor *visitor, const struct answer *answer)
{
    bool right = is_right(page, visitor, answer);

    atomic_fetch_add(&fire.checked, 1);
    if (!right)
        note_wrong("not what it says at rest", page->target, answer);
    return right;
}

/* ---- Ordinary visitors ------------------------------------------------------------------------------------------- */

/* The sealed cookie of a new name; false: there was none. */
static bool sign_in(struct visitor *visitor)
{
    char request[256], *begin, *end;
    struct answer answer;

    name_anew(&visitor->chance, visitor->name);
    snprintf(request, sizeof request,
             "POST /sign-in HTTP/1.1\r\nHost: fire\r\nContent-Type: application/x-www-form-urlencoded\r\n"
             "Content-Length: %d\r\n\r\nname=%s",
             DIGITS + 5, visitor->name);
    answer = stream_send(&visitor->stream, request, strlen(request)) ? stream_read(&visitor->stream, true)
                                                                     : (struct answer){0};
    begin = answer.status == 303 ? strstr(answer.bytes, "Set-Cookie: session=") : NULL;
    end = begin ? strchr(begin, ';') : NULL;
    if (!end) {
        note_wrong("nobody is signed in", "/sign-in", &answer);
        return false;
    }
    snprintf(visitor->session, sizeof visitor->session, "%.*s", (int)(end - begin - 12), begin + 12);
    return true;
}

static bool arrive(struct visitor *visitor)
{
    if (stream_open(&visitor->stream, fire.port) && sign_in(visitor))
        return true;
    note_wrong("nobody is let in", "a connection", &(struct answer){0});
    stream_close(&visitor->stream);
    return false;
}

static struct answer ask(const struct page *page, struct visitor *visitor, const char *more)
{
    static _Thread_local char request[REQUEST_BYTES];
    size_t length = write_request(page, visitor, more, request);

    if (!stream_send(&visitor->stream, request, length))
        return (struct answer){0};
    return stream_read(&visitor->stream, has_body(page));
}

static bool goes_on(void)
{
    return atomic_fetch_add(&fire.requests, 1) < fire.wanted || time(NULL) < fire.until;
}

static void *visit_pages(void *arg)
{
    struct visitor *visitor = arg;

    for (unsigned i = 0; goes_on() && atomic_load(&fire.wrong) < VISITORS; i++) {
        if (i % STAY == 0)
            stream_close(&visitor->stream);
        if (visitor->stream.socket < 0 && !arrive(visitor))
            continue;
        const struct page *page = pick_page(&visitor->chance);
        struct answer answer = ask(page, visitor, "");

        if (!check(page, visitor, &answer))
            stream_close(&visitor->stream);
    }
    stream_close(&visitor->stream);
    return NULL;
}

/* ---- At rest ----------------------------------------------------------------------------------------------------- */

static void find_places(const struct page *page, const char *digits, struct places *places)
{
    for (size_t i = 0; i + DIGITS <= page->length && places->count < MOST_PLACES; i++) {
        if (memcmp(page->at_rest + i, digits, DIGITS) == 0)
            places->at[places->count++] = i;
    }
}

/* False: there is no answer, or it does not show what it is to show. */
static bool learn(struct page *page, struct visitor *visitor)
{
    struct answer answer = ask(page, visitor, "");

    free(page->at_rest);
    page->at_rest = answer.status ? malloc(answer.length) : NULL;
    if (!page->at_rest)
        return false;
    memcpy(page->at_rest, answer.bytes, answer.length);
    page->length = answer.length;
    page->name = page->biscuit = (struct places){0};
    find_places(page, visitor->name, &page->name);
    find_places(page, visitor->biscuit, &page->biscuit);
    return page->name.count + page->biscuit.count == page->shows;
}

static bool learn_at_rest(struct visitor *visitor)
{
    bool knows = arrive(visitor);

    for (size_t i = 0; i < PAGES && knows; i++)
        knows = learn(&pages[i], visitor);
    stream_close(&visitor->stream);
    return knows;
}

/* ---- Attackers --------------------------------------------------------------------------------------------------- */

/* Sent as it stands. What may come of it: these statuses, and 0 for a connection that is closed without a word. */
#define ATTACK(bytes, ...)       \
    {                            \
        bytes, sizeof bytes - 1, \
        {                        \
            __VA_ARGS__          \
        }                        \
    }
#define FORM "POST /sign-in HTTP/1.1\r\nHost: fire\r\nContent-Type: application/x-www-form-urlencoded\r\n"

enum { MOST_STATUSES = 4, NOTHING_MORE = -1 };

static const struct attack {
    const char *bytes;
    size_t length;
    int may_be[MOST_STATUSES];
} attacks[] = {
    ATTACK("FIRE / HTTP/1.1\r\nHost: fire\r\n\r\n", 405),
    ATTACK("get / HTTP/1.1\r\nHost: fire\r\n\r\n", 405),
    ATTACK("GET / HTTP/9.9\r\nHost: fire\r\n\r\n", 400, 505),
    ATTACK("GET / HTTX/1.1\r\nHost: fire\r\n\r\n", 400, 505),
    ATTACK("GET /\r\n\r\n", 400, NOTHING_MORE),
    ATTACK("GET / HTTP/1.1\r\n\r\n", 400),
    ATTACK("\r\n\r\n\r\nGARBAGE\r\n\r\n", 400, NOTHING_MORE),
    ATTACK("GET /id\0eas HTTP/1.1\r\nHost: fire\r\n\r\n", 400, 404, NOTHING_MORE),
    ATTACK("GET / HTTP/1.1\r\nHost: fi\0re\r\n\r\n", 200, 400),
    ATTACK("GET / HTTP/1.1\r\nHost: fire\r\nCookie: a=\0b\r\n\r\n", 200, 400),
    ATTACK("GET / HTTP/1.1\r\nHost: fire\r\nno colon\r\n\r\n", 400, NOTHING_MORE),
    ATTACK("GET / HTTP/1.1\r\nHost : fire\r\n: nobody\r\n\r\n", 400, NOTHING_MORE),
    ATTACK("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, NOTHING_MORE),
    ATTACK(FORM "Content-Length: -1\r\n\r\nname=fire", 400, NOTHING_MORE),
    ATTACK(FORM "Content-Length: 99999999999999999999\r\n\r\nname=fire", 400, 413, NOTHING_MORE),
    ATTACK(FORM "Content-Length: 9x\r\n\r\nname=fire", 400, NOTHING_MORE),
    ATTACK(FORM "Transfer-Encoding: chunked\r\n\r\nfire\r\nname=fire\r\n0\r\n\r\n", 400, 413, NOTHING_MORE),
    ATTACK(FORM "Transfer-Encoding: chunked\r\n\r\n-9\r\nname=fire\r\n0\r\n\r\n", 400, 413, NOTHING_MORE),
    ATTACK(FORM "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nname", 400, 413, NOTHING_MORE),
    ATTACK(FORM "Content-Length: 8\r\n\r\nname=%01", 400),
    ATTACK(FORM "Content-Length: 10\r\n\r\nname=fi\0re", 400),
    ATTACK("GET / HTTP/1.1\r\nHost: fire\r\nCookie: \"a=b; c=\"d\r\n\r\n", 200, 400, 431),
};

enum { ATTACKS = sizeof attacks / sizeof *attacks };

static bool may_be(const struct attack *attack, const struct answer *answer)
{
    if (answer->status == 0)
        for (size_t i = 0; i < MOST_STATUSES; i++)
            if (attack->may_be[i] == NOTHING_MORE && !answer->is_cut_short)
                return true;
    for (size_t i = 0; i < MOST_STATUSES && answer->status > 0; i++)
        if (attack->may_be[i] == answer->status)
            return true;
    return false;
}

static void judge(const char *about, const struct attack *attack, const struct answer *answer)
{
    atomic_fetch_add(answer->status == 0 ? &fire.closed : &fire.refused, 1);
    if (!may_be(attack, answer))
        note_wrong("not what may come of it", about, answer);
}

/* What is not a whole request waits for more; so the attacker says that there is none. */
static void attack_with(struct visitor *attacker, const char *about, const struct attack *attack)
{
    stream_send(&attacker->stream, attack->bytes, attack->length);
    shutdown(attacker->stream.socket, SHUT_WR);
    struct answer answer = stream_read(&attacker->stream, true);

    judge(about, attack, &answer);
}

static void send_malformed(struct visitor *attacker)
{
    const struct attack *attack = &attacks[random_number(&attacker->chance) % ATTACKS];

    attack_with(attacker, attack->bytes, attack);
}

/* A letter again and again, somewhere in a head. */
static const struct large {
    const char *begin, *end;
    size_t size;
    struct attack attack;
} larges[] = {
    {"GET /", " HTTP/1.1\r\nHost: fire\r\n\r\n", 5000, ATTACK("", 404)},
    {"GET /", " HTTP/1.1\r\nHost: fire\r\n\r\n", 40000, ATTACK("", 414, 431, NOTHING_MORE)},
    {"GET / HTTP/1.1\r\nHost: fire\r\nX-Fire: ", "\r\n\r\n", 40000, ATTACK("", 431, NOTHING_MORE)},
    {"GET / HTTP/1.1\r\nHost: fire\r\nCookie: a=", "\r\n\r\n", 20000, ATTACK("", 431, NOTHING_MORE)},
    {"PUT / HTTP/1.1\r\nHost: fire\r\nContent-Length: 50000\r\n\r\n", "", 50000, ATTACK("", 405)},
    {FORM "Content-Length: 50000\r\n\r\nname=", "", 49995, ATTACK("", 413)},
};

static void send_large(struct visitor *attacker)
{
    static _Thread_local char bytes[REQUEST_BYTES];
    const struct large *large = &larges[random_number(&attacker->chance) % (sizeof larges / sizeof *larges)];
    struct attack attack = large->attack;
    size_t before = strlen(large->begin), behind = strlen(large->end);

    memcpy(bytes, large->begin, before);
    memset(bytes + before, 'x', large->size);
    memcpy(bytes + before + large->size, large->end, behind);
    attack.bytes = bytes;
    attack.length = before + large->size + behind;
    attack_with(attacker, large->begin, &attack);
}

/* Eight thousand bytes of cookies are no attack: the page is the one that it is without them. */
static void send_cookies(struct visitor *attacker)
{
    char more[8300] = "Cookie: pad=";
    const struct page *page = find_page("/cookies/to-store");
    struct answer answer;

    memset(more + strlen(more), 'c', 8192 - strlen(more));
    strcpy(more + 8192, "\r\n");
    answer = ask(page, attacker, more);
    check(page, attacker, &answer);
}

static void dribble(struct visitor *attacker)
{
    static _Thread_local char request[REQUEST_BYTES];
    const struct page *page = pick_page(&attacker->chance);
    size_t length = write_request(page, attacker, "", request);

    for (size_t i = 0; i < length; i++) {
        if (!stream_send(&attacker->stream, request + i, 1))
            break;
        if (i % 8 == 0)
            nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
    struct answer answer = stream_read(&attacker->stream, has_body(page));

    check(page, attacker, &answer);
}

/* Who has closed one half of a connection may get the whole answer, or none, but never a part of it. */
static void close_half(struct visitor *attacker)
{
    static _Thread_local char request[REQUEST_BYTES];
    const struct page *page = pick_page(&attacker->chance);
    size_t length = write_request(page, attacker, "", request);

    stream_send(&attacker->stream, request, length);
    shutdown(attacker->stream.socket, SHUT_WR);
    struct answer answer = stream_read(&attacker->stream, has_body(page));

    if (answer.status != 0 || answer.is_cut_short)
        check(page, attacker, &answer);
    else
        atomic_fetch_add(&fire.closed, 1);
}

static void send_two_at_once(struct visitor *attacker)
{
    static _Thread_local char request[2 * REQUEST_BYTES];
    const struct page *first = pick_page(&attacker->chance), *second = pick_page(&attacker->chance);
    struct visitor *as_first = malloc(sizeof *as_first);
    size_t length = write_request(first, attacker, "", request);
    struct answer answer;

    if (!as_first)
        return;
    *as_first = *attacker;
    length += write_request(second, attacker, "", request + length);
    stream_send(&attacker->stream, request, length);
    answer = stream_read(&attacker->stream, has_body(first));
    check(first, as_first, &answer);
    answer = stream_read(&attacker->stream, has_body(second));
    check(second, attacker, &answer);
    free(as_first);
}

static void break_off(struct visitor *attacker)
{
    static _Thread_local char request[REQUEST_BYTES];
    size_t length = write_request(pick_page(&attacker->chance), attacker, "", request);
    unsigned how = (unsigned)(random_number(&attacker->chance) % 4);

    if (how == 0) /* in the middle of the head */
        length /= 2;
    stream_send(&attacker->stream, request, length);
    if (how == 1) /* after the first bytes of the answer */
        stream_await(&attacker->stream, 16);
    if (how == 2)
        stream_close(&attacker->stream);
    else
        stream_abort(&attacker->stream);
    atomic_fetch_add(&fire.abandoned, 1);
}

static void *attack_all(void *arg)
{
    static void (*const ways[])(struct visitor *) = {send_malformed, send_large, send_cookies,     dribble,
                                                     send_malformed, close_half, send_two_at_once, break_off};
    struct visitor *attacker = arg;

    for (unsigned i = 0; !atomic_load(&fire.is_over); i++) {
        if (arrive(attacker))
            ways[i % (sizeof ways / sizeof *ways)](attacker);
        if (attacker->stream.socket >= 0)
            stream_close(&attacker->stream);
    }
    return NULL;
}

/* ---- The server -------------------------------------------------------------------------------------------------- */

struct server {
    pid_t pid;
    FILE *output;
};

/* AddressSanitizer keeps what was freed, so that its use is noticed: but not all of it, or memory would never be flat.
 */
static void keep_little(void)
{
    const char *given = getenv("ASAN_OPTIONS");
    char options[512];

    snprintf(options, sizeof options, "%s:quarantine_size_mb=8", given ? given : "");
    setenv("ASAN_OPTIONS", options, 1);
}

static bool start(struct server *server, const char *program, const char *loader_delay)
{
    int pipes[2];
    unsigned port = 0;

    if (pipe(pipes) != 0 || (server->pid = fork()) < 0)
        return false;
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        keep_little();
        dup2(pipes[1], STDOUT_FILENO);
        close(pipes[0]);
        close(pipes[1]);
        execl(program, program, "--port", "0", "--log", "off", "--log-file", "/dev/null", "--loader-delay",
              loader_delay, (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    server->output = fdopen(pipes[0], "r");
    if (!server->output || fscanf(server->output, "ssrdemo: open http://127.0.0.1:%u/", &port) != 1)
        return false;
    fire.port = (uint16_t)port;
    return true;
}

/* Resident bytes; 0: nobody knows. */
static unsigned long resident(const struct server *server)
{
    char path[64];
    unsigned long pages_in_use = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/statm", (long)server->pid);
    file = fopen(path, "r");
    if (file && fscanf(file, "%*u %lu", &pages_in_use) != 1)
        pages_in_use = 0;
    if (file)
        fclose(file);
    return pages_in_use * (unsigned long)sysconf(_SC_PAGESIZE);
}

/* After it was told to stop: 0 when it ended well, which under AddressSanitizer means without a leak. */
static int status_of(struct server *server)
{
    int status = -1;

    waitpid(server->pid, &status, 0);
    fclose(server->output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* ---- The fire ---------------------------------------------------------------------------------------------------- */

static struct visitor visitors[VISITORS + ATTACKERS];

static void begin_visitor(struct visitor *visitor, uint64_t seed)
{
    visitor->chance = seed;
    visitor->stream.socket = -1;
}

/* `requests` of ordinary ones, for `seconds` at the least, and whatever attackers manage to do meanwhile. */
static void burn(unsigned long requests, unsigned seconds)
{
    pthread_t threads[VISITORS + ATTACKERS];

    fire.wanted = atomic_load(&fire.requests) + requests;
    fire.until = seconds > 0 ? time(NULL) + (time_t)seconds : 0;
    atomic_store(&fire.is_over, false);
    for (size_t i = 0; i < VISITORS + ATTACKERS; i++)
        pthread_create(&threads[i], NULL, i < VISITORS ? visit_pages : attack_all, &visitors[i]);
    for (size_t i = 0; i < VISITORS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&fire.is_over, true);
    for (size_t i = VISITORS; i < VISITORS + ATTACKERS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&fire.requests, fire.wanted);
}

static bool expect(bool holds, const char *what)
{
    if (!holds)
        atomic_fetch_add(&fire.wrong, 1);
    if (!holds)
        printf("FAILED %s\n", what);
    return holds;
}

struct plan {
    unsigned long warm_up, requests;
    unsigned seconds; /* at the least */
    unsigned long may_grow;
};

static void serve_under_fire(const char *program, const struct plan *plan)
{
    struct server server;
    unsigned long before, after;

    if (!expect(start(&server, program, "2") && learn_at_rest(&visitors[0]), "the server starts, and shows who asks"))
        return;
    burn(plan->warm_up, 0);
    before = resident(&server);
    burn(plan->requests, plan->seconds);
    after = resident(&server);
    expect(before > 0 && after < before + plan->may_grow, "resident memory stays what it was");
    printf("count: %lu KiB resident before, %lu KiB after %lu requests\n", before / 1024, after / 1024, plan->requests);
    kill(server.pid, SIGTERM);
    expect(status_of(&server) == 0, "the server ends well");
}

/* ---- Stopping ---------------------------------------------------------------------------------------------------- */

/*
 * The answers to two questions in a row prove that the server, which has one thread for all connections, has read what
 * was sent to it before.
 */
static bool all_is_read(struct visitor *prober)
{
    bool is_answered = arrive(prober);

    for (int i = 0; i < 2 && is_answered; i++)
        is_answered = ask(find_page("/override"), prober, "").status == 200;
    return is_answered;
}

static bool ask_slowly(const struct page *page)
{
    static char request[REQUEST_BYTES];
    bool are_sent = true;

    for (size_t i = 0; i < VISITORS; i++) {
        are_sent = arrive(&visitors[i]) && are_sent;
        size_t length = write_request(page, &visitors[i], "", request);

        are_sent = stream_send(&visitors[i].stream, request, length) && are_sent;
    }
    return are_sent;
}

/* Each of those that were under way gets its page. */
static void stop_under_way(const char *program)
{
    struct server server;
    const struct page *page = find_page("/chain");

    if (!expect(start(&server, program, "20") && learn_at_rest(&visitors[0]),
                "the slow server starts, and shows who asks"))
        return;
    expect(ask_slowly(page) && all_is_read(&visitors[VISITORS]), "all have asked");
    kill(server.pid, SIGTERM);
    for (size_t i = 0; i < VISITORS; i++) {
        struct answer answer = stream_read(&visitors[i].stream, true);

        atomic_fetch_add(&fire.stopped, check(page, &visitors[i], &answer));
    }
    expect(atomic_load(&fire.stopped) == VISITORS, "who is under way when the server stops is served");
    expect(status_of(&server) == 0, "the server ends well with requests under way");
    for (size_t i = 0; i <= VISITORS; i++)
        stream_close(&visitors[i].stream);
}

int main(int argc, char **argv)
{
    static const struct plan shortly = {10000 / SLOW, 20000 / SLOW, 0, MAY_GROW},
                             fully = {100000, 1000000, 60, MAY_GROW_LONG};
    bool is_full = argc == 3 && strcmp(argv[2], "full") == 0;

    if (argc != 2 && !is_full) {
        fputs("usage: fire SSRDEMO [full]\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < VISITORS + ATTACKERS; i++)
        begin_visitor(&visitors[i], (uint64_t)getpid() << 32 | i);
    serve_under_fire(argv[1], is_full ? &fully : &shortly);
    stop_under_way(argv[1]);
    printf("count: %lu answers under fire compared byte for byte\n", atomic_load(&fire.checked));
    printf("count: %lu hostile requests refused, %lu closed without an answer, %lu broken off by the client\n",
           atomic_load(&fire.refused), atomic_load(&fire.closed), atomic_load(&fire.abandoned));
    printf("count: %lu of %d requests under way finished by a server that stops\n", atomic_load(&fire.stopped),
           VISITORS);
    if (*fire.first_wrong)
        printf("FAILED %s\n", fire.first_wrong);
    printf("%lu passed, %lu failed\n",
           atomic_load(&fire.checked) + atomic_load(&fire.refused) - atomic_load(&fire.wrong),
           atomic_load(&fire.wrong));
    return atomic_load(&fire.wrong) == 0 ? 0 : 1;
}
