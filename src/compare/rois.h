/* Figures of a comparison by ROI: which columns are whose voxels, from the subject's metadata. */
#ifndef COMPARE_ROIS_H
#define COMPARE_ROIS_H

#include "compare/json.h"

/* Adds "rois", a list, to `to`. EINPUT: no metadata with voxel_coords, or columns that cannot be told to be voxels of
 * this subject: neither as many as it has, nor with a voxel_index, nor a volume that holds its coordinates. */
berg_status compare_json_rois(cJSON *to, const compare_moments *moments, const compare_rows *a, const compare_rows *b,
                              const char *metadata, berg_error *error);

#endif
