/* Lists of images with rank, name, value, z and percentile. */
#include "query/rank/rank_json.h"

#include <math.h>

#include "base/memory.h"
#include "io/value/json_build.h"
#include "model/output/provenance.h"

/* Numbers of images with all that is told of them. */
typedef struct told {
  const double *values;
  query_summary summary;
  double *marks;
  size_t *lower;
} told;

static berg_status tell(told *one, const double *values, size_t count, const query_list *list, berg_error *error) {
  *one = (told){.values = values, .summary = query_summarise(values, count)};
  one->marks = base_alloc(list->count, sizeof *one->marks, error);
  one->lower = base_alloc(list->count, sizeof *one->lower, error);
  if (!one->marks || !one->lower) return BERG_ELIMIT;
  for (size_t i = 0; i < list->count; i++) one->marks[i] = values[list->at[i]];
  return query_count_lower(values, count, one->marks, list->count, one->lower, error);
}

static void forget(told *one) {
  base_free(one->marks);
  base_free(one->lower);
}

static void add_told(cJSON *to, const told *one, size_t i, const char *value, const char *z, const char *percentile) {
  const query_summary *summary = &one->summary;
  io_json_add_number(to, value, one->marks[i]);
  io_json_add_number(to, z, (one->marks[i] - summary->mean) / summary->sd);
  io_json_add_number(to, percentile,
                     isnan(one->marks[i]) ? (double)NAN : 100 * (double)one->lower[i] / (double)summary->known);
}

static berg_status add_image(cJSON *to, const query_ranking *ranking, size_t at, size_t rank, berg_error *error) {
  const size_t image = ranking->images.items ? ranking->images.items[at] : at;
  char *name;
  berg_status status = berg_store_name(&name, ranking->store, image, error);
  if (status) return status;
  io_json_add_number(to, "rank", (double)rank);
  io_json_add_number(to, "image", (double)image);
  io_json_add(to, "name", model_provenance_text(name));
  base_free(name);
  return BERG_OK;
}

static berg_status add_list(cJSON *to, const char *key, const query_ranking *ranking, const double *values,
                            const double *left_out, size_t most, berg_error *error) {
  query_list list;
  told own = {.values = NULL}, other = {.values = NULL};
  const size_t count = ranking->images.count;
  cJSON *items = io_json_add_list(to, key);
  berg_status status = query_list_make(&list, values, count, most, key[0] == 'b', error);
  if (!status) status = tell(&own, values, count, &list, error);
  if (!status && left_out) status = tell(&other, left_out, count, &list, error);
  for (size_t i = 0; i < list.count && !status; i++) {
    cJSON *item = io_json_object();
    status = add_image(item, ranking, list.at[i], i + 1, error);
    add_told(item, &own, i, "value", "z", "percentile");
    if (left_out) add_told(item, &other, i, "left_out_value", "left_out_z", "left_out_percentile");
    io_json_add(items, NULL, item);
  }
  base_free(list.at);
  forget(&own);
  forget(&other);
  return status;
}

/* How far the others agree with the one left out, over all images. */
static double correlation(const double *a, const double *b, size_t count) {
  double mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0, known = 0;
  const double from_a = count ? a[0] : 0, from_b = count ? b[0] : 0;
  for (size_t i = 0; i < count; i++) {
    if (isnan(a[i]) || isnan(b[i])) continue;
    known++;
    mean_a += a[i] - (isnan(from_a) ? 0 : from_a);
    mean_b += b[i] - (isnan(from_b) ? 0 : from_b);
  }
  mean_a = mean_a / known + (isnan(from_a) ? 0 : from_a);
  mean_b = mean_b / known + (isnan(from_b) ? 0 : from_b);
  for (size_t i = 0; i < count; i++) {
    const double x = a[i] - mean_a, y = b[i] - mean_b;
    if (isnan(x) || isnan(y)) continue;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  return ab / sqrt(aa * bb);
}

berg_status query_ranking_describe(cJSON *to, const query_ranking *ranking, const double *values,
                                   const double *left_out, berg_error *error) {
  const size_t count = ranking->images.count;
  const query_summary summary = query_summarise(values, count);
  io_json_add_number(to, "mean", summary.mean);
  io_json_add_number(to, "sd", summary.sd);
  io_json_add_number(to, "unranked", (double)(count - summary.known));
  if (left_out) io_json_add_number(to, "correlation", correlation(values, left_out, count));
  berg_status status = add_list(to, "top", ranking, values, left_out, ranking->top, error);
  return status ? status : add_list(to, "bottom", ranking, values, left_out, ranking->bottom, error);
}
