/* Writing, finding and reading the files between the steps of a PCA. */
#include "train/pca/pca_piece.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/checksum.h"
#include "io/file/map.h"
#include "io/file/whole_file.h"

#define VERSION 3

static const char END[8] = {'b', 'e', 'r', 'g', '-', 'e', 'n', 'd'};

/* What stands behind the contents. */
typedef struct tail {
  uint64_t sum; /* of all bytes before it */
  char end[sizeof END];
} tail;

static pca_piece_header make_header(const pca_job *job, const char *fingerprint, const char *magic) {
  pca_piece_header header = {.version = VERSION,
                             .rows = job->panels->rows,
                             .features = job->panels->columns,
                             .width = job->panels->width,
                             .components = job->options->components,
                             .standardise = job->options->standardise,
                             .products = job->exact    ? 1
                                         : job->device ? 2
                                                       : 0,
                             .fingerprint = strlen(fingerprint)};
  memcpy(header.magic, magic, sizeof header.magic);
  return header;
}

/* --- Reading --- */

typedef struct reader {
  io_map map;
  const uint8_t *at;
  size_t left;
  bool add;
} reader;

/* Whether the bytes are those that were written. */
static bool is_unchanged(const io_map *map) {
  base_running running;
  tail found;
  const size_t before = map->size - sizeof found;
  memcpy(&found, map->bytes + before, sizeof found);
  base_running_start(&running);
  base_running_add(&running, map->bytes, before);
  return !memcmp(found.end, END, sizeof END) && found.sum == base_running_end(&running);
}

/* Whether what the map holds is whole, and of this job. */
static bool fits(const pca_job *job, const char *fingerprint, const char *magic, const io_map *map,
                 pca_piece_header *found) {
  if (map->size < sizeof *found) return false;
  memcpy(found, map->bytes, sizeof *found);
  pca_piece_header wanted = make_header(job, fingerprint, magic);
  wanted.first = found->first, wanted.end = found->end, wanted.bytes = found->bytes;
  if (!job->adds && !job->exact && found->products == 2) wanted.products = 2;
  if (memcmp(found, &wanted, sizeof wanted) || found->first >= found->end ||
      found->end > train_panels_count(job->panels))
    return false;
  const size_t around = sizeof *found + found->fingerprint + sizeof(tail);
  return map->size >= around && map->size - around == found->bytes &&
         !memcmp(map->bytes + sizeof *found, fingerprint, found->fingerprint) && is_unchanged(map);
}

/* `in->map` is open where there is one. */
static berg_status open_piece(const pca_job *job, const char *fingerprint, const char *magic, const char *path,
                              reader *in, pca_piece_header *found, bool *is_there, berg_error *error) {
  *is_there = false;
  if (access(path, F_OK) && errno == ENOENT) return BERG_OK;
  berg_status status = io_map_open(&in->map, path, error);
  if (status) return status;
  *is_there = fits(job, fingerprint, magic, &in->map, found);
  if (!*is_there) {
    io_map_close(&in->map);
    return BERG_OK;
  }
  in->at = in->map.bytes + sizeof *found + found->fingerprint;
  in->left = found->bytes;
  return BERG_OK;
}

berg_status pca_piece_find(const pca_job *job, const char *fingerprint, const char *magic, const char *path,
                           io_range *panels, berg_error *error) {
  reader in;
  pca_piece_header found;
  bool is_there;
  *panels = (io_range){0, 0};
  berg_status status = open_piece(job, fingerprint, magic, path, &in, &found, &is_there, error);
  if (status || !is_there) return status;
  io_map_close(&in.map);
  *panels = (io_range){found.first, found.end};
  return BERG_OK;
}

static void add_doubles(void *to, const uint8_t *from, size_t count) {
  double *sum = to, value;
  for (size_t i = 0; i < count; i++) {
    memcpy(&value, from + i * sizeof value, sizeof value);
    sum[i] += value;
  }
}

static bool read_next(void *user, void *bytes, size_t size, bool is_sum) {
  reader *in = user;
  if (size > in->left) return false;
  if (in->add && is_sum)
    add_doubles(bytes, in->at, size / sizeof(double));
  else
    memcpy(bytes, in->at, size);
  in->at += size, in->left -= size;
  return true;
}

berg_status pca_piece_read(const pca_job *job, const char *fingerprint, const pca_piece *piece, const char *path,
                           bool *is_read, berg_error *error) {
  reader in = {.add = piece->adds};
  pca_piece_header found;
  berg_status status = open_piece(job, fingerprint, piece->magic, path, &in, &found, is_read, error);
  if (status || !*is_read) return status;
  *is_read = found.first == piece->first && found.end == piece->end &&
             piece->visit(job, piece, &(pca_visitor){read_next, &in});
  io_map_close(&in.map);
  return BERG_OK;
}

berg_status pca_piece_need(const pca_job *job, const char *fingerprint, const pca_piece *piece, const char *path,
                           const char *lack, berg_error *error) {
  bool is_read;
  berg_status status = pca_piece_read(job, fingerprint, piece, path, &is_read, error);
  return status || is_read ? status : base_fail(error, BERG_EINPUT, "%s: %s", path, lack);
}

/* --- Writing --- */

static bool count_next(void *user, void *bytes, size_t size, bool is_sum) {
  (void)bytes, (void)is_sum;
  *(uint64_t *)user += size;
  return true;
}

typedef struct writer {
  io_whole_file *file;
  base_running sum;
  berg_status status;
  berg_error *error;
} writer;

static bool write_next(void *user, void *bytes, size_t size, bool is_sum) {
  writer *out = user;
  (void)is_sum;
  base_running_add(&out->sum, bytes, size);
  if (!out->status && size) out->status = io_whole_file_write(out->file, bytes, size, out->error);
  return !out->status;
}

berg_status pca_piece_write(const pca_job *job, const char *fingerprint, const pca_piece *piece, const char *path,
                            berg_error *error) {
  writer out;
  tail last;
  pca_piece_header header = make_header(job, fingerprint, piece->magic);
  header.first = piece->first, header.end = piece->end;
  piece->visit(job, piece, &(pca_visitor){count_next, &header.bytes});
  out.error = error;
  out.status = io_whole_file_open(&out.file, path, true, error);
  if (out.status) return out.status;
  base_running_start(&out.sum);
  write_next(&out, &header, sizeof header, false);
  write_next(&out, (void *)(uintptr_t)fingerprint, header.fingerprint, false);
  piece->visit(job, piece, &(pca_visitor){write_next, &out});
  last.sum = base_running_end(&out.sum);
  memcpy(last.end, END, sizeof END);
  if (!out.status) out.status = io_whole_file_write(out.file, &last, sizeof last, error);
  if (!out.status) return io_whole_file_commit(out.file, error);
  io_whole_file_abandon(out.file, error);
  return out.status;
}
