/* Growing a store: images are appended, and are safe on disk after each commit. What a run that was cut short had
 * written behind its last commit is cut off by the next one, so that an interruption changes no byte of the end. */
#ifndef MODEL_STORE_WRITE_H
#define MODEL_STORE_WRITE_H

#include "model/store/store.h"

typedef struct model_store_writer model_store_writer;

/* An image to be appended. */
typedef struct model_store_image {
  char *name; /* base_free */
  bool is_file;
  uint64_t bytes;                /* of the file */
  char digest[BASE_SHA256_TEXT]; /* of the pixels that the network sees */
} model_store_image;

/* Makes the store at `path`, or opens the one that is there, for what `about` says of maker and parts. EINPUT: it is
 * another's, or damaged; EEXISTS: the folder holds something else; EWRITE: another writer has it. */
berg_status model_store_begin(model_store_writer **writer, const char *path, const model_store_about *about,
                              berg_error *error);
/* The row of the image with these pixels, among those that were appended too; SIZE_MAX: none. */
size_t model_store_held(const model_store_writer *writer, const char *digest);
/* Rows of all parts: scores[p] is [count][width of part p]. EWRITE; what was committed stays. */
berg_status model_store_append(model_store_writer *writer, const model_store_image *images, size_t count,
                               const float *const *scores, berg_error *error);
/* Notes under what other name the image of row `row` was found, unless that name is known; a shard notes too after how
 * many images (SIZE_MAX: not known). */
berg_status model_store_alias(model_store_writer *writer, const char *name, size_t row, size_t after,
                              berg_error *error);
size_t model_store_images(const model_store_writer *writer);
/* All that was appended is on disk from here on. EWRITE. */
berg_status model_store_commit(model_store_writer *writer, berg_error *error);
/* Whether this is a shard of which all images were scored. */
bool model_store_is_whole(const model_store_writer *writer);
/* Says that of a shard, after its last commit. EWRITE. */
berg_status model_store_finish(model_store_writer *writer, berg_error *error);
/* Closes; what was not committed will be cut off. NULL is fine. */
void model_store_end(model_store_writer *writer);

#endif
