/* Figures of a comparison by ROI: which columns are whose voxels, from the subject's metadata. */
#ifndef REPORT_COMPARE_ROIS_H
#define REPORT_COMPARE_ROIS_H

#include "report/compare_json.h"

/* Adds "rois", a list, to `to`. EINPUT: no metadata with voxel_coords, or columns that cannot be told to be voxels of this
 * subject: neither as many as it has, nor with a voxel_index, nor a volume that holds its coordinates. */
berg_status report_json_rois(cJSON *to, const report_moments *moments, const report_rows *a, const report_rows *b,
                             const char *metadata, berg_error *error);

#endif
