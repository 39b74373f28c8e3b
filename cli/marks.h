/* Files that mark voxels, sensors or times: one 0 or 1 each, from a .npy or from text. */
#ifndef CLI_MARKS_H
#define CLI_MARKS_H

#include <stdint.h>

#include "options.h"

/* Reads the marks into a new array (free); `what` names them in messages. The file is a one-dimensional .npy of
 * booleans or whole numbers, or text: 0s and 1s with white space between them. Whether their number fits, the library
 * checks. CLI_GO_ON, or the exit status of what was said: 3 for a file that cannot be read, 2 for marks other
 * than 0 and 1. */
int cli_read_marks(const char *path, const char *what, uint8_t **marks, size_t *length);

#endif
