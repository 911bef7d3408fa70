/* The journal: a list of chunks, so that appending never moves an entry. */
#include "ssrstore/journal.h"

#include <string.h>

const char *ssr_base_name(const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash ? slash + 1 : file;
}

struct ssr_journal_entry *ssr_journal_append(struct ssr_journal *journal, struct ssr_region *region)
{
    if (!journal->last || journal->last->count == SSR_JOURNAL_CHUNK) {
        struct ssr_journal_chunk *chunk = ssr_region_take(region, sizeof *chunk);
        if (!chunk)
            return NULL;
        chunk->next = NULL;
        chunk->count = 0;
        if (journal->last)
            journal->last->next = chunk;
        else
            journal->first = chunk;
        journal->last = chunk;
    }
    struct ssr_journal_entry *entry = &journal->last->entries[journal->last->count++];
    memset(entry, 0, sizeof *entry);
    return entry;
}
