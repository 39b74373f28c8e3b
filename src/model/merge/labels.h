/* What an .h5 of responses tells of its rows and columns, read back so that another can be written that tells the
 * same. */
#ifndef MODEL_MERGE_LABELS_H
#define MODEL_MERGE_LABELS_H

#include "model/merge/write.h"

typedef struct model_merge_texts {
  char **list;
  size_t count;
} model_merge_texts;

typedef struct model_merge_labels {
  io_labels io;
  io_axis axes[IO_ROW_DIMS_MAX];
  size_t shape[IO_ROW_DIMS_MAX];
  model_merge_texts names[IO_ROW_DIMS_MAX], groups, rows, provenance; /* of axes; of ROIs; of images */
  double *numbers[IO_ROW_DIMS_MAX];
  size_t *indices[IO_ROW_DIMS_MAX];
  int64_t *coordinates[IO_ROW_DIMS_MAX];
  io_axis_group *rois;
  int64_t **positions; /* [groups.count] */
  char (*hashes)[BASE_SHA256_TEXT];
  io_attribute attributes[3];
  cJSON *tree;           /* the sidecar of the first part, */
  model_shard_file file; /* and its Shard, which hold texts */
} model_merge_labels;

/* Columns from the first part, images from all. EINPUT, ELIMIT. model_merge_labels_release, of a failure's too. */
berg_status model_merge_labels_read(model_merge_labels *labels, const model_merge_task *task, berg_error *error);
void model_merge_labels_release(model_merge_labels *labels);

#endif
