/* SHA-256's compression of whole blocks into the state. One of two implementations is chosen at run time; both give the
 * same bits. */
#ifndef BASE_SHA256_BLOCKS_H
#define BASE_SHA256_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

/* `count` blocks of 64 bytes. */
typedef void base_sha256_blocks(uint32_t state[8], const uint8_t *blocks, size_t count);

base_sha256_blocks base_sha256_blocks_portable;
#if defined(__x86_64__) && defined(__GNUC__)
/* Where base_machine_hashes_sha256(). */
base_sha256_blocks base_sha256_blocks_x86;
#endif
/* The constants of the 64 rounds. */
extern const uint32_t base_sha256_constants[64];

#endif
