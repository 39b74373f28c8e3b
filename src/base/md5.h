/* MD5 (RFC 1321), to hold a download against the checksum that an object store tells; finds damage, not malice. */
#ifndef BASE_MD5_H
#define BASE_MD5_H

#include <stddef.h>
#include <stdint.h>

#define BASE_MD5_TEXT 33 /* 32 hexadecimal digits and the terminating zero */

typedef struct base_md5 {
  uint32_t state[4];
  uint64_t bytes; /* so far */
  uint8_t block[64];
} base_md5;

void base_md5_start(base_md5 *hash);
void base_md5_add(base_md5 *hash, const void *bytes, size_t size);
/* The digest; `hash` must be restarted before further use. */
void base_md5_end(base_md5 *hash, char text[BASE_MD5_TEXT]);

#endif
