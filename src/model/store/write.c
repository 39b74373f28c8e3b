/* Appending to a store of scores, and going on with one. */
#include "model/store/write.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checksum.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/container/npy.h"
#include "io/file/folders.h"
#include "io/file/listing.h"
#include "io/file/lock.h"
#include "io/file/put_at.h"
#include "io/file/whole_file.h"
#include "model/store/known.h"

#define LOCK ".lock"
#define HEADER_MAX 256
#define SUM_TEXT 18 /* a tab, 16 digits, a zero */

/* A file that grows. */
typedef struct growing {
  char *path;
  int file;
  uint64_t size; /* what was written; the file may be longer, from a run that was cut short */
} growing;

struct model_store_writer {
  char *path;
  model_store_about about; /* what is committed */
  size_t images, aliases;  /* with what was appended since */
  growing table, others;   /* images.tsv, aliases.tsv */
  growing *scores;         /* [parts] */
  char *lock_path;
  int lock;
  model_known pixels; /* digests, with their rows */
  model_known names;  /* of images and aliases */
};

/* --- Files that grow --- */

static berg_status open_growing(growing *g, const char *path, const char *name, berg_error *error) {
  g->path = model_store_file(path, name, error);
  if (!g->path) return BERG_ELIMIT;
  g->file = open(g->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
  return g->file < 0 ? base_fail_errno(error, BERG_EWRITE, g->path, "cannot be opened for writing", errno) : BERG_OK;
}

static berg_status grow(growing *g, const void *bytes, size_t size, berg_error *error) {
  berg_status status = io_put_at(g->file, bytes, size, g->size, g->path, error);
  if (!status) g->size += size;
  return status;
}

static berg_status cut(growing *g, uint64_t size, berg_error *error) {
  g->size = size;
  if (!ftruncate(g->file, (off_t)size)) return BERG_OK;
  return base_fail_errno(error, BERG_EWRITE, g->path, "cannot be cut to what is safe", errno);
}

static berg_status sync_growing(const growing *g, berg_error *error) {
  if (!fsync(g->file)) return BERG_OK;
  return base_fail_errno(error, BERG_EWRITE, g->path, "cannot be written", errno);
}

static void close_growing(growing *g) {
  if (g->path && g->file >= 0) close(g->file);
  base_free(g->path);
}

/* The header of an array of `rows` images has the same length however many they are. */
static berg_status put_header(const growing *g, size_t rows, size_t width, size_t *length, berg_error *error) {
  uint8_t header[HEADER_MAX];
  const size_t shape[] = {rows, width};
  *length = io_npy_write_header(header, sizeof header, BERG_F32, sizeof(float), shape, 2);
  return io_put_at(g->file, header, *length, 0, g->path, error);
}

/* --- A new store --- */

static bool is_ours(const model_store_about *about, const char *name) {
  if (!strcmp(name, ".") || !strcmp(name, "..") || !strcmp(name, LOCK) || !strcmp(name, MODEL_STORE_TABLE) ||
      !strcmp(name, MODEL_STORE_ALIASES) || !strncmp(name, "." MODEL_STORE_ABOUT, strlen(MODEL_STORE_ABOUT) + 1))
    return true;
  for (size_t p = 0; p < about->part_count; p++)
    if (!strcmp(name, about->parts[p].file)) return true;
  return false;
}

/* A folder without store.json may hold what a killed run had begun, and nothing else. */
static berg_status check_empty(const char *path, const model_store_about *about, berg_error *error) {
  io_listing files;
  berg_status status = io_listing_open(&files, path, 0, BERG_EWRITE, error);
  for (const char *name; (name = io_listing_next(&files, &status, error));)
    if (!is_ours(about, name))
      status = base_fail(error, BERG_EEXISTS, "%s: this folder is no store of scores, but holds %s", path, name);
  io_listing_close(&files);
  return status;
}

static berg_status write_about(const model_store_writer *writer, const model_store_about *about, berg_error *error) {
  char *path = model_store_file(writer->path, MODEL_STORE_ABOUT, error), *json = NULL;
  berg_status status = path ? model_store_about_print(about, &json, error) : BERG_ELIMIT;
  io_whole_file *file = NULL;
  if (!status) status = io_whole_file_open(&file, path, true, error);
  if (!status) status = io_whole_file_print(file, error, "%s\n", json);
  if (!status)
    status = io_whole_file_commit(file, error);
  else
    io_whole_file_abandon(file, error);
  base_free(json);
  base_free(path);
  return status;
}

static berg_status start_files(model_store_writer *writer, berg_error *error) {
  char *head = model_store_table_head(&writer->about, error);
  const char *aliases = writer->about.shard.shard.of ? "name\trow\tafter\n" : "name\trow\n";
  berg_status status = head ? cut(&writer->table, 0, error) : BERG_ELIMIT;
  if (!status) status = grow(&writer->table, head, strlen(head), error);
  if (!status) status = grow(&writer->table, "\n", 1, error);
  if (!status) status = cut(&writer->others, 0, error);
  if (!status) status = grow(&writer->others, aliases, strlen(aliases), error);
  for (size_t p = 0; p < writer->about.part_count && !status; p++) {
    size_t length = 0;
    status = cut(&writer->scores[p], 0, error);
    if (!status) status = put_header(&writer->scores[p], 0, writer->about.parts[p].width, &length, error);
    writer->scores[p].size = length;
    if (!status) status = sync_growing(&writer->scores[p], error);
  }
  if (!status) status = sync_growing(&writer->table, error);
  if (!status) status = sync_growing(&writer->others, error);
  if (!status) status = write_about(writer, &writer->about, error);
  base_free(head);
  return status;
}

/* --- One that is there --- */

static berg_status know_image(model_store_writer *writer, const model_store_line *line, size_t row, berg_error *error) {
  model_known_item pixels = {.number = row};
  if (!model_store_read_sum(line->digest, &pixels.high) ||
      !model_store_read_sum(line->digest + MODEL_STORE_SUM_DIGITS, &pixels.low))
    return base_fail(error, BERG_EINPUT, "%s: line %zu is damaged: expected a hash of 64 digits", writer->table.path,
                     row + 2);
  char *name = base_copy_bytes(line->name, line->name_length, error);
  if (!name) return BERG_ELIMIT;
  const model_known_item item = model_known_text(name, row);
  base_free(name);
  berg_status status = model_known_add(&writer->pixels, &pixels, error);
  return status ? status : model_known_add(&writer->names, &item, error);
}

static berg_status know_alias(void *user, const char *escaped, size_t length, size_t row, size_t after,
                              berg_error *error) {
  model_store_writer *writer = user;
  (void)after;
  char *name = base_copy_bytes(escaped, length, error);
  if (!name) return BERG_ELIMIT;
  const model_known_item item = model_known_text(name, row);
  base_free(name);
  return model_known_add(&writer->names, &item, error);
}

/* What is committed is read as any reader would, and what lies behind it is cut off. */
static berg_status take_up(model_store_writer *writer, berg_error *error) {
  berg_store *store;
  berg_status status = berg_store_open(&store, writer->path, error);
  if (status) return status;
  for (size_t i = 0; i < store->about.images && !status; i++) {
    model_store_line line;
    status = model_store_line_at(store, i, &line, error);
    if (!status) status = know_image(writer, &line, i, error);
  }
  const uint64_t table = store->lines[store->about.images];
  uint64_t aliases = 0;
  if (!status) status = model_store_each_alias(store, know_alias, writer, &aliases, error);
  berg_store_free(store);
  if (!status) status = cut(&writer->table, table, error);
  if (!status) status = cut(&writer->others, aliases, error);
  for (size_t p = 0; p < writer->about.part_count && !status; p++) {
    const size_t width = writer->about.parts[p].width;
    size_t length = 0;
    status = put_header(&writer->scores[p], writer->about.images, width, &length, error);
    if (!status) status = cut(&writer->scores[p], length + writer->about.images * width * sizeof(float), error);
  }
  return status;
}

/* --- Beginning --- */

static berg_status lock_store(model_store_writer *writer, berg_error *error) {
  writer->lock_path = model_store_file(writer->path, LOCK, error);
  if (!writer->lock_path) return BERG_ELIMIT;
  writer->lock = io_lock_open(writer->lock_path);
  if (writer->lock >= 0) return BERG_OK;
  if (errno == EAGAIN)
    return base_fail(error, BERG_EWRITE, "%s: another run is adding to this store: wait for it to end", writer->path);
  return base_fail_errno(error, BERG_EWRITE, writer->lock_path, "cannot be made", errno);
}

static berg_status open_files(model_store_writer *writer, berg_error *error) {
  writer->scores = base_calloc(writer->about.part_count, sizeof *writer->scores, error);
  if (!writer->scores) return BERG_ELIMIT;
  berg_status status = open_growing(&writer->table, writer->path, MODEL_STORE_TABLE, error);
  if (!status) status = open_growing(&writer->others, writer->path, MODEL_STORE_ALIASES, error);
  for (size_t p = 0; p < writer->about.part_count && !status; p++)
    status = open_growing(&writer->scores[p], writer->path, writer->about.parts[p].file, error);
  return status;
}

/* What grows by images of another run is no shard of any. */
static void keep_shard(model_store_shard *is, const model_store_shard *wanted) {
  if (is->shard.number != wanted->shard.number || strcmp(is->run, wanted->run))
    *is = (model_store_shard){.whole = false};
}

static berg_status begin(model_store_writer *writer, const model_store_about *about, berg_error *error) {
  char *json = model_store_file(writer->path, MODEL_STORE_ABOUT, error);
  struct stat there;
  if (!json) return BERG_ELIMIT;
  berg_status status = stat(writer->path, &there) ? io_make_folders(writer->path, error) : BERG_OK;
  if (!status && stat(json, &there)) status = check_empty(writer->path, about, error);
  if (!status) status = lock_store(writer, error);
  const bool is_there = !status && !stat(json, &there); /* now that no one else can make it */
  if (!status) io_whole_file_clear(json);
  if (!status && is_there) status = model_store_about_read(&writer->about, writer->path, error);
  if (!status && is_there) status = model_store_check_same(writer->path, &writer->about, about, error);
  if (!status && is_there) keep_shard(&writer->about.shard, &about->shard);
  if (!status && !is_there) status = model_store_about_copy(&writer->about, about, error);
  if (!status) status = open_files(writer, error);
  if (!status) status = is_there ? take_up(writer, error) : start_files(writer, error);
  writer->images = writer->about.images;
  writer->aliases = writer->about.aliases;
  base_free(json);
  return status;
}

berg_status model_store_begin(model_store_writer **out, const char *path, const model_store_about *about,
                              berg_error *error) {
  *out = NULL;
  model_store_writer *writer = base_calloc(1, sizeof *writer, error);
  if (!writer) return BERG_ELIMIT;
  writer->lock = -1;
  writer->path = base_copy_text(path, error);
  berg_status status = writer->path ? begin(writer, about, error) : BERG_ELIMIT;
  if (status)
    model_store_end(writer);
  else
    *out = writer;
  return status;
}

void model_store_end(model_store_writer *writer) {
  if (!writer) return;
  close_growing(&writer->table);
  close_growing(&writer->others);
  for (size_t p = 0; p < writer->about.part_count && writer->scores; p++) close_growing(&writer->scores[p]);
  base_free(writer->scores);
  if (writer->lock_path) io_lock_close(writer->lock, writer->lock_path);
  base_free(writer->lock_path);
  model_known_release(&writer->pixels);
  model_known_release(&writer->names);
  model_store_about_release(&writer->about);
  base_free(writer->path);
  base_free(writer);
}

/* --- Appending --- */

size_t model_store_images(const model_store_writer *writer) { return writer->images; }

size_t model_store_held(const model_store_writer *writer, const char *digest) {
  uint64_t high, low;
  if (!model_store_read_sum(digest, &high) || !model_store_read_sum(digest + MODEL_STORE_SUM_DIGITS, &low))
    return SIZE_MAX;
  return model_known_find(&writer->pixels, high, low);
}

/* A line of the table, without its line break. base_free; NULL with ELIMIT. */
static char *line_of(const model_store_writer *writer, const char *name, const model_store_image *image, size_t i,
                     const float *const *scores, berg_error *error) {
  char bytes[24] = "-";
  if (image->is_file) base_print(bytes, sizeof bytes, "%llu", (unsigned long long)image->bytes);
  const size_t fixed = strlen(name) + sizeof bytes + BASE_SHA256_TEXT + 4, parts = writer->about.part_count;
  char *line = base_alloc(fixed + parts * SUM_TEXT, 1, error), *to = line;
  if (!line) return NULL;
  to += base_print(to, fixed, "%s\t%s\t%s", name, bytes, image->digest);
  for (size_t p = 0; p < parts; p++) {
    const size_t width = writer->about.parts[p].width;
    to += base_print(to, SUM_TEXT, "\t%016llx",
                     (unsigned long long)base_checksum_short(scores[p] + i * width, width * sizeof(float)));
  }
  return line;
}

static berg_status append_line(model_store_writer *writer, const model_store_image *image, size_t i,
                               const float *const *scores, berg_error *error) {
  char *name = model_store_escape(image->name, error);
  char *line = name ? line_of(writer, name, image, i, scores, error) : NULL;
  const size_t length = line ? strlen(line) : 0;
  if (line) line[length] = '\n'; /* in the place of its zero */
  berg_status status = line ? grow(&writer->table, line, length + 1, error) : BERG_ELIMIT;
  if (!status) {
    const model_store_line about = {.name = name, .name_length = strlen(name), .digest = image->digest};
    status = know_image(writer, &about, writer->images, error);
  }
  base_free(line);
  base_free(name);
  return status;
}

berg_status model_store_append(model_store_writer *writer, const model_store_image *images, size_t count,
                               const float *const *scores, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t p = 0; p < writer->about.part_count && !status; p++)
    status = grow(&writer->scores[p], scores[p], count * writer->about.parts[p].width * sizeof(float), error);
  for (size_t i = 0; i < count && !status; i++) {
    status = append_line(writer, &images[i], i, scores, error);
    if (!status) writer->images++;
  }
  return status;
}

