/* Runs a fuzz target over all files of the given folders, as regression tests of what fuzzing has found. A missing
 * folder counts as empty; running nothing at all is a failure. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static size_t replay(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    perror(path);
    exit(1);
  }
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  uint8_t *bytes = malloc(size > 0 ? (size_t)size : 1);
  if (!bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size) {
    perror(path);
    exit(1);
  }
  fclose(file);
  LLVMFuzzerTestOneInput(bytes, (size_t)size);
  free(bytes);
  return 1;
}

int main(int count, char **arguments) {
  size_t ran = 0;
  for (int i = 1; i < count; i++) {
    DIR *folder = opendir(arguments[i]);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
      char path[4096];
      if (entry->d_name[0] == '.') continue;
      snprintf(path, sizeof path, "%s/%s", arguments[i], entry->d_name);
      ran += replay(path);
    }
    if (folder) closedir(folder);
  }
  printf("%zu inputs replayed\n", ran);
  return ran ? 0 : 1;
}
