/* What the rows and columns of an encode are, and what they were made from: labels for the formats, JSON for the
 * sidecar. */
#ifndef MODEL_ENCODE_LABELS_H
#define MODEL_ENCODE_LABELS_H

#include "io/nifti/nifti.h"
#include "io/rows/rows.h"
#include "io/surface/surface.h"
#include "model/encode/model.h"
#include "model/output/provenance.h"

/* The columns of one output of a subject; `io` points into the rest, and into model and options. */
typedef struct model_labels {
  io_labels io;
  size_t output;                        /* among the subject's */
  io_axis axes[IO_ROW_DIMS_MAX], *unit; /* which of them is of voxels, channels, ... */
  char **trials;                        /* names, where a row is of several */
  size_t trial_count;
  io_attribute attributes[3];
  int64_t *coordinates; /* [columns][3] of voxels; NULL with mean_roi */
  io_nifti_space space;
  io_surface surface;
  io_axis_group *rois; /* after model_labels_add_rois */
  int64_t *roi_columns;
} model_labels;

/* Labels for an output at `path`; where that is a volume, with the options' space. EMODEL, EINPUT, EARGUMENT: it
 * does not fit. */
berg_status model_labels_make(model_labels *labels, const berg_model *model, size_t subject_index, size_t output_index,
                              const char *path, const berg_output_options *options, berg_error *error);
/* The ROIs of the metadata, each with its columns. Entries that are no voxel indices are passed over. */
berg_status model_labels_add_rois(model_labels *labels, const berg_model *model, const model_subject *subject,
                                  berg_error *error);
void model_labels_release(model_labels *labels);

/* Names and hashes of the images that have a row, in order. */
typedef struct model_row_names {
  const char **names; /* [rows] or NULL: arrays have none */
  char (*hashes)[BASE_SHA256_TEXT];
  size_t rows;
} model_row_names;

berg_status model_row_names_make(model_row_names *names, const berg_stimuli *stimuli, size_t rows, berg_error *error);
/* SHA-256 of each image file; one that cannot be read any more is an error. */
berg_status model_row_names_hash(model_row_names *names, int threads, berg_error *error);
void model_row_names_release(model_row_names *names);

/* All but columns and images: what the responses of one subject were made from. cJSON_Delete, of a failure's too. */
berg_status model_encode_provenance(cJSON **tree, const berg_model *model, size_t subject_index,
                                    const berg_stimuli *stimuli, const berg_output_options *options, berg_error *error);
/* Adds "Columns" for the sidecar. */
void model_encode_describe_columns(cJSON *tree, const model_labels *labels, size_t columns);
/* Adds "Columns" and "Images". */
void model_encode_describe(cJSON *tree, const model_labels *labels, size_t columns, const model_row_names *names,
                           const berg_stimuli *stimuli);

#endif
