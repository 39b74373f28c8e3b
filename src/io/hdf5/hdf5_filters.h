/* The filters that HDF5 chunks go through, undone: a chunk that has not the size that it should have is refused. */
#ifndef IO_HDF5_FILTERS_H
#define IO_HDF5_FILTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IO_FILTERS_MAX 8

/* HDF5's registered numbers. */
typedef enum io_filter_kind {
  IO_FILTER_DEFLATE = 1,
  IO_FILTER_SHUFFLE = 2,
  IO_FILTER_FLETCHER32 = 3,
  IO_FILTER_LZF = 32000
} io_filter_kind;

typedef struct io_filters {
  size_t count;
  io_filter_kind kinds[IO_FILTERS_MAX]; /* in the order of writing */
  size_t itemsize;                      /* of an element, for shuffle */
} io_filters;

bool io_filters_knows(int number);
/* What two buffers must hold for a chunk of `bytes`. */
size_t io_filters_room(size_t bytes);

/* Undoes the filters but those whose bit is set in `mask`. `*chunk` holds `size` bytes of at most
 * io_filters_room(bytes), as `*scratch` may; the result is in `*chunk` (the two may be exchanged). NULL when
 * it has exactly `bytes` bytes, else what is wrong: io_filters_no_memory, or with the chunk. */
extern const char io_filters_no_memory[];
const char *io_filters_undo(const io_filters *filters, unsigned mask, uint8_t **chunk, size_t size, uint8_t **scratch,
                            size_t bytes);

#endif
