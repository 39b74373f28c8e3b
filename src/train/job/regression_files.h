/* The files of the stage "regression": one of all of a subject's targets, and one of each range of targets that a
 * process did beside others. */
#ifndef TRAIN_REGRESSION_FILES_H
#define TRAIN_REGRESSION_FILES_H

#include <cjson/cJSON.h>

#include "io/rows/rows.h"
#include "train/job/stage.h"

typedef struct train_target_file {
  io_range range; /* line 0 is target `range.first` */
  char *path;     /* as it is called when it is complete */
  bool is_partial;
  io_ranges targets; /* that are safe in it */
} train_target_file;

typedef struct train_target_files {
  train_target_file *list;
  size_t count;
} train_target_files;

/* Those of the subject in the folder, but for the one of all targets where it is complete. What counts as missing,
 * though it is there, is told to `faults`, which may be NULL. ELIMIT. */
berg_status train_target_files_find(train_target_files *files, const train_plan *plan, size_t subject,
                                    const char *folder, cJSON *faults, berg_error *error);
void train_target_files_release(train_target_files *files);
/* As train_stage_kind has them. */
berg_status train_targets_done(const train_plan *plan, size_t subject, io_ranges *targets, bool *is_whole,
                               berg_error *error);
berg_status train_targets_check(const train_plan *plan, size_t subject, cJSON *faults, berg_error *error);

/* A file of that range in the folder; `is_alone`: where the range is all, under the name of a run by itself. NULL:
 * ELIMIT. */
char *train_target_path(const train_plan *plan, size_t subject, const char *folder, io_range range, bool is_alone,
                        berg_error *error);
/* Goes on with it, or starts it anew. A complete file of that name is replaced: it is damaged, or this would not be
 * done again. */
berg_status train_target_open(io_rows **rows, const train_plan *plan, size_t subject, const char *path, io_range range,
                              bool goes_on, berg_error *error);

/* Makes the file of all targets out of what there is. EINPUT: a line is missing. */
berg_status train_targets_join(const train_plan *plan, size_t subject, berg_error *error);
/* Removes the others. EWRITE. */
berg_status train_targets_tidy(const train_plan *plan, size_t subject, berg_error *error);

#endif
