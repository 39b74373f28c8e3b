/* The images that subjects were shown in training: files <folder>/<concept>/<stimulus>, each once, in the order of
 * their names. A row of the store is one of them. */
#ifndef TRAIN_IMAGES_H
#define TRAIN_IMAGES_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct train_images {
  char **paths;  /* [count] folder and name */
  size_t prefix; /* bytes of a path before its name */
  size_t count;
  const char **missing; /* [missing_count] of the paths: no such file */
  size_t missing_count;
  uint64_t bytes; /* of all files */
  uint64_t hash;  /* of names, sizes and times */
} train_images;

/* The union of `lists`, each [counts[i]] names "<concept>/<stimulus>". Files that are missing are no error here: they
 * are listed. ELIMIT. */
berg_status train_images_gather(train_images *images, const char *folder, char **const *lists, const size_t *counts,
                                size_t list_count, berg_error *error);
void train_images_release(train_images *images);

/* The row of a name that is known to be in the list. */
size_t train_images_row(const train_images *images, const char *name);

/* EINPUT naming the first few that are missing, with their number. */
berg_status train_images_check(const train_images *images, berg_error *error);

#endif
