/* Adding the images of one store to another: shards that were scored apart become one. */
#include <string.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/progress.h"
#include "base/text.h"
#include "base/threads.h"
#include "model/store/write.h"

/* Rows that are taken at a time. */
#define TOGETHER ((size_t)1024)

/* Another name of an image. */
typedef struct alias {
  char *name;        /* escaped; base_free */
  size_t row, after; /* of the store that it is from */
} alias;

typedef struct adding {
  const berg_store *from;
  model_store_writer *writer;
  base_team *team;
  model_store_image images[TOGETHER];
  float **rows; /* [parts] [TOGETHER][width] */
  size_t count; /* of these, filled */
  alias *aliases;
  size_t alias_count, alias_room, aliased; /* `aliased`: of them, added */
} adding;

static berg_status flush(adding *a, berg_error *error) {
  berg_status status = model_store_append(a->writer, a->images, a->count, (const float *const *)a->rows, error);
  for (size_t i = 0; i < a->count; i++) base_free(a->images[i].name);
  a->count = 0;
  return status ? status : model_store_commit(a->writer, error);
}

/* The field behind the name: how many bytes the file had, or "-". */
static void take_bytes(model_store_image *image, const char *field) {
  image->is_file = *field != '-';
  image->bytes = 0;
  for (; *field >= '0' && *field <= '9'; field++) image->bytes = image->bytes * 10 + (uint64_t)(*field - '0');
}

static size_t among_new(const adding *a, const char *digest) {
  for (size_t i = 0; i < a->count; i++)
    if (!memcmp(a->images[i].digest, digest, BASE_SHA256_TEXT - 1)) return model_store_images(a->writer) + i;
  return SIZE_MAX;
}

/* --- Other names --- */

static berg_status take_alias(void *user, const char *escaped, size_t length, size_t row, size_t after,
                              berg_error *error) {
  adding *a = user;
  void *list = a->aliases;
  if (!base_grow(&list, &a->alias_room, a->alias_count + 1, sizeof *a->aliases, error)) return BERG_ELIMIT;
  a->aliases = list;
  a->aliases[a->alias_count] = (alias){base_copy_bytes(escaped, length, error), row, after};
  return a->aliases[a->alias_count++].name ? BERG_OK : BERG_ELIMIT;
}

/* Of whichever row the image is now. */
static berg_status add_alias(adding *a, const alias *from, berg_error *error) {
  char digest[BASE_SHA256_TEXT];
  model_store_line line;
  berg_status status = model_store_line_at(a->from, from->row, &line, error);
  if (status) return status;
  memcpy(digest, line.digest, BASE_SHA256_TEXT - 1);
  digest[BASE_SHA256_TEXT - 1] = '\0';
  char *name = model_store_unescape(from->name, strlen(from->name), error);
  size_t row = model_store_held(a->writer, digest);
  if (row == SIZE_MAX) row = among_new(a, digest);
  status = name ? model_store_alias(a->writer, name, row, SIZE_MAX, error) : BERG_ELIMIT;
  base_free(name);
  return status;
}

/* Those that come before image `row`: a shard says of each where it was met, so that they come in the order in which
 * one run would have met them. Elsewhere they are behind all images. */
static berg_status add_aliases(adding *a, size_t row, berg_error *error) {
  berg_status status = BERG_OK;
  for (; a->aliased < a->alias_count && a->aliases[a->aliased].after <= row && !status; a->aliased++)
    status = add_alias(a, &a->aliases[a->aliased], error);
  return status;
}

/* --- Images --- */

static berg_status add_one(adding *a, size_t row, size_t within, const float *const *rows, berg_error *error) {
  const model_store_about *about = &a->from->about;
  model_store_image image = {.name = NULL};
  model_store_line line;
  berg_status status = model_store_line_at(a->from, row, &line, error);
  if (status) return status;
  memcpy(image.digest, line.digest, BASE_SHA256_TEXT - 1);
  image.digest[BASE_SHA256_TEXT - 1] = '\0';
  take_bytes(&image, line.name + line.name_length + 1);
  image.name = model_store_unescape(line.name, line.name_length, error);
  if (!image.name) return BERG_ELIMIT;
  size_t held = model_store_held(a->writer, image.digest);
  if (held == SIZE_MAX) held = among_new(a, image.digest);
  if (held != SIZE_MAX) {
    status = model_store_alias(a->writer, image.name, held, SIZE_MAX, error);
    base_free(image.name);
    return status;
  }
  for (size_t p = 0; p < about->part_count; p++) {
    const size_t width = about->parts[p].width;
    memcpy(a->rows[p] + a->count * width, rows[p] + within * width, width * sizeof(float));
  }
  a->images[a->count++] = image;
  return BERG_OK;
}

static berg_status add_rows(adding *a, size_t first, size_t count, berg_error *error) {
  const size_t parts = a->from->about.part_count;
  const float **rows = base_calloc(parts, sizeof *rows, error);
  berg_status status = rows ? BERG_OK : BERG_ELIMIT;
  for (size_t p = 0; p < parts && !status; p++)
    status = model_store_rows(a->from, p, first, count, a->team, &rows[p], error);
  for (size_t i = 0; i < count && !status; i++) {
    status = add_aliases(a, first + i, error);
    if (!status) status = add_one(a, first + i, i, rows, error);
  }
  if (!status) status = flush(a, error);
  for (size_t p = 0; p < parts; p++) model_store_drop(a->from, p, first, count);
  base_free(rows);
  return status;
}

static berg_status add_all(adding *a, const berg_run *run, berg_error *error) {
  const model_store_about *about = &a->from->about;
  const double start = base_machine_seconds();
  a->rows = base_calloc(about->part_count, sizeof *a->rows, error);
  berg_status status = a->rows ? BERG_OK : BERG_ELIMIT;
  for (size_t p = 0; p < about->part_count && !status; p++)
    if (!(a->rows[p] = base_alloc(TOGETHER * about->parts[p].width, sizeof(float), error))) status = BERG_ELIMIT;
  if (!status) status = model_store_each_alias(a->from, take_alias, a, NULL, error);
  for (size_t first = 0; first < about->images && !status; first += TOGETHER) {
    status = base_progress(run, first, about->images, start, "images", error);
    if (!status)
      status = add_rows(a, first, about->images - first < TOGETHER ? about->images - first : TOGETHER, error);
  }
  if (!status) status = add_aliases(a, SIZE_MAX, error);
  if (!status) status = model_store_commit(a->writer, error);
  return status ? status : base_progress(run, about->images, about->images, start, "images", error);
}

berg_status berg_store_add(const char *path, const berg_store *from, int threads, const berg_run *given,
                           berg_error *error) {
  berg_run run;
  berg_status status = BASE_TAKE(berg_run, &run, given, error);
  adding *a = status ? NULL : base_calloc(1, sizeof *a, error);
  if (!a) return status ? status : BERG_ELIMIT;
  a->from = from;
  model_store_about about = from->about; /* the whole is no shard */
  about.shard = (model_store_shard){.whole = false};
  status = model_store_begin(&a->writer, path, &about, error);
  a->team = base_team_begin(base_threads_for(threads));
  if (!status) status = add_all(a, &run, error);
  base_team_end(a->team);
  for (size_t i = 0; i < a->count; i++) base_free(a->images[i].name);
  for (size_t p = 0; p < from->about.part_count && a->rows; p++) base_free(a->rows[p]);
  for (size_t i = 0; i < a->alias_count; i++) base_free(a->aliases[i].name);
  base_free(a->aliases);
  base_free(a->rows);
  model_store_end(a->writer);
  base_free(a);
  return status;
}
