/* One array to a .npy file: what `metadata --key NAME -o FILE` writes. */
#ifndef CLI_NPY_H
#define CLI_NPY_H

#include "options.h"

/* Whole or not at all; "-" is standard output. Texts of any length become NumPy's fixed-width unicode. CLI_GO_ON when
 * done, else the exit status of the failure printed. */
int cli_write_npy(const berg_array *array, const char *path, bool force);

#endif
