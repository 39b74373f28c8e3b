/* The features of images on disk, written image after image as the network gives them, read panel after panel
 * (store_read.h).
 *
 * A panel is up to five tokens of one block, of all images of the file: [rows][width] float32 at panel * rows * width *
 * 4, so that the columns of a panel are consecutive features (layer, token, channel) and the panel itself one piece of
 * the file. Behind the last panel stand checksums, one for each row of each panel, which are compared when it is read.
 * A journal beside it says which rows are safe, by their numbers among all images. */
#ifndef TRAIN_STORE_H
#define TRAIN_STORE_H

#include "io/file/ranges.h"
#include "model/encode/batch.h"

#define STORE_TOKENS 5 /* of one panel */

/* A file of the rows [first, end) of all, and what it says of itself. */
typedef struct train_store_file {
  const char *path, *journal;
  const char *fingerprint;
  uint64_t run; /* of the fingerprint: part of every checksum, so that rows of another run are found out */
  size_t first, end, tokens;
} train_store_file;

typedef struct train_store train_store;

/* What a file of `rows` images with the first `tokens` tokens of each block takes. */
size_t train_store_width(size_t tokens);
uint64_t train_store_bytes(size_t rows, size_t tokens);

/* Creates the file with all of its bytes reserved on the disk, or goes on with what an earlier run left there. EEXISTS:
 * it is another run's; ELIMIT: the disk is too small; EWRITE. What `file` points at is copied. */
berg_status train_store_open(train_store **store, const train_store_file *file, berg_error *error);
/* Waits until what was written is safe, and closes. NULL is fine. */
/* `error`: of a failure before, which is told of what stays of a store without an image; NULL: nobody is. */
void train_store_close(train_store *store, berg_error *error);

/* The block of a model_sink, with the store as its user: writes the rows of the images, whose numbers follow one
 * another. */
void train_store_take_block(void *store, base_team *team, const model_part *part, size_t layer, const float *tokens);
/* Rows [first, end) have been taken: they become safe in the background. EWRITE of this or an earlier batch; EARGUMENT:
 * rows in more than IO_JOURNAL_RANGES places apart. */
berg_status train_store_taken(train_store *store, size_t first, size_t end, berg_error *error);
/* Waits until all that were taken are safe. EWRITE. */
berg_status train_store_settle(train_store *store, berg_error *error);
/* The rows that are safe. */
const io_ranges *train_store_safe(const train_store *store);

/* The rows that are safe in a file of that size, by its journal: none where either is missing, does not fit or is
 * another run's, and then, unless both are missing, `why` (may be NULL) says it in a line. ELIMIT;
 * EWRITE: the system does not give them. */
berg_status train_store_find(const train_store_file *file, io_ranges *safe, berg_error *why, berg_error *error);

#endif
