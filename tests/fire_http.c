/*
 * What fire_http.h offers. What always holds: the bytes of a stream begin with an answer, as its end was taken away
 * with it when it was read; and a stream that is not open has none.
 */
#include "tests/fire_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

bool stream_open(struct stream *stream, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval hang = {.tv_sec = HANG_SECONDS};
    int yes = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    stream->length = 0;
    stream->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (stream->socket < 0)
        return false;
    setsockopt(stream->socket, SOL_SOCKET, SO_RCVTIMEO, &hang, sizeof hang);
    setsockopt(stream->socket, SOL_SOCKET, SO_SNDTIMEO, &hang, sizeof hang);
    setsockopt(stream->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(stream->socket, (struct sockaddr *)&address, sizeof address) == 0)
        return true;
    stream_close(stream);
    return false;
}

void stream_close(struct stream *stream)
{
    if (stream->socket >= 0)
        close(stream->socket);
    stream->socket = -1;
    stream->length = 0;
}

void stream_abort(struct stream *stream)
{
    struct linger at_once = {.l_onoff = 1};

    setsockopt(stream->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    stream_close(stream);
}

bool stream_send(const struct stream *stream, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(stream->socket, bytes, length, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

bool stream_await(struct stream *stream, size_t length)
{
    while (stream->length < length) {
        /* A full buffer has no room for a byte, and then none is read. */
        ssize_t got = recv(stream->socket, stream->bytes + stream->length, sizeof stream->bytes - stream->length, 0);

        if (got <= 0)
            return false;
        stream->length += (size_t)got;
    }
    return true;
}

/* Where the head ends, behind its empty line; 0: it has not come. */
static size_t await_head(struct stream *stream)
{
    for (size_t seen = 0; stream_await(stream, seen + 4); seen++) {
        if (memcmp(stream->bytes + seen, "\r\n\r\n", 4) == 0)
            return seen + 4;
    }
    return 0;
}

/* A head ends with a line break, so there is one. */
static char *next_line(char *line, const char *end)
{
    return (char *)memchr(line, '\n', (size_t)(end - line)) + 1;
}

/* The line of a head that begins so; NULL: there is none. */
static char *find_line(char *bytes, size_t head, const char *begin)
{
    size_t length = strlen(begin);

    for (char *line = bytes; line + length < bytes + head; line = next_line(line, bytes + head)) {
        if (memcmp(line, begin, length) == 0)
            return line;
    }
    return NULL;
}

static size_t cut_line(struct stream *stream, size_t head, const char *begin)
{
    char *line = find_line(stream->bytes, head, begin);

    if (!line)
        return head;
    char *next = next_line(line, stream->bytes + head);

    memmove(line, next, stream->length - (size_t)(next - stream->bytes));
    stream->length -= (size_t)(next - line);
    return head - (size_t)(next - line);
}

/* What was given out is forgotten now, as the caller has had it until this call. */
static void forget(struct stream *stream, size_t length)
{
    memmove(stream->bytes, stream->bytes + length, stream->length - length);
    stream->length -= length;
}

struct answer stream_read(struct stream *stream, bool has_body)
{
    static _Thread_local char taken[LARGEST_ANSWER];
    struct answer answer = {0};
    size_t head = await_head(stream), length;

    answer.is_cut_short = stream->length > 0;
    if (head == 0 || memcmp(stream->bytes, "HTTP/1.1 ", 9) != 0)
        return answer;
    head = cut_line(stream, head, "Date: ");
    const char *line = find_line(stream->bytes, head, "Content-Length: ");
    length = head + (line && has_body ? strtoul(line + 16, NULL, 10) : 0);
    if (!stream_await(stream, length))
        return answer;
    memcpy(taken, stream->bytes, length);
    answer = (struct answer){.status = atoi(taken + 9), .bytes = taken, .length = length};
    forget(stream, length);
    return answer;
}
