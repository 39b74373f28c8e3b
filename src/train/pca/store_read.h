/* Features read panel after panel, out of one file or of the parts that several processes left: each row out of a file
 * that holds it safe, none of them copied. */
#ifndef TRAIN_STORE_READ_H
#define TRAIN_STORE_READ_H

#include "train/pca/panels.h"
#include "train/pca/store.h"

typedef struct train_store_reader train_store_reader;

/* All of `rows` rows are safe in one of the files, which may overlap, and need not be complete. EINPUT: one is not.
 * What `files` points at is borrowed. */
berg_status train_store_reader_open(train_store_reader **reader, const train_store_file *files, size_t count,
                                    size_t rows, berg_error *error);
void train_store_reader_close(train_store_reader *reader);

/* Rows [rows[0], rows[1], ...] of a store, ascending, as a matrix; all is borrowed. */
typedef struct train_store_view {
  train_store_reader *reader;
  const size_t *rows;
  size_t count;
} train_store_view;

/* Reading fails with EINPUT where a row is not what was written: it is then no longer safe in the journal. */
train_panels train_store_panels(train_store_view *view);

/* Reads all safe rows of a file, and takes those that are not what was written out of its journal; `*changed` are
 * these. ELIMIT; EINPUT: it cannot be read; EWRITE: its journal cannot be written. */
berg_status train_store_check(const train_store_file *file, io_ranges *changed, berg_error *error);

#endif
