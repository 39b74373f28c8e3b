/* What images do to regions: the mean response over a region's units, which one row of weights gives. */
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "query/control/control.h"

/* Images that one thread takes at a time, and that are checked at a time. */
#define PIECE ((size_t)64)
#define TOGETHER (16 * PIECE)

typedef struct averaging {
  query_means *means;
  const float *rows; /* of images [first, last) */
  size_t first, last, subject, scores;
  const double *weights; /* [scores + 1][regions] */
} averaging;

static void average_some(void *user, size_t index, size_t rank) {
  const averaging *a = user;
  const size_t regions = a->means->regions, first = a->first + index * PIECE;
  const size_t last = first + PIECE < a->last ? first + PIECE : a->last;
  (void)rank;
  for (size_t i = first; i < last; i++) {
    const float *scores = a->rows + (i - a->first) * a->scores;
    double *u = a->means->u + (i * a->means->subjects + a->subject) * regions;
    memcpy(u, a->weights + a->scores * regions, regions * sizeof *u);
    for (size_t j = 0; j < a->scores; j++) {
      const double *weights = a->weights + j * regions;
      for (size_t r = 0; r < regions; r++) u[r] += (double)scores[j] * weights[r];
    }
  }
}

/* Column `region` of the weights: the mean of the region's rows. */
static berg_status find_weights(const query_subject *subject, const query_area *area, size_t region, size_t regions,
                                double *weights, berg_error *error) {
  const size_t width = subject->scores + 1, units = area->columns.count;
  double *rows = base_alloc(units * width, sizeof *rows, error);
  berg_status status = rows ? query_subject_rows(subject, &area->columns, rows, error) : BERG_ELIMIT;
  for (size_t j = 0; j < width && !status; j++) {
    double sum = 0;
    for (size_t i = 0; i < units; i++) sum += rows[i * width + j];
    weights[j * regions + region] = sum / (double)units;
  }
  base_free(rows);
  return status;
}

static berg_status average_subject(averaging *a, const query_control *control, double *weights, berg_error *error) {
  const query_cast *cast = control->cast;
  const query_subject *subject = &cast->subjects[a->subject];
  berg_status status = BERG_OK;
  for (size_t r = 0; r < cast->region_count && !status; r++)
    status = find_weights(subject, query_cast_area(cast, r, a->subject), r, cast->region_count, weights, error);
  for (a->first = 0; a->first < cast->images && !status; a->first = a->last) {
    a->last = a->first + TOGETHER < cast->images ? a->first + TOGETHER : cast->images;
    status = base_ask_cancel(control->run, error);
    if (!status)
      status =
          model_store_rows(cast->store, subject->part, a->first, a->last - a->first, control->team, &a->rows, error);
    if (!status) base_team_share(control->team, (a->last - a->first + PIECE - 1) / PIECE, average_some, a);
  }
  return status;
}

berg_status query_means_make(query_means *means, const query_control *control, berg_error *error) {
  const query_cast *cast = control->cast;
  berg_status status = BERG_OK;
  *means = (query_means){.images = cast->images, .subjects = cast->subject_count, .regions = cast->region_count};
  means->u = base_alloc_large(cast->images * cast->subject_count * cast->region_count, sizeof *means->u, error);
  if (!means->u) return BERG_ELIMIT;
  for (size_t s = 0; s < cast->subject_count && !status; s++) {
    const size_t scores = cast->subjects[s].scores;
    double *weights = base_alloc((scores + 1) * cast->region_count, sizeof *weights, error);
    averaging a = {.means = means, .subject = s, .scores = scores, .weights = weights};
    status = weights ? average_subject(&a, control, weights, error) : BERG_ELIMIT;
    base_free(weights);
  }
  return status;
}
