/* Numbers in the byte order of FreeSurfer's and Neuromag's files, the most significant byte first. */
#ifndef IO_BIG_ENDIAN_H
#define IO_BIG_ENDIAN_H

#include <stddef.h>
#include <stdint.h>

/* The `size` (1 to 4) low bytes of `number`. */
void io_big_endian(uint8_t *at, uint32_t number, size_t size);
/* `values` [count] at `at` [count][4]. */
void io_big_endian_floats(uint8_t *at, const float *values, size_t count);

#endif
