/* sub-0N_ResponseData.h5 as pandas writes a frame of voxels by trials ("fixed" format): columns of the same type form a
 * block, /ResponseData/block0_values and so on; the block of floats holds the responses. */
#ifndef TRAIN_BETAS_H
#define TRAIN_BETAS_H

#include "io/hdf5/hdf5.h"

/* Opens the block of floats with the most columns: (voxels, trials), float32 or float64. EINPUT: not there (what is, is
 * named), none of floats, empty. */
berg_status train_betas_open(io_hdf5 **betas, const char *path, berg_error *error);

#endif
