/* Logs of shares. One is a line, "berg share 1", with a hash of whose scores they are, and records, each with its
 * length and checksum: what a kill leaves of the last one counts as nothing.
 *
 * Numbers in the names go on from run to run: those below `first` are of earlier runs. */
#include "model/store/shares.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/checksum.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/file/folders.h"
#include "io/file/listing.h"
#include "io/file/map.h"
#include "io/file/put_at.h"
#include "io/file/whole_file.h"
#include "model/store/held.h"

#define HEAD_BYTES 32
#define ENDING ".log"

typedef enum kind { SCORED, HELD, LEFT_OUT } kind;

/* What a record begins with; behind it the name, to a multiple of 8 bytes, and the scores. */
typedef struct head {
  uint64_t sum; /* of all that follows */
  uint64_t kind, is_file, bytes, name_length;
  char digest[BASE_SHA256_TEXT + 7]; /* to a multiple of 8 */
} head;

struct model_shares {
  char *folder;
  char first_line[HEAD_BYTES + 1];
  size_t part_count, *widths, width; /* of each part, and of all */
  size_t first;                      /* number of this run's first log */
  io_map *maps;                      /* [map_count] of earlier runs */
  size_t map_count, map_capacity;
  const float **found; /* [found_count] scores in them */
  size_t found_count, found_capacity;
  model_known known; /* digests, with their place in `found` */
  char *path;        /* of the own log */
  int file;
  uint64_t size;
};

static char *log_path(const model_shares *shares, size_t number, berg_error *error) {
  return base_format(error, "%s/%zu" ENDING, shares->folder, number);
}

static size_t padded(size_t length) { return (length + 7) & ~(size_t)7; }

static size_t record_bytes(const model_shares *shares, uint64_t name_length, uint64_t is_of) {
  return sizeof(head) + padded((size_t)name_length) + (is_of == SCORED ? shares->width * sizeof(float) : 0);
}

/* The record at `*at`, which is left behind it; false: there is none that is whole. */
static bool next_record(const model_shares *shares, const io_map *map, size_t *at, head *record) {
  const size_t left = map->size - *at;
  if (left < sizeof *record) return false;
  memcpy(record, map->bytes + *at, sizeof *record);
  if (record->kind > LEFT_OUT || record->name_length > left) return false;
  if (!memchr(record->digest, 0, BASE_SHA256_TEXT)) return false; /* it is taken for a text */
  const size_t bytes = record_bytes(shares, record->name_length, record->kind);
  if (bytes > left) return false;
  const uint64_t sum = base_checksum_short(map->bytes + *at + sizeof sum, bytes - sizeof sum);
  if (sum != record->sum) return false;
  *at += bytes;
  return true;
}

/* A log of others' scores, or none at all, is passed over. */
static bool is_of_these(const model_shares *shares, const io_map *map) {
  return map->size >= HEAD_BYTES && !memcmp(map->bytes, shares->first_line, HEAD_BYTES);
}

/* --- Of earlier runs --- */

static berg_status learn(model_shares *shares, const io_map *map, berg_error *error) {
  head record;
  berg_status status = BERG_OK;
  for (size_t at = HEAD_BYTES; !status && next_record(shares, map, &at, &record);) {
    model_known_item item = {.number = shares->found_count};
    if (record.kind != SCORED || !model_store_read_digest(record.digest, &item)) continue;
    if (!base_grow((void **)&shares->found, &shares->found_capacity, shares->found_count + 1, sizeof *shares->found,
                   error))
      return BERG_ELIMIT;
    shares->found[shares->found_count++] = (const float *)(const void *)(map->bytes + at) - shares->width;
    status = model_known_add(&shares->known, &item, error);
  }
  return status;
}

static berg_status open_log(model_shares *shares, const char *path, berg_error *error) {
  if (!base_grow((void **)&shares->maps, &shares->map_capacity, shares->map_count + 1, sizeof *shares->maps, error))
    return BERG_ELIMIT;
  io_map *map = &shares->maps[shares->map_count];
  berg_status status = io_map_open(map, path, error);
  if (status) return status;
  shares->map_count++;
  return is_of_these(shares, map) ? learn(shares, map, error) : BERG_OK;
}

