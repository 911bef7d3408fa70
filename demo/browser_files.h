/* demo/browser_files.h - the scripts that make pages alive, and how files are answered with. */
#ifndef DEMO_BROWSER_FILES_H
#define DEMO_BROWSER_FILES_H

#include <stdbool.h>

#include "demo/embedded.h"

#define JAVASCRIPT "text/javascript; charset=utf-8"

struct file {
    const char *path, *content_type;
    const struct embedded *content;
};

/* The client's modules below /client and the site's own below /browser. CMakeLists.txt makes the definition. */
extern const struct file browser_scripts[];
extern const size_t browser_script_count;

/* What was not built into the program: the bundle of the island. Zeroed: there is none. */
struct browser_files {
    struct embedded island;
    struct file island_file; /* borrows island */
};

/* Reads the bundle; path NULL: none. False: one line on standard error says why. browser_files_close either way. */
bool browser_files_open(struct browser_files *files, const char *path);
void browser_files_close(struct browser_files *files);

/* The file of that path, borrowed from `files` or the program; NULL: there is none. */
const struct file *browser_files_find(const struct browser_files *files, const char *path);

#endif
