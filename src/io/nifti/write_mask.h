/* A brain mask as NIfTI-1. */
#ifndef IO_WRITE_MASK_H
#define IO_WRITE_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* `mask` [x][y][z] of 0 and 1, z fastest: the order in which its voxels are numbered. Sides of at most 32767;
 * `millimetres` is a voxel's side. Compressed where `path` ends in .gz. */
berg_status io_write_mask(const char *path, const uint8_t *mask, const size_t shape[3], float millimetres, bool force,
                          berg_error *error);

#endif
