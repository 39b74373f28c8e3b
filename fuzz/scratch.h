/* A folder for the files that a target reads, in memory where the system has such a place, and the pieces of an input
 * that become them. */
#ifndef FUZZ_SCRATCH_H
#define FUZZ_SCRATCH_H

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "berg.h"

#define FUZZ_PATH 512

typedef struct fuzz_piece {
  const uint8_t *bytes;
  size_t size;
} fuzz_piece;

static char fuzz_folder[64];

/* A file or folder in it. */
static inline const char *fuzz_path(char path[FUZZ_PATH], const char *name) {
  snprintf(path, FUZZ_PATH, "%s/%s", fuzz_folder, name);
  return path;
}

/* Removes the files and folders in a folder, whose descriptor it closes. */
static inline void fuzz_empty_open(int folder) {
  DIR *files = folder < 0 ? NULL : fdopendir(folder);
  for (const struct dirent *entry; files && (entry = readdir(files));) {
    const char *name = entry->d_name;
    if (!strcmp(name, ".") || !strcmp(name, "..") || !unlinkat(folder, name, 0)) continue;
    fuzz_empty_open(openat(folder, name, O_RDONLY | O_DIRECTORY));
    unlinkat(folder, name, AT_REMOVEDIR);
  }
  if (files) closedir(files);
}

static inline void fuzz_empty(void) { fuzz_empty_open(open(fuzz_folder, O_RDONLY | O_DIRECTORY)); }

static inline void fuzz_remove_scratch(void) {
  fuzz_empty();
  rmdir(fuzz_folder);
}

/* Makes the folder at the first call. */
static inline void fuzz_begin(void) {
  if (*fuzz_folder) return;
  strcpy(fuzz_folder, access("/dev/shm", W_OK) ? "/tmp/fuzz_XXXXXX" : "/dev/shm/fuzz_XXXXXX");
  if (!mkdtemp(fuzz_folder)) abort();
  atexit(fuzz_remove_scratch);
}

static inline void fuzz_put(const char *name, fuzz_piece piece) {
  char path[FUZZ_PATH];
  FILE *file = fopen(fuzz_path(path, name), "wb");
  if (!file || fwrite(piece.bytes, 1, piece.size, file) != piece.size || fclose(file)) abort();
}

/* An input is the lengths of all pieces but the last, two bytes each, and these; what is left is the last. False: it
 * is too short. */
static inline int fuzz_cut(fuzz_piece *pieces, size_t count, const uint8_t *bytes, size_t size) {
  const uint8_t *lengths = bytes;
  if (size < 2 * (count - 1)) return 0;
  bytes += 2 * (count - 1);
  size -= 2 * (count - 1);
  for (size_t i = 0; i + 1 < count; i++) {
    const size_t length = (size_t)lengths[2 * i] | (size_t)lengths[2 * i + 1] << 8;
    if (length > size) return 0;
    pieces[i] = (fuzz_piece){bytes, length};
    bytes += length;
    size -= length;
  }
  pieces[count - 1] = (fuzz_piece){bytes, size};
  return 1;
}

/* A failure says why, in one line. */
static inline void fuzz_check_message(const berg_error *error) {
  if (!*error->message || strchr(error->message, '\n')) abort();
}

#endif
