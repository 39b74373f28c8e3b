/* Univariate control: the images that drive two regions up or down, together or apart, beyond their baselines. */
#include <math.h>

#include "base/memory.h"
#include "base/progress.h"
#include "query/control/control.h"

const char *const query_condition_names[QUERY_CONDITIONS] = {"high_1_high_2", "low_1_low_2", "high_1_low_2",
                                                             "low_1_high_2"};

int query_condition_sign(size_t condition, size_t side) {
  static const int signs[QUERY_CONDITIONS][2] = {{1, 1}, {-1, -1}, {1, -1}, {-1, 1}};
  return signs[condition][side];
}

/* --- Responses of a fold --- */

typedef struct choosing {
  query_univariate *found;
  const query_control *control;
  size_t fold;
  double *keys; /* [threads][images to choose] */
} choosing;

/* Images that one thread averages at a time. */
#define PIECE ((size_t)1024)

static void average_some(void *user, size_t index, size_t rank) {
  const choosing *c = user;
  const query_means *m = &c->found->means;
  const size_t last = (index + 1) * PIECE < m->images ? (index + 1) * PIECE : m->images;
  const size_t left_out = query_left_out(c->fold);
  (void)rank;
  for (size_t i = index * PIECE; i < last; i++)
    for (size_t r = 0; r < m->regions; r++) {
      double sum = 0;
      for (size_t s = 0; s < m->subjects; s++) sum += s == left_out ? 0 : query_mean_at(m, i, s, r);
      c->found->columns[r * m->images + i] = sum / (double)query_training(c->control, c->fold);
    }
}

static void average_all(const choosing *c) {
  const query_means *m = &c->found->means;
  base_team_share(c->control->team, (m->images + PIECE - 1) / PIECE, average_some, (void *)(uintptr_t)c);
}

static void find_grand(const choosing *c) {
  const query_means *m = &c->found->means;
  for (size_t r = 0; r < m->regions; r++) {
    double sum = 0;
    for (size_t i = 0; i < m->images; i++) sum += c->found->columns[r * m->images + i];
    c->found->grand[c->fold * m->regions + r] = sum / (double)m->images;
  }
}

/* --- Choosing --- */

/* Puts `image` among the `count` strongest so far, at most `most`: of equals the one that came first stays before. */
static size_t insert(uint32_t *images, double *keys, size_t count, size_t most, double key, uint32_t image) {
  if (count == most && !(key > keys[most - 1])) return count;
  size_t at = count < most ? count : most - 1;
  for (; at && key > keys[at - 1]; at--) {
    keys[at] = keys[at - 1];
    images[at] = images[at - 1];
  }
  keys[at] = key;
  images[at] = image;
  return count < most ? count + 1 : most;
}

/* The strongest of the images that reach both bounds: `bound` is the least that sign times response may be. */
static void choose(const choosing *c, size_t pair, size_t condition, double *keys) {
  const berg_control_options *options = c->control->options;
  const size_t images = c->found->means.images, index = query_cell_index(c->control, c->fold, pair, condition);
  const double *u[2];
  double sign[2], bound[2];
  query_cell *cell = &c->found->cells[index];
  uint32_t *shown = c->found->shown + index * options->images;
  for (size_t side = 0; side < 2; side++) {
    const size_t region = c->control->pairs[pair].regions[side];
    u[side] = c->found->columns + region * images;
    sign[side] = query_condition_sign(condition, side);
    const double baseline = c->found->baseline[c->fold * c->found->means.regions + region];
    bound[side] = sign[side] * (baseline + sign[side] * options->margin);
  }
  for (size_t i = 0; i < images; i++) {
    const double first = sign[0] * u[0][i], second = sign[1] * u[1][i];
    if (!(first >= bound[0] && second >= bound[1])) continue;
    cell->passed++;
    cell->count = insert(shown, keys, cell->count, options->images, first + second, (uint32_t)i);
  }
}

