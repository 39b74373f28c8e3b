/* What is compared: regions of a store's parts, and matrices of one's own. */
#include <math.h>
#include <string.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"
#include "query/scores/cross.h"
#include "query/similarity/parts.h"
#include "query/subject/region.h"
#include "query/similarity/rsa.h"

#define MEMORY ((size_t)1 << 30)
#define CHECKED ((size_t)1 << 24) /* numbers between two looks at whether the caller asks for the end */
#define LEAST_IMAGES 3            /* two images are one pair, which varies with nothing */

static const char *const measures[] = {"pearson", "cosine", "spearman", "rho-a", "kendall"};

const char *query_measure_name(query_measure measure) { return measures[measure]; }

static berg_status measure_named(query_measure *measure, const char *name, berg_error *error) {
  for (size_t i = 0; i < sizeof measures / sizeof *measures; i++)
    if (!strcmp(name, measures[i])) {
      *measure = (query_measure)i;
      return BERG_OK;
    }
  return base_fail(error, BERG_EPARAMETER,
                   "measure: expected pearson, cosine, spearman, rho-a or kendall, found \"%s\"", name);
}

/* --- Regions --- */

static berg_status open_subject(query_rsa *rsa, query_side *side, berg_error *error) {
  size_t part = 0, s;
  const berg_rsa_side *asked = side->asked;
  berg_status status = query_part_find(rsa->store, asked->model_id, asked->subject, asked->train_splits, &part, error);
  if (status) return status;
  for (s = 0; s < rsa->subject_count && rsa->subjects[s].part != part; s++) {
  }
  if (s == rsa->subject_count) {
    status = query_subject_open(&rsa->subjects[s], rsa->store, part, rsa->options->berg_dir, rsa->run, error);
    if (status) return status;
    rsa->subject_count++;
    status = query_scale_open(&rsa->scales[s], &rsa->subjects[s], rsa->images, rsa->adjustment, rsa->threads, error);
    if (status) return status;
  }
  side->subject = &rsa->subjects[s];
  side->scale = &rsa->scales[s];
  return BERG_OK;
}

static berg_status open_region(query_rsa *rsa, query_side *side, berg_error *error) {
  berg_status status = open_subject(rsa, side, error);
  if (!status) status = query_region_find(side->subject, side->asked->region, &side->columns, error);
  if (status) return status;
  const size_t least = rsa->metric == QUERY_CORRELATION ? 2 : 1;
  if (side->columns.count < least)
    return base_fail(error, BERG_EPARAMETER, "%s: a correlation needs at least 2 units, this region has %zu",
                     side->asked->region, side->columns.count);
  side->label = base_format(error, "%s:%s", side->subject->name, side->asked->region);
  return side->label ? BERG_OK : BERG_ELIMIT;
}

/* --- Matrices --- */

static berg_status check_shape(const query_rsa *rsa, const query_side *side, berg_error *error) {
  const berg_array *matrix = side->matrix;
  const size_t n = rsa->images.count, pairs = n * (n - 1) / 2;
  char found[128], expected[128];
  const bool fits = matrix && base_is_numeric(matrix->dtype) &&
                    (matrix->ndim == 2 ? matrix->shape[0] == n && matrix->shape[1] == n
                                       : matrix->ndim == 1 && matrix->shape[0] == pairs);
  if (fits && base_array_is_contiguous(matrix)) return BERG_OK;
  if (matrix) base_array_describe(matrix, found, sizeof found);
  base_print(expected, sizeof expected, "numbers in C order (%zu, %zu), or of the %zu pairs above the diagonal", n, n,
             pairs);
  return base_fail_at(error, &(base_fault){BERG_EINPUT, side->asked->matrix, BERG_NO_OFFSET, NULL,
                                           "no matrix of the images compared", expected, matrix ? found : "no array"});
}

