/* What both directions between voxels and volumes share. */
#ifndef VOLUME_H
#define VOLUME_H

#include "io/nifti/nifti.h"
#include "model/output/provenance.h"

/* Voxels that have values, in order. */
typedef struct volume_voxels {
  int64_t *all; /* [all_count][3] every voxel of the subject */
  size_t all_count;
  int64_t *own; /* [count][3] those with values; may be `all` itself */
  size_t count;
  size_t volume[3]; /* the smallest that holds all */
} volume_voxels;

/* `voxels` [count] are indices into `coordinates`; NULL: all. EMODEL, EARGUMENT (an index past the end). */
berg_status volume_voxels_make(volume_voxels *voxels, const berg_array *coordinates, const size_t *indices,
                               size_t count, berg_error *error);
void volume_voxels_release(volume_voxels *voxels);

/* EARGUMENT unless `path` ends in .nii or .nii.gz; EEXISTS where it exists, or its sidecar where one is asked for. */
berg_status volume_check_output(const char *path, const berg_output_options *options, berg_error *error);
/* The sidecar, where one is asked for, else NULL: written before the output, so that a full disk is found while there
 * is none, and put in its place behind it by io_whole_file_follow. */
berg_status volume_prepare_sidecar(io_whole_file **sidecar, const cJSON *tree, const char *path,
                                   const berg_output_options *options, berg_error *error);
/* The sidecar's tree (also after a failure); NULL where no sidecar is asked for. */
berg_status volume_begin_sidecar(cJSON **tree, const char *description, const berg_output_options *options,
                                 const io_nifti_space *space, berg_error *error);

#endif
