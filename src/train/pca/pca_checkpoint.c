/* The Gram matrix on disk, so that an interrupted run goes on:
 *
 *     header (below), fingerprint, for the panels done: mean, variance, scale (float64), mean of Z (float32),
 *     the lower triangle of G row by row (float64), "berg-end"
 *
 * It is written whole or not at all, and read by the machine that wrote it. What does not fit is passed over: the run then
 * begins anew. */
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "io/file/map.h"
#include "io/file/whole_file.h"
#include "train/pca/pca_job.h"

static const char END[8] = {'b', 'e', 'r', 'g', '-', 'e', 'n', 'd'};

typedef struct header {
  char magic[8];
  uint64_t version, rows, features, width, standardise, exact, done, fingerprint;
} header;

static const char *fingerprint(const pca_job *job) {
  return job->options->fingerprint ? job->options->fingerprint : "";
}

static header make_header(const pca_job *job, size_t done) {
  return (header){.magic = {'b', 'e', 'r', 'g', 'g', 'r', 'a', 'm'},
                  .version = 1,
                  .rows = job->panels->rows,
                  .features = job->panels->columns,
                  .width = job->panels->width,
                  .standardise = job->options->standardise,
                  .exact = job->exact    ? 1
                           : job->device ? 2
                                         : 0,
                  .done = done,
                  .fingerprint = strlen(fingerprint(job))};
}

static size_t features_done(const pca_job *job, size_t done) {
  const size_t features = done * job->panels->width;
  return features < job->panels->columns ? features : job->panels->columns;
}

static size_t file_size(const pca_job *job, size_t done) {
  const size_t n = job->panels->rows;
  return sizeof(header) + strlen(fingerprint(job)) + features_done(job, done) * (3 * sizeof(double) + sizeof(float)) +
         n * (n + 1) / 2 * sizeof(double) + sizeof END;
}

static const uint8_t *take(const uint8_t *from, void *to, size_t size) {
  memcpy(to, from, size);
  return from + size;
}

/* False: not of this run, or not whole. */
static bool read_checkpoint(const pca_job *job, const io_map *map, double *g, size_t *done) {
  header found;
  if (map->size < sizeof found) return false;
  memcpy(&found, map->bytes, sizeof found);
  if (found.done == 0 || found.done > train_panels_count(job->panels)) return false;
  const header wanted = make_header(job, found.done);
  if (memcmp(&found, &wanted, sizeof found) || map->size != file_size(job, found.done)) return false;
  const uint8_t *at = map->bytes + sizeof found;
  if (memcmp(at, fingerprint(job), found.fingerprint) || memcmp(map->bytes + map->size - sizeof END, END, sizeof END))
    return false;
  const size_t features = features_done(job, found.done), n = job->panels->rows;
  at = take(at + found.fingerprint, job->pca->mean, features * sizeof(double));
  at = take(at, job->pca->variance, features * sizeof(double));
  at = take(at, job->pca->scale, features * sizeof(double));
  at = take(at, job->pca->pca_mean, features * sizeof(float));
  for (size_t i = 0; i < n; i++) at = take(at, g + i * n, (i + 1) * sizeof *g);
  if (job->exact) /* goes on adding to both triangles; what is above is made again by la_gram_mirror */
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < i; j++) g[j * n + i] = g[i * n + j];
  *done = found.done;
  return true;
}

bool pca_checkpoint_load(const pca_job *job, la_gram *gram, size_t *done) {
  io_map map;
  if (io_map_open(&map, job->options->checkpoint, NULL)) return false;
  bool fits = read_checkpoint(job, &map, la_gram_values(gram), done);
  io_map_close(&map);
  return fits;
}

static berg_status put_all(const pca_job *job, io_whole_file *file, const double *g, size_t done, berg_error *error) {
  const header about = make_header(job, done);
  const size_t features = features_done(job, done), n = job->panels->rows;
  const struct {
    const void *bytes;
    size_t size;
  } parts[] = {{&about, sizeof about},
               {fingerprint(job), about.fingerprint},
               {job->pca->mean, features * sizeof(double)},
               {job->pca->variance, features * sizeof(double)},
               {job->pca->scale, features * sizeof(double)},
               {job->pca->pca_mean, features * sizeof(float)}};
  berg_status status = BERG_OK;
  for (size_t i = 0; i < sizeof parts / sizeof *parts && !status; i++)
    status = io_whole_file_write(file, parts[i].bytes, parts[i].size, error);
  for (size_t i = 0; i < n && !status; i++) status = io_whole_file_write(file, g + i * n, (i + 1) * sizeof *g, error);
  return status ? status : io_whole_file_write(file, END, sizeof END, error);
}

berg_status pca_checkpoint_save(const pca_job *job, la_gram *gram, size_t done, berg_error *error) {
  io_whole_file *file;
  berg_status status = io_whole_file_open(&file, job->options->checkpoint, true, error);
  if (status) return status;
  status = put_all(job, file, la_gram_values(gram), done, error);
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file);
  return status;
}
