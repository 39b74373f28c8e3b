/* Rows of responses on their way to files: a thread writes them while the next ones are computed. Two buffers go
 * round, so that the files may be behind by what both hold, and no more. */
#ifndef MODEL_WRITER_H
#define MODEL_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct model_writer model_writer;

/* Writes `count` rows to what they were handed for: of one `user` in the order in which they were handed, one after
 * another. */
typedef berg_status (*model_write_rows)(void *user, const float *rows, size_t count, berg_error *error);

/* Buffers of `floats` each. Where no thread can be made, rows are written as they are handed. `caller_writes`: a
 * caller who would wait for a buffer, or for the end, writes one itself meanwhile if it is for another user than the
 * one that the thread writes for. ELIMIT. */
berg_status model_writer_open(model_writer **writer, model_write_rows write, size_t floats, bool caller_writes,
                              berg_error *error);
/* The buffer to fill next, once what was in it is written. Fails with what failed since. */
berg_status model_writer_buffer(model_writer *writer, float **rows, berg_error *error);
/* `count` rows of that buffer are to be written to `user`. */
void model_writer_hand(model_writer *writer, void *user, size_t count);
/* Waits until all is written; fails with the first thing that failed, after which nothing was written. NULL is fine. */
berg_status model_writer_close(model_writer *writer, berg_error *error);

#endif
