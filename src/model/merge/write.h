/* Writing the whole of which the parts are there. */
#ifndef MODEL_MERGE_WRITE_H
#define MODEL_MERGE_WRITE_H

#include "io/file/whole_file.h"
#include "model/merge/parts.h"

/* One output: `members` are its parts, all of them, in order. */
typedef struct model_merge_task {
  model_merge_part *const *members;
  size_t count, rows;
  const char *path;
  bool force;
  const berg_run *run;
  double start; /* of the progress */
} model_merge_task;

/* Each writes the file of that format beside its place, and renames it. EINPUT: a part changed meanwhile. */
berg_status model_merge_write_npy(const model_merge_task *task, berg_error *error);
berg_status model_merge_write_csv(const model_merge_task *task, berg_error *error);
berg_status model_merge_write_hdf5(const model_merge_task *task, berg_error *error);

/* The file of `task`, whole as `write` fills it, or not there. */
berg_status model_merge_whole(const model_merge_task *task,
                              berg_status (*write)(io_whole_file *file, const model_merge_task *task,
                                                   berg_error *error),
                              berg_error *error);
/* Between parts, and within them. ECANCELLED. */
berg_status model_merge_tell(const model_merge_task *task, size_t done, berg_error *error);
/* All of a file from byte `from` on goes behind what is written. EINPUT, EWRITE, ECANCELLED. */
berg_status model_merge_copy(io_whole_file *to, const char *path, uint64_t from, const model_merge_task *task,
                             berg_error *error);

/* The sidecar of the whole: that which one process would have written. cJSON_Delete, of a failure's too. */
berg_status model_merge_sidecar(cJSON **tree, const model_merge_task *task, berg_error *error);

#endif
