/* Opening a contrast: one pass over the images of the groups, one over the weights. */
#include "query/contrast/contrast.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "base/threads.h"
#include "query/subject/region.h"
#include "query/contrast/weights.h"

/* Columns whose weights are in memory at a time. */
#define COLUMNS ((size_t)2048)

void(berg_contrast_options_init)(berg_contrast_options *options, size_t size) {
  const berg_contrast_options defaults = {.fdr = NAN};
  base_options_init(options, size, &defaults, sizeof defaults);
}

void(berg_contrast_maps_init)(berg_contrast_maps *maps, size_t size) {
  const berg_contrast_maps defaults = {0};
  base_options_init(maps, size, &defaults, sizeof defaults);
}

/* --- The groups --- */

static berg_status check_groups(const berg_image_group *groups, size_t count, bool paired, berg_error *error) {
  if (count < 2) return base_fail(error, BERG_EPARAMETER, "a contrast needs two groups of images, found %zu", count);
  if (paired && count > 2) return base_fail(error, BERG_EPARAMETER, "pairs are of two groups, found %zu", count);
  for (size_t g = 0; g < count; g++) {
    const berg_image_group *group = &groups[g];
    if (!query_weights_is_name(group->name))
      return base_fail(error, BERG_EPARAMETER,
                       "%s: expected a group's name of letters, digits and _, that begins with no digit", group->name);
    for (size_t other = 0; other < g; other++)
      if (!strcmp(groups[other].name, group->name))
        return base_fail(error, BERG_EPARAMETER, "there are two groups of the name %s", group->name);
    if (group->count == 1)
      return base_fail(error, BERG_EPARAMETER, "group %s: a variance needs two images, found 1", group->name);
  }
  if (paired && groups[0].count != groups[1].count)
    return base_fail(error, BERG_EPARAMETER, "groups %s and %s: pairs need as many images in both, found %zu and %zu",
                     groups[0].name, groups[1].name, groups[0].count, groups[1].count);
  return BERG_OK;
}

/* Ascending lists of all groups, [count], which no image is in twice. */
static berg_status sort_groups(const berg_store *store, const berg_image_group *groups, size_t count, size_t **lists,
                               berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t g = 0; g < count && !status; g++) {
    char *what = base_format(error, "group %s", groups[g].name);
    status = what ? query_images_sorted(store, groups[g].images, groups[g].count, what, &lists[g], error) : BERG_ELIMIT;
    base_free(what);
    for (size_t other = 0; other < g && !status; other++)
      status = query_images_apart(store, (query_images){lists[other], groups[other].count}, groups[other].name,
                                  (query_images){lists[g], groups[g].count}, groups[g].name, error);
  }
  return status;
}

static query_images as_given(const berg_image_group *group) { return (query_images){group->images, group->count}; }

static berg_status make_groups(berg_contrast *c, const berg_image_group *groups, size_t **lists, query_group *made,
                               berg_error *error) {
  const berg_store *store = c->subject.store;
  const size_t part = c->subject.part;
  const int threads = c->options.threads;
  if (c->options.paired)
    return query_group_make(made, store, part, as_given(&groups[0]), groups[1].images, threads, c->subject.run, error);
  berg_status status = BERG_OK;
  for (size_t g = 0; g < c->group_count && !status; g++)
    status = query_group_make(&made[g], store, part, (query_images){lists[g], groups[g].count}, NULL, threads,
                              c->subject.run, error);
  return status;
}

/* --- The columns --- */

static berg_status choose_columns(berg_contrast *c, model_list *columns, berg_error *error) {
  *columns = (model_list){.items = NULL};
  return c->select ? query_region_find(&c->subject, c->select, columns, error)
                   : model_list_add_all(columns, c->columns, error);
}

typedef struct weights_pass {
  berg_contrast *contrast;
  const query_group *groups;
  const double *origin;
  const size_t *columns; /* of this tile */
  size_t count;
  double *rows, *work, *mean, *variance;
  berg_status status; /* the first that failed */
} weights_pass;

