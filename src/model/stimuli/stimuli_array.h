/* Arrays of images, from memory, a mapped .npy, an HDF5 dataset, or a .npy through standard input. */
#ifndef MODEL_STIMULI_ARRAY_H
#define MODEL_STIMULI_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "io/hdf5/hdf5.h"
#include "io/file/map.h"
#include "io/container/container.h"
#include "io/container/npy_stream.h"
#include "vit/preprocess.h"

typedef struct model_images {
  char *name;         /* for messages */
  size_t path_length; /* of the file's path, with which the name begins; 0: no file */
  /* [images][3][height][width] whatever the layout was. `data` is NULL where rows are loaded; the strides are
   * then those within the loaded rows. */
  berg_array view;
  vit_transform transform;
  bool swapped;   /* elements are big-endian */
  bool is_turned; /* MATLAB's, whose dimensions lie in reverse: rows and columns of `view` change places */
  bool is_one;    /* MATLAB's, which drops a last dimension of one image: the whole dataset is image 0 */
  uint64_t hash;  /* of where it comes from, its shape and type; not yet of what lies in memory */
  io_map map;
  size_t row_offset; /* of row 0 in the map, when rows follow each other there; else 0 */
  io_hdf5 *hdf5;
  const size_t *picked; /* of `hdf5` the row of each image; NULL: the same */
  io_npy_stream *stream;
  berg_file *archive; /* .npz, whose array this is */
} model_images;

/* All: ESTIMULUS for what is not images (type, shape, no images); EINPUT for files. On failure nothing is
 * left open. */
berg_status model_images_from_array(model_images *images, const berg_array *array, berg_layout layout,
                                    berg_error *error);
berg_status model_images_open_npy(model_images *images, const char *path, berg_layout layout, berg_error *error);
/* The array of that name in a .npz; "": the only one. */
berg_status model_images_open_npz(model_images *images, const char *path, const char *name, berg_layout layout,
                                  berg_error *error);
berg_status model_images_open_hdf5(model_images *images, const char *path, const char *dataset, berg_layout layout,
                                   berg_error *error);
/* `file` has been read up to behind the magic. */
berg_status model_images_open_stream(model_images *images, int file, const char *name, berg_layout layout,
                                     berg_error *error);
void model_images_release(model_images *images);
/* Whether a file that is mapped is still what it was. EINPUT. */
berg_status model_images_unchanged(const model_images *images, berg_error *error);

/* Makes rows of an HDF5 dataset all the images that there are. EARGUMENT: one is not there. */
berg_status model_images_pick(model_images *images, const size_t *rows, size_t count, berg_error *error);

/* Bytes of one image as model_images_load gives it. */
size_t model_images_row_bytes(const model_images *images);
/* Images [first, first + count) of an array without `data`. One thread at a time. EINPUT. */
berg_status model_images_load(model_images *images, size_t first, size_t count, void *rows, berg_error *error);
/* Image `index`, whose first element is `image`, as uint8 [3][height][width]. ESTIMULUS: a value outside
 * 0..255. */
berg_status model_images_planes(const model_images *images, size_t index, const void *image, uint8_t *planes,
                                berg_error *error);
/* The same, preprocessed to [3][224][224]. */
berg_status model_images_pixels(const model_images *images, size_t index, const void *image, uint8_t *pixels,
                                berg_error *error);

#endif
