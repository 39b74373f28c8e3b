/* The test set as the prepared metadata tell it: which images, and which trials showed each. */
#ifndef TRAIN_TEST_SET_H
#define TRAIN_TEST_SET_H

#include <stddef.h>

#include "base/error.h"

typedef struct train_test_set {
  size_t images, repeats, trials; /* trials = images * repeats */
  char **names;                   /* [images] "concept/stimulus", by stimulus in ascending order of bytes */
  char **paths;                   /* [images] the same in the folder of images */
  size_t *rows;                   /* [repeats][images]: the trial that was the n-th presentation of each image */
} train_test_set;

/* From `metadata`, the file at `path`. EINPUT: entries missing or of other types, stimuli that are not in ascending
 * order or occur twice, trials of no such stimulus, stimuli seen unequally often. */
berg_status train_test_set_read(train_test_set *set, const berg_file *metadata, const char *path, const char *images,
                                berg_error *error);
void train_test_set_release(train_test_set *set);

/* EINPUT when image files are missing, as many of them named as the message holds; `*missing` gets them all, as JSON
 * {"missing_images": ["concept/stimulus", ...]}, the caller's (base_free); else NULL. */
berg_status train_test_set_check_images(const train_test_set *set, const char *images, char **missing,
                                        berg_error *error);

#endif
