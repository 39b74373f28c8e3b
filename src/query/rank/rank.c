/* Ranking images: a pass over the scores of each subject, then lists. */
#include "query/rank/rank.h"

#include <string.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/progress.h"
#include "base/threads.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"
#include "query/scores/moments.h"
#include "model/output/provenance.h"
#include "query/rank/rank_json.h"

void(berg_rank_options_init)(berg_rank_options *options, size_t size) {
  const berg_rank_options defaults = {.top = 25};
  base_options_init(options, size, &defaults, sizeof defaults);
}

typedef struct ranking {
  query_ranking out;
  query_criterion criterion;
  const berg_rank_options *options;
  size_t *parts, part_count;
  double *values;   /* [part_count][images] */
  double *combined; /* [images] */
  int threads;
  const berg_run *run;
  double start;
} ranking;

/* --- Values --- */

/* The disk reads the next tile while this one is worked on. */
static void read_ahead(const berg_store *store, size_t part, size_t first, size_t count) {
  const model_store_part *p = &store->about.parts[part];
  const size_t row = p->width * sizeof(float), offset = (size_t)((const uint8_t *)p->scores - p->map.bytes);
  if (first < count)
    io_map_will_need(&p->map, offset + first * row, (count - first < QUERY_TILE ? count - first : QUERY_TILE) * row);
}

static void let_go(const berg_store *store, size_t part, query_images images, size_t first, size_t count) {
  const size_t low = images.items ? images.items[first] : first;
  const size_t high = images.items ? images.items[first + count - 1] : first + count - 1;
  model_store_drop(store, part, low, high + 1 - low);
}

static berg_status measure_all(const ranking *r, size_t p, const query_measuring *measuring, berg_error *error) {
  const query_images images = r->out.images;
  const berg_store *store = r->out.store;
  const size_t part = r->parts[p];
  float *gathered = base_alloc(images.items ? QUERY_TILE : 0, measuring->scores * sizeof *gathered, error);
  base_team *team = base_team_begin(r->threads);
  berg_status status = gathered ? BERG_OK : BERG_ELIMIT;
  for (size_t first = 0; first < images.count && !status; first += QUERY_TILE) {
    const size_t count = images.count - first < QUERY_TILE ? images.count - first : QUERY_TILE;
    const float *rows;
    if (!images.items) read_ahead(store, part, first + count, images.count);
    status = query_scores(store, part, images.items, first, count, team, gathered, &rows, error);
    if (!status) query_measure_tile(measuring, rows, count, team, r->values + p * images.count + first);
    let_go(store, part, images, first, count);
    if (!status)
      status = base_progress(r->run, p * images.count + first + count, r->part_count * images.count, r->start, "images",
                             error);
  }
  base_team_end(team);
  base_free(gathered);
  return status;
}

static void describe_subject(cJSON *to, const query_subject *subject, const query_measuring *measuring) {
  io_json_add_text(to, "model", subject->model);
  io_json_add_text(to, "subject", subject->name);
  io_json_add_text(to, "label", subject->label);
  cJSON *columns = io_json_add_list(to, "columns");
  for (size_t i = 0; i < measuring->column_count; i++) io_json_add_number(columns, NULL, (double)measuring->columns[i]);
}

static berg_status rank_subject(const ranking *r, size_t p, cJSON *to, berg_error *error) {
  query_subject subject;
  query_measuring measuring;
  berg_status status = query_subject_open(&subject, r->out.store, r->parts[p], r->options->berg_dir, r->run, error);
  if (status) return status;
  status = query_measuring_make(&measuring, &r->criterion, &subject, r->out.images, r->threads, error);
  if (!status) {
    describe_subject(to, &subject, &measuring);
    status = measure_all(r, p, &measuring, error);
    query_measuring_release(&measuring);
  }
  query_subject_close(&subject);
  if (!status) status = query_ranking_describe(to, &r->out, r->values + p * r->out.images.count, NULL, error);
  return status;
}

/* --- Subjects together --- */

/* The mean over all subjects but `left_out` (SIZE_MAX: none). */
static void combine(const ranking *r, size_t left_out) {
  const size_t count = r->out.images.count;
  const double subjects = (double)(r->part_count - (left_out != SIZE_MAX));
  memset(r->combined, 0, count * sizeof *r->combined);
  for (size_t p = 0; p < r->part_count; p++) {
    const double *values = r->values + p * count;
    query_summary summary = {0, 1, 0};
    if (p == left_out) continue;
    if (r->options->zscore) summary = query_summarise(values, count);
    for (size_t i = 0; i < count; i++) r->combined[i] += (values[i] - summary.mean) / summary.sd / subjects;
  }
}

