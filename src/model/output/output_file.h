/* One file of an encode: the rows of one output of one subject. */
#ifndef MODEL_OUTPUT_FILE_H
#define MODEL_OUTPUT_FILE_H

#include "io/rows/rows.h"
#include "model/encode/model.h"
#include "model/output/encode_labels.h"
#include "model/trials/trials.h"

/* What all files of an encode share. */
typedef struct model_output_task {
  const berg_model *model;
  berg_stimuli *stimuli;
  const char *path; /* as the user named it */
  const berg_output_options *options;
  model_trials *trials; /* rows are those of each image; NULL: predictions */
  bool is_guest;        /* another process opens and finishes the files; this one writes a share of the rows */
} model_output_task;

/* Rows of columns that make a row of the files. */
static inline size_t model_output_parts(const model_output_task *task) {
  return task->trials ? task->trials->count : 1;
}

typedef struct model_output_file {
  const model_output_task *task;
  size_t subject, output;     /* their indices */
  const berg_output *columns; /* which of the model's responses */
  char *path;
  io_rows *rows;
  bool whole;    /* a shard's file that is there already, and is not opened */
  bool replaces; /* one whose bytes are not what this run had written there */
} model_output_file;

/* A hemisphere of which nothing is selected has no file beside that of the other. */
bool model_output_has_file(const model_subject *subject, size_t output);

/* Where subject `subject` and its output `output` go: before the ending of `path` come "_sub-0N" where there are
 * several subjects, and "_lh" where a subject has several outputs. base_free; NULL with ELIMIT. */
char *model_output_path(const berg_model *model, const char *path, size_t subject, size_t output, berg_error *error);

/* Whether the format can hold what will come: known before hours of encoding. */
berg_status model_output_file_check(const model_output_file *file, berg_error *error);
/* Labels of its columns; model_labels_release. */
berg_status model_output_file_labels(const model_output_file *file, model_labels *labels, berg_error *error);
/* What the rows are made from, but for columns and images; the labels get their ROIs. cJSON_Delete, of a failure's
 * too. */
berg_status model_output_file_describe(const model_output_file *file, model_labels *labels, cJSON **tree,
                                       berg_error *error);
/* Opens, or goes on with, the file; everything that decides its numbers is in its fingerprint. */
berg_status model_output_file_open(model_output_file *file, berg_error *error);
/* Of rows that several processes share: `share` is what this one gives. */
berg_status model_output_file_begin_share(model_output_file *file, const io_ranges *share, berg_error *error);
/* The file's columns of `responses` [images][parts][columns of the model], rows from number `first` on; those that the
 * file has are passed over. */
berg_status model_output_file_append(model_output_file *file, const float *responses, size_t first, size_t images,
                                     berg_error *error);
/* Writes the final file and its sidecar. A run that is killed before the end can be resumed: what this file is known by
 * stays until `clear`, for which all files of the run are to be finished. */
berg_status model_output_file_finish(model_output_file *file, model_row_names *names, berg_error *error);
berg_status model_output_file_clear(model_output_file *file, berg_error *error);
/* `error`: of a failure before, as io_rows_free has it. */
void model_output_file_close(model_output_file *file, berg_error *error);

#endif
