/* berg_control: what was asked, checked, and its answer as JSON. */
#include "query/control/control.h"

#include <math.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/progress.h"
#include "base/threads.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"

#define IMAGES_USUAL 25
#define IMAGES_MOST 1000
#define IMAGES_USUAL_OF_SETS 50
#define DRAWS_MOST 500000
#define PERMUTATIONS_MOST 250000

void(berg_control_options_init)(berg_control_options *options, size_t size) {
  const berg_control_options defaults = {
      .margin = 0.04, .min_ceiling = NAN, .draws = 10000, .permutations = 10000, .generations = 2000, .seed = 1};
  base_options_init(options, size, &defaults, sizeof defaults);
}

static berg_status check_count(const char *name, size_t value, size_t least, size_t most, berg_error *error) {
  if (value >= least && value <= most) return BERG_OK;
  return base_fail(error, BERG_EARGUMENT, "%s: expected %zu to %zu, found %zu", name, least, most, value);
}

static berg_status check_options(berg_control_options *o, berg_error *error) {
  const bool sets = o->multivariate;
  if (!o->images) o->images = sets ? IMAGES_USUAL_OF_SETS : IMAGES_USUAL;
  if (!(o->margin >= 0) || isinf(o->margin))
    return base_fail(error, BERG_EARGUMENT, "margin: expected 0 or more, found %g", o->margin);
  if (o->min_ceiling >= 100)
    return base_fail(error, BERG_EARGUMENT, "min_ceiling: expected percent below 100, found %g", o->min_ceiling);
  berg_status status = check_count("images", o->images, sets ? QUERY_SEARCH_SIZE_LEAST : 1,
                                   sets ? QUERY_SEARCH_SIZE_MOST : IMAGES_MOST, error);
  if (!status) status = check_count("draws", o->draws, 1, DRAWS_MOST, error);
  if (!status) status = check_count("permutations", o->permutations, 1, PERMUTATIONS_MOST, error);
  if (!status && sets) status = check_count("generations", o->generations, 1, QUERY_SEARCH_GENERATIONS_MOST - 1, error);
  return status;
}

static berg_status list_pairs(query_control *c, berg_error *error) {
  const size_t regions = c->cast->region_count;
  c->pairs = base_alloc(regions * (regions - 1) / 2, sizeof *c->pairs, error);
  for (size_t a = 0; a < regions && c->pairs; a++)
    for (size_t b = a + 1; b < regions; b++) c->pairs[c->pair_count++] = (query_pair){{a, b}};
  return c->pairs ? BERG_OK : BERG_ELIMIT;
}

/* A line for each region of few units, of the subject that has the fewest. */
static berg_status warn_of_few(const query_control *c, berg_error *error) {
  const query_cast *cast = c->cast;
  berg_status status = BERG_OK;
  for (size_t r = 0; r < cast->region_count && !status; r++) {
    size_t fewest = 0;
    for (size_t s = 1; s < cast->subject_count; s++)
      if (query_cast_area(cast, r, s)->columns.count < query_cast_area(cast, r, fewest)->columns.count) fewest = s;
    const query_area *area = query_cast_area(cast, r, fewest);
    if (area->columns.count < QUERY_CONTROL_FEW)
      status = base_warn(c->run->warn, c->run->user, error,
                         "%s: %zu of %zu units are kept in %s: fewer than %d are too few to rely on", cast->regions[r],
                         area->columns.count, area->whole, cast->subjects[fewest].label, QUERY_CONTROL_FEW);
  }
  return status;
}

static berg_status answer(cJSON *tree, const query_control *control, berg_error *error) {
  if (control->options->multivariate) {
    query_multivariate found;
    berg_status status = query_multivariate_run(&found, control, error);
    if (!status) status = query_control_print_sets(tree, control, &found, error);
    query_multivariate_release(&found);
    return status;
  }
  query_univariate found;
  berg_status status = query_univariate_run(&found, control, error);
  if (!status) status = query_control_print_means(tree, control, &found, error);
  query_univariate_release(&found);
  return status;
}

static berg_status run_control(query_control *c, char **json, berg_error *error) {
  if (c->options->cross_validate && c->cast->subject_count < 2)
    return base_fail(error, BERG_EPARAMETER, "cross-validation leaves a subject out: expected two or more, found %zu",
                     c->cast->subject_count);
  c->folds = c->options->cross_validate ? 1 + c->cast->subject_count : 1;
  cJSON *tree = io_json_object();
  c->team = base_team_begin(c->threads);
  berg_status status = list_pairs(c, error);
  if (!status) status = warn_of_few(c, error);
  if (!status) status = answer(tree, c, error);
  if (!status) status = io_json_print(tree, json, error);
  base_team_end(c->team);
  base_free(c->pairs);
  cJSON_Delete(tree);
  return status;
}

berg_status berg_control(const berg_store *store, const berg_control_options *given, const berg_run *given_run,
                         char **json, berg_error *error) {
  berg_control_options options;
  berg_run run;
  query_cast cast;
  if (!json) return base_fail(error, BERG_EARGUMENT, "berg_control: no pointer for the JSON");
  *json = NULL;
  berg_status status = BASE_TAKE(berg_control_options, &options, given, error);
  if (!status) status = BASE_TAKE(berg_run, &run, given_run, error);
  if (!status && !store) status = base_fail(error, BERG_EARGUMENT, "berg_control: no store");
  if (!status) status = check_options(&options, error);
  if (!status) status = query_cast_open(&cast, store, &options, error);
  if (status) return status;
  query_control control = {.cast = &cast,
                           .options = &options,
                           .run = &run,
                           .threads = base_threads_for(options.threads),
                           .start = base_machine_seconds()};
  status = run_control(&control, json, error);
  query_cast_close(&cast);
  return status;
}