/* Calls `visit` for each log with its number. */
static berg_status each_log(model_shares *shares, berg_status (*visit)(model_shares *, const char *, berg_error *),
                            berg_error *error) {
  io_listing files;
  berg_status status = io_listing_open(&files, shares->folder, IO_LISTING_MAY_MISS, BERG_EWRITE, error);
  for (const char *name; (name = io_listing_next(&files, &status, error));) {
    const size_t digits = strspn(name, "0123456789");
    if (!digits || digits > 18 || strcmp(name + digits, ENDING) != 0) continue;
    const size_t number = (size_t)strtoull(name, NULL, 10);
    if (number >= shares->first) shares->first = number + 1;
    char *path = log_path(shares, number, error);
    status = path ? visit(shares, path, error) : BERG_ELIMIT;
    base_free(path);
  }
  io_listing_close(&files);
  return status;
}

static berg_status describe(model_shares *shares, const char *path, const model_store_about *about, berg_error *error) {
  size_t length = strlen(path);
  char *json = NULL;
  while (length > 1 && path[length - 1] == '/') length--;
  shares->folder = base_format(error, "%.*s.shares", (int)length, path);
  shares->widths = base_calloc(about->part_count, sizeof *shares->widths, error);
  if (!shares->folder || !shares->widths) return BERG_ELIMIT;
  shares->part_count = about->part_count;
  for (size_t p = 0; p < about->part_count; p++) shares->width += shares->widths[p] = about->parts[p].width;
  berg_status status = model_store_about_print(about, &json, error);
  if (status) return status;
  base_print(shares->first_line, sizeof shares->first_line, "berg share 1  %016llx\n",
             (unsigned long long)base_hash_text(BASE_HASH_START, json));
  base_free(json);
  return BERG_OK;
}

berg_status model_shares_open(model_shares **out, const char *path, const model_store_about *about, berg_error *error) {
  *out = NULL;
  model_shares *shares = base_calloc(1, sizeof *shares, error);
  if (!shares) return BERG_ELIMIT;
  shares->file = -1;
  berg_status status = describe(shares, path, about, error);
  if (!status) status = each_log(shares, open_log, error);
  if (status)
    model_shares_free(shares);
  else
    *out = shares;
  return status;
}

const float *model_shares_find(const model_shares *shares, const char *digest) {
  model_known_item item;
  if (!shares->found_count || !model_store_read_digest(digest, &item)) return NULL;
  const size_t place = model_known_find(&shares->known, item.high, item.low);
  return place == SIZE_MAX ? NULL : shares->found[place];
}

/* --- The own log --- */

