/* A block Krylov space on the disk: its files, projections onto it and combinations of its vectors. */
#include "train/pca/pca_space.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "io/file/whole_file.h"
#include "la/blas.h"

#define MAGIC "bergkryl"

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t whole_panels(size_t count) { return (count + LA_PANEL - 1) / LA_PANEL * LA_PANEL; }

pca_space_shape pca_space_shape_of(size_t rows, size_t components) {
  const size_t wide = smaller(whole_panels(components), rows),
               most = smaller(whole_panels(components + components / 4), rows);
  return (pca_space_shape){wide, most, smaller(most + (PCA_SPACE_BLOCKS - 1) * wide, rows)};
}

size_t pca_space_memory(size_t rows, size_t components) {
  const pca_space_shape shape = pca_space_shape_of(rows, components);
  return (shape.most * rows + shape.capacity * shape.capacity + shape.most * shape.most) * sizeof(double);
}

/* A cycle, and the first block of the next one. */
uint64_t pca_space_disk(size_t rows, size_t components) {
  const pca_space_shape shape = pca_space_shape_of(rows, components);
  return ((uint64_t)(shape.capacity + shape.most) * rows + (uint64_t)shape.capacity * shape.capacity) * sizeof(double);
}

berg_status pca_space_open(pca_space *space, const train_pca_step *step, pca_job *job, berg_error *error) {
  const size_t rows = job->panels->rows;
  *space = (pca_space){.step = step, .job = job, .shape = pca_space_shape_of(rows, step->options->components)};
  const pca_space_shape *shape = &space->shape;
  space->block = base_alloc_large(shape->most * rows, sizeof(double), error);
  space->projection = base_alloc_large(shape->capacity * shape->capacity, sizeof(double), error);
  space->overlap = base_alloc_large(shape->most * shape->most, sizeof(double), error);
  return space->block && space->projection && space->overlap ? BERG_OK : BERG_ELIMIT;
}

void pca_space_close(pca_space *space) {
  base_free_large(space->block);
  base_free_large(space->projection);
  base_free_large(space->overlap);
}

/* --- Files --- */

/* What a file holds: a block, and the rows of `projection` that the pass over the block before gave. */
typedef struct entry {
  uint64_t before, width; /* vectors before the block, and of it */
  double *block;
  pca_space *rows; /* NULL: they are not wanted */
} entry;

static char *path_of(const train_pca_step *step, size_t cycle, size_t block, berg_error *error) {
  return base_format(error, "%s.space-%zu-%02zu", step->vectors, cycle, block);
}

static bool visit(const pca_job *job, const pca_piece *piece, const pca_visitor *visitor) {
  entry *e = piece->of;
  const pca_space_shape shape = pca_space_shape_of(job->panels->rows, job->options->components);
  bool goes_on = visitor->take(visitor->user, &e->before, sizeof e->before, false) &&
                 visitor->take(visitor->user, &e->width, sizeof e->width, false) && e->width <= shape.most &&
                 e->before + e->width <= shape.capacity &&
                 visitor->take(visitor->user, e->block, e->width * job->panels->rows * sizeof(double), false);
  if (!goes_on || !e->rows || !e->before) return goes_on;
  pca_space *space = e->rows;
  for (size_t row = space->starts[space->blocks - 1]; row < e->before && goes_on; row++)
    goes_on = visitor->take(visitor->user, space->projection + row * shape.capacity, e->before * sizeof(double), false);
  return goes_on;
}

static pca_piece piece_of(entry *e) { return (pca_piece){.magic = MAGIC, .end = 1, .visit = visit, .of = e}; }

static berg_status read_entry(const pca_space *space, size_t cycle, size_t block, entry *e, bool *is_read,
                              berg_error *error) {
  char *path = path_of(space->step, cycle, block, error);
  const pca_piece piece = piece_of(e);
  *is_read = false;
  berg_status status =
      path ? pca_piece_read(space->job, space->step->fingerprint, &piece, path, is_read, error) : BERG_ELIMIT;
  base_free(path);
  return status;
}

static berg_status write_block(pca_space *space, size_t width, berg_error *error) {
  entry e = {pca_space_size(space), width, space->block, space};
  const pca_piece piece = piece_of(&e);
  char *path = path_of(space->step, space->cycle, space->blocks, error);
  berg_status status = path ? pca_piece_write(space->job, space->step->fingerprint, &piece, path, error) : BERG_ELIMIT;
  base_free(path);
  return status;
}

static berg_status remove_cycle(const train_pca_step *step, size_t cycle, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t block = 0; block < PCA_SPACE_BLOCKS && !status; block++) {
    char *path = path_of(step, cycle, block, error);
    status = path ? io_remove_file(path, error) : BERG_ELIMIT;
    if (path) io_whole_file_clear(path);
    base_free(path);
  }
  return status;
}

berg_status pca_space_remove(const train_pca_step *step, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t cycle = 0; cycle < PCA_SPACE_CYCLES && !status; cycle++) status = remove_cycle(step, cycle, error);
  return status;
}

