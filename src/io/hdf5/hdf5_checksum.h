/* The checksum of HDF5's metadata, Jenkins' lookup3, which is also the hash of a link's name. */
#ifndef IO_HDF5_CHECKSUM_H
#define IO_HDF5_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IO_H5_CHECKSUM_BYTES 4

uint32_t io_h5_checksum(const uint8_t *bytes, size_t size);
/* Whether the last four of `size` bytes are the checksum of those before them. */
bool io_h5_is_whole(const uint8_t *bytes, size_t size);

#endif