static berg_status rank_together(const ranking *r, cJSON *tree, berg_error *error) {
  const cJSON *subjects = cJSON_GetObjectItemCaseSensitive(tree, "subjects");
  cJSON *mean = io_json_add_object(tree, "mean_over_subjects"), *list = io_json_add_list(tree, "leave_one_out");
  combine(r, SIZE_MAX);
  berg_status status = query_ranking_describe(mean, &r->out, r->combined, NULL, error);
  for (size_t p = 0; p < r->part_count && !status; p++) {
    cJSON *one = io_json_object();
    const cJSON *subject = cJSON_GetArrayItem(subjects, (int)p);
    io_json_add(one, "left_out", io_json_copy(cJSON_GetObjectItemCaseSensitive(subject, "label")));
    combine(r, p);
    status = query_ranking_describe(one, &r->out, r->combined, r->values + p * r->out.images.count, error);
    io_json_add(list, NULL, one);
  }
  return status;
}

static berg_status rank_all(const ranking *r, const char *expression, char **json, berg_error *error) {
  cJSON *tree = io_json_object();
  io_json_add(tree, "expression", model_provenance_text(expression));
  io_json_add(tree, "store", model_provenance_text(r->out.store->path));
  io_json_add_number(tree, "images", (double)r->out.images.count);
  io_json_add_text(tree, "averaged", r->options->zscore ? "z-scores" : "values");
  cJSON *subjects = io_json_add_list(tree, "subjects");
  berg_status status = BERG_OK;
  for (size_t p = 0; p < r->part_count && !status; p++) {
    cJSON *one = io_json_object();
    status = rank_subject(r, p, one, error);
    io_json_add(subjects, NULL, one);
  }
  if (!status && r->part_count > 1) status = rank_together(r, tree, error);
  if (!status) status = io_json_print(tree, json, error);
  cJSON_Delete(tree);
  return status;
}

/* --- What is asked --- */

static berg_status take_parts(ranking *r, const berg_store *store, berg_error *error) {
  const bool all = !r->options->parts;
  r->part_count = all ? store->about.part_count : r->options->part_count;
  r->parts = base_alloc(r->part_count, sizeof *r->parts, error);
  if (!r->parts) return BERG_ELIMIT;
  if (!r->part_count) return base_fail(error, BERG_EARGUMENT, "%s: no subject is to be ranked by", store->path);
  for (size_t p = 0; p < r->part_count; p++) {
    r->parts[p] = all ? p : r->options->parts[p];
    if (r->parts[p] >= store->about.part_count)
      return base_fail(error, BERG_EARGUMENT, "there is no part %zu among %zu", r->parts[p], store->about.part_count);
  }
  return BERG_OK;
}

static berg_status take_images(ranking *r, const berg_store *store, size_t **own, berg_error *error) {
  const berg_rank_options *options = r->options;
  *own = NULL;
  r->out.images = (query_images){NULL, store->about.images};
  if (!options->images)
    return r->out.images.count ? BERG_OK : base_fail(error, BERG_EINPUT, "%s: holds no images", store->path);
  berg_status status =
      query_images_sorted(store, options->images, options->image_count, "the images to rank", own, error);
  r->out.images = (query_images){*own, options->image_count};
  return status;
}

static berg_status make_room(ranking *r, berg_error *error) {
  size_t all;
  if (!base_multiply(r->part_count, r->out.images.count, &all)) all = SIZE_MAX;
  r->values = base_alloc(all, sizeof *r->values, error);
  r->combined = base_alloc(r->part_count > 1 ? r->out.images.count : 0, sizeof *r->combined, error);
  return r->values && r->combined ? BERG_OK : BERG_ELIMIT;
}

berg_status berg_rank(const berg_store *store, const char *expression, const berg_rank_options *given,
                      const berg_run *given_run, char **json, berg_error *error) {
  berg_rank_options options;
  berg_run run;
  size_t *own = NULL;
  *json = NULL;
  berg_status status = BASE_TAKE(berg_rank_options, &options, given, error);
  if (!status) status = BASE_TAKE(berg_run, &run, given_run, error);
  if (status) return status;
  ranking r = {.out = {.store = store, .top = options.top, .bottom = options.bottom},
               .options = &options,
               .threads = base_threads_for(options.threads),
               .run = &run,
               .start = base_machine_seconds()};
  status = query_criterion_parse(&r.criterion, expression, error);
  if (status) return status;
  status = take_parts(&r, store, error);
  if (!status) status = take_images(&r, store, &own, error);
  if (!status) status = make_room(&r, error);
  if (!status) status = rank_all(&r, expression, json, error);
  query_criterion_free(&r.criterion);
  base_free(own);
  base_free(r.parts);
  base_free(r.values);
  base_free(r.combined);
  return status;
}
