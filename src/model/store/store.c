/* Opening a store of scores, and reading rows that are checked against its table. */
#include "model/store/store.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/checksum.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/container/npy.h"

/* --- Opening --- */

static berg_status damaged(const char *file, const char *what, const char *expected, size_t found, berg_error *error) {
  return base_fail_found(error, BERG_EINPUT, file, what, expected, "%zu", found);
}

/* The header may say fewer rows than store.json, where a run was killed in between. */
static berg_status check_array(const model_store_part *part, const char *file, size_t images, const float **scores,
                               berg_error *error) {
  io_npy_header header;
  berg_status status = io_npy_read_header(&header, part->map.bytes, part->map.size, part->map.size, file, error);
  if (status) return status;
  size_t bytes;
  char expected[96];
  base_print(expected, sizeof expected, "float32 of (%zu, %zu)", images, part->width);
  if (header.dtype != BERG_F32 || header.big_endian || header.fortran || header.ndim != 2 ||
      header.shape[1] != part->width || header.data_offset % sizeof(float))
    return base_fail_found(error, BERG_EINPUT, file, "these are no scores of the store", expected, "%s of %zu columns",
                           berg_dtype_name(header.dtype), header.ndim == 2 ? header.shape[1] : header.ndim);
  if (!base_multiply(images, part->width * sizeof(float), &bytes) || bytes > part->map.size - header.data_offset)
    return base_fail_found(error, BERG_EINPUT, file, "scores are missing", expected, "%zu rows",
                           (part->map.size - header.data_offset) / (part->width * sizeof(float)));
  *scores = (const float *)(const void *)(part->map.bytes + header.data_offset);
  return BERG_OK;
}

static berg_status open_part(berg_store *store, model_store_part *part, berg_error *error) {
  char *file = model_store_file(store->path, part->file, error);
  if (!file) return BERG_ELIMIT;
  berg_status status = io_map_open(&part->map, file, error);
  if (!status) status = check_array(part, file, store->about.images, &part->scores, error);
  base_free(file);
  return status;
}

static berg_status index_lines(berg_store *store, const char *file, berg_error *error) {
  const char *text = (const char *)store->table.bytes, *end = text + store->table.size;
  const size_t images = store->about.images;
  char *head = model_store_table_head(&store->about, error);
  store->lines = base_alloc(images + 1, sizeof *store->lines, error);
  if (!head || !store->lines) {
    base_free(head);
    return BERG_ELIMIT;
  }
  const size_t length = strlen(head);
  const bool known = store->table.size > length && !memcmp(text, head, length) && text[length] == '\n';
  base_free(head);
  if (!known) return base_fail(error, BERG_EINPUT, "%s: its first line does not name the store's subjects", file);
  const char *at = text + length + 1;
  for (size_t i = 0; i <= images; i++) {
    store->lines[i] = (uint64_t)(at - text);
    if (i == images) break;
    const char *stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    char expected[48];
    base_print(expected, sizeof expected, "%zu lines of images", images);
    if (!stop) return damaged(file, "lines are missing", expected, i, error);
    at = stop + 1;
  }
  io_map_drop(&store->table, 0, store->table.size);
  return BERG_OK;
}

static berg_status open_table(berg_store *store, berg_error *error) {
  char *file = model_store_file(store->path, MODEL_STORE_TABLE, error);
  if (!file) return BERG_ELIMIT;
  berg_status status = io_map_open(&store->table, file, error);
  if (!status) io_map_will_need(&store->table, 0, store->table.size);
  if (!status) status = index_lines(store, file, error);
  base_free(file);
  return status;
}

berg_status berg_store_open(berg_store **out, const char *path, berg_error *error) {
  *out = NULL;
  berg_store *store = base_calloc(1, sizeof *store, error);
  if (!store) return BERG_ELIMIT;
  store->path = base_copy_text(path, error);
  store->names = model_store_names_new(error);
  berg_status status = store->path && store->names ? model_store_about_read(&store->about, path, error) : BERG_ELIMIT;
  for (size_t p = 0; p < store->about.part_count && !status; p++)
    status = open_part(store, &store->about.parts[p], error);
  if (!status) status = open_table(store, error);
  if (status)
    berg_store_free(store);
  else
    *out = store;
  return status;
}

void berg_store_free(berg_store *store) {
  if (!store) return;
  model_store_about_release(&store->about);
  io_map_close(&store->table);
  base_free(store->lines);
  model_store_names_free(store->names);
  base_free(store->path);
  base_free(store);
}

/* --- Asking --- */

size_t berg_store_count(const berg_store *store) { return store->about.images; }

const char *berg_store_precision(const berg_store *store) { return store->about.maker.precision; }

size_t berg_store_parts(const berg_store *store) { return store->about.part_count; }

berg_status berg_store_part_at(const berg_store *store, size_t index, berg_store_part *part, berg_error *error) {
  if (index >= store->about.part_count)
    return base_fail(error, BERG_EARGUMENT, "there is no part %zu among %zu", index, store->about.part_count);
  const model_store_part *own = &store->about.parts[index];
  *part = (berg_store_part){.model_id = own->model,
                            .subject = own->subject,
                            .train_splits = own->train_splits,
                            .scores = {.name = own->file,
                                       .dtype = BERG_F32,
                                       .itemsize = sizeof(float),
                                       .ndim = 2,
                                       .shape = {store->about.images, own->width},
                                       .strides = {(ptrdiff_t)(own->width * sizeof(float)), sizeof(float)},
                                       .data = own->scores}};
  return BERG_OK;
}

