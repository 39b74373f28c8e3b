/* Lists of picture files. */
#ifndef MODEL_STIMULI_FILES_H
#define MODEL_STIMULI_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct model_files {
  char **paths;
  size_t count, capacity;
  uint64_t
      *stamps; /* [count] of each file when it was listed (io_stamp_word), 0: it was not there; NULL: names alone */
  size_t stamp_capacity;
  char **others; /* pictures of formats that are not read, in the folders */
  size_t other_count, other_capacity;
  uint64_t hash;       /* of paths, sizes and modification times */
  bool may_be_missing; /* a missing file is found when it is read, and not already when it is listed */
} model_files;

void model_files_init(model_files *files, bool may_be_missing);
void model_files_release(model_files *files);

/* EINPUT: missing, or not a regular file. */
berg_status model_files_add(model_files *files, const char *path, berg_error *error);
/* Whether file `index` is still what it was when it was listed. EINPUT. */
berg_status model_files_unchanged(const model_files *files, size_t index, berg_error *error);
/* The pictures in a folder (by ending; hidden files and sub-folders are not looked at), in byte order of
 * their names. EINPUT: there are none. */
berg_status model_files_add_folder(model_files *files, const char *path, berg_error *error);
/* A text of paths, one a line: spaces around them, blank lines and lines that begin with # are skipped;
 * relative ones are so to `folder` (NULL: the working directory). EINPUT: not text, no paths, or a path as
 * above with `name` and line. */
berg_status model_files_add_list(model_files *files, const char *text, size_t size, const char *name,
                                 const char *folder, berg_error *error);

#endif
