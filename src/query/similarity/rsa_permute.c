/* The null distribution of a comparison: one side's images in another order.
 *
 * Of squared distances the statistic is 2 N sum_i a_i b_pi(i) + 4 |X' P Y|^2 and constants, with a, b the squared
 * lengths of the centred points X, Y. The first sum is taken exactly, the second over the leading principal axes of
 * either side, where its spread is; the rest of it is replaced by its expectation over all permutations, which is
 * exact, and the spread that is lost with that is made up for. */
#include <math.h>
#include <string.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/team.h"
#include "base/text.h"
#include "la/blas.h"
#include "la/kernels.h"
#include "query/similarity/rsa.h"

#define TILE ((size_t)LA_DOUBLE_TILE)
#define STRIP ((size_t)LA_DOUBLE_STRIP)
#define DEPTH ((size_t)256)
/* The share of the null's variance that may be left out, and how many axes are taken to reach it, at most. */
#define LEFT_OUT 1e-4
#define MOST_A (4 * TILE - 1)
#define MOST_B (2 * STRIP - 1)
#define SHUFFLED ((size_t)64) /* orders between two tellings of progress */
#define STREAM 1              /* of the random numbers: permutation k draws from stream STREAM + k */

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t up(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

/* The order number `index`, by Fisher and Yates. */
static void draw_order(const query_rsa *rsa, size_t index, uint32_t *order, size_t count) {
  base_dice dice = {rsa->options->seed, STREAM + index, 0};
  for (size_t i = 0; i < count; i++) order[i] = (uint32_t)i;
  for (size_t i = count - 1; i > 0; i--) {
    const size_t other = base_dice_below(&dice, i + 1);
    const uint32_t one = order[i];
    order[i] = order[other];
    order[other] = one;
  }
}

/* Those at least as large as what was found, which counts as one of them. */
static void find_p(const double *values, size_t count, double value, query_resampled *found) {
  size_t beyond = 0;
  for (size_t k = 0; k < count; k++) beyond += values[k] >= value - 1e-12;
  found->p = isnan(value) ? (double)NAN : (double)(beyond + 1) / (double)(count + 1);
}

/* --- Axes --- */

/* A cloud turned to its leading principal axes: [axes + 1][count] in tiles of `unit`, the first column its squared
 * lengths less their mean. */
typedef struct turned {
  size_t axes;
  double *values;             /* of the axes, descending: [width] */
  double *turn;               /* [width][width], an axis a row, ascending */
  double *packed;             /* [(axes + 1) / unit, rounded up][count][unit] */
  double mean, spread, trace; /* of squared lengths: mean, sum of squares about it; sum */
} turned;

static void release(turned *t) {
  base_free(t->values);
  base_free(t->turn);
  base_free_large(t->packed);
}

static void measure_squares(turned *t, const query_cloud *cloud) {
  for (size_t i = 0; i < cloud->count; i++) t->trace += cloud->squares[i];
  t->mean = t->trace / (double)cloud->count;
  for (size_t i = 0; i < cloud->count; i++) t->spread += (cloud->squares[i] - t->mean) * (cloud->squares[i] - t->mean);
}

static berg_status find_axes(turned *t, const query_cloud *cloud, const query_rsa *rsa, berg_error *error) {
  const size_t width = cloud->width;
  *t = (turned){.axes = width};
  t->values = base_alloc(width, sizeof *t->values, error);
  t->turn = base_alloc(width * width, sizeof *t->turn, error);
  if (!t->values || !t->turn) return BERG_ELIMIT;
  measure_squares(t, cloud);
  berg_status status = query_cloud_cross(rsa, cloud, cloud, t->turn, error);
  if (!status) status = la_eigen_dense(t->turn, width, t->values, error);
  for (size_t j = 0; j < width / 2; j++) {
    const double one = t->values[j];
    t->values[j] = t->values[width - 1 - j];
    t->values[width - 1 - j] = one;
  }
  return status;
}

/* One row of the packed form. */
static void pack_row(const turned *t, size_t count, size_t i, double square, const double *x, size_t unit) {
  for (size_t j = 0; j < up(t->axes + 1, unit); j++)
    t->packed[j / unit * unit * count + i * unit + j % unit] = !j ? square - t->mean : j <= t->axes ? x[j - 1] : 0;
}

/* Of all axes the points are as good as they are. */
static berg_status pack(turned *t, const query_cloud *cloud, size_t unit, const query_rsa *rsa, berg_error *error) {
  const size_t width = cloud->width, axes = t->axes;
  double *block = base_alloc(DEPTH * axes, sizeof *block, error);
  t->packed = base_alloc_large(up(axes + 1, unit) * cloud->count, sizeof *t->packed, error);
  berg_status status = block && t->packed ? BERG_OK : BERG_ELIMIT;
  for (size_t first = 0; first < cloud->count && !status; first += DEPTH) {
    const size_t count = smaller(cloud->count - first, DEPTH);
    const double *x = cloud->x + first * width;
    status = base_ask_cancel(rsa->run, error);
    if (!status && axes < width)
      status =
          la_multiply(la_kernels_for(base_machine_isa()), count, axes, width, 1, (la_operand){x, width, false},
                      (la_operand){t->turn + (width - axes) * width, width, true}, 0, block, axes, rsa->threads, error);
    for (size_t i = 0; i < count && !status; i++)
      pack_row(t, cloud->count, first + i, cloud->squares[first + i], axes < width ? block + i * axes : x + i * width,
               unit);
  }
  base_free(block);
  return status;
}

static double sum_of(const double *values, size_t count, bool squared) {
  double sum = 0;
  for (size_t j = 0; j < count; j++) sum += squared ? values[j] * values[j] : values[j];
  return sum;
}

/* The share of the statistic's variance, 4 N^2 Va Vb / (N - 1) + 32 sum l^2 sum m^2 / (N - 1)^2, that the products left
 * out have; to leading order in 1 / N. */
static double left_out(const turned *a, const turned *b, size_t p, size_t q, double n) {
  const double lengths = 4 * n * n * a->spread * b->spread / (n - 1),
               all = 32 * sum_of(a->values, p, true) * sum_of(b->values, q, true) / ((n - 1) * (n - 1)),
               taken = 32 * sum_of(a->values, a->axes, true) * sum_of(b->values, b->axes, true) / ((n - 1) * (n - 1));
  return lengths + all > 0 ? fmax(0, all - taken) / (lengths + all) : 0;
}

/* Whole tiles of axes, until enough of the variance is there. */
static void choose_axes(turned *a, turned *b, size_t p, size_t q, double n) {
  a->axes = smaller(p, TILE - 1);
  b->axes = smaller(q, STRIP - 1);
  for (bool grew = true; grew && left_out(a, b, p, q, n) > LEFT_OUT;) {
    const size_t before = a->axes + b->axes;
    a->axes = smaller(smaller(p, MOST_A), a->axes + TILE);
    if (a->axes + 1 > b->axes || a->axes == smaller(p, MOST_A)) b->axes = smaller(smaller(q, MOST_B), b->axes + STRIP);
    grew = a->axes + b->axes > before;
  }
}

/* --- Clouds --- */

typedef struct permuting {
  const query_rsa *rsa;
  size_t count, first, tiles, strips; /* images, and the orders that are drawn already */
  const turned *a, *b;
  const query_sums *sums;
  double expected; /* of the squares of the products that are left out */
  double *values;
  uint32_t *orders; /* each thread: [count] */
  double *scratch;  /* each thread: a strip of DEPTH images, and all products */
  const la_kernels *kernels;
  base_asking asking;
} permuting;

static size_t doubles_of(const permuting *p) { return DEPTH * STRIP + p->tiles * p->strips * TILE * STRIP; }

static void add_images(const permuting *p, const uint32_t *order, size_t first, size_t depth, double *strip,
                       double *products) {
  for (size_t s = 0; s < p->strips; s++) {
    const double *from = p->b->packed + s * STRIP * p->count;
    for (size_t i = 0; i < depth; i++)
      memcpy(strip + i * STRIP, from + (size_t)order[first + i] * STRIP, STRIP * sizeof *strip);
    for (size_t t = 0; t < p->tiles; t++)
      p->kernels->double_tile(p->a->packed + t * TILE * p->count + first * TILE, strip, depth,
                              products + (t * p->strips + s) * TILE * STRIP);
  }
}

/* Squares of the products of axes; row and column 0 are of squared lengths. */
static double sum_squares(const permuting *p, const double *products) {
  double squares = 0;
  for (size_t t = 0; t < p->tiles; t++)
    for (size_t s = 0; s < p->strips; s++)
      for (size_t i = t == 0; i < TILE; i++)
        for (size_t j = s == 0; j < STRIP; j++) {
          const double one = products[((t * p->strips + s) * TILE + i) * STRIP + j];
          squares += one * one;
        }
  return squares;
}

static void permute(void *user, size_t index, size_t rank) {
  permuting *p = user;
  const double n = (double)p->count;
  uint32_t *order = p->orders + rank * p->count;
  double *strip = p->scratch + rank * doubles_of(p), *products = strip + DEPTH * STRIP;
  memset(products, 0, p->tiles * p->strips * TILE * STRIP * sizeof *products);
  index += p->first;
  draw_order(p->rsa, index, order, p->count);
  for (size_t first = 0; first < p->count && !base_asking_ended(&p->asking, rank); first += DEPTH)
    add_images(p, order, first, smaller(p->count - first, DEPTH), strip, products);
  query_sums sums = *p->sums;
  sums.ab = 2 * n * products[0] + 4 * n * n * p->a->mean * p->b->mean + 4 * (sum_squares(p, products) + p->expected);
  p->values[index] = query_measure_of(&sums, p->rsa->measure);
}

static berg_status permute_all(permuting *p, double value, query_resampled *found, berg_error *error) {
  const size_t count = p->rsa->options->permutations, threads = (size_t)p->rsa->threads;
  p->tiles = up(p->a->axes + 1, TILE) / TILE;
  p->strips = up(p->b->axes + 1, STRIP) / STRIP;
  p->values = base_alloc(count, sizeof *p->values, error);
  p->orders = base_alloc(threads * p->count, sizeof *p->orders, error);
  p->scratch = base_alloc(threads * doubles_of(p), sizeof *p->scratch, error);
  berg_status status = p->values && p->orders && p->scratch ? BERG_OK : BERG_ELIMIT;
  p->asking = (base_asking){.run = p->rsa->run, .error = error};
  for (; p->first < count && !status; p->first += SHUFFLED) {
    status = query_rsa_go_on(p->rsa, error);
    if (!status) base_share(p->rsa->threads, smaller(count - p->first, SHUFFLED), permute, p);
    if (!status) status = (berg_status)p->asking.status;
  }
  if (!status) {
    query_resampled_summarise(p->values, count, found);
    find_p(p->values, count, value, found);
  }
  base_free(p->values);
  base_free(p->orders);
  base_free(p->scratch);
  return status;
}

berg_status query_permute_clouds(const query_rsa *rsa, const query_cloud *a, const query_cloud *b,
                                 const query_sums *sums, double value, query_resampled *found, berg_error *error) {
  turned x = {.axes = 0}, y = {.axes = 0};
  const double n = (double)a->count;
  permuting p = {
      .rsa = rsa, .count = a->count, .a = &x, .b = &y, .sums = sums, .kernels = la_kernels_for(base_machine_isa())};
  *found = (query_resampled){.asked = true};
  berg_status status = find_axes(&x, a, rsa, error);
  if (!status) status = find_axes(&y, b, rsa, error);
  if (!status) {
    if (!rsa->options->exact) choose_axes(&x, &y, a->width, b->width, n);
    found->exact = x.axes == a->width && y.axes == b->width;
    found->left_out = found->exact ? 0 : left_out(&x, &y, a->width, b->width, n);
    found->axes[0] = x.axes;
    found->axes[1] = y.axes;
    p.expected =
        found->exact
            ? 0
            : (x.trace * y.trace - sum_of(x.values, x.axes, false) * sum_of(y.values, y.axes, false)) / (n - 1);
    status = pack(&x, a, TILE, rsa, error);
  }
  if (!status) status = pack(&y, b, STRIP, rsa, error);
  if (!status) status = permute_all(&p, value, found, error);
  release(&x);
  release(&y);
  return status;
}

/* --- Pairs: matrices, ranks, distances that are no squares --- */

typedef struct shuffling {
  const query_rsa *rsa;
  size_t count, first; /* images, and the orders that are drawn already */
  const double *a, *b; /* [count][count] */
  double scale;        /* what the sum of products is multiplied by */
  uint32_t *orders;
  double *values;
  base_asking asking;
} shuffling;

#define ROWS ((size_t)256) /* between two looks at whether the caller asks for the end */

static void shuffle(void *user, size_t index, size_t rank) {
  shuffling *s = user;
  const size_t n = s->count;
  uint32_t *order = s->orders + rank * n;
  double sum = 0;
  index += s->first;
  draw_order(s->rsa, index, order, n);
  for (size_t i = 0; i < n; i++) {
    if (i % ROWS == 0 && base_asking_ended(&s->asking, rank)) return;
    const double *a = s->a + i * n, *b = s->b + (size_t)order[i] * n;
    double row = 0;
    for (size_t j = i + 1; j < n; j++) row += a[j] * b[order[j]];
    sum += row;
  }
  s->values[index] = sum * s->scale;
}

typedef struct square {
  double *to;
  size_t count;
} square;

static void take_tile(void *user, size_t row, size_t rows, size_t column, size_t columns, const double *const *tiles) {
  const square *s = user;
  for (size_t i = 0; i < rows; i++)
    memcpy(s->to + (row + i) * s->count + column, tiles[0] + i * QUERY_TILE_COLUMNS, columns * sizeof *s->to);
}

/* All pairs as a matrix, less their mean unless cosines are asked for. */
static berg_status take_matrix(const query_rsa *rsa, const query_pairs *pairs, double *to, berg_error *error) {
  const size_t n = pairs->count;
  square s = {to, n};
  berg_status status = BERG_OK;
  double sum = 0;
  if (rsa->measure >= QUERY_BY_SPEARMAN) return query_rank_matrix(pairs, rsa->threads, to, error);
  for (size_t top = 0; top < n && !status; top += QUERY_SPAN)
    for (size_t left = 0; left < n && !status; left += QUERY_SPAN)
      status = query_pairs_visit(&pairs, 1, top, left, rsa->threads, take_tile, &s, error);
  if (status || rsa->measure == QUERY_BY_COSINE) return status;
  for (size_t i = 0; i < n; i++)
    for (size_t j = i + 1; j < n; j++) sum += to[i * n + j];
  const double mean = sum / ((double)n * (double)(n - 1) / 2);
  for (size_t i = 0; i < n * n; i++) to[i] -= mean;
  return status;
}

static double scale_of(const shuffling *s) {
  const double pairs = (double)s->count * (double)(s->count - 1) / 2;
  double a = 0, b = 0;
  if (s->rsa->measure == QUERY_BY_RHO_A) return 12 / (pairs * pairs * pairs - pairs);
  for (size_t i = 0; i < s->count; i++)
    for (size_t j = i + 1; j < s->count; j++) {
      a += s->a[i * s->count + j] * s->a[i * s->count + j];
      b += s->b[i * s->count + j] * s->b[i * s->count + j];
    }
  return 1 / sqrt(a * b);
}

static berg_status check_memory(const query_rsa *rsa, size_t n, berg_error *error) {
  /* ranks are sorted beside the two matrices */
  const double bytes = (rsa->measure >= QUERY_BY_SPEARMAN ? 4.0 : 2.0) * (double)n * (double)n * sizeof(double);
  if (bytes <= (double)rsa->memory) return BERG_OK;
  char needed[BASE_BYTES_ROOM], allowed[BASE_BYTES_ROOM];
  return base_fail(
      error, BERG_ELIMIT,
      "permutations of these sides need both matrices of %zu images, and their ranks, in memory, %s, and may "
      "take %s: give more, or fewer images",
      n, base_bytes_text(bytes, needed), base_bytes_text((double)rsa->memory, allowed));
}

berg_status query_permute_pairs(const query_rsa *rsa, const query_pairs *a, const query_pairs *b, double value,
                                query_resampled *found, berg_error *error) {
  const size_t n = a->count, count = rsa->options->permutations;
  *found = (query_resampled){.asked = true, .exact = true};
  berg_status status = check_memory(rsa, n, error);
  if (status) return status;
  double *x = base_alloc_large(n * n, sizeof *x, error), *y = base_alloc_large(n * n, sizeof *y, error);
  shuffling s = {.rsa = rsa, .count = n, .a = x, .b = y, .asking = {.run = rsa->run, .error = error}};
  s.orders = base_alloc((size_t)rsa->threads * n, sizeof *s.orders, error);
  s.values = base_alloc(count, sizeof *s.values, error);
  status = x && y && s.orders && s.values ? take_matrix(rsa, a, x, error) : BERG_ELIMIT;
  if (!status) status = take_matrix(rsa, b, y, error);
  if (!status) {
    s.scale = scale_of(&s);
    for (; s.first < count && !status; s.first += SHUFFLED) {
      status = query_rsa_go_on(rsa, error);
      if (!status) base_share(rsa->threads, smaller(count - s.first, SHUFFLED), shuffle, &s);
      if (!status) status = (berg_status)s.asking.status;
    }
  }
  if (!status) {
    query_resampled_summarise(s.values, count, found);
    find_p(s.values, count, value, found);
  }
  base_free_large(x);
  base_free_large(y);
  base_free(s.orders);
  base_free(s.values);
  return status;
}