static berg_status check_numbers(const query_rsa *rsa, const query_side *side, berg_error *error) {
  const berg_array *matrix = side->matrix;
  const size_t count = matrix->shape[0] * (matrix->ndim == 2 ? matrix->shape[1] : 1);
  for (size_t i = 0; i < count; i++) {
    berg_status status = i % CHECKED ? BERG_OK : base_ask_cancel(rsa->run, error);
    if (status) return status;
    if (!isfinite(base_read_number(matrix->dtype, (const char *)matrix->data + i * matrix->itemsize)))
      return base_fail(error, BERG_EINPUT, "%s: element %zu is no finite number", side->asked->matrix, i);
  }
  return BERG_OK;
}

static berg_status open_matrix(const query_rsa *rsa, query_side *side, berg_error *error) {
  berg_status status = berg_file_open(&side->file, side->asked->matrix, error);
  if (status) return status;
  side->matrix = berg_file_count(side->file) == 1 ? berg_file_entry(side->file, 0) : NULL;
  status = check_shape(rsa, side, error);
  if (!status) status = check_numbers(rsa, side, error);
  if (status) return status;
  const char *slash = strrchr(side->asked->matrix, '/');
  side->label = base_copy_text(slash ? slash + 1 : side->asked->matrix, error);
  return side->label ? BERG_OK : BERG_ELIMIT;
}

/* --- All --- */

static berg_status check_options(const query_rsa *rsa, berg_error *error) {
  const berg_rsa_options *options = rsa->options;
  const bool ranks = rsa->measure >= QUERY_BY_SPEARMAN;
  if (options->permutations > 1 << 20 || options->bootstraps > 1 << 20)
    return base_fail(error, BERG_EARGUMENT, "at most %d samples are drawn", 1 << 20);
  if (options->bootstraps && ranks)
    return base_fail(error, BERG_EPARAMETER,
                     "bootstraps are of pearson and cosine: %s would rank all pairs anew in each",
                     query_measure_name(rsa->measure));
  if (options->permutations && rsa->measure == QUERY_BY_KENDALL)
    return base_fail(error, BERG_EPARAMETER, "permutations are not of kendall: take spearman or rho-a");
  return BERG_OK;
}

berg_status query_rsa_open(query_rsa *rsa, const berg_rsa_side *sides, size_t count, berg_error *error) {
  const berg_rsa_options *options = rsa->options;
  if (count < 2) return base_fail(error, BERG_EARGUMENT, "a comparison needs two sides, found %zu", count);
  rsa->memory = options->memory ? options->memory : MEMORY;
  berg_status status = measure_named(&rsa->measure, options->measure, error);
  if (!status) status = query_metric_named(&rsa->metric, options->metric, error);
  if (!status) status = query_adjustment_named(&rsa->adjustment, options->adjust, error);
  if (!status) status = check_options(rsa, error);
  if (!status)
    status = query_images_of(rsa->store, options->images, options->image_count, LEAST_IMAGES, &rsa->images, error);
  if (status) return status;
  rsa->sides = base_calloc(count, sizeof *rsa->sides, error);
  rsa->subjects = base_calloc(count, sizeof *rsa->subjects, error);
  rsa->scales = base_calloc(count, sizeof *rsa->scales, error);
  if (!rsa->sides || !rsa->subjects || !rsa->scales) return BERG_ELIMIT;
  for (size_t i = 0; i < count && !status; i++) {
    query_side *side = &rsa->sides[rsa->count++];
    side->asked = &sides[i];
    if (!sides[i].matrix && !sides[i].region)
      return base_fail(error, BERG_EARGUMENT, "side %zu is neither a region nor a matrix", i + 1);
    status = sides[i].matrix ? open_matrix(rsa, side, error) : open_region(rsa, side, error);
  }
  return status;
}

