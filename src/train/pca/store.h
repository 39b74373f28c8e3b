/* The features of all images on disk, written image after image as the network gives them, read panel after panel.
 *
 * A panel is up to five tokens of one block, of all images: [rows][width] float32 at panel * rows * width * 4, so that
 * the columns of a panel are consecutive features (layer, token, channel) and the panel itself one piece of the file.
 * Behind the last panel stand checksums, one for each row of each panel, which are compared when it is read. A journal
 * beside it says which rows are safe. */
#ifndef TRAIN_STORE_H
#define TRAIN_STORE_H

#include "io/file/ranges.h"
#include "model/encode/batch.h"
#include "train/pca/panels.h"

#define STORE_TOKENS 5 /* of one panel */

typedef struct train_store train_store;

/* What a store of `rows` images with the first `tokens` tokens of each block takes. */
size_t train_store_width(size_t tokens);
uint64_t train_store_bytes(size_t rows, size_t tokens);

/* Creates `path` with all of its bytes reserved on the disk, or goes on with what an earlier run left there; `*done`
 * rows are safe. EEXISTS: it is another run's; ELIMIT: the disk is too small; EWRITE. */
berg_status train_store_open(train_store **store, const char *path, const char *journal, const char *fingerprint,
                             size_t rows, size_t tokens, io_ranges *done, berg_error *error);
/* Opens a store whose rows are all safe, to read panels. EINPUT: it is missing, damaged, or lacks rows. */
berg_status train_store_open_whole(train_store **store, const char *path, const char *journal, const char *fingerprint,
                                   size_t rows, size_t tokens, berg_error *error);
/* Waits until what was written is safe, and closes. NULL is fine. */
/* `error`: of a failure before, which is told of what stays of a store without an image; NULL: nobody is. */
void train_store_close(train_store *store, berg_error *error);

/* The block of a model_sink, with the store as its user: writes the rows of the images, whose numbers follow one
 * another. */
void train_store_take_block(void *store, base_team *team, const model_part *part, size_t layer, const float *tokens);
/* Rows [first, end) have been taken: they become safe in the background. EWRITE of this or an earlier batch; EARGUMENT:
 * rows in more than IO_RANGES places apart. */
berg_status train_store_taken(train_store *store, size_t first, size_t end, berg_error *error);
/* Waits until all that were taken are safe. EWRITE. */
berg_status train_store_settle(train_store *store, berg_error *error);

/* Rows [rows[0], rows[1], ...] of a store, ascending, as a matrix; all is borrowed. */
typedef struct train_store_view {
  train_store *store;
  const size_t *rows;
  size_t count;
} train_store_view;

/* Reading fails with EINPUT where a row is not what was written: it is then no longer safe in the journal. */
train_panels train_store_panels(train_store_view *view);

#endif
