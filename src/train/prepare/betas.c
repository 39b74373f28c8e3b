/* The responses of the raw data set, block by block. */
#include "train/prepare/betas.h"

#include "base/array.h"
#include "base/text.h"

/* pandas makes one block a type: numbers, bools, texts. */
#define BLOCKS_MAX 8

static bool holds_floats(const berg_array *about) {
  return about->ndim == 2 && (about->dtype == BERG_F32 || about->dtype == BERG_F64);
}

static void name_block(char *name, size_t size, int block) {
  base_print(name, size, "ResponseData/block%d_values", block);
}

/* The widest block of floats; NULL: there is none. Blocks that are not numbers are passed over. */
static berg_status open_widest(io_hdf5 **betas, const char *path, berg_error *error) {
  *betas = NULL;
  for (int b = 0; b < BLOCKS_MAX; b++) {
    char name[48];
    io_hdf5 *block;
    name_block(name, sizeof name, b);
    berg_status status = io_hdf5_open_optional(&block, path, name, false, error);
    if (status) {
      io_hdf5_free(*betas);
      *betas = NULL;
      return status;
    }
    const berg_array *about = block ? io_hdf5_about(block) : NULL;
    if (about && holds_floats(about) && (!*betas || about->shape[1] > io_hdf5_about(*betas)->shape[1])) {
      io_hdf5_free(*betas);
      *betas = block;
    } else {
      io_hdf5_free(block);
    }
  }
  return BERG_OK;
}

/* With what is wrong with the first block, where it cannot be opened. */
static berg_status fail_without_floats(const char *path, berg_error *error) {
  char name[48];
  io_hdf5 *first;
  name_block(name, sizeof name, 0);
  berg_status status = io_hdf5_open(&first, path, name, error);
  io_hdf5_free(first);
  if (status) return status;
  return base_fail(error, BERG_EINPUT, "%s: ResponseData: no block of float32 or float64 responses (voxels, trials)",
                   path);
}

berg_status train_betas_open(io_hdf5 **betas, const char *path, berg_error *error) {
  berg_status status = open_widest(betas, path, error);
  if (status) return status;
  if (!*betas) return fail_without_floats(path, error);
  const berg_array *about = io_hdf5_about(*betas);
  if (about->shape[0] && about->shape[1]) return BERG_OK;
  char found[128];
  base_array_describe(about, found, sizeof found);
  io_hdf5_free(*betas);
  *betas = NULL;
  return base_fail_found(error, BERG_EINPUT, path, "ResponseData: holds no responses", "voxels by trials", "%s", found);
}
