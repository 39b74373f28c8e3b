/* sub-0N_VoxelMetadata.csv, and the metadata that go with prepared responses. */
#ifndef TRAIN_VOXELS_H
#define TRAIN_VOXELS_H

#include "train/prepare/trials.h"

/* Reads the columns that metadata are made of; those of ROIs may be missing. `expected` is how many voxels the
 * responses have. EINPUT. */
berg_status train_voxels_read(io_csv **voxels, const char *path, size_t expected, berg_error *error);

/* Writes upstream's pickled dict to `path`, whatever is there: fmri, encoding_model, prf and roi, in the keys, order
 * and types of docs/file-formats.md. EWRITE. */
berg_status train_metadata_write(const char *path, const io_csv *voxels, const train_trials *trials, int subject,
                                 berg_error *error);

/* The most bytes that these two hold for each voxel. */
#define TRAIN_VOXEL_BYTES 512

#endif
