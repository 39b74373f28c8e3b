/* Parts of an encode: whatever two files and their sidecars hold, they are told what is wrong with them, with nothing
 * written, or become a file that can be read.
 *
 * The input is the lengths of the sidecar of a part, its file, the sidecar of the other (two bytes each), and of what
 * says how (1); then these, and what is left is the file of the other. How: 0, 1 and 2 are .npy, .h5 and .csv; with 4,
 * size and checksum of the files are as the input has them, else put right. */
#include <cjson/cJSON.h>

#include "io/file/file_sum.h"
#include "io/value/json_guard.h"
#include "model/output/shard_file.h"
#include "scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char *const endings[] = {"npy", "h5", "csv"};

static void set(cJSON *about, const char *key, cJSON *item) {
  if (!item) abort();
  if (!cJSON_ReplaceItemInObjectCaseSensitive(about, key, item)) cJSON_Delete(item);
}

/* Says of the file at `path` what is true of it, where it says anything. */
static char *put_right(fuzz_piece sidecar, const char *path) {
  cJSON *tree;
  io_file_sum sum;
  if (io_json_parse(&tree, (const char *)sidecar.bytes, sidecar.size, NULL)) return NULL;
  cJSON *about = cJSON_GetObjectItemCaseSensitive(tree, MODEL_SHARD_KEY);
  if (io_sum_file(&sum, path, NULL, NULL)) abort();
  set(about, "Bytes", cJSON_CreateNumber((double)sum.size));
  set(about, "Checksum", cJSON_CreateString(sum.text));
  char *text = cJSON_PrintUnformatted(tree);
  cJSON_Delete(tree);
  return text;
}

static void put_part(const char *stem, const char *ending, fuzz_piece sidecar, fuzz_piece rows, int is_right) {
  char name[64], beside[64], path[FUZZ_PATH];
  snprintf(name, sizeof name, "%s.%s", stem, ending);
  snprintf(beside, sizeof beside, "%s.json", stem);
  fuzz_put(name, rows);
  char *text = is_right ? put_right(sidecar, fuzz_path(path, name)) : NULL;
  fuzz_put(beside, text ? (fuzz_piece){(const uint8_t *)text, strlen(text)} : sidecar);
  cJSON_free(text);
}

static void check_whole(const char *path, const char *ending) {
  berg_file *file;
  berg_error error;
  if (strcmp(ending, "npy")) {
    if (access(path, F_OK)) abort();
    return;
  }
  if (berg_file_open(&file, path, &error)) abort();
  berg_file_free(file);
}

static void merge(const char *ending) {
  char a[FUZZ_PATH], b[FUZZ_PATH], out[FUZZ_PATH], name[16];
  berg_merge_options options;
  berg_error error;
  char *report;
  snprintf(name, sizeof name, "a.%s", ending);
  fuzz_path(a, name);
  *name = 'b';
  fuzz_path(b, name);
  *name = 'o';
  fuzz_path(out, name);
  berg_merge_options_init(&options);
  options.threads = 1;
  const char *const parts[] = {a, b};
  berg_status status = berg_merge(parts, 2, out, &options, NULL, &report, &error);
  berg_free(report);
  if (status) {
    fuzz_check_message(&error);
    if (!access(out, F_OK)) abort();
  } else {
    check_whole(out, ending);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  fuzz_piece pieces[5];
  if (!fuzz_cut(pieces, 5, bytes, size) || pieces[3].size != 1) return 0;
  const uint8_t how = *pieces[3].bytes;
  if ((how & 3) == 3 || how > 7) return 0;
  fuzz_begin();
  fuzz_empty();
  put_part("a", endings[how & 3], pieces[0], pieces[1], !(how & 4));
  put_part("b", endings[how & 3], pieces[2], pieces[4], !(how & 4));
  merge(endings[how & 3]);
  return 0;
}