#define ROWS_TOGETHER ((size_t)128)

static berg_status read_weights(const weights_pass *pass, size_t first, size_t count, berg_error *error) {
  const query_subject *subject = &pass->contrast->subject;
  const model_list list = {(size_t *)(uintptr_t)(pass->columns + first), count, count};
  return query_subject_rows(subject, &list, pass->rows + first * (subject->scores + 1), error);
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Reading doubles is worth sharing; which row is no number, the second try says. */
typedef struct reading {
  const weights_pass *pass;
  atomic_size_t bad;
} reading;

static void read_some(void *user, size_t index, size_t rank) {
  reading *r = user;
  const size_t first = index * ROWS_TOGETHER;
  (void)rank;
  if (read_weights(r->pass, first, smaller(ROWS_TOGETHER, r->pass->count - first), NULL))
    base_note_least(&r->bad, index);
}

static berg_status read_tile(const weights_pass *pass, berg_error *error) {
  reading r = {pass, SIZE_MAX};
  base_share(pass->contrast->options.threads, (pass->count + ROWS_TOGETHER - 1) / ROWS_TOGETHER, read_some, &r);
  const size_t bad = atomic_load(&r.bad);
  if (bad == SIZE_MAX) return BERG_OK;
  return read_weights(pass, bad * ROWS_TOGETHER, smaller(ROWS_TOGETHER, pass->count - bad * ROWS_TOGETHER), error);
}

static berg_status respond(weights_pass *pass, berg_error *error) {
  berg_contrast *c = pass->contrast;
  const size_t scores = c->subject.scores;
  berg_status status = read_tile(pass, error);
  for (size_t g = 0; g < query_contrast_rows(c) && !status; g++) {
    status = query_group_respond(&pass->groups[g], pass->origin, pass->rows, scores + 1, pass->count,
                                 c->options.threads, pass->work, pass->mean, pass->variance, error);
    for (size_t i = 0; i < pass->count && !status; i++) {
      c->means[g * c->columns + pass->columns[i]] = pass->mean[i];
      c->variances[g * c->columns + pass->columns[i]] = pass->variance[i];
    }
  }
  return status;
}

static berg_status pass_weights(berg_contrast *c, const query_group *groups, const double *origin,
                                const model_list *columns, berg_error *error) {
  const size_t scores = c->subject.scores;
  size_t most = 0;
  for (size_t g = 0; g < query_contrast_rows(c); g++)
    if (groups[g].rows > most) most = groups[g].rows;
  weights_pass pass = {.contrast = c, .groups = groups, .origin = origin};
  pass.rows = base_alloc(COLUMNS, (scores + 1) * sizeof(double), error);
  pass.work = pass.rows ? base_alloc(most, COLUMNS * sizeof(double), error) : NULL;
  pass.mean = pass.work ? base_alloc(2 * COLUMNS, sizeof(double), error) : NULL;
  pass.variance = pass.mean ? pass.mean + COLUMNS : NULL;
  berg_status status = pass.mean ? BERG_OK : BERG_ELIMIT;
  for (size_t first = 0; first < columns->count && !status; first += COLUMNS) {
    pass.columns = columns->items + first;
    pass.count = smaller(COLUMNS, columns->count - first);
    status = respond(&pass, error);
  }
  base_free(pass.rows);
  base_free(pass.work);
  base_free(pass.mean);
  return status;
}

/* --- The handle --- */

static berg_status take_names(berg_contrast *c, const berg_image_group *groups, size_t count, berg_error *error) {
  c->group_count = count;
  c->names = base_calloc(count, sizeof *c->names, error);
  c->counts = base_calloc(count, sizeof *c->counts, error);
  if (!c->names || !c->counts) return BERG_ELIMIT;
  for (size_t g = 0; g < count; g++) {
    c->counts[g] = groups[g].count;
    if (!(c->names[g] = base_copy_text(groups[g].name, error))) return BERG_ELIMIT;
  }
  c->options.threads = base_threads_for(c->options.threads);
  if (c->options.select && !(c->select = base_copy_text(c->options.select, error))) return BERG_ELIMIT;
  c->options.select = c->options.berg_dir = NULL; /* the caller's */
  return BERG_OK;
}

static berg_status make_room(berg_contrast *c, berg_error *error) {
  for (size_t o = 0; o < berg_metadata_outputs(c->subject.metadata); o++)
    c->columns += berg_metadata_output(c->subject.metadata, o)->columns;
  const size_t rows = query_contrast_rows(c);
  c->means = base_alloc(c->columns, rows * sizeof *c->means, error);
  c->variances = base_alloc(c->columns, rows * sizeof *c->variances, error);
  if (!c->means || !c->variances) return BERG_ELIMIT;
  for (size_t i = 0; i < rows * c->columns; i++) c->means[i] = c->variances[i] = NAN;
  return BERG_OK;
}

/* The mean scores of the first group are where the others are counted from; differences are counted from 0. */
static berg_status fill(berg_contrast *c, const query_group *groups, berg_error *error) {
  model_list columns;
  double *origin = base_calloc(c->subject.scores, sizeof *origin, error);
  berg_status status = origin ? choose_columns(c, &columns, error) : BERG_ELIMIT;
  if (!status) {
    if (!c->options.paired) memcpy(origin, groups[0].mean, c->subject.scores * sizeof *origin);
    c->chosen = columns.count;
    status = pass_weights(c, groups, origin, &columns, error);
    base_free(columns.items);
  }
  base_free(origin);
  return status;
}

static berg_status build(berg_contrast *c, const berg_image_group *groups, berg_error *error) {
  const size_t count = c->group_count;
  size_t **lists = base_calloc(count, sizeof *lists, error);
  query_group *made = base_calloc(count, sizeof *made, error);
  berg_status status = lists && made ? make_room(c, error) : BERG_ELIMIT;
  if (!status) status = sort_groups(c->subject.store, groups, count, lists, error);
  if (!status) status = make_groups(c, groups, lists, made, error);
  if (!status) status = fill(c, made, error);
  for (size_t g = 0; g < count; g++) {
    if (lists) base_free(lists[g]);
    if (made) query_group_release(&made[g]);
  }
  base_free(lists);
  base_free(made);
  return status;
}

berg_status berg_contrast_open(berg_contrast **out, const berg_store *store, size_t part,
                               const berg_image_group *groups, size_t count, const berg_contrast_options *given,
                               berg_error *error) {
  berg_contrast_options options;
  berg_run run;
  berg_store_part about;
  *out = NULL;
  berg_status status = BASE_TAKE(berg_contrast_options, &options, given, error);
  if (!status) status = BASE_TAKE(berg_run, &run, options.run, error);
  options.run = &run;
  if (!status) status = check_groups(groups, count, options.paired, error);
  if (!status) status = berg_store_part_at(store, part, &about, error);
  if (status) return status;
  berg_contrast *c = base_calloc(1, sizeof *c, error);
  if (!c) return BERG_ELIMIT;
  c->options = options;
  status = query_subject_open(&c->subject, store, part, options.berg_dir, options.run, error);
  if (!status) status = take_names(c, groups, count, error);
  if (!status) status = build(c, groups, error);
  c->subject.run = c->options.run = NULL; /* the caller's, for this call */
  if (status)
    berg_contrast_free(c);
  else
    *out = c;
  return status;
}

void berg_contrast_free(berg_contrast *contrast) {
  if (!contrast) return;
  query_subject_close(&contrast->subject);
  if (contrast->names) base_free_texts(contrast->names, contrast->group_count);
  base_free(contrast->select);
  base_free(contrast->counts);
  base_free(contrast->means);
  base_free(contrast->variances);
  base_free(contrast);
}

size_t berg_contrast_columns(const berg_contrast *contrast) { return contrast->columns; }

const berg_metadata *berg_contrast_metadata(const berg_contrast *contrast) { return contrast->subject.metadata; }

const char *berg_contrast_label(const berg_contrast *contrast) { return contrast->subject.label; }
