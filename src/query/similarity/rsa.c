/* berg_rsa: every two sides compared, resampled as asked for, and told as JSON. */
#include "query/similarity/rsa.h"

#include "base/machine.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/progress.h"
#include "base/text.h"
#include "base/threads.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"
#include "model/output/provenance.h"
#include "query/similarity/rsa_ceiling.h"

void(berg_rsa_options_init)(berg_rsa_options *options, size_t size) {
  const berg_rsa_options defaults = {
      .size = sizeof defaults, .measure = "pearson", .metric = "correlation", .adjust = "none", .seed = 1};
  base_options_init(options, size, &defaults, sizeof defaults);
}

/* How a value was found. */
typedef enum way { BY_PRODUCTS, BY_PAIRS, BY_SORTING, BY_COUNTING } way;

typedef struct comparison {
  size_t a, b;
  way way;
  query_sums sums;
  double value;
  query_resampled permuted, bootstrapped;
} comparison;

berg_status query_rsa_go_on(const query_rsa *rsa, berg_error *error) {
  return !rsa->run ? BERG_OK
                   : base_progress(rsa->run, rsa->images.count, rsa->images.count, rsa->start, "images", error);
}

/* --- Comparing --- */

static berg_status rank(const query_rsa *rsa, comparison *c, const query_pairs *a, const query_pairs *b,
                        berg_error *error) {
  const bool fits = query_ranks_fit(a->count, rsa->memory);
  c->way = fits ? BY_SORTING : BY_COUNTING;
  if (fits) return query_sorted(a, b, rsa->measure, rsa->threads, &c->value, error);
  if (rsa->measure != QUERY_BY_KENDALL) return query_counted(a, b, rsa->measure, rsa->threads, &c->value, error);
  char needed[BASE_BYTES_ROOM], allowed[BASE_BYTES_ROOM];
  return base_fail(error, BERG_ELIMIT,
                   "kendall sorts all pairs of %zu images, %s, and may take %s: give more, or fewer images", a->count,
                   base_bytes_text((double)a->count * (double)a->count * 16, needed),
                   base_bytes_text((double)rsa->memory, allowed));
}

static berg_status resample_pairs(const query_rsa *rsa, comparison *c, const query_pairs *a, const query_pairs *b,
                                  bool is_lifted, berg_error *error) {
  const berg_rsa_options *options = rsa->options;
  berg_status status = BERG_OK;
  if (options->permutations && !is_lifted) status = query_permute_pairs(rsa, a, b, c->value, &c->permuted, error);
  if (status || !options->bootstraps) return status;
  return query_bootstrap_is_exact(rsa) ? query_bootstrap_pairs(rsa, a, b, &c->bootstrapped, error)
         : is_lifted                   ? BERG_OK
                                       : query_bootstrap_rows(rsa, a, b, &c->bootstrapped, error);
}

static berg_status by_pairs(query_rsa *rsa, comparison *c, bool is_lifted, berg_error *error) {
  query_pairs a, b;
  berg_status status = query_rsa_keep(rsa, error);
  if (!status) status = query_side_pairs(&a, rsa, &rsa->sides[c->a], error);
  if (status) return status;
  status = query_side_pairs(&b, rsa, &rsa->sides[c->b], error);
  if (!status) {
    if (!is_lifted && rsa->measure >= QUERY_BY_SPEARMAN) {
      status = rank(rsa, c, &a, &b, error);
    } else if (!is_lifted) {
      c->way = BY_PAIRS;
      status = query_pair_sums(&a, &b, rsa->measure, rsa->threads, &c->sums, error);
      c->value = query_measure_of(&c->sums, rsa->measure);
    }
    if (!status) status = resample_pairs(rsa, c, &a, &b, is_lifted, error);
    query_pairs_release(&b);
  }
  query_pairs_release(&a);
  return status;
}

static berg_status resample_clouds(query_rsa *rsa, comparison *c, berg_error *error) {
  const berg_rsa_options *options = rsa->options;
  query_cloud a, b;
  berg_status status = query_rsa_keep(rsa, error);
  if (!status) status = query_cloud_open(&a, rsa, &rsa->sides[c->a], error);
  if (status) return status;
  status = query_cloud_open(&b, rsa, &rsa->sides[c->b], error);
  if (!status) {
    if (options->permutations) status = query_permute_clouds(rsa, &a, &b, &c->sums, c->value, &c->permuted, error);
    if (!status && options->bootstraps && !query_bootstrap_is_exact(rsa))
      status = query_bootstrap_clouds(rsa, &a, &b, &c->bootstrapped, error);
    query_cloud_close(&b);
  }
  query_cloud_close(&a);
  return status;
}

static berg_status compare(query_rsa *rsa, comparison *c, const query_sums *sums, berg_error *error) {
  const berg_rsa_options *options = rsa->options;
  if (!query_is_lifted(rsa, &rsa->sides[c->a]) || !query_is_lifted(rsa, &rsa->sides[c->b]))
    return by_pairs(rsa, c, false, error);
  c->way = BY_PRODUCTS;
  c->sums = *sums;
  c->value = query_measure_of(sums, rsa->measure);
  if (!options->permutations && !options->bootstraps) return BERG_OK;
  berg_status status = query_rsa_keep(rsa, error);
  const bool all_pairs = !status && options->bootstraps && query_bootstrap_is_exact(rsa);
  if (!status && (options->permutations || !all_pairs)) status = resample_clouds(rsa, c, error);
  return !status && all_pairs ? by_pairs(rsa, c, true, error) : status;
}

/* --- Telling --- */

