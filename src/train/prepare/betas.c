/* The responses of the raw data set, block by block. */
#include "train/prepare/betas.h"

#include "base/array.h"
#include "base/text.h"

/* pandas makes one block a type: numbers, bools, texts. */
#define BLOCKS_MAX 8

static bool holds_floats(const berg_array *about) {
  return about->ndim == 2 && (about->dtype == BERG_F32 || about->dtype == BERG_F64);
}

/* Blocks that are not numbers cannot be opened, and are passed over; `error` is the first one's. */
berg_status train_betas_open(io_hdf5 **betas, const char *path, berg_error *error) {
  berg_status first = BERG_OK;
  *betas = NULL;
  for (int b = 0; b < BLOCKS_MAX; b++) {
    char name[48];
    io_hdf5 *block;
    base_print(name, sizeof name, "ResponseData/block%d_values", b);
    berg_status status = io_hdf5_open(&block, path, name, b ? NULL : error);
    if (!b) first = status;
    if (status) continue;
    const berg_array *about = io_hdf5_about(block);
    if (holds_floats(about) && (!*betas || about->shape[1] > io_hdf5_about(*betas)->shape[1])) {
      io_hdf5_free(*betas);
      *betas = block;
    } else {
      io_hdf5_free(block);
    }
  }
  if (!*betas) {
    if (first) return first;
    return base_fail(error, BERG_EINPUT, "%s: ResponseData: no block of float32 or float64 responses (voxels, trials)",
                     path);
  }
  const berg_array *about = io_hdf5_about(*betas);
  if (about->shape[0] && about->shape[1]) return BERG_OK;
  char found[128];
  base_array_describe(about, found, sizeof found);
  io_hdf5_free(*betas);
  *betas = NULL;
  return base_fail_found(error, BERG_EINPUT, path, "ResponseData: holds no responses", "voxels by trials", "%s", found);
}
