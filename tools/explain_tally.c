/*
 * Counts by name and spreads of numbers. A tally keeps the first 1,024 names and counts everything after them as
 * others, so that a log with a new route in each line costs no more memory than any other.
 */
#include "tools/explain_tally.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = TALLY_ROWS * 2, STEPS = 16 };

/* ---- Spreads ---------------------------------------------------------------------------------------------------- */

static unsigned highest_bit(uint64_t number)
{
    unsigned bit = 0;
    while (number >>= 1)
        bit++;
    return bit;
}

static size_t time_bin(uint64_t number)
{
    if (number < STEPS)
        return (size_t)number;
    unsigned bit = highest_bit(number);
    return (size_t)STEPS * (bit - 3) + (size_t)(number >> (bit - 4) & (STEPS - 1));
}

/* The middle of what a bin holds. */
static uint64_t bin_number(const struct spread *spread, size_t bin)
{
    if (!spread->is_time || bin < STEPS)
        return bin;
    unsigned shift = (unsigned)(bin / STEPS) - 1;
    uint64_t start = (uint64_t)(STEPS + bin % STEPS) << shift;
    uint64_t middle = start + (((uint64_t)1 << shift) - 1) / 2;
    return middle < spread->smallest ? spread->smallest : middle > spread->largest ? spread->largest : middle;
}

void spread_add(struct spread *spread, uint64_t number)
{
    size_t bin = spread->is_time ? time_bin(number) : number < SPREAD_BINS ? (size_t)number : SPREAD_BINS - 1;
    spread->bins[bin]++;
    spread->largest = number > spread->largest ? number : spread->largest;
    spread->smallest = spread->count == 0 || number < spread->smallest ? number : spread->smallest;
    spread->count++;
}

uint64_t spread_percentile(const struct spread *spread, unsigned percent)
{
    uint64_t wanted = (spread->count * percent + 99) / 100, seen = 0;
    for (size_t bin = 0; bin < SPREAD_BINS && spread->count > 0; bin++) {
        seen += spread->bins[bin];
        if (seen >= wanted)
            return bin_number(spread, bin);
    }
    return 0;
}

/* ---- Names ------------------------------------------------------------------------------------------------------ */

bool tally_init(struct tally *tally)
{
    *tally =
        (struct tally){.rows = calloc(TALLY_ROWS, sizeof *tally->rows), .slots = calloc(SLOTS, sizeof *tally->slots)};
    return tally->rows && tally->slots;
}

void tally_release(struct tally *tally)
{
    for (size_t i = 0; i < tally->count; i++) {
        struct tally_row *row = &tally->rows[i];
        free(row->key);
        free(row->example_id);
        free(row->note);
        free(row->passes);
        free(row->time);
    }
    free(tally->rows);
    free(tally->slots);
}

char *tally_keep(struct tally *tally, const char *text, size_t length)
{
    if (!text || length > TALLY_KEY)
        return NULL;
    char *copy = malloc(length + 1);
    if (!copy) {
        tally->has_failed = true;
        return NULL;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

/* FNV-1a. */
static size_t first_slot(const char *key, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)key[i]) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 32) % SLOTS;
}

/* The row of the key, a new one if need be; NULL when there can be none. */
static struct tally_row *find_row(struct tally *tally, const char *key, size_t length, uint64_t line)
{
    size_t slot = first_slot(key, length);
    for (; tally->slots[slot] > 0; slot = (slot + 1) % SLOTS) {
        struct tally_row *row = &tally->rows[tally->slots[slot] - 1];
        if (row->key_length == length && memcmp(row->key, key, length) == 0)
            return row;
    }
    char *copy = tally->count < TALLY_ROWS ? tally_keep(tally, key, length) : NULL;
    if (!copy)
        return NULL;
    struct tally_row *row = &tally->rows[tally->count++];
    row->key = copy;
    row->key_length = length;
    row->example_line = line;
    tally->slots[slot] = (uint16_t)tally->count;
    return row;
}

struct tally_row *tally_count(struct tally *tally, const char *key, size_t length, uint64_t line)
{
    struct tally_row *row = find_row(tally, key, length, line);
    if (!row) {
        tally->others++;
        return NULL;
    }
    row->times++;
    row->renders += row->last_line != line;
    row->last_line = line;
    return row;
}