berg_status model_store_alias(model_store_writer *writer, const char *given, size_t row, size_t after,
                              berg_error *error) {
  char *name = model_store_escape(given, error);
  if (!name) return BERG_ELIMIT;
  const model_known_item item = model_known_text(name, row);
  berg_status status = BERG_OK;
  if (model_known_find(&writer->names, item.high, item.low) == SIZE_MAX) {
    char *line = writer->about.shard.shard.of && after != SIZE_MAX
                     ? base_format(error, "%s\t%zu\t%zu\n", name, row, after)
                     : base_format(error, "%s\t%zu\n", name, row);
    status = line ? grow(&writer->others, line, strlen(line), error) : BERG_ELIMIT;
    if (!status) status = model_known_add(&writer->names, &item, error);
    if (!status) writer->aliases++;
    base_free(line);
  }
  base_free(name);
  return status;
}

/* The count is written last; headers follow it, so that what they promise is there. */
berg_status model_store_commit(model_store_writer *writer, berg_error *error) {
  model_store_about *about = &writer->about;
  const size_t images = about->images, aliases = about->aliases;
  if (writer->images == images && writer->aliases == aliases) return BERG_OK;
  berg_status status = sync_growing(&writer->table, error);
  if (!status) status = sync_growing(&writer->others, error);
  for (size_t p = 0; p < about->part_count && !status; p++) status = sync_growing(&writer->scores[p], error);
  if (status) return status;
  about->images = writer->images;
  about->aliases = writer->aliases;
  status = write_about(writer, about, error);
  if (status) {
    about->images = images;
    about->aliases = aliases;
  }
  for (size_t p = 0; p < about->part_count && !status; p++) {
    size_t length;
    status = put_header(&writer->scores[p], about->images, about->parts[p].width, &length, error);
  }
  return status;
}

bool model_store_is_whole(const model_store_writer *writer) { return writer->about.shard.whole; }

berg_status model_store_finish(model_store_writer *writer, berg_error *error) {
  model_store_shard *shard = &writer->about.shard;
  if (!shard->shard.of || shard->whole) return BERG_OK;
  shard->whole = true;
  berg_status status = write_about(writer, &writer->about, error);
  shard->whole = !status;
  return status;
}
