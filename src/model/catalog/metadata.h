/* What the metadata say that the rest of the model needs. */
#ifndef MODEL_METADATA_H
#define MODEL_METADATA_H

#include "base/error.h"

/* The indices of one ROI, checked against the number of voxels: `*voxels` of `*count`, base_free. EPARAMETER: no such ROI, or
 * none of its voxels in this subject. */
berg_status model_roi_voxels(const berg_metadata *metadata, const char *roi, size_t **voxels, size_t *count,
                             berg_error *error);

/* The array `name` of one number a voxel as doubles [voxels], base_free. EMODEL: missing or of another shape. */
berg_status model_voxel_values(const berg_metadata *metadata, const char *name, double **values, berg_error *error);

/* Names of the ROIs, in the file's order: index 0, 1, ... until NULL. */
const char *model_roi_name(const berg_metadata *metadata, size_t index);

#endif
