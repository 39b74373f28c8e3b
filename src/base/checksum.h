/* A checksum at the speed of memory: finds damage, and whether two files are the same; not cryptographic. */
#ifndef BASE_CHECKSUM_H
#define BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#define BASE_CHECKSUM_TEXT 33 /* 32 hexadecimal digits and the terminating zero */

/* The same for any number of threads. */
void base_checksum(const void *bytes, size_t size, int threads, char text[BASE_CHECKSUM_TEXT]);

/* Of a few kilobytes, as a number. */
uint64_t base_checksum_short(const void *bytes, size_t size);

#define BASE_RUNNING_BLOCK ((size_t)16 << 10)

/* Of bytes that come in pieces: the same however they are cut. */
typedef struct base_running {
  uint8_t block[BASE_RUNNING_BLOCK];
  size_t used;
  uint64_t sum;
} base_running;

void base_running_start(base_running *running);
void base_running_add(base_running *running, const void *bytes, size_t size);
uint64_t base_running_end(base_running *running);

#endif
