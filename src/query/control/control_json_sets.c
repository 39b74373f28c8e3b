/* Multivariate control as JSON. */

#include "io/value/json_build.h"
#include "model/output/provenance.h"
#include "query/control/control.h"

static const char *const names[QUERY_GOALS] = {"align", "disentangle"};

static void add_goal(cJSON *goals, const query_printing *p, size_t fold, query_goal which) {
  const berg_control_options *options = p->control->options;
  const query_multivariate_goal *goal = &p->folds[fold].goals[which];
  cJSON *to = io_json_add_object(goals, NULL);
  io_json_add_text(to, "name", names[which]);
  query_control_print_images(to, "images", goal->sets + (options->generations - 1) * options->images, options->images,
                             p->used);
  io_json_add_number(to, "score", goal->score);
  if (fold) {
    io_json_add_number(to, "tested", goal->test);
    io_json_add_number(to, "p", goal->p);
    io_json_add_number(to, "q", goal->q);
  }
  io_json_add_numbers(to, "curve", goal->scores, options->generations);
  if (fold) io_json_add_numbers(to, "curve_tested", goal->tested, options->generations);
}

static void add_fold(cJSON *to, const query_printing *p, size_t fold) {
  const query_multivariate_fold *found = &p->folds[fold];
  cJSON *baseline = io_json_add_object(to, "baseline");
  query_control_print_images(baseline, "images", found->baseline, p->control->options->images, p->used);
  io_json_add_number(baseline, "score", found->baseline_score);
  if (fold) io_json_add_number(baseline, "tested", found->baseline_test);
  cJSON *goals = io_json_add_list(to, "conditions");
  for (query_goal g = 0; g < QUERY_GOALS; g++) add_goal(goals, p, fold, g);
}

static void add_over(cJSON *list, const query_printing *p, query_goal which) {
  const size_t subjects = p->control->cast->subject_count;
  double sum = 0, baseline = 0, interval[2];
  size_t holds = 0;
  for (size_t s = 0; s < subjects; s++) {
    const query_multivariate_fold *fold = &p->folds[s + 1];
    p->work[s] = fold->goals[which].test;
    sum += fold->goals[which].test;
    baseline += fold->baseline_test;
    holds += fold->goals[which].q <= QUERY_CONTROL_LEVEL;
  }
  query_interval(&p->resamples, p->work, p->work + subjects, interval);
  cJSON *to = io_json_add_object(list, NULL);
  io_json_add_text(to, "name", names[which]);
  io_json_add_number(to, "tested", sum / (double)subjects);
  io_json_add_number(to, "baseline", baseline / (double)subjects);
  io_json_add_numbers(to, "interval", interval, 2);
  io_json_add_number(to, "significant", (double)holds);
  io_json_add_number(to, "p", query_binomial(subjects, holds));
}

static void add_pair(cJSON *pairs, const query_printing *p, size_t pair) {
  const query_cast *cast = p->control->cast;
  cJSON *to = io_json_add_object(pairs, NULL), *regions = io_json_add_list(to, "regions");
  for (size_t side = 0; side < 2; side++)
    io_json_add(regions, NULL, model_provenance_text(cast->regions[p->control->pairs[pair].regions[side]]));
  add_fold(to, p, 0);
  if (p->control->folds == 1) return;
  cJSON *folds = io_json_add_list(to, "left_out");
  for (size_t f = 1; f < p->control->folds; f++) {
    cJSON *fold = io_json_add_object(folds, NULL);
    io_json_add_text(fold, "subject", cast->subjects[f - 1].name);
    add_fold(fold, p, f);
  }
  cJSON *over = io_json_add_list(to, "over_subjects");
  for (query_goal g = 0; g < QUERY_GOALS; g++) add_over(over, p, g);
}

berg_status query_control_print_sets(cJSON *tree, const query_control *control, const query_multivariate *found,
                                     berg_error *error) {
  query_printing p;
  berg_status status = query_printing_open(&p, control, error);
  if (status) return status;
  query_control_print_asked(tree, control);
  query_control_print_regions(tree, control);
  cJSON *pairs = io_json_add_list(tree, "pairs");
  for (size_t i = 0; i < control->pair_count; i++) {
    p.folds = found->folds + i * control->folds;
    add_pair(pairs, &p, i);
  }
  status = query_control_print_names(tree, control, p.used, error);
  query_printing_close(&p);
  return status;
}
