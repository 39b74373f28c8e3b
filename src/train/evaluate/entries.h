/* Texts and numbers that prepared metadata have as lists or as arrays. */
#ifndef TRAIN_ENTRIES_H
#define TRAIN_ENTRIES_H

#include <stddef.h>

#include "base/error.h"

/* The texts under `key` ("test_img_info.test_img_files") of the metadata at `path`: base_free_texts. EINPUT: no list
 * and no array of texts. */
berg_status train_entry_texts(char ***texts, size_t *count, const berg_file *metadata, const char *path,
                              const char *key, berg_error *error);
/* Whole numbers from 0 on, of whatever type: base_free. EINPUT. */
berg_status train_entry_numbers(size_t **numbers, size_t *count, const berg_file *metadata, const char *path,
                                const char *key, berg_error *error);

#endif
