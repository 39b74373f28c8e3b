/* The images of a training, found by the names in the metadata. */
#include "train/job/images.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"

/* As many names as fit into one line of a message. */
#define NAMED 3

static int by_bytes(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void examine(train_images *images, const char *path) {
  struct stat about;
  images->hash = base_hash_text(images->hash, path + images->prefix);
  if (!stat(path, &about) && S_ISREG(about.st_mode)) {
    images->bytes += (uint64_t)about.st_size;
    images->hash = base_hash_number(images->hash, (uint64_t)about.st_size);
    images->hash = base_hash_number(images->hash, (uint64_t)about.st_mtim.tv_sec);
    images->hash = base_hash_number(images->hash, (uint64_t)about.st_mtim.tv_nsec);
  } else {
    images->missing[images->missing_count++] = path;
  }
}

berg_status train_images_gather(train_images *images, const char *folder, char **const *lists, const size_t *counts,
                                size_t list_count, berg_error *error) {
  size_t total = 0, at = 0;
  for (size_t i = 0; i < list_count; i++) total += counts[i];
  *images = (train_images){.prefix = strlen(folder) + 1, .hash = BASE_HASH_START};
  char **names = base_alloc(total, sizeof *names, error);
  images->paths = base_calloc(total, sizeof *images->paths, error);
  images->missing = base_alloc(total, sizeof *images->missing, error);
  berg_status status = names && images->paths && images->missing ? BERG_OK : BERG_ELIMIT;
  for (size_t i = 0; i < list_count && !status; i++) {
    memcpy(names + at, lists[i], counts[i] * sizeof *names);
    at += counts[i];
  }
  if (!status) qsort(names, total, sizeof *names, by_bytes);
  for (size_t i = 0; i < total && !status; i++) {
    if (i && !strcmp(names[i], names[i - 1])) continue;
    char *path = base_format(error, "%s/%s", folder, names[i]);
    if (!path) {
      status = BERG_ELIMIT;
      break;
    }
    images->paths[images->count++] = path;
    examine(images, path);
  }
  base_free(names);
  if (status) train_images_release(images);
  return status;
}

void train_images_release(train_images *images) {
  for (size_t i = 0; i < images->count; i++) base_free(images->paths[i]);
  base_free(images->paths);
  base_free(images->missing);
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