/* Mean responses to the images chosen: of the training subjects, and of the one left out. */
static void respond(const choosing *c, size_t pair, size_t condition) {
  const query_means *m = &c->found->means;
  const size_t index = query_cell_index(c->control, c->fold, pair, condition), left_out = query_left_out(c->fold);
  query_cell *cell = &c->found->cells[index];
  const uint32_t *shown = c->found->shown + index * c->control->options->images;
  for (size_t side = 0; side < 2; side++) {
    const size_t region = c->control->pairs[pair].regions[side];
    double sum = 0, tested = left_out == SIZE_MAX ? NAN : 0;
    for (size_t i = 0; i < cell->count; i++) {
      sum += c->found->columns[region * m->images + shown[i]];
      if (left_out != SIZE_MAX) tested += query_mean_at(m, shown[i], left_out, region);
    }
    cell->means[side] = sum / (double)cell->count; /* NaN of none */
    cell->tested[side] = tested / (double)cell->count;
    cell->p[side] = cell->q[side] = NAN;
  }
}

static void choose_pair(void *user, size_t pair, size_t rank) {
  const choosing *c = user;
  for (size_t condition = 0; condition < QUERY_CONDITIONS; condition++) {
    choose(c, pair, condition, c->keys + rank * c->control->options->images);
    respond(c, pair, condition);
  }
}

/* --- All folds --- */

static berg_status allocate(query_univariate *found, const query_control *control, berg_error *error) {
  const query_means *m = &found->means;
  const size_t targets = control->folds * m->regions, shown = control->options->images;
  const size_t cells = control->folds * control->pair_count * QUERY_CONDITIONS;
  found->grand = base_alloc(targets, sizeof *found->grand, error);
  found->baseline = base_alloc(targets, sizeof *found->baseline, error);
  found->baseline_tested = base_alloc(targets, sizeof *found->baseline_tested, error);
  found->baseline_shown = base_alloc(targets * shown, sizeof *found->baseline_shown, error);
  found->cells = base_calloc(cells, sizeof *found->cells, error);
  found->shown = base_alloc(cells * shown, sizeof *found->shown, error);
  found->columns = base_alloc_large(m->regions * m->images, sizeof *found->columns, error);
  const bool whole = found->grand && found->baseline && found->baseline_tested && found->baseline_shown &&
                     found->cells && found->shown && found->columns;
  return whole ? BERG_OK : BERG_ELIMIT;
}

/* The folds in reverse: the columns of the first, of all subjects, are what is shown afterwards. */
static berg_status run_folds(query_univariate *found, const query_control *control, double *keys, berg_error *error) {
  choosing c = {found, control, 0, keys};
  for (c.fold = 0; c.fold < control->folds; c.fold++) {
    average_all(&c);
    find_grand(&c);
  }
  berg_status status = query_baselines(found, control, error);
  for (size_t left = control->folds; left-- && !status;) {
    c.fold = left;
    average_all(&c);
    base_team_share(control->team, control->pair_count, choose_pair, &c);
    status = base_progress(control->run, control->folds - left, control->folds, control->start, "folds", error);
  }
  return status;
}

berg_status query_univariate_run(query_univariate *found, const query_control *control, berg_error *error) {
  const berg_control_options *options = control->options;
  *found = (query_univariate){.columns = NULL};
  if (control->cast->images < options->images)
    return base_fail(error, BERG_EPARAMETER, "%s holds %zu images, of which %zu cannot be chosen",
                     control->cast->store->path, control->cast->images, options->images);
  double *keys = base_alloc(base_team_size(control->team) * options->images, sizeof *keys, error);
  berg_status status = keys ? query_means_make(&found->means, control, error) : BERG_ELIMIT;
  if (!status) status = allocate(found, control, error);
  if (!status) status = query_correlate_means(found, error);
  if (!status) status = run_folds(found, control, keys, error);
  if (!status && control->folds > 1) status = query_permute_labels(found, control, error);
  base_free(keys);
  if (status) query_univariate_release(found);
  return status;
}

void query_univariate_release(query_univariate *found) {
  base_free_large(found->means.u);
  base_free(found->grand);
  base_free(found->baseline);
  base_free(found->baseline_tested);
  base_free(found->baseline_shown);
  base_free(found->cells);
  base_free(found->shown);
  base_free_large(found->columns);
  base_free(found->correlation);
  *found = (query_univariate){.columns = NULL};
}
