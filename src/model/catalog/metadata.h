/* What the rest of the model needs of the metadata. */
#ifndef MODEL_METADATA_H
#define MODEL_METADATA_H

#include "model/catalog/layout.h"

/* Prepared metadata, which have the same axes; entries have the names that the file has. EINPUT: missing, damaged, of
 * axes that cannot be told. */
berg_status model_metadata_open_prepared(berg_metadata **metadata, const char *model_id, const char *path,
                                         berg_error *error);
const berg_file *model_metadata_file(const berg_metadata *metadata);

const model_layout *model_metadata_layout(const berg_metadata *metadata);

/* Units of output `output` (voxels of the subject), and times; 1 where responses have no time. */
size_t model_metadata_units(const berg_metadata *metadata, size_t output);
size_t model_metadata_times(const berg_metadata *metadata);
/* The voxels of a model that has voxels in a volume. */
size_t model_metadata_voxels(const berg_metadata *metadata);

/* Bytes that they take in memory beside their mapped file. */
size_t model_metadata_memory(const berg_metadata *metadata);

/* The texts of the array or list `key` as [*count] strings (base_free_texts); NULL and 0 where there is no such array
 * or list. EMODEL: an array or a list of something else. */
berg_status model_metadata_texts(const berg_metadata *metadata, const char *key, char ***texts, size_t *count,
                                 berg_error *error);
/* The indices in the entry `name`, which is the region that the user calls `roi`: `*list` of `*count`, each below
 * `units` (base_free). EPARAMETER: no such entry, or an empty one unless `empty_too`. */
berg_status model_metadata_indices(const berg_metadata *metadata, const char *name, const char *roi, size_t units,
                                   bool empty_too, size_t **list, size_t *count, berg_error *error);

/* The voxels of one ROI, each below the number of voxels: `*voxels` of `*count` (base_free). EPARAMETER: no such ROI,
 * or it has no voxels in this subject. */
berg_status model_roi_voxels(const berg_metadata *metadata, const char *roi, size_t **voxels, size_t *count,
                             berg_error *error);

/* The array `name` of one number a voxel as doubles [voxels], base_free. EMODEL: missing or of another shape. */
berg_status model_voxel_values(const berg_metadata *metadata, const char *name, double **values, berg_error *error);

/* Names of the ROIs, in the file's order: index 0, 1, ... until NULL. */
const char *model_roi_name(const berg_metadata *metadata, size_t index);

#endif
