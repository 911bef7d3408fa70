/* The 128-bit digest of a run of bytes. Only digest.c knows which function makes it. */
#ifndef SSRSTORE_DIGEST_H
#define SSRSTORE_DIGEST_H

#include "ssrstore/value.h"

ssr_digest ssr_digest_of(const char *bytes, size_t length, uint64_t seed);

#endif
