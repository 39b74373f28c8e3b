/* The images that subjects were shown in training: files <folder>/<concept>/<stimulus>, or rows of an HDF5 dataset,
 * each once, in the order of their names. A row of the store is one of them. */
#ifndef TRAIN_IMAGES_H
#define TRAIN_IMAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/catalog/layout.h"

typedef struct train_images {
  char **paths;  /* [count] folder and name, or dataset and number */
  size_t prefix; /* bytes of a path before its name */
  size_t count;
  const char **missing; /* [missing_count] of the paths: no such file */
  size_t missing_count;
  uint64_t bytes;  /* of all files */
  uint64_t hash;   /* of names, sizes and times */
  char *array;     /* "stimuli.hdf5:imgBrick", of which they are rows; NULL: files */
  size_t *numbers; /* [count] those rows */
  bool is_turned;  /* that dataset is MATLAB's, and read as it is seen there */
  bool is_square;  /* resized as VIT_SQUARE says */
} train_images;

/* The names that one subject was shown. */
typedef struct train_names {
  char *const *names;
  size_t count;
} train_names;

/* The union of `lists` of names: below `place`, where the layout says so in a folder of it, or rows of that dataset.
 * Images that are missing are no error here: they are listed. EINPUT, ESTIMULUS: no such dataset; ELIMIT. */
berg_status train_images_gather(train_images *images, const model_layout *layout, const char *place,
                                const train_names *lists, size_t list_count, berg_error *error);
/* Tells where they were turned. */
berg_status train_images_tell(const train_images *images, const berg_run *run, berg_error *error);
/* The first `count` of them. EINPUT. */
berg_status train_images_open(const train_images *images, size_t count, berg_stimuli **stimuli, berg_error *error);
void train_images_release(train_images *images);

/* The row of a name that is known to be in the list. */
size_t train_images_row(const train_images *images, const char *name);

/* EINPUT naming the first few that are missing, with their number. */
berg_status train_images_check(const train_images *images, berg_error *error);

#endif
