/* Logs of the shares of a store: whatever one holds, records that are whole, with names that end, or one line that says
 * where it is damaged.
 *
 * The input is a byte, and then the records; their checksums are put right where the byte is even. */
#include "base/checksum.h"
#include "base/sha256.h"
#include "model/store/shares.h"
#include "scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define HEAD 32   /* of a log */
#define FIXED 112 /* of a record */

static char one[] = "one", two[] = "two", nothing[] = "";
static model_store_part parts[] = {
    {.model = one, .subject = one, .train_splits = one, .basis = one, .file = one, .width = 1},
    {.model = two, .subject = two, .train_splits = two, .basis = two, .file = two, .width = 2}};
static const model_store_about about = {
    .maker = {nothing, nothing, nothing, nothing, nothing, nothing}, .parts = parts, .part_count = 2};

/* The line that a log of these scores begins with, out of one that is written. */
static void learn_head(const char *store, uint8_t head[HEAD]) {
  model_shares *shares;
  model_store_image image = {.name = one};
  char path[FUZZ_PATH];
  if (model_shares_open(&shares, store, &about, NULL) || model_shares_begin(shares, 0, NULL) ||
      model_shares_put(shares, &image, NULL, NULL) || model_shares_end(shares, NULL))
    abort();
  FILE *file = fopen(fuzz_path(path, "store.shares/0.log"), "rb");
  if (!file || fread(head, 1, HEAD, file) != HEAD) abort();
  fclose(file);
  if (model_shares_clear(shares, NULL)) abort();
  model_shares_free(shares);
}

static uint64_t number_at(const uint8_t *bytes) {
  uint64_t number;
  memcpy(&number, bytes, sizeof number);
  return number;
}

static void put_sums_right(uint8_t *records, size_t size) {
  for (size_t at = 0, length; at + FIXED <= size; at += length) {
    const uint64_t kind = number_at(records + at + 8), name = number_at(records + at + 32);
    if (name > size) return;
    length = FIXED + (size_t)((name + 7) / 8 * 8) + (kind ? 0 : 3 * sizeof(float));
    if (length > size - at) return;
    const uint64_t sum = base_checksum_short(records + at + 8, length - 8);
    memcpy(records + at, &sum, sizeof sum);
  }
}

static berg_status take(void *user, const model_store_image *image, const float *const *scores, const char *left_out,
                        berg_error *error) {
  volatile float sum = 0;
  size_t *names = user;
  (void)error;
  *names += strlen(image ? image->name : left_out);
  if (image && strnlen(image->digest, sizeof image->digest) == sizeof image->digest) abort();
  for (size_t p = 0; p < about.part_count && scores; p++)
    for (size_t i = 0; i < parts[p].width; i++) sum = scores[p][i];
  (void)sum;
  return BERG_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static char store[FUZZ_PATH];
  static uint8_t head[HEAD];
  static const char digest[] = "0000000000000000000000000000000100000000000000000000000000000000";
  model_shares *shares, *later;
  size_t names = 0;
  berg_error error;
  if (!size) return 0;
  if (!*fuzz_folder) {
    fuzz_begin();
    learn_head(fuzz_path(store, "store"), head);
    char folder[FUZZ_PATH];
    if (mkdir(fuzz_path(folder, "store.shares"), 0777)) abort();
  }
  uint8_t *log = malloc(HEAD + size);
  if (!log) abort();
  memcpy(log, head, HEAD);
  memcpy(log + HEAD, bytes + 1, size - 1);
  if (!(*bytes & 1)) put_sums_right(log + HEAD, size - 1);
  char path[FUZZ_PATH];
  unlink(fuzz_path(path, "store.shares/0.log"));
  if (model_shares_open(&shares, store, &about, NULL)) abort();
  fuzz_put("store.shares/0.log", (fuzz_piece){log, HEAD + size - 1});
  free(log);
  if (model_shares_replay(shares, 0, take, &names, &error)) fuzz_check_message(&error);
  model_shares_free(shares);
  if (model_shares_open(&later, store, &about, &error)) abort();
  const float *scores = model_shares_find(later, digest);
  if (scores && scores[2] == 1) names++;
  model_shares_free(later);
  return 0;
}
