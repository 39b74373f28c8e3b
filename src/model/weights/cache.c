/* Converted weights that are found again: in the user's cache folder, or beside the file they were made from. */
#define _DEFAULT_SOURCE /* realpath */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "io/file/folders.h"
#include "model/weights/converted.h"

#define ABANDONED_SECONDS 3600

/* Nobody else can have written it. */
static bool is_ours(const char *path, bool is_folder) {
  struct stat s;
  return !lstat(path, &s) && (is_folder ? S_ISDIR(s.st_mode) : S_ISREG(s.st_mode)) && s.st_uid == geteuid() &&
         !(s.st_mode & (S_IWGRP | S_IWOTH));
}

/* "vit_b_32": what is between the last slash and the last dot. */
static int stem_of(const char *path, const char **stem) {
  const char *slash = strrchr(path, '/');
  *stem = slash ? slash + 1 : path;
  const char *dot = strrchr(*stem, '.');
  return (int)(dot && dot > *stem ? (size_t)(dot - *stem) : strlen(*stem));
}

/* One file for each source and precision, so that the folder does not grow with each new version of a source. */
static char *name_in(const char *cache, const model_conversion *c) {
  const char *stem;
  char *real = realpath(c->source, NULL);
  if (!real) return NULL;
  const int length = stem_of(real, &stem);
  char *name = base_format(NULL, "%s/%.*s-%016llx.%s%s%s.safetensors", cache, length > 80 ? 80 : length, stem,
                           (unsigned long long)base_hash_text(BASE_HASH_START, real), c->part ? c->part : "",
                           c->part ? "." : "", la_precision_name(c->precision));
  free(real);
  return name;
}

static char *name_beside(const model_conversion *c) {
  const char *stem;
  const int length = stem_of(c->source, &stem);
  return base_format(NULL, "%.*s%.*s.%s%s%s.safetensors", (int)(stem - c->source), c->source, length, stem,
                     c->part ? c->part : "", c->part ? "." : "", la_precision_name(c->precision));
}

static bool try_open(model_converted *converted, const char *path, const model_conversion *wanted) {
  if (!path || access(path, R_OK) || model_converted_open(converted, path, wanted, NULL)) return false;
  if (model_converted_is_of(converted, wanted->source, wanted->threads)) return true;
  model_converted_close(converted);
  return false;
}

bool model_converted_find(model_converted *converted, const char *cache, const model_conversion *wanted) {
  *converted = (model_converted){NULL, NULL};
  char *beside = name_beside(wanted), *kept = cache && is_ours(cache, true) ? name_in(cache, wanted) : NULL;
  const bool found =
      try_open(converted, beside, wanted) || (kept && is_ours(kept, false) && try_open(converted, kept, wanted));
  base_free(beside);
  base_free(kept);
  return found;
}

/* What writers that were killed have left. */
static void clear_abandoned(const char *cache) {
  DIR *folder = opendir(cache);
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    const size_t length = strlen(entry->d_name);
    struct stat s;
    if (length < 4 || strcmp(entry->d_name + length - 4, ".new")) continue;
    char *path = base_format(NULL, "%s/%s", cache, entry->d_name);
    if (path && !lstat(path, &s) && S_ISREG(s.st_mode) && s.st_uid == geteuid() &&
        time(NULL) - s.st_mtime > ABANDONED_SECONDS)
      unlink(path);
    base_free(path);
  }
  if (folder) closedir(folder);
}

berg_status model_converted_list(const char *cache, char ***paths, size_t *count, berg_error *error) {
  static const char ending[] = ".safetensors";
  DIR *folder = opendir(cache);
  size_t room = 0;
  void *list = NULL;
  berg_status status =
      folder || errno != ENOMEM ? BERG_OK : base_fail_errno(error, BERG_ELIMIT, cache, "a folder", errno);
  *count = 0;
  for (struct dirent *entry; folder && !status && (entry = readdir(folder));) {
    const size_t length = strlen(entry->d_name);
    if (length < sizeof ending || strcmp(entry->d_name + length - sizeof ending + 1, ending)) continue;
    if (!base_grow(&list, &room, *count + 1, sizeof **paths, error)) status = BERG_ELIMIT;
    char *path = status ? NULL : base_format(error, "%s/%s", cache, entry->d_name);
    if (path)
      ((char **)list)[(*count)++] = path;
    else
      status = BERG_ELIMIT;
  }
  if (folder) closedir(folder);
  *paths = list;
  return status;
}

void model_converted_keep(const char *cache, const model_conversion *conversion) {
  if (!cache || io_make_folders(cache, NULL)) return;
  struct stat s;
  if (!lstat(cache, &s) && S_ISDIR(s.st_mode) && s.st_uid == geteuid()) chmod(cache, 0700);
  if (!is_ours(cache, true)) return;
  clear_abandoned(cache);
  char *name = name_in(cache, conversion);
  if (name) model_converted_write(name, conversion, true, true, NULL);
  base_free(name);
}
