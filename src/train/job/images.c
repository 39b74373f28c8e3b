/* The images of a training, found by the names in the metadata. */
#include "train/job/images.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/catalog/paths.h"
#include "model/stimuli/stimuli.h"

/* As many names as fit into one line of a message. */
#define NAMED 3

static int by_bytes(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void note_missing(train_images *images, const char *path) { images->missing[images->missing_count++] = path; }

static void examine_file(train_images *images, const char *path) {
  struct stat about;
  images->hash = base_hash_text(images->hash, path + images->prefix);
  if (!stat(path, &about) && S_ISREG(about.st_mode)) {
    images->bytes += (uint64_t)about.st_size;
    images->hash = base_hash_number(images->hash, (uint64_t)about.st_size);
    images->hash = base_hash_number(images->hash, (uint64_t)about.st_mtim.tv_sec);
    images->hash = base_hash_number(images->hash, (uint64_t)about.st_mtim.tv_nsec);
  } else {
    note_missing(images, path);
  }
}

static size_t total_of(const train_names *lists, size_t list_count) {
  size_t total = 0;
  for (size_t i = 0; i < list_count; i++) total += lists[i].count;
  return total;
}

/* Paths of the different names, in their order. */
static berg_status list_paths(train_images *images, const char *folder, const train_names *lists, size_t list_count,
                              berg_error *error) {
  const size_t total = total_of(lists, list_count);
  size_t at = 0;
  images->prefix = strlen(folder) + 1;
  images->hash = BASE_HASH_START;
  char **names = base_alloc(total, sizeof *names, error);
  images->paths = base_calloc(total, sizeof *images->paths, error);
  images->missing = base_alloc(total, sizeof *images->missing, error);
  berg_status status = names && images->paths && images->missing ? BERG_OK : BERG_ELIMIT;
  for (size_t i = 0; i < list_count && !status; at += lists[i++].count)
    memcpy(names + at, lists[i].names, lists[i].count * sizeof *names);
  if (!status) qsort(names, total, sizeof *names, by_bytes);
  for (size_t i = 0; i < total && !status; i++) {
    if (i && !strcmp(names[i], names[i - 1])) continue;
    char *path = base_format(error, "%s/%s", folder, names[i]);
    if (path)
      images->paths[images->count++] = path;
    else
      status = BERG_ELIMIT;
  }
  base_free(names);
  return status;
}

/* --- Files --- */

static berg_status gather_files(train_images *images, const model_layout *layout, const char *place,
                                const train_names *lists, size_t list_count, berg_error *error) {
  const char *inner = layout->prepared.image_folder;
  char *folder = inner ? base_format(error, "%s/%s", place, inner) : NULL;
  if (inner && !folder) return BERG_ELIMIT;
  berg_status status =
      list_paths(images, folder && model_path_exists(folder) ? folder : place, lists, list_count, error);
  base_free(folder);
  for (size_t i = 0; i < images->count && !status; i++) examine_file(images, images->paths[i]);
  return status;
}

/* --- Rows of a dataset --- */

/* The dataset as berg_stimuli_open takes it: a file alone is one whose images have the layout's name. */
static berg_status open_array(train_images *images, const model_layout *layout, const char *place,
                              berg_stimuli **stimuli, berg_error *error) {
  struct stat about;
  size_t length;
  const bool is_there = !stat(place, &about);
  *stimuli = NULL;
  if (is_there && S_ISDIR(about.st_mode))
    return base_fail(error, BERG_EINPUT,
                     "%s: is a folder: the images of this model are rows of an HDF5 dataset, as in nsd_stimuli.hdf5",
                     place);
  images->array = is_there ? base_format(error, "%s:%s", place, layout->prepared.array) : base_copy_text(place, error);
  if (!images->array) return BERG_ELIMIT;
  berg_status status = berg_stimuli_open(stimuli, (const char *const *)&images->array, 1, NULL, error);
  if (!status && !model_stimuli_array_name(*stimuli, 0, &length))
    status = base_fail(error, BERG_EINPUT, "%s: the images of this model are rows of an HDF5 dataset", place);
  return status;
}

static berg_status examine_rows(train_images *images, berg_stimuli *stimuli, berg_error *error) {
  char text[MODEL_FINGERPRINT_ROOM];
  struct stat about = {.st_size = 0};
  size_t length = 0;
  char *path = base_copy_text(model_stimuli_array_name(stimuli, 0, &length), error);
  images->numbers = base_alloc(images->count, sizeof *images->numbers, error);
  berg_status status = path && images->numbers ? model_stimuli_fingerprint(stimuli, text, error) : BERG_ELIMIT;
  for (size_t i = 0; i < images->count && !status; i++) {
    images->numbers[i] = strtoul(images->paths[i] + images->prefix, NULL, 10);
    images->hash = base_hash_number(images->hash, images->numbers[i]);
    if (images->numbers[i] >= berg_stimuli_count(stimuli)) note_missing(images, images->paths[i]);
  }
  if (!status) {
    images->hash = base_hash_text(images->hash, text);
    path[length] = '\0';
    if (!stat(path, &about))
      images->bytes = (uint64_t)((double)about.st_size * (double)images->count / (double)berg_stimuli_count(stimuli));
  }
  base_free(path);
  return status;
}

static berg_status gather_rows(train_images *images, const model_layout *layout, const char *place,
                               const train_names *lists, size_t list_count, berg_error *error) {
  berg_stimuli *stimuli;
  berg_status status = open_array(images, layout, place, &stimuli, error);
  if (!status) status = list_paths(images, images->array, lists, list_count, error);
  if (!status) status = examine_rows(images, stimuli, error);
  if (!status) images->is_turned = berg_stimuli_turned_count(stimuli) > 0;
  berg_stimuli_free(stimuli);
  return status;
}

berg_status train_images_gather(train_images *images, const model_layout *layout, const char *place,
                                const train_names *lists, size_t list_count, berg_error *error) {
  *images = (train_images){.is_square = layout->prepared.square};
  berg_status status =
      (layout->prepared.array ? gather_rows : gather_files)(images, layout, place, lists, list_count, error);
  if (status) train_images_release(images);
  return status;
}

berg_status train_images_tell(const train_images *images, const berg_run *run, berg_error *error) {
  berg_stimuli *stimuli;
  if (!images->is_turned) return BERG_OK;
  berg_status status = train_images_open(images, images->count, &stimuli, error);
  if (!status) status = model_stimuli_tell_turned(stimuli, run, error);
  berg_stimuli_free(stimuli);
  return status;
}

berg_status train_images_open(const train_images *images, size_t count, berg_stimuli **stimuli, berg_error *error) {
  const char *const *inputs = (const char *const *)(images->array ? &images->array : images->paths);
  *stimuli = NULL;
  berg_status status = berg_stimuli_open(stimuli, inputs, images->array ? 1 : count, NULL, error);
  if (!status && images->array) status = model_stimuli_pick(*stimuli, images->numbers, count, error);
  if (!status && images->is_square) model_stimuli_set_transform(*stimuli, VIT_SQUARE);
  return status;
}

void train_images_release(train_images *images) {
  for (size_t i = 0; i < images->count; i++) base_free(images->paths[i]);
  base_free(images->paths);
  base_free(images->missing);
  base_free(images->array);
  base_free(images->numbers);
  *images = (train_images){.count = 0};
}

size_t train_images_row(const train_images *images, const char *name) {
  size_t low = 0, high = images->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (strcmp(images->paths[middle] + images->prefix, name) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

berg_status train_images_check(const train_images *images, berg_error *error) {
  if (!images->missing_count) return BERG_OK;
  char names[480] = "";
  size_t used = 0, named = 0;
  for (; named < NAMED && named < images->missing_count; named++) {
    int length = base_print(names + used, sizeof names - used, "%s%s", named ? ", " : "", images->missing[named]);
    if (length < 0 || (size_t)length >= sizeof names - used) break;
    used += (size_t)length;
  }
  names[used] = '\0';
  return base_fail(error, BERG_EINPUT, "%zu of %zu training images are missing: %s%s", images->missing_count,
                   images->count, names, named < images->missing_count ? ", ..." : "");
}
