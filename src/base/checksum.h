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

#endif
