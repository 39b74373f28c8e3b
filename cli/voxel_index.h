/* --voxel-index FILE: one 0 or 1 a voxel, from a .npy or from text. */
#ifndef CLI_VOXEL_INDEX_H
#define CLI_VOXEL_INDEX_H

#include <stdint.h>

#include "options.h"

/* Reads the marks into a new array (free). The file is a one-dimensional .npy of booleans or whole numbers, or text: 0s
 * and 1s with white space between them. Whether their number fits the subject, the library checks. CLI_GO_ON, or the
 * exit status of the failure printed: 3 for a file that cannot be read, 2 for marks other than 0 and 1. */
int cli_read_voxel_index(const char *path, uint8_t **marks, size_t *length);

#endif
