/*
 * demo/browser_files.c - what browsers run. All but one of the scripts are modules served as they stand in the sources,
 * built into the program; the island is bundled from npm packages and so comes from a file, if it comes at all.
 */
#include "demo/browser_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_BUNDLE (8 << 20)

/* The rest of the file and a NUL. NULL: it cannot be read, it is too large, or there is no memory. */
static char *read_whole(FILE *file, size_t *size)
{
    char *bytes = malloc(LARGEST_BUNDLE + 1);

    if (!bytes)
        return NULL;
    *size = fread(bytes, 1, LARGEST_BUNDLE + 1, file);
    if (ferror(file) || *size > LARGEST_BUNDLE) {
        free(bytes);
        return NULL;
    }
    bytes[*size] = '\0';
    return bytes;
}

bool browser_files_open(struct browser_files *files, const char *path)
{
    FILE *file = path ? fopen(path, "rb") : NULL;

    *files = (struct browser_files){0};
    if (!path)
        return true;
    files->island.bytes = file ? read_whole(file, &files->island.size) : NULL;
    if (file)
        fclose(file);
    files->island_file = (struct file){"/browser/island.js", JAVASCRIPT, &files->island};
    if (!files->island.bytes)
        fprintf(stderr, "ssrdemo: cannot read the island '%s': make it with node demo/browser/bundle.mjs FILE\n", path);
    return files->island.bytes;
}

void browser_files_close(struct browser_files *files)
{
    free((char *)files->island.bytes);
    *files = (struct browser_files){0};
}

const struct file *browser_files_find(const struct browser_files *files, const char *path)
{
    if (files->island.bytes && strcmp(files->island_file.path, path) == 0)
        return &files->island_file;
    for (size_t i = 0; i < browser_script_count; i++) {
        if (strcmp(browser_scripts[i].path, path) == 0)
            return &browser_scripts[i];
    }
    return NULL;
}