berg_status model_shares_begin(model_shares *shares, size_t number, berg_error *error) {
  shares->path = log_path(shares, shares->first + number, error);
  berg_status status = shares->path ? io_make_folders(shares->folder, error) : BERG_ELIMIT;
  if (status) return status;
  shares->file = open(shares->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (shares->file < 0) return base_fail_errno(error, BERG_EWRITE, shares->path, "cannot be made", errno);
  shares->size = HEAD_BYTES;
  return io_put_at(shares->file, shares->first_line, HEAD_BYTES, 0, shares->path, error);
}

static berg_status put(model_shares *shares, head *record, const char *name, const float *const *scores,
                       berg_error *error) {
  record->name_length = strlen(name);
  const size_t bytes = record_bytes(shares, record->name_length, record->kind);
  char *block = base_calloc(bytes, 1, error);
  if (!block) return BERG_ELIMIT;
  float *to = (float *)(void *)(block + sizeof *record + padded((size_t)record->name_length));
  memcpy(block, record, sizeof *record);
  memcpy(block + sizeof *record, name, (size_t)record->name_length);
  for (size_t p = 0; p < shares->part_count && record->kind == SCORED; to += shares->widths[p++])
    memcpy(to, scores[p], shares->widths[p] * sizeof *to);
  record->sum = base_checksum_short(block + sizeof record->sum, bytes - sizeof record->sum);
  memcpy(block, &record->sum, sizeof record->sum);
  berg_status status = io_put_at(shares->file, block, bytes, shares->size, shares->path, error);
  if (!status) shares->size += bytes;
  base_free(block);
  return status;
}

berg_status model_shares_put(model_shares *shares, const model_store_image *image, const float *const *scores,
                             berg_error *error) {
  head record = {.kind = scores ? SCORED : HELD, .is_file = image->is_file, .bytes = image->bytes};
  memcpy(record.digest, image->digest, sizeof image->digest);
  return put(shares, &record, image->name, scores, error);
}

berg_status model_shares_put_left_out(model_shares *shares, const char *line, berg_error *error) {
  return put(shares, &(head){.kind = LEFT_OUT}, line, NULL, error);
}

berg_status model_shares_end(model_shares *shares, berg_error *error) {
  if (!shares || shares->file < 0) return BERG_OK;
  berg_status status = BERG_OK;
  if (shares->size == HEAD_BYTES)
    status = io_remove_file(shares->path, error);
  else if (fdatasync(shares->file))
    status = base_fail_errno(error, BERG_EWRITE, shares->path, "cannot be written", errno);
  close(shares->file);
  shares->file = -1;
  return status;
}

/* --- Taking them in --- */

static berg_status take_record(const model_shares *shares, const head *record, const uint8_t *behind, char *name,
                               model_shares_take take, void *user, berg_error *error) {
  model_store_image image = {.name = name, .is_file = record->is_file != 0, .bytes = record->bytes};
  memcpy(image.digest, record->digest, sizeof image.digest);
  if (record->kind == LEFT_OUT) return take(user, NULL, NULL, name, error);
  if (record->kind == HELD) return take(user, &image, NULL, NULL, error);
  const float **scores = base_calloc(shares->part_count, sizeof *scores, error);
  if (!scores) return BERG_ELIMIT;
  const float *next = (const float *)(const void *)behind - shares->width;
  for (size_t p = 0; p < shares->part_count; next += shares->widths[p++]) scores[p] = next;
  berg_status status = take(user, &image, scores, NULL, error);
  base_free(scores);
  return status;
}

static berg_status replay(const model_shares *shares, const io_map *map, const char *path, model_shares_take take,
                          void *user, berg_error *error) {
  head record;
  berg_status status = BERG_OK;
  size_t at = HEAD_BYTES, before = at;
  for (; !status && next_record(shares, map, &at, &record); before = at) {
    char *name = base_copy_bytes((const char *)map->bytes + before + sizeof record, (size_t)record.name_length, error);
    status = name ? take_record(shares, &record, map->bytes + at, name, take, user, error) : BERG_ELIMIT;
    base_free(name);
  }
  if (!status && at != map->size)
    status = base_fail(error, BERG_EINPUT,
                       "%s: is damaged at byte %zu of %zu: the same command scores those images "
                       "again",
                       path, at, map->size);
  return status;
}

berg_status model_shares_replay(const model_shares *shares, size_t number, model_shares_take take, void *user,
                                berg_error *error) {
  io_map map;
  char *path = log_path(shares, shares->first + number, error);
  if (!path) return BERG_ELIMIT;
  berg_status status = BERG_OK;
  if (!access(path, F_OK)) { /* a share of no images has none */
    status = io_map_open(&map, path, error);
    if (!status) {
      if (is_of_these(shares, &map)) status = replay(shares, &map, path, take, user, error);
      io_map_close(&map);
    }
  }
  base_free(path);
  return status;
}

static berg_status remove_log(model_shares *shares, const char *path, berg_error *error) {
  (void)shares;
  return io_remove_file(path, error);
}

berg_status model_shares_clear(model_shares *shares, berg_error *error) {
  berg_status status = each_log(shares, remove_log, error);
  rmdir(shares->folder); /* it may hold what is not ours */
  return status;
}

void model_shares_free(model_shares *shares) {
  if (!shares) return;
  if (shares->file >= 0) close(shares->file);
  for (size_t m = 0; m < shares->map_count; m++) io_map_close(&shares->maps[m]);
  model_known_release(&shares->known);
  base_free(shares->maps);
  base_free(shares->found);
  base_free(shares->widths);
  base_free(shares->path);
  base_free(shares->folder);
  base_free(shares);
}
