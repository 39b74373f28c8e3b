/* Tiles of dissimilarities: products of points, finished while they are in cache. */
#include "query/similarity/pairs.h"

#include <math.h>
#include <string.h>

#include "base/convert.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/team.h"
#include "la/kernels.h"
#include "query/scores/cross.h"

#define TILE ((size_t)QUERY_TILE_ROWS)
#define STRIP ((size_t)QUERY_TILE_COLUMNS)
#define SIDES 2

_Static_assert(QUERY_TILE_ROWS == LA_DOUBLE_TILE && QUERY_TILE_COLUMNS == LA_DOUBLE_STRIP, "tiles of the kernel");

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t up(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

/* --- Points --- */

berg_status query_pairs_new(query_pairs *pairs, size_t count, size_t width, query_metric metric, berg_error *error) {
  size_t doubles;
  const bool halved = metric == QUERY_CORRELATION || metric == QUERY_COSINE;
  *pairs = (query_pairs){.count = count, .width = width, .metric = metric, .share = halved ? 0.5 : 1};
  pairs->strips =
      base_multiply(up(count, STRIP), width, &doubles) ? base_alloc_large(doubles, sizeof(double), error) : NULL;
  pairs->squares = base_calloc(up(count, STRIP), sizeof *pairs->squares, error);
  if (pairs->strips && pairs->squares) return BERG_OK;
  query_pairs_release(pairs);
  return BERG_ELIMIT;
}

void query_pairs_release(query_pairs *pairs) {
  base_free_large(pairs->strips);
  base_free(pairs->squares);
  *pairs = (query_pairs){.count = 0};
}

void query_pairs_put(query_pairs *pairs, size_t first, size_t count, const double *x) {
  const size_t width = pairs->width;
  for (size_t i = 0; i < up(count, STRIP); i++) {
    double *strip = pairs->strips + (first + i) / STRIP * STRIP * width + i % STRIP, square = 0;
    for (size_t j = 0; j < width; j++) {
      const double value = i < count ? x[i * width + j] : 0;
      strip[j * STRIP] = value;
      square += value * value;
    }
    if (i < count) pairs->squares[first + i] = square;
  }
}

berg_status query_pairs_of(query_pairs *pairs, query_points *points, berg_error *error) {
  /* whole strips, and no more than a block of points */
  const size_t block = QUERY_BLOCK / STRIP * STRIP, count = points->images.count;
  berg_status status = query_pairs_new(pairs, count, points->width, points->metric, error);
  if (status) return status;
  pairs->run = points->subject->run;
  double *x = base_alloc(block * points->width, sizeof *x, error);
  if (!x) status = BERG_ELIMIT;
  for (size_t first = 0; first < count && !status; first += block) {
    const size_t here = smaller(count - first, block);
    status = query_points_block(points, first, here, x, error);
    if (!status) query_pairs_put(pairs, first, here, x);
  }
  base_free(x);
  if (status) query_pairs_release(pairs);
  return status;
}

/* --- Tiles --- */

typedef struct visiting {
  const query_pairs *const *sides;
  size_t side_count, top, bottom, left, right;
  query_visit visit;
  void *user;
  double *scratch; /* each thread: of each side a group of rows as tiles */
  size_t doubles;  /* of one thread */
  const la_kernels *kernels;
} visiting;

/* Rows [first, end) as tiles [width][TILE]: pieces of strips. */
static void pack_rows(const query_pairs *pairs, size_t first, size_t end, double *to) {
  for (size_t i = first; i < end; i += TILE, to += TILE * pairs->width) {
    const double *strip = pairs->strips + i / STRIP * STRIP * pairs->width + i % STRIP;
    for (size_t j = 0; j < pairs->width; j++) memcpy(to + j * TILE, strip + j * STRIP, TILE * sizeof *to);
  }
}

/* Products become dissimilarities: plain loops over whole rows, which compilers turn into vectors. What is below 0 is
 * rounding; NaN stays. */
static void finish(const query_pairs *pairs, size_t row, size_t column, double *tile) {
  const double *left = pairs->squares + column;
  for (size_t i = 0; i < TILE; i++) {
    const double square = pairs->squares[row + i];
    double *to = tile + i * STRIP;
    for (size_t j = 0; j < STRIP; j++) to[j] = square + left[j] - 2 * to[j];
    for (size_t j = 0; j < STRIP; j++) to[j] = (to[j] < 0 ? 0 : to[j]) * pairs->share;
  }
  for (size_t i = 0; i < TILE * STRIP && pairs->metric == QUERY_EUCLIDEAN; i++) tile[i] = sqrt(tile[i]);
}

static void tile_of_points(const visiting *v, const query_pairs *pairs, const double *rows, size_t row, size_t column,
                           double *tile) {
  memset(tile, 0, TILE * STRIP * sizeof *tile);
  v->kernels->double_tile(rows, pairs->strips + column * pairs->width, pairs->width, tile);
  finish(pairs, row, column, tile);
  if (row + TILE <= column || column + STRIP <= row) return;
  for (size_t i = 0; i < TILE; i++) { /* an image and itself */
    const size_t at = i * STRIP + row + i - column;
    if (row + i >= column && row + i < column + STRIP && !isnan(tile[at])) tile[at] = 0;
  }
}

/* Where pair (i, j) stands among those above the diagonal, row after row. */
static size_t place_of(size_t i, size_t j, size_t count) {
  const size_t low = i < j ? i : j, high = i < j ? j : i;
  return low * count - low * (low + 1) / 2 + high - low - 1;
}

static double element(const query_pairs *pairs, size_t row, size_t column) {
  const size_t i = pairs->kept ? pairs->kept[row] : row, j = pairs->kept ? pairs->kept[column] : column;
  const berg_array *matrix = pairs->matrix;
  const size_t index = matrix->ndim == 2 ? i * pairs->whole + j : place_of(i, j, pairs->whole);
  return base_read_number(matrix->dtype, (const char *)matrix->data + index * matrix->itemsize);
}

static void tile_of_matrix(const query_pairs *pairs, size_t row, size_t n, size_t column, size_t m, double *tile) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < m; j++)
      tile[i * STRIP + j] = row + i == column + j ? 0 : element(pairs, row + i, column + j);
}

