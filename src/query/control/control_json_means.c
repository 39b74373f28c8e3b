/* Univariate control as JSON. */

#include "io/value/json_build.h"
#include "model/output/provenance.h"
#include "query/control/control.h"

static void add_baseline(cJSON *to, const query_printing *p, size_t fold, size_t region) {
  const query_univariate *found = p->found;
  const size_t target = fold * found->means.regions + region, shown = p->control->options->images;
  io_json_add_number(to, "value", found->baseline[target]);
  if (fold) io_json_add_number(to, "tested", found->baseline_tested[target]);
  query_control_print_images(to, "images", found->baseline_shown + target * shown, shown, p->used);
}

static void add_regions(cJSON *tree, const query_printing *p) {
  cJSON *region = query_control_print_regions(tree, p->control);
  region = region ? region->child : NULL;
  for (size_t r = 0; region && r < p->found->means.regions; r++, region = region->next) {
    io_json_add_number(region, "mean", p->found->grand[r]);
    add_baseline(io_json_add_object(region, "baseline"), p, 0, r);
    if (p->control->folds == 1) continue;
    cJSON *folds = io_json_add_list(region, "baselines_left_out");
    for (size_t f = 1; f < p->control->folds; f++) add_baseline(io_json_add_object(folds, NULL), p, f, r);
  }
}

/* Responses of the training subjects, all of them, to each image chosen. */
static void add_responses(cJSON *to, const query_printing *p, size_t pair, const uint32_t *shown, size_t count) {
  cJSON *responses = io_json_add_list(to, "responses");
  for (size_t side = 0; side < 2; side++) {
    const double *u = p->found->columns + p->control->pairs[pair].regions[side] * p->found->means.images;
    cJSON *list = io_json_add_list(responses, NULL);
    for (size_t i = 0; i < count; i++) io_json_add_number(list, NULL, u[shown[i]]);
  }
}

static void add_cell(cJSON *conditions, const query_printing *p, size_t fold, size_t pair, size_t condition) {
  const size_t index = query_cell_index(p->control, fold, pair, condition);
  const query_cell *cell = &p->found->cells[index];
  const uint32_t *shown = p->found->shown + index * p->control->options->images;
  cJSON *to = io_json_add_object(conditions, NULL);
  io_json_add_text(to, "name", query_condition_names[condition]);
  io_json_add_number(to, "passed", (double)cell->passed);
  query_control_print_images(to, "images", shown, cell->count, p->used);
  io_json_add_numbers(to, "means", cell->means, 2);
  if (!fold) {
    add_responses(to, p, pair, shown, cell->count);
    return;
  }
  io_json_add_numbers(to, "tested", cell->tested, 2);
  io_json_add_numbers(to, "p", cell->p, 2);
  io_json_add_numbers(to, "q", cell->q, 2);
}

static void add_fold(cJSON *to, const query_printing *p, size_t fold, size_t pair) {
  cJSON *conditions = io_json_add_list(to, "conditions");
  for (size_t c = 0; c < QUERY_CONDITIONS; c++) add_cell(conditions, p, fold, pair, c);
}

/* A condition over the subjects left out: mean, interval, in how many it holds, and how surprising that is. */
static void add_over(cJSON *list, const query_printing *p, size_t pair, size_t condition) {
  const size_t subjects = p->found->means.subjects;
  cJSON *to = io_json_add_object(list, NULL);
  io_json_add_text(to, "name", query_condition_names[condition]);
  cJSON *tested = io_json_add_list(to, "tested"), *baseline = io_json_add_list(to, "baseline"),
        *intervals = io_json_add_list(to, "interval"), *significant = io_json_add_list(to, "significant"),
        *chance = io_json_add_list(to, "p");
  for (size_t side = 0; side < 2; side++) {
    const size_t region = p->control->pairs[pair].regions[side];
    double sum = 0, baselines = 0, interval[2];
    size_t holds = 0;
    for (size_t s = 0; s < subjects; s++) {
      const query_cell *cell = &p->found->cells[query_cell_index(p->control, s + 1, pair, condition)];
      p->work[s] = cell->tested[side];
      sum += cell->tested[side];
      baselines += p->found->baseline_tested[(s + 1) * p->found->means.regions + region];
      holds += cell->q[side] <= QUERY_CONTROL_LEVEL;
    }
    query_interval(&p->resamples, p->work, p->work + subjects, interval);
    io_json_add_number(tested, NULL, sum / (double)subjects);
    io_json_add_number(baseline, NULL, baselines / (double)subjects);
    io_json_add_numbers(intervals, NULL, interval, 2);
    io_json_add_number(significant, NULL, (double)holds);
    io_json_add_number(chance, NULL, query_binomial(subjects, holds));
  }
}

static void add_pair(cJSON *pairs, const query_printing *p, size_t pair) {
  const query_cast *cast = p->control->cast;
  const size_t *regions = p->control->pairs[pair].regions, n = cast->region_count;
  cJSON *to = io_json_add_object(pairs, NULL), *names = io_json_add_list(to, "regions");
  for (size_t side = 0; side < 2; side++) io_json_add(names, NULL, model_provenance_text(cast->regions[regions[side]]));
  const double *r = p->found->correlation + regions[0] * n + regions[1];
  io_json_add_number(to, "correlation", r[0]);
  cJSON *each = io_json_add_list(to, "correlation_of_subjects");
  for (size_t s = 0; s < cast->subject_count; s++) io_json_add_number(each, NULL, r[(s + 1) * n * n]);
  add_fold(to, p, 0, pair);
  if (p->control->folds == 1) return;
  cJSON *folds = io_json_add_list(to, "left_out");
  for (size_t f = 1; f < p->control->folds; f++) {
    cJSON *fold = io_json_add_object(folds, NULL);
    io_json_add_text(fold, "subject", cast->subjects[f - 1].name);
    add_fold(fold, p, f, pair);
  }
  cJSON *over = io_json_add_list(to, "over_subjects");
  for (size_t c = 0; c < QUERY_CONDITIONS; c++) add_over(over, p, pair, c);
}

/* Every image's response in each region, mean over subjects. */
static void add_all_responses(cJSON *tree, const query_printing *p) {
  const query_means *m = &p->found->means;
  cJSON *responses = io_json_add_list(tree, "responses");
  for (size_t r = 0; r < m->regions; r++)
    io_json_add_numbers(responses, NULL, p->found->columns + r * m->images, m->images);
}

berg_status query_control_print_means(cJSON *tree, const query_control *control, const query_univariate *found,
                                      berg_error *error) {
  query_printing p;
  berg_status status = query_printing_open(&p, control, error);
  if (status) return status;
  p.found = found;
  query_control_print_asked(tree, control);
  add_regions(tree, &p);
  cJSON *pairs = io_json_add_list(tree, "pairs");
  for (size_t i = 0; i < control->pair_count; i++) add_pair(pairs, &p, i);
  if (control->options->responses) add_all_responses(tree, &p);
  status = query_control_print_names(tree, control, p.used, error);
  query_printing_close(&p);
  return status;
}
