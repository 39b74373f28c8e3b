/* What berg_prepare writes, while it is written: three matrices and the metadata as "<path>.partial", and beside the
 * first the journal of how many voxels all three have. All get their names at the end, the metadata last. */
#ifndef TRAIN_PREPARED_H
#define TRAIN_PREPARED_H

#include <stdbool.h>

#include "io/table/csv.h"
#include "train/prepare/sessions.h"

typedef struct train_prepared train_prepared;

typedef struct train_prepared_options {
  const char *berg_dir;
  int subject;
  size_t voxels;
  const train_trials *trials;
  const io_csv *voxel_table;
  const char *fingerprint; /* of the inputs: a run of others is not gone on with */
  bool force, resume;
} train_prepared_options;

/* Starts, or goes on; `*done` is the number of voxels that are there. EEXISTS: files of before, in the way; EINPUT:
 * what an interrupted run left is damaged; ELIMIT: the disk is too small; EWRITE. */
berg_status train_prepared_open(train_prepared **files, const train_prepared_options *options, size_t *done,
                                berg_error *error);
/* Adds the block of the voxels that come next. EWRITE: those of before are safe. */
berg_status train_prepared_append(train_prepared *files, const train_block *block, berg_error *error);
/* Gives all files their names. EEXISTS, EWRITE. */
berg_status train_prepared_finish(train_prepared *files, berg_error *error);
/* Closes. Unless finished, what there is stays to be resumed; but not when there is nothing, or with `discard`. */
/* `error`: of a failure before, as io_rows_free has it. */
void train_prepared_free(train_prepared *files, bool discard, berg_error *error);

#endif