static void visit_group(void *user, size_t index, size_t rank) {
  const visiting *v = user;
  const size_t first = v->top + index * QUERY_GROUP, end = smaller(first + QUERY_GROUP, v->bottom);
  double *packed[SIDES] = {v->scratch + rank * v->doubles}, tiles[SIDES][QUERY_TILE_ROWS * QUERY_TILE_COLUMNS];
  const double *const shown[SIDES] = {tiles[0], tiles[1]};
  if (v->side_count > 1) packed[1] = packed[0] + QUERY_GROUP * v->sides[0]->width;
  for (size_t s = 0; s < v->side_count; s++)
    if (!v->sides[s]->matrix) pack_rows(v->sides[s], first, end, packed[s]);
  for (size_t column = v->left; column < v->right; column += STRIP)
    for (size_t row = first; row < end; row += TILE) {
      const size_t n = smaller(end - row, TILE), m = smaller(v->right - column, STRIP);
      for (size_t s = 0; s < v->side_count; s++) {
        const query_pairs *pairs = v->sides[s];
        if (pairs->matrix)
          tile_of_matrix(pairs, row, n, column, m, tiles[s]);
        else
          tile_of_points(v, pairs, packed[s] + (row - first) * pairs->width, row, column, tiles[s]);
      }
      v->visit(v->user, row, n, column, m, shown);
    }
}

berg_status query_pairs_visit(const query_pairs *const *sides, size_t count, size_t top, size_t left, int threads,
                              query_visit visit, void *user, berg_error *error) {
  const size_t images = sides[0]->count;
  visiting v = {.sides = sides,
                .side_count = count,
                .top = top,
                .bottom = smaller(top + QUERY_SPAN, images),
                .left = left,
                .right = smaller(left + QUERY_SPAN, images),
                .visit = visit,
                .user = user,
                .kernels = la_kernels_for(base_machine_isa())};
  berg_status status = base_ask_cancel(sides[0]->run, error);
  if (status) return status;
  for (size_t s = 0; s < count; s++) v.doubles += QUERY_GROUP * sides[s]->width;
  v.scratch = base_alloc((size_t)threads * v.doubles, sizeof *v.scratch, error);
  if (!v.scratch) return BERG_ELIMIT;
  base_share(threads, (v.bottom - v.top + QUERY_GROUP - 1) / QUERY_GROUP, visit_group, &v);
  base_free(v.scratch);
  return BERG_OK;
}
