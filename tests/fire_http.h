/*
 * tests/fire_http.h - as much of HTTP/1.1 as a load generator needs: a connection to this machine, and answers that are
 * whole or are not. No call waits for ever: what takes HANG_SECONDS counts as no answer.
 */
#ifndef SSR_TESTS_FIRE_HTTP_H
#define SSR_TESTS_FIRE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LARGEST_ANSWER = 65536, HANG_SECONDS = 60 };

/* One connection, and what has been read of it beyond the last answer. */
struct stream {
    int socket; /* -1: closed */
    size_t length;
    char bytes[LARGEST_ANSWER];
};

/* An answer without its Date line, which alone may differ. Borrowed until the stream is used again. */
struct answer {
    int status;        /* 0: the connection was closed, or nothing came, before an answer was whole */
    bool is_cut_short; /* some of it came */
    char *bytes;       /* head and body */
    size_t length;
};

bool stream_open(struct stream *stream, uint16_t port);
void stream_close(struct stream *stream);
/* Closes at once: the other side sees a reset. */
void stream_abort(struct stream *stream);
bool stream_send(const struct stream *stream, const char *bytes, size_t length);

/* The next answer; has_body false: to a HEAD. */
struct answer stream_read(struct stream *stream, bool has_body);
/* Whether at least so many bytes have come. */
bool stream_await(struct stream *stream, size_t length);

#endif