berg_status berg_store_name(char **name, const berg_store *store, size_t image, berg_error *error) {
  model_store_line line;
  *name = NULL;
  if (image >= store->about.images)
    return base_fail(error, BERG_EARGUMENT, "there is no image %zu among %zu", image, store->about.images);
  berg_status status = model_store_line_at(store, image, &line, error);
  if (status) return status;
  *name = model_store_unescape(line.name, line.name_length, error);
  return *name ? BERG_OK : BERG_ELIMIT;
}

const char *model_splits_name(const char *train_splits) {
  return train_splits && strcmp(train_splits, "full") != 0 ? train_splits : "all";
}

size_t model_store_find_part(const berg_store *store, const char *model_id, const char *subject,
                             const char *train_splits) {
  train_splits = model_splits_name(train_splits);
  for (size_t p = 0; p < store->about.part_count; p++) {
    const model_store_part *part = &store->about.parts[p];
    if (!strcmp(part->model, model_id) && !strcmp(part->subject, subject) && !strcmp(part->train_splits, train_splits))
      return p;
  }
  return SIZE_MAX;
}

/* --- Rows --- */

/* Rows that are checked as one piece. */
#define TOGETHER ((size_t)64)

typedef struct check {
  const berg_store *store;
  size_t part, first, count;
  atomic_size_t bad; /* the least of those that do not fit */
} check;

static bool is_finite(const float *row, size_t width) {
  bool finite = true;
  for (size_t j = 0; j < width; j++) finite &= isfinite(row[j]) != 0;
  return finite;
}

static bool row_fits(const check *c, size_t image) {
  const model_store_part *part = &c->store->about.parts[c->part];
  const float *row = part->scores + image * part->width;
  model_store_line line;
  uint64_t sum;
  return !model_store_line_at(c->store, image, &line, NULL) &&
         model_store_read_sum(line.sums + c->part * (MODEL_STORE_SUM_DIGITS + 1), &sum) &&
         sum == base_checksum_short(row, part->width * sizeof *row) && is_finite(row, part->width);
}

static void check_some(void *user, size_t index, size_t rank) {
  check *c = user;
  const size_t end = (index + 1) * TOGETHER < c->count ? (index + 1) * TOGETHER : c->count;
  (void)rank;
  for (size_t i = index * TOGETHER; i < end; i++)
    if (!row_fits(c, c->first + i)) {
      base_note_least(&c->bad, c->first + i);
      return;
    }
}

static berg_status tell_bad(const check *c, size_t image, berg_error *error) {
  const model_store_part *part = &c->store->about.parts[c->part];
  model_store_line line;
  berg_status status = model_store_line_at(c->store, image, &line, error);
  if (status) return status;
  const bool finite = is_finite(part->scores + image * part->width, part->width);
  return base_fail(error, BERG_EINPUT, "%s/%s: row %zu (image %.*s) %s", c->store->path, part->file, image,
                   (int)(line.name_length < 200 ? line.name_length : 200), line.name,
                   finite ? "is damaged: its checksum is not that of " MODEL_STORE_TABLE
                          : "holds scores that are no numbers");
}

/* The kernel reads on while these rows are at work. */
static void read_ahead(const berg_store *store, size_t part, size_t first, size_t count) {
  const model_store_part *p = &store->about.parts[part];
  const size_t images = store->about.images, end = first + 2 * count < images ? first + 2 * count : images;
  const size_t offset = (size_t)((const uint8_t *)p->scores - p->map.bytes), row = p->width * sizeof(float);
  if (first + count >= images) return;
  io_map_will_need(&p->map, offset + (first + count) * row, (end - first - count) * row);
  io_map_will_need(&store->table, store->lines[first + count], store->lines[end] - store->lines[first + count]);
}

berg_status model_store_rows(const berg_store *store, size_t part, size_t first, size_t count, base_team *team,
                             const float **rows, berg_error *error) {
  check c = {.store = store, .part = part, .first = first, .count = count, .bad = SIZE_MAX};
  *rows = store->about.parts[part].scores + first * store->about.parts[part].width;
  read_ahead(store, part, first, count);
  base_team_share(team, (count + TOGETHER - 1) / TOGETHER, check_some, &c);
  const size_t bad = atomic_load(&c.bad);
  return bad == SIZE_MAX ? BERG_OK : tell_bad(&c, bad, error);
}

void model_store_drop(const berg_store *store, size_t part, size_t first, size_t count) {
  const model_store_part *p = &store->about.parts[part];
  const size_t offset = (size_t)((const uint8_t *)p->scores - p->map.bytes);
  io_map_drop(&p->map, offset + first * p->width * sizeof(float), count * p->width * sizeof(float));
  io_map_drop(&store->table, store->lines[first], store->lines[first + count] - store->lines[first]);
}
