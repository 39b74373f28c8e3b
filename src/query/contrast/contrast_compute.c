/* The maps of one contrast to the caller, and what is to be said of them. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"
#include "model/output/provenance.h"
#include "query/contrast/contrast.h"
#include "query/contrast/weights.h"

/* What a reader of the maps has to know (docs/questions.md says more). */
static const char *const notes[] = {
    "The sampling unit is the image: variance over trials, sessions and subjects is absent, so that t grows with the "
    "number of images. Judge by d, and treat p as a statement about the population of images under this fitted model.",
    "Images of one concept are not independent: count concepts, not images.",
    "All columns are linear in the same scores, so their tests depend on each other: the rate after Benjamini & "
    "Hochberg is assured under positive dependence, after Benjamini & Yekutieli always.",
    "Uncertainty of the model's weights is left out, and columns that the model cannot predict test as cleanly as "
    "others: select by ceiling or accuracy.",
    "Images that were chosen by a subject's predictions have to be judged on other subjects or data.",
    "Images unlike those that the model was trained on are extrapolations."};

static void add_groups(cJSON *tree, const berg_contrast *c, const double *weights) {
  cJSON *list = io_json_add_list(tree, "groups");
  for (size_t g = 0; g < c->group_count; g++) {
    cJSON *group = io_json_object();
    io_json_add(group, "name", model_provenance_text(c->names[g]));
    io_json_add_number(group, "weight", weights[g]);
    io_json_add_number(group, "images", (double)c->counts[g]);
    io_json_add(list, NULL, group);
  }
}

/* The column that is farthest out. */
static void add_strongest(cJSON *tree, const query_maps *maps, size_t columns) {
  size_t best = SIZE_MAX;
  for (size_t c = 0; c < columns; c++)
    if (!isnan(maps->t[c]) && (best == SIZE_MAX || fabs(maps->t[c]) > fabs(maps->t[best]))) best = c;
  if (best == SIZE_MAX) return;
  cJSON *strongest = io_json_add_object(tree, "strongest");
  io_json_add_number(strongest, "column", (double)best);
  io_json_add_number(strongest, "t", maps->t[best]);
  io_json_add_number(strongest, "d", maps->d[best]);
  io_json_add_number(strongest, "e", maps->e[best]);
}

static berg_status describe(const berg_contrast *c, const char *text, const double *weights, const query_maps *maps,
                            char **json, berg_error *error) {
  const berg_contrast_options *options = &c->options;
  cJSON *tree = io_json_object();
  io_json_add(tree, "contrast", model_provenance_text(text));
  io_json_add_text(tree, "model", c->subject.model);
  io_json_add_text(tree, "subject", c->subject.name);
  io_json_add_text(tree, "label", c->subject.label);
  add_groups(tree, c, weights);
  io_json_add_text(tree, "test", options->paired ? "paired" : options->pooled ? "pooled" : "Welch");
  io_json_add_number(tree, "sides", options->one_sided ? 1 : 2);
  io_json_add_text(tree, "correction", options->any_dependence ? "Benjamini-Yekutieli" : "Benjamini-Hochberg");
  if (c->select) io_json_add(tree, "select", model_provenance_text(c->select));
  io_json_add_number(tree, "columns", (double)c->columns);
  io_json_add_number(tree, "selected", (double)c->chosen);
  io_json_add_number(tree, "tested", (double)maps->tested);
  io_json_add_number(tree, "without_variance", (double)(c->chosen - maps->tested));
  if (!isnan(options->fdr)) {
    io_json_add_number(tree, "fdr", options->fdr);
    io_json_add_number(tree, "found", (double)maps->found);
  }
  add_strongest(tree, maps, c->columns);
  cJSON *list = io_json_add_list(tree, "notes");
  for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) io_json_add_text(list, NULL, notes[i]);
  berg_status status = io_json_print(tree, json, error);
  cJSON_Delete(tree);
  return status;
}

static void hand_over(const berg_contrast_maps *wanted, const query_maps *made, size_t columns) {
  double *const to[] = {wanted->e, wanted->t, wanted->df, wanted->p, wanted->log,
                        wanted->q, wanted->d, wanted->g,  wanted->sd};
  const double *const from[] = {made->e, made->t, made->df, made->p, made->log, made->q, made->d, made->g, made->sd};
  for (size_t i = 0; i < sizeof to / sizeof *to; i++)
    if (to[i]) memcpy(to[i], from[i], columns * sizeof *to[i]);
}

berg_status berg_contrast_compute(const berg_contrast *contrast, const char *text, const berg_contrast_maps *given,
                                  char **json, berg_error *error) {
  berg_contrast_maps wanted;
  query_maps made;
  if (json) *json = NULL;
  berg_status status = BASE_TAKE(berg_contrast_maps, &wanted, given, error);
  if (status) return status;
  double *weights = base_alloc(contrast->group_count, sizeof *weights, error);
  status = weights
               ? query_weights_parse(text, (const char *const *)contrast->names, contrast->group_count, weights, error)
               : BERG_ELIMIT;
  if (!status) status = query_maps_make(&made, contrast, weights, error);
  if (!status) {
    hand_over(&wanted, &made, contrast->columns);
    if (json) status = describe(contrast, text, weights, &made, json, error);
    query_maps_release(&made);
  }
  base_free(weights);
  return status;
}
