/* Counter-based normal numbers: each is a function of a stream and its place alone, so that any thread can draw any of
 * them, alone or among others; the same on every machine, whatever its instruction set. */
#ifndef LA_NORMAL_H
#define LA_NORMAL_H

#include <stddef.h>
#include <stdint.h>

/* 2^33 numbers. */
typedef struct la_normal_stream {
  uint32_t key[2], counter[3];
} la_normal_stream;

/* Numbers `places` [count], each below 2^33: independent, of mean 0 and variance 1, at most 8.5 away from 0. 2 i and
 * 2 i + 1 are drawn together, so that places in order cost half of places apart. */
typedef void la_normals(const la_normal_stream *stream, const uint64_t *places, size_t count, double *numbers);

#endif
