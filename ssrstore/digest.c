/* XXH3-128 (xxHash 0.8). The one file that includes xxHash. */
#include "ssrstore/digest.h"

#include <xxhash.h>

ssr_digest ssr_digest_of(const char *bytes, size_t length, uint64_t seed)
{
    XXH128_hash_t hash = XXH3_128bits_withSeed(bytes, length, seed);
    return (ssr_digest){hash.high64, hash.low64};
}
