/* XXH3-128 (xxHash 0.8), compiled in: most texts are so short that a call costs as much. The one file that includes it.
 */
#include "ssrstore/digest.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

ssr_digest ssr_digest_of(const char *bytes, size_t length, uint64_t seed)
{
    XXH128_hash_t hash = XXH3_128bits_withSeed(bytes, length, seed);
    return (ssr_digest){hash.high64, hash.low64};
}
