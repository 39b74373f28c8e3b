/* Downloading one file: on from where it broke, whole or not at all. */
#ifndef MODEL_FETCH_DOWNLOAD_H
#define MODEL_FETCH_DOWNLOAD_H

#include "model/fetch/file.h"
#include "model/fetch/server.h"

/* Where a file is in the progress of all of them. */
typedef struct model_fetch_progress {
  const berg_run *run;
  uint64_t before, total; /* bytes of the files before it, and of all */
  double start;
} model_fetch_progress;

/* What came is kept beside the file's place where the run ends before it is whole: a later one goes on from there.
 * EINPUT: the server; EWRITE: the disk, or another process downloads it; EEXISTS: another file took its place
 * meanwhile, and not `force`; ECANCELLED. */
berg_status model_fetch_download(model_fetch_file *file, model_fetch_server *server,
                                 const model_fetch_progress *progress, bool force, berg_error *error);

#endif