static void tell_side(cJSON *list, const query_side *side) {
  cJSON *item = io_json_add_object(list, NULL);
  io_json_add(item, "label", model_provenance_text(side->label));
  if (side->matrix) {
    io_json_add(item, "matrix", model_provenance_text(side->asked->matrix));
    return;
  }
  io_json_add_text(item, "model", side->subject->model);
  io_json_add_text(item, "subject", side->subject->name);
  io_json_add(item, "region", model_provenance_text(side->asked->region));
  io_json_add_number(item, "units", (double)side->columns.count);
}

static cJSON *tell_samples(cJSON *item, const char *name, const query_resampled *found, size_t count) {
  cJSON *about = io_json_add_object(item, name);
  io_json_add_number(about, "samples", (double)count);
  io_json_add_bool(about, "exact", found->exact);
  io_json_add_number(about, "variance_left_out", found->left_out);
  io_json_add_number(about, "mean", found->mean);
  io_json_add_number(about, "standard_deviation", found->spread);
  return about;
}

static void tell(cJSON *list, const query_rsa *rsa, const comparison *c) {
  static const char *const ways[] = {"cross products", "pairs", "sorted pairs",
                                     "pairs counted on a grid of 2^24 levels"};
  cJSON *item = io_json_add_object(list, NULL);
  io_json_add_number(item, "a", (double)c->a);
  io_json_add_number(item, "b", (double)c->b);
  io_json_add_number(item, "value", c->value);
  io_json_add_text(item, "by", ways[c->way]);
  if (c->permuted.asked) {
    cJSON *about = tell_samples(item, "permutations", &c->permuted, rsa->options->permutations);
    if (c->permuted.axes[0]) {
      cJSON *axes = io_json_add_list(about, "axes");
      for (size_t side = 0; side < 2; side++) io_json_add_number(axes, NULL, (double)c->permuted.axes[side]);
    }
    io_json_add_number(about, "p", c->permuted.p);
  }
  if (c->bootstrapped.asked) {
    cJSON *about = tell_samples(item, "bootstraps", &c->bootstrapped, rsa->options->bootstraps);
    io_json_add_numbers(about, "interval_95", (const double[]){c->bootstrapped.low, c->bootstrapped.high}, 2);
  }
}

static void tell_matrix(cJSON *tree, const double *values, size_t count) {
  cJSON *rows = io_json_add_list(tree, "values");
  for (size_t i = 0; i < count; i++) {
    cJSON *row = io_json_add_list(rows, NULL);
    for (size_t j = 0; j < count; j++) io_json_add_number(row, NULL, values[i * count + j]);
  }
}

static void tell_about(cJSON *tree, const query_rsa *rsa, size_t left_out) {
  const double n = (double)(rsa->images.count - left_out);
  io_json_add_text(tree, "measure", query_measure_name(rsa->measure));
  io_json_add_text(tree, "metric", query_metric_name(rsa->metric));
  io_json_add_text(tree, "adjust", query_adjustment_name(rsa->adjustment));
  io_json_add_number(tree, "images", n);
  io_json_add_number(tree, "images_without_pattern", (double)left_out);
  io_json_add_number(tree, "pairs", n * (n - 1) / 2);
  io_json_add_number(tree, "seed", (double)rsa->options->seed);
  cJSON *sides = io_json_add_list(tree, "sides");
  for (size_t i = 0; i < rsa->count; i++) tell_side(sides, &rsa->sides[i]);
}

/* --- All --- */

static berg_status compare_all(query_rsa *rsa, const query_sums *sums, double *values, cJSON *list, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t a = 0; a < rsa->count && !status; a++) {
    values[a * rsa->count + a] = 1;
    for (size_t b = a + 1; b < rsa->count && !status; b++) {
      comparison c = {.a = a, .b = b};
      status = compare(rsa, &c, &sums[a * rsa->count + b], error);
      values[a * rsa->count + b] = values[b * rsa->count + a] = c.value;
      if (!status) tell(list, rsa, &c);
    }
  }
  return status;
}

static berg_status answer(query_rsa *rsa, const berg_run *run, cJSON *tree, berg_error *error) {
  const size_t squares = rsa->count * rsa->count;
  query_sums *sums = base_calloc(squares, sizeof *sums, error);
  double *values = base_calloc(squares, sizeof *values, error);
  cJSON *list = io_json_list();
  size_t left_out = 0;
  berg_status status = sums && values ? query_lifted_sums(rsa, sums, &left_out, run, error) : BERG_ELIMIT;
  if (!status) status = query_check_left(rsa, rsa->images.count - left_out, error);
  if (!status) status = compare_all(rsa, sums, values, list, error);
  if (!status) {
    if (rsa->kept) left_out = rsa->images.count - rsa->kept_count;
    tell_about(tree, rsa, left_out);
    io_json_add(tree, "comparisons", io_json_copy(list));
    tell_matrix(tree, values, rsa->count);
    query_ceilings(tree, rsa, values);
  }
  cJSON_Delete(list);
  base_free(sums);
  base_free(values);
  return status;
}

berg_status berg_rsa(const berg_store *store, const berg_rsa_side *sides, size_t count, const berg_rsa_options *given,
                     const berg_run *run, char **json, berg_error *error) {
  berg_rsa_options options;
  berg_run whole;
  *json = NULL;
  berg_status status = BASE_TAKE(berg_rsa_options, &options, given, error);
  if (!status) status = BASE_TAKE(berg_run, &whole, run, error);
  if (status) return status;
  query_rsa rsa = {.store = store,
                   .options = &options,
                   .threads = base_threads_for(options.threads),
                   .run = &whole,
                   .start = base_machine_seconds()};
  cJSON *tree = io_json_object();
  status = query_rsa_open(&rsa, sides, count, error);
  if (!status) status = answer(&rsa, &whole, tree, error);
  if (!status) status = io_json_print(tree, json, error);
  cJSON_Delete(tree);
  query_rsa_close(&rsa);
  return status;
}
