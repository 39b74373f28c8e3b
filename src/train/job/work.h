/* The folder of what is kept between the stages of a training run: the only place that knows its names. Files of other
 * names in it are nobody's business here. docs/file-formats.md lists them. */
#ifndef TRAIN_WORK_H
#define TRAIN_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct train_work {
  char *folder;
  int lock; /* descriptor */
} train_work;

/* Makes the folder where it is missing and keeps other runs out of it. EEXISTS: one is in it; EWRITE. */
berg_status train_work_open(train_work *work, const char *folder, berg_error *error);
/* Lets other runs in; a folder in which nothing is left goes. */
void train_work_close(train_work *work);

/* Files of an earlier run in `folder`, which may be missing, and the bytes that they take on disk (may be NULL). */
berg_status train_work_leftovers(const char *folder, size_t *count, uint64_t *bytes, berg_error *error);
/* Removes them; the mark of a finished run goes last, so that a clearing that is interrupted is taken up again. EWRITE. */
berg_status train_work_clear(const train_work *work, berg_error *error);

/* Paths, base_free; NULL with ELIMIT. `hash` is the fingerprint of what the file holds: a file of another run has
 * another name. */
char *train_work_features(const train_work *work, berg_error *error);
char *train_work_features_journal(const train_work *work, berg_error *error);
char *train_work_gram(const train_work *work, uint64_t hash, berg_error *error);
char *train_work_pca(const train_work *work, uint64_t hash, berg_error *error);
char *train_work_regression(const train_work *work, int subject, uint64_t hash, berg_error *error);

/* Marks, empty files: that this run may have put weights in place; that it has nothing left to do. */
char *train_work_begun(const train_work *work, int subject, uint64_t hash, berg_error *error);
char *train_work_finished(const train_work *work, uint64_t hash, berg_error *error);
berg_status train_work_mark(const char *path, berg_error *error);

#endif
