/* HDF5 files, as berg info shows them. */
#ifndef CLI_HDF5_H
#define CLI_HDF5_H

#include <stdbool.h>

/* Prints what `path` holds. The exit status. */
int cli_hdf5_info(const char *path, bool json);

#endif
