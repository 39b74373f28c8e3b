/* The file of a PCA between the stages. */
#include "train/pca/pca_file.h"

#include <string.h>

#include "base/array.h"
#include "base/checksum.h"
#include "io/container/container.h"
#include "io/container/writers.h"

uint64_t train_pca_bytes(size_t rows, size_t features, size_t components) {
  const uint64_t p = features, k = components;
  return p * (3 * sizeof(double) + (k + 1) * sizeof(float)) + ((uint64_t)rows + 3) * k * sizeof(float);
}

/* Arrays by name and shape; no columns: of one dimension. */
static berg_array shaped(berg_dtype dtype, const void *data, size_t rows, size_t columns) {
  berg_array array = {.dtype = dtype, .itemsize = base_dtype_size(dtype), .ndim = columns ? 2 : 1, .data = data};
  array.shape[0] = rows;
  array.shape[1] = columns;
  base_array_set_strides(&array, false);
  return array;
}

typedef struct entry {
  const char *name;
  berg_array array;
} entry;

#define ENTRIES 10
#define SUM_TEXT (BASE_CHECKSUM_TEXT - 1)

/* The checksums of all arrays, an array of the file itself. */
typedef struct sums {
  char text[ENTRIES][SUM_TEXT];
} sums;

static void list(const train_pca *pca, entry entries[ENTRIES]) {
  const size_t p = pca->features, k = pca->components;
  const entry all[ENTRIES] = {
      {"mean", shaped(BERG_F64, pca->mean, p, 0)},
      {"variance", shaped(BERG_F64, pca->variance, p, 0)},
      {"scale", shaped(BERG_F64, pca->scale, p, 0)},
      {"pca_mean", shaped(BERG_F32, pca->pca_mean, p, 0)},
      {"directions", shaped(BERG_F32, pca->directions, k, p)},
      {"explained_variance", shaped(BERG_F32, pca->explained_variance, k, 0)},
      {"explained_variance_ratio", shaped(BERG_F32, pca->explained_variance_ratio, k, 0)},
      {"singular_values", shaped(BERG_F32, pca->singular_values, k, 0)},
      {"noise_variance", shaped(BERG_F32, &pca->noise_variance, 1, 0)},
      {"scores", shaped(BERG_F32, pca->scores, pca->rows, k)},
  };
  memcpy(entries, all, sizeof all);
}

static void add_up(const entry entries[ENTRIES], int threads, sums *all) {
  char text[BASE_CHECKSUM_TEXT];
  for (size_t i = 0; i < ENTRIES; i++) {
    const berg_array *array = &entries[i].array;
    const size_t count = array->shape[0] * (array->ndim > 1 ? array->shape[1] : 1);
    base_checksum(array->data, count * array->itemsize, threads, text);
    memcpy(all->text[i], text, SUM_TEXT);
  }
}

static entry entry_of(const sums *all) { return (entry){"checksums", shaped(BERG_U8, all, ENTRIES, SUM_TEXT)}; }

static berg_status write_document(const io_document *document, const io_entries *entries, const char *path,
                                  berg_error *error) {
  io_whole_file *file;
  berg_status status = io_whole_file_open(&file, path, true, error);
  if (status) return status;
  const io_sink sink = io_sink_file(file);
  status = io_write_safetensors(&sink, &(io_content){document->root, entries, NULL, 0}, error);
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file, error);
  return status;
}

berg_status train_pca_write(const train_pca *pca, int threads, const char *path, berg_error *error) {
  entry all[ENTRIES + 1];
  sums added = {0};
  io_document document = {0};
  io_entries entries;
  io_arena_init(&document.arena, 0);
  document.root = io_value_new(&document.arena, IO_DICT, error);
  berg_status status = document.root ? BERG_OK : BERG_ELIMIT;
  list(pca, all);
  add_up(all, threads, &added);
  all[ENTRIES] = entry_of(&added);
  for (size_t i = 0; i <= ENTRIES && !status; i++)
    if (!io_value_add_array(&document.arena, document.root, all[i].name, strlen(all[i].name), &all[i].array, error))
      status = BERG_ELIMIT;
  if (!status) status = io_flatten(&document, &entries, path, error);
  if (!status) status = write_document(&document, &entries, path, error);
  io_arena_release(&document.arena);
  return status;
}

static berg_status find(const berg_file *file, const char *path, const entry *wanted, void *pointer,
                        berg_error *error) {
  const berg_array *array = berg_file_find(file, wanted->name), *expected = &wanted->array;
  bool fits = array && array->dtype == expected->dtype && array->ndim == expected->ndim;
  for (size_t d = 0; fits && d < expected->ndim; d++) fits = array->shape[d] == expected->shape[d];
  if (fits) {
    memcpy(pointer, &array->data, sizeof array->data);
    return BERG_OK;
  }
  char wanted_text[128], found[128] = "no such array";
  base_array_describe(expected, wanted_text, sizeof wanted_text);
  if (array) base_array_describe(array, found, sizeof found);
  return base_fail_at(error, &(base_fault){BERG_EINPUT, path, BERG_NO_OFFSET, wanted->name, "does not fit this run",
                                           wanted_text, found});
}

static berg_status check_sums(const berg_file *file, entry entries[ENTRIES], int threads, const sums *written,
                              const char *path, berg_error *error) {
  sums found = {0};
  for (size_t i = 0; i < ENTRIES; i++) entries[i].array = *berg_file_find(file, entries[i].name);
  add_up(entries, threads, &found);
  for (size_t i = 0; i < ENTRIES; i++)
    if (memcmp(found.text[i], written->text[i], SUM_TEXT))
      return base_fail_at(error, &(base_fault){BERG_EINPUT, path, BERG_NO_OFFSET, entries[i].name,
                                               "is not what was written (--resume does its stage again)", NULL, NULL});
  return BERG_OK;
}

berg_status train_pca_file_open(train_pca_file *file, const char *path, size_t rows, size_t features, size_t components,
                                int threads, berg_error *error) {
  train_pca *pca = &file->pca;
  const float *noise_variance = NULL;
  const sums *written = NULL;
  void *const pointers[ENTRIES] = {&pca->mean,
                                   &pca->variance,
                                   &pca->scale,
                                   &pca->pca_mean,
                                   &pca->directions,
                                   &pca->explained_variance,
                                   &pca->explained_variance_ratio,
                                   &pca->singular_values,
                                   &noise_variance,
                                   &pca->scores};
  entry all[ENTRIES];
  *file = (train_pca_file){.pca = {.rows = rows, .features = features, .components = components}};
  list(pca, all);
  berg_status status = io_container_open(&file->file, path, &file->is_read, error);
  for (size_t i = 0; i < ENTRIES && !status; i++) status = find(file->file, path, &all[i], pointers[i], error);
  const entry last = entry_of(NULL);
  if (!status) status = find(file->file, path, &last, &written, error);
  if (!status) status = check_sums(file->file, all, threads, written, path, error);
  if (status)
    train_pca_file_close(file);
  else
    memcpy(&pca->noise_variance, noise_variance, sizeof pca->noise_variance);
  return status;
}

void train_pca_file_close(train_pca_file *file) {
  berg_file_free(file->file);
  *file = (train_pca_file){.is_read = file->is_read};
}