/* --- Growing --- */

static void count_block(pca_space *space, size_t width) {
  space->blocks++;
  space->starts[space->blocks] = space->starts[space->blocks - 1] + width;
}

berg_status pca_space_append(pca_space *space, size_t width, berg_error *error) {
  berg_status status = write_block(space, width, error);
  count_block(space, width);
  return status;
}

berg_status pca_space_begin(pca_space *space, size_t cycle, size_t width, berg_error *error) {
  space->cycle = cycle;
  space->blocks = 0;
  berg_status status = pca_space_append(space, width, error);
  return status || !cycle ? status : remove_cycle(space->step, cycle - 1, error);
}

/* The next block of the cycle. */
static berg_status resume_block(pca_space *space, bool *is_read, berg_error *error) {
  entry e = {.block = space->block, .rows = space->blocks ? space : NULL};
  berg_status status = read_entry(space, space->cycle, space->blocks, &e, is_read, error);
  *is_read = *is_read && e.before == pca_space_size(space);
  if (*is_read) count_block(space, e.width);
  return status;
}

berg_status pca_space_resume(pca_space *space, double *scratch, bool *is_there, berg_error *error) {
  entry e = {.block = scratch};
  berg_status status = BERG_OK;
  *is_there = false;
  for (space->cycle = PCA_SPACE_CYCLES; space->cycle && !status && !*is_there;)
    status = read_entry(space, --space->cycle, 0, &e, is_there, error);
  space->blocks = 0;
  for (bool goes_on = *is_there; goes_on && !status && space->blocks < PCA_SPACE_BLOCKS;)
    status = resume_block(space, &goes_on, error);
  *is_there = *is_there && !status && space->blocks;
  if (!*is_there) return status;
  e.block = space->block;
  return read_entry(space, space->cycle, space->blocks - 1, &e, is_there, error);
}

/* --- What is done with it --- */

/* Its vectors: those of the last block are in memory. */
static const double *load(const pca_space *space, size_t block, double *scratch, berg_status *status,
                          berg_error *error) {
  entry e = {.block = scratch};
  if (block + 1 == space->blocks) return space->block;
  bool is_read;
  *status = read_entry(space, space->cycle, block, &e, &is_read, error);
  if (*status) return NULL;
  if (is_read && e.width == pca_space_width(space, block)) return scratch;
  *status = base_fail(error, BERG_EINPUT, "%s.space-%zu-%02zu: is missing or damaged; --resume computes it again",
                      space->step->vectors, space->cycle, block);
  return NULL;
}

static berg_status project_onto(const pca_space *space, const double *basis, size_t width, double *vectors,
                                size_t count, double *coefficients, size_t ld, berg_error *error) {
  const size_t n = space->job->panels->rows;
  const int threads = space->job->machine->threads;
  berg_status status = la_multiply(space->job->machine->kernels, count, width, n, 1, (la_operand){vectors, n, false},
                                   (la_operand){basis, n, true}, 0, coefficients, ld, threads, error);
  return status ? status
                : la_multiply(space->job->machine->kernels, count, n, width, -1, (la_operand){coefficients, ld, false},
                              (la_operand){basis, n, false}, 1, vectors, n, threads, error);
}

berg_status pca_space_project(pca_space *space, double *vectors, size_t count, bool record, double *scratch,
                              double *largest, berg_error *error) {
  const size_t last = space->starts[space->blocks - 1], capacity = space->shape.capacity;
  berg_status status = BERG_OK;
  *largest = 0;
  for (size_t block = 0; block < space->blocks && !status; block++) {
    const size_t width = pca_space_width(space, block), ld = record ? capacity : width;
    double *to = record ? space->projection + last * capacity + space->starts[block] : space->overlap;
    const double *basis = load(space, block, scratch, &status, error);
    if (!status) status = project_onto(space, basis, width, vectors, count, to, ld, error);
    for (size_t i = 0; i < count && !status; i++)
      for (size_t j = 0; j < width; j++) *largest = fmax(*largest, fabs(to[i * ld + j]));
  }
  return status;
}

berg_status pca_space_combine(const pca_space *space, const double *coefficients, size_t count, double *to,
                              double *scratch, berg_error *error) {
  const size_t n = space->job->panels->rows, size = pca_space_size(space);
  berg_status status = BERG_OK;
  for (size_t block = 0; block < space->blocks && !status; block++) {
    const double *basis = load(space, block, scratch, &status, error);
    if (!status)
      status = la_multiply(space->job->machine->kernels, count, n, pca_space_width(space, block), 1,
                           (la_operand){coefficients + space->starts[block], size, false},
                           (la_operand){basis, n, false}, block ? 1 : 0, to, n, space->job->machine->threads, error);
  }
  return status;
}

void pca_space_round(const pca_space *space, double *vectors, size_t count) {
  for (size_t i = 0; i < count * space->job->panels->rows && !space->job->exact; i++)
    vectors[i] = (double)(float)vectors[i];
}
