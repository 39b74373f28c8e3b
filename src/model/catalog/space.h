/* Voxel coordinates, and the space that they lie in. */
#ifndef MODEL_SPACE_H
#define MODEL_SPACE_H

#include "base/error.h"
#include "io/nifti/nifti.h"

/* The coordinates as int64 [*count][3] (base_free), and the size of the smallest volume from 0 that holds them. EMODEL:
 * not whole numbers (voxels, 3), or none at all. Negative ones pass: whoever needs a place in a grid checks them
 * (io_nifti_check). */
berg_status model_coordinates(const berg_array *array, int64_t **coordinates, size_t *count, size_t volume[3],
                              berg_error *error);
/* Those of some voxels alone, whose numbers are below the array's: [count][3]. EMODEL as above. */
berg_status model_coordinates_of(const berg_array *array, const size_t *voxels, size_t count, int64_t *coordinates,
                                 berg_error *error);

/* The grid and space of the options (NULL: unknown). The grid of `like` must hold all voxels. If `like` is a mask (two
 * values, one of them 0), it must contain all voxels or lie within them, and a mask of as many voxels must give them in
 * the metadata's order. EARGUMENT (affine), EINPUT (like is no NIfTI), EMODEL (it does not fit). */
berg_status model_space(io_nifti_space *space, const int64_t *coordinates, size_t voxels, const size_t volume[3],
                        const berg_volume_options *options, berg_error *error);

/* Sets inside[v] to 1 where the volume `path`, a grid that holds all voxels, has a number other than 0 at voxel v, NaN
 * being none. EINPUT: no NIfTI, several volumes; EMODEL: another grid, or none of the voxels is inside. */
berg_status model_mask_read(const char *path, const int64_t *coordinates, size_t voxels, uint8_t *inside,
                            berg_error *error);

/* What options->outside means for elements of `dtype`. EARGUMENT: neither nan nor 0, NaN where the type has none. */
berg_status model_outside(bool *nan_outside, berg_dtype dtype, const berg_volume_options *options, berg_error *error);

#endif
