/*
 * Snapshots: immutable states in counted slots, taken without a lock and without a loop.
 *
 * A count is split in two. Who takes a snapshot adds one to `word`, which names the current slot in the same 64 bits,
 * so that one atomic addition both learns the slot and holds it. Who gives it back subtracts one from the slot's own
 * `count`. The writer exchanges the word and adds what the old one had counted to the old slot's count. In layout:
 *
 *     word     takers of the current slot << 24 | offset in the chunk << 5 | chunk
 *     count    (takers that were moved here - givers) << 24 | 1 while the slot is current
 *
 * What always holds:
 *   - A slot is named by the word exactly while its lowest bit of `count` is set.
 *   - takers + givers + count, as above, is the number of holders; it is zero only when the slot is not current and
 *     nobody holds it, and becomes so once: whoever makes it so frees the value and puts the slot onto `freed`.
 *   - Both counters are modulo 2^40 (what overflows leaves the word at its top), which is right as long as fewer than
 *     2^40 holders exist at once; there is no limit to how often a snapshot is taken.
 *   - Slots never move and live as long as the store, so a slot may be looked at whatever becomes of it; a slot that
 *     somebody holds keeps no other from being used again.
 *   - A chunk is in place before the word first names a slot of it.
 *   - Only the writer takes from `freed`, and all at once, so the list cannot change under its hands (no ABA).
 *
 * Orders: the exchange releases the new state to those whose addition acquires it, also through additions of others in
 * between (RMW operations continue a release sequence). Each subtraction releases what its holder has read to the one
 * that ends at zero and acquires it. The writer's addition orders nothing: it holds the slot itself then, so that none
 * of this is the last of it, and gives it back like everybody.
 */
#include "ssrstore/shared_internal.h"

#define CHUNK_BITS 5
#define PLACE_BITS 24
#define ONE_HOLDER (UINT64_C(1) << PLACE_BITS)
#define PLACE_MASK (ONE_HOLDER - 1)
#define IS_CURRENT UINT64_C(1)

static size_t chunk_slots(unsigned chunk)
{
    return (size_t)SSR_SNAPSHOTS_FIRST << chunk;
}

static struct ssr_snapshot *slot_of(const struct ssr_snapshots *snapshots, uint64_t word)
{
    uint64_t place = word & PLACE_MASK;
    return &snapshots->chunks[place & ((1 << CHUNK_BITS) - 1)][place >> CHUNK_BITS];
}

/* ---- Holders ---------------------------------------------------------------------------------------------------- */

struct ssr_snapshot *ssr_snapshots_take(struct ssr_snapshots *snapshots)
{
    return slot_of(snapshots, atomic_fetch_add_explicit(&snapshots->word, ONE_HOLDER, memory_order_acquire));
}

/* Nobody has the slot any more. A push meets other pushes only, and each try that fails is another's success. */
static void free_slot(struct ssr_snapshot *slot)
{
    struct ssr_snapshots *home = slot->home;
    ssr_value_free(slot->value);
    slot->value = NULL;
    slot->next_free = atomic_load_explicit(&home->freed, memory_order_relaxed);
    bool is_pushed;
    do
        is_pushed = atomic_compare_exchange_weak_explicit(&home->freed, &slot->next_free, slot, memory_order_release,
                                                          memory_order_relaxed);
    while (!is_pushed); /* GCOVR_EXCL_BR_LINE: goes round when another thread has pushed in between */
}

void ssr_snapshot_free(struct ssr_snapshot *snapshot)
{
    if (snapshot && atomic_fetch_sub_explicit(&snapshot->count, ONE_HOLDER, memory_order_acq_rel) == ONE_HOLDER)
        free_slot(snapshot);
}

ssr_json ssr_snapshot_json(const struct ssr_snapshot *snapshot)
{
    return ssr_value_json(snapshot ? snapshot->value : NULL);
}

