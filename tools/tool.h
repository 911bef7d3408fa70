/* What the subcommands of the program `ssrstore` share. */
#ifndef SSR_TOOLS_TOOL_H
#define SSR_TOOLS_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { EXIT_GOOD = 0, EXIT_REFUSED = 1, EXIT_UNUSABLE = 2 };

struct command {
    const char *name;
    const char *arguments;
    const char *summary;
    int (*run)(const struct command *command, char **arguments);
};

int run_cookie(const struct command *command, char **arguments);
int run_explain(const struct command *command, char **arguments);
int run_types(const struct command *command, char **arguments);

/* One line on stderr, as printf; command NULL: of the program itself. Answers EXIT_UNUSABLE. */
int unusable(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, and how it is used. The argument is named when there is one. */
int wrong_usage(const char *command, const char *what, const char *argument);
struct text {
    char *bytes;
    size_t length, capacity;
};

/* All of a stream; `name` is for the error. The bytes are the caller's to free, whatever the answer. */
int read_all(const char *command, FILE *from, const char *name, struct text *text);
/* Any bytes as UTF-8 with a NUL behind it, in which what is none is U+FFFD. The caller's to free; NULL: no memory. */
char *make_utf8(const char *bytes, size_t length, size_t *text_length);
/* Ends a command: what did not reach stdout is an error whatever else happened. */
int end_output(const char *command, int code);
/* Answers each line of stdin, without its line feed; the worst answer is the command's. */
int each_line(const char *command, int (*answer)(const char *command, const char *line, size_t length, void *arg),
              void *arg);

#endif
