/* Stores of scores: whatever its three files hold, a store is refused with one line or read within its maps.
 *
 * The input is the length of store.json and of images.tsv (two bytes each), then these, and what is left is
 * scores_sub-01.npy. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static char folder[64];

static void remove_folder(void) {
  static const char *const names[] = {MODEL_STORE_ABOUT, MODEL_STORE_TABLE, "scores_sub-01.npy"};
  char path[128];
  for (size_t i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    unlink(path);
  }
  rmdir(folder);
}

static void put(const char *name, const uint8_t *bytes, size_t size) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(bytes, 1, size, file) != size || fclose(file)) abort();
}

static void begin(void) {
  if (*folder) return;
  strcpy(folder, "/tmp/fuzz_store_XXXXXX");
  if (!mkdtemp(folder)) abort();
  atexit(remove_folder);
}

static void read_all(const berg_store *store) {
  berg_error error;
  char *text;
  size_t image;
  for (size_t i = 0; i < berg_store_count(store); i++) {
    if (berg_store_name(&text, store, i, &error)) continue;
    if (!berg_store_find(store, text, &image, &error) && image >= berg_store_count(store)) abort();
    berg_free(text);
  }
  if (!berg_store_describe(&text, store, &error)) berg_free(text);
  if (berg_store_check(store, 1, NULL, &error) && (!*error.message || strchr(error.message, '\n'))) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  berg_store *store;
  berg_error error;
  if (size < 4) return 0;
  const size_t about = (size_t)bytes[0] | (size_t)bytes[1] << 8, table = (size_t)bytes[2] | (size_t)bytes[3] << 8;
  if (size - 4 < about || size - 4 - about < table) return 0;
  begin();
  put(MODEL_STORE_ABOUT, bytes + 4, about);
  put(MODEL_STORE_TABLE, bytes + 4 + about, table);
  put("scores_sub-01.npy", bytes + 4 + about + table, size - 4 - about - table);
  if (berg_store_open(&store, folder, &error)) {
    if (!*error.message || strchr(error.message, '\n')) abort();
    return 0;
  }
  read_all(store);
  berg_store_free(store);
  return 0;
}