const char *ssr_snapshot_text(const struct ssr_snapshot *snapshot, size_t *length)
{
    if (length)
        *length = snapshot ? snapshot->value->length : 0;
    return snapshot ? snapshot->value->text : "";
}

/* ---- The writer ------------------------------------------------------------------------------------------------- */

const struct ssr_value *ssr_snapshots_latest(const struct ssr_snapshots *snapshots)
{
    return slot_of(snapshots, atomic_load_explicit(&snapshots->word, memory_order_relaxed))->value;
}

static ssr_status add_chunk(struct ssr_snapshots *snapshots)
{
    unsigned chunk = snapshots->chunk_count;
    if (chunk == SSR_SNAPSHOT_CHUNKS)
        return SSR_E_LIMIT;
    size_t slots = chunk_slots(chunk);
    const ssr_allocator *allocator = &snapshots->allocator;
    struct ssr_snapshot *added = allocator->resize(allocator->arg, NULL, 0, slots * sizeof *added);
    if (!added)
        return SSR_E_NOMEM;
    for (size_t i = slots; i-- > 0;) {
        atomic_init(&added[i].count, 0);
        added[i].value = NULL;
        added[i].home = snapshots;
        added[i].place = (uint32_t)(i << CHUNK_BITS | chunk);
        added[i].next_free = snapshots->spare;
        snapshots->spare = &added[i];
    }
    snapshots->chunks[chunk] = added;
    snapshots->chunk_count++;
    return SSR_OK;
}

ssr_status ssr_snapshots_reserve(struct ssr_snapshots *snapshots)
{
    if (!snapshots->spare)
        snapshots->spare = atomic_exchange_explicit(&snapshots->freed, NULL, memory_order_acquire);
    return snapshots->spare ? SSR_OK : add_chunk(snapshots);
}

/* Takes the spare slot for a value that will be current, held by the caller. Answers the word for it. */
static uint64_t fill_slot(struct ssr_snapshots *snapshots, struct ssr_value *value)
{
    struct ssr_snapshot *slot = snapshots->spare;
    snapshots->spare = slot->next_free;
    slot->value = value;
    atomic_store_explicit(&slot->count, IS_CURRENT, memory_order_relaxed); /* the word's exchange publishes it */
    return ONE_HOLDER | slot->place;
}

struct ssr_snapshot *ssr_snapshots_publish(struct ssr_snapshots *snapshots, struct ssr_value *value,
                                           struct ssr_snapshot **previous)
{
    uint64_t word = fill_slot(snapshots, value);
    uint64_t replaced = atomic_exchange_explicit(&snapshots->word, word, memory_order_acq_rel);
    uint64_t takers = replaced & ~PLACE_MASK;
    *previous = slot_of(snapshots, replaced);
    atomic_fetch_add_explicit(&(*previous)->count, takers + ONE_HOLDER - IS_CURRENT, memory_order_relaxed);
    return slot_of(snapshots, word);
}

/* ---- Life ------------------------------------------------------------------------------------------------------- */

ssr_status ssr_snapshots_init(struct ssr_snapshots *snapshots, const ssr_allocator *allocator, struct ssr_value *first)
{
    memset(snapshots, 0, sizeof *snapshots);
    snapshots->allocator = *allocator;
    atomic_init(&snapshots->freed, NULL);
    ssr_status status = add_chunk(snapshots);
    if (status == SSR_OK)
        atomic_init(&snapshots->word, fill_slot(snapshots, first) - ONE_HOLDER);
    return status;
}

void ssr_snapshots_release(struct ssr_snapshots *snapshots)
{
    const ssr_allocator *allocator = &snapshots->allocator;
    for (unsigned chunk = 0; chunk < snapshots->chunk_count; chunk++) {
        struct ssr_snapshot *slots = snapshots->chunks[chunk];
        for (size_t i = 0; i < chunk_slots(chunk); i++)
            ssr_value_free(slots[i].value);
        allocator->resize(allocator->arg, slots, chunk_slots(chunk) * sizeof *slots, 0);
    }
}
