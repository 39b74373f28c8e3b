/* The test set as the prepared metadata tell it: which images, and which trials showed each. */
#ifndef TRAIN_TEST_SET_H
#define TRAIN_TEST_SET_H

#include <stddef.h>

#include "model/catalog/layout.h"

typedef struct train_test_set {
  size_t images, repeats, trials; /* trials = images * repeats */
  size_t listed;                  /* trials that the metadata list, of these and of other images */
  char **names;    /* [images] "concept/stimulus", in the order of the averaged responses; NULL: `numbers` */
  char **paths;    /* [images] the same in the folder of images */
  size_t *numbers; /* [images] of images that are rows of an array, ascending; NULL: they are files */
  size_t *rows;    /* [repeats][images]: the trial that was the n-th presentation of each image */
} train_test_set;

/* The first model's, from `metadata`, the file at `path`: images are in the order of their names. EINPUT: entries
 * missing or of other types, stimuli that are not in ascending order or occur twice, trials of no such stimulus,
 * stimuli seen unequally often. */
berg_status train_test_set_read(train_test_set *set, const berg_file *metadata, const char *path, const char *images,
                                berg_error *error);
/* Images by the names that the layout's test keys give, in that order; repeats and trials are left to the responses.
 * EINPUT: also names that lead out of the folder. */
berg_status train_test_set_named(train_test_set *set, const berg_file *metadata, const char *path,
                                 const model_layout *layout, const char *images, berg_error *error);
/* Images by the numbers that each trial has, ascending, with the names of each one's first trial. EINPUT: as above, and
 * images seen unequally often. */
berg_status train_test_set_numbered(train_test_set *set, const berg_file *metadata, const char *path,
                                    const model_layout *layout, const char *images, berg_error *error);
/* Images that are rows of an array, listed in the metadata, among trials of these and other images. EINPUT. */
berg_status train_test_set_rows(train_test_set *set, const berg_file *metadata, const char *path,
                                const model_layout *layout, berg_error *error);
void train_test_set_release(train_test_set *set);

/* EINPUT when image files are missing, as many of them named as the message holds; `*missing` gets them all, as JSON
 * {"missing_images": ["concept/stimulus", ...]}, the caller's (base_free); else NULL. */
berg_status train_test_set_check_images(const train_test_set *set, const char *images, char **missing,
                                        berg_error *error);

#endif