void query_rsa_close(query_rsa *rsa) {
  for (size_t i = 0; i < rsa->count; i++) {
    base_free(rsa->sides[i].label);
    base_free(rsa->sides[i].columns.items);
    berg_file_free(rsa->sides[i].file);
  }
  for (size_t s = 0; s < rsa->subject_count; s++) {
    query_subject_close(&rsa->subjects[s]);
    query_scale_close(&rsa->scales[s]);
  }
  base_free(rsa->sides);
  base_free(rsa->subjects);
  base_free(rsa->scales);
  base_free(rsa->kept);
  base_free(rsa->positions);
}

berg_status query_side_points(query_points *points, const query_rsa *rsa, const query_side *side, query_images images,
                              berg_error *error) {
  return query_points_open(points, side->subject, &side->columns, images, side->scale, rsa->metric, rsa->adjustment,
                           rsa->threads, error);
}

/* --- Images that have a pattern --- */

/* Marks those that have none on this side. */
static berg_status mark(const query_rsa *rsa, const query_side *side, bool *missing, berg_error *error) {
  query_points points;
  berg_status status = query_side_points(&points, rsa, side, rsa->images, error);
  if (status) return status;
  double *x = base_alloc(QUERY_BLOCK * points.width, sizeof *x, error);
  if (!x) status = BERG_ELIMIT;
  for (size_t first = 0; first < rsa->images.count && !status; first += QUERY_BLOCK) {
    const size_t left = rsa->images.count - first, block = left < QUERY_BLOCK ? left : QUERY_BLOCK;
    status = query_points_block(&points, first, block, x, error);
    for (size_t i = 0; i < block && !status; i++) missing[first + i] |= isnan(x[i * points.width]) != 0;
  }
  base_free(x);
  query_points_close(&points);
  return status;
}

/* Distances are there of every pattern. */
static bool may_miss(const query_rsa *rsa) { return rsa->metric == QUERY_CORRELATION || rsa->metric == QUERY_COSINE; }

berg_status query_check_left(const query_rsa *rsa, size_t count, berg_error *error) {
  if (count >= LEAST_IMAGES) return BERG_OK;
  return base_fail(error, BERG_EINPUT, "%s: %zu of %zu images have a pattern on every side, expected at least %d",
                   rsa->store->path, count, rsa->images.count, LEAST_IMAGES);
}

berg_status query_rsa_keep(query_rsa *rsa, berg_error *error) {
  const size_t n = rsa->images.count;
  if (rsa->kept) return BERG_OK;
  bool *missing = base_calloc(n, sizeof *missing, error);
  rsa->kept = base_alloc(n, sizeof *rsa->kept, error);
  rsa->positions = base_alloc(n, sizeof *rsa->positions, error);
  berg_status status = missing && rsa->kept && rsa->positions ? BERG_OK : BERG_ELIMIT;
  for (size_t i = 0; i < rsa->count && !status; i++)
    if (rsa->sides[i].subject && may_miss(rsa)) status = mark(rsa, &rsa->sides[i], missing, error);
  for (size_t i = 0; i < n && !status; i++) {
    if (missing[i]) continue;
    rsa->kept[rsa->kept_count] = rsa->images.items ? rsa->images.items[i] : i;
    rsa->positions[rsa->kept_count++] = i;
  }
  base_free(missing);
  return status ? status : query_check_left(rsa, rsa->kept_count, error);
}

berg_status query_side_pairs(query_pairs *pairs, const query_rsa *rsa, const query_side *side, berg_error *error) {
  const query_images kept = {.items = rsa->kept, .count = rsa->kept_count};
  query_points points;
  if (side->matrix) {
    *pairs = (query_pairs){.count = kept.count,
                           .metric = QUERY_SQEUCLIDEAN,
                           .share = 1,
                           .matrix = side->matrix,
                           .kept = rsa->positions,
                           .run = rsa->run,
                           .whole = rsa->images.count};
    return BERG_OK;
  }
  berg_status status = query_side_points(&points, rsa, side, kept, error);
  if (status) return status;
  status = query_pairs_of(pairs, &points, error);
  query_points_close(&points);
  return status;
}
