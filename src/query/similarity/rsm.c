/* berg_rsm: matrices of regions, from a store to a file. */
#include "query/similarity/rsm.h"

#include <math.h>
#include <string.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/threads.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"
#include "model/output/provenance.h"
#include "query/similarity/parts.h"
#include "query/subject/region.h"

#define SECONDS "seconds_of_products"

void(berg_rsm_options_init)(berg_rsm_options *options, size_t size) {
  const berg_rsm_options defaults = {
      .size = sizeof defaults, .metric = "correlation", .adjust = "none", .form = "square"};
  base_options_init(options, size, &defaults, sizeof defaults);
}

typedef struct job {
  const berg_store *store;
  const berg_rsm_options *options;
  query_metric metric;
  query_adjustment adjustment;
  query_images images;
  query_subject subject;
  query_scale scale;
  query_rsm_plan plan;
  model_list *columns; /* [region_count] */
  int threads;
  const berg_run *run;
} job;

static void release(job *j) {
  if (j->subject.store) query_subject_close(&j->subject);
  query_scale_close(&j->scale);
  base_free_texts(j->plan.names, j->plan.images);
  for (size_t r = 0; j->columns && r < j->options->region_count; r++) base_free(j->columns[r].items);
  base_free(j->columns);
}

static berg_status form_named(query_form *form, const char *name, berg_error *error) {
  static const char *const names[] = {"square", "condensed", "rdms"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(name, names[i])) {
      *form = (query_form)i;
      return BERG_OK;
    }
  return base_fail(error, BERG_EPARAMETER, "form: expected square, condensed or rdms, found \"%s\"", name);
}

static berg_status name_images(job *j, berg_error *error) {
  j->plan.names = base_calloc(j->images.count, sizeof *j->plan.names, error);
  berg_status status = j->plan.names ? BERG_OK : BERG_ELIMIT;
  j->plan.images = j->plan.names ? j->images.count : 0;
  for (size_t i = 0; i < j->plan.images && !status; i++)
    status = berg_store_name(&j->plan.names[i], j->store, j->images.items ? j->images.items[i] : i, error);
  return status;
}

/* A correlation over one unit is none; found before a file is begun. */
static berg_status find_regions(job *j, berg_error *error) {
  const size_t least = j->metric == QUERY_CORRELATION ? 2 : 1;
  j->columns = base_calloc(j->options->region_count, sizeof *j->columns, error);
  if (!j->columns) return BERG_ELIMIT;
  for (size_t r = 0; r < j->options->region_count; r++) {
    const char *text = j->options->regions[r];
    for (size_t before = 0; before < r; before++)
      if (!strcmp(text, j->options->regions[before]))
        return base_fail(error, BERG_EPARAMETER, "the region %s is named twice", text);
    berg_status status = query_region_find(&j->subject, text, &j->columns[r], error);
    if (status) return status;
    if (j->columns[r].count < least)
      return base_fail(error, BERG_EPARAMETER, "%s: a correlation needs at least 2 units, this region has %zu", text,
                       j->columns[r].count);
  }
  return BERG_OK;
}

static berg_status open_job(job *j, const char *path, berg_error *error) {
  const berg_rsm_options *options = j->options;
  size_t part = 0;
  if (!options->region_count) return base_fail(error, BERG_EARGUMENT, "there is no region to compare images by");
  berg_status status = query_metric_named(&j->metric, options->metric, error);
  if (!status) status = query_adjustment_named(&j->adjustment, options->adjust, error);
  if (!status) status = form_named(&j->plan.form, options->form, error);
  if (!status) status = query_images_of(j->store, options->images, options->image_count, 2, &j->images, error);
  if (!status)
    status = query_part_find(j->store, options->model_id, options->subject, options->train_splits, &part, error);
  if (!status) status = query_subject_open(&j->subject, j->store, part, options->berg_dir, j->run, error);
  if (!status) status = find_regions(j, error);
  if (!status) status = name_images(j, error);
  if (status) return status;
  const bool rdms = j->plan.form == QUERY_RDMS;
  j->plan.path = path;
  j->plan.f64 = options->f64 || rdms;
  j->plan.distance = options->distance || j->plan.form != QUERY_SQUARE || j->metric >= QUERY_EUCLIDEAN;
  j->plan.force = options->force != 0;
  j->plan.regions = options->regions;
  j->plan.region_count = options->region_count;
  j->plan.subject = j->subject.name;
  j->plan.model = j->subject.model;
  j->plan.metric = query_metric_name(j->metric);
  j->plan.adjustment = query_adjustment_name(j->adjustment);
  return query_scale_open(&j->scale, &j->subject, j->images, j->adjustment, j->threads, error);
}

static void report_region(cJSON *list, const job *j, size_t region, const query_rsm_summary *summary) {
  cJSON *item = io_json_add_object(list, NULL);
  io_json_add(item, "region", model_provenance_text(j->plan.regions[region]));
  io_json_add_number(item, "units", (double)j->columns[region].count);
  io_json_add_number(item, "images_without_pattern", (double)summary->undefined);
  io_json_add_number(item, "pairs", (double)summary->pairs);
  io_json_add_number(item, "mean", summary->mean);
  io_json_add_number(item, "least", summary->pairs ? summary->least : (double)NAN);
  io_json_add_number(item, "most", summary->pairs ? summary->most : (double)NAN);
  io_json_add_number(item, SECONDS, summary->seconds);
}

static berg_status write_region(const job *j, const query_rsm_file *file, size_t region, double start, cJSON *list,
                                berg_error *error) {
  query_points points;
  query_pairs pairs;
  query_rsm_summary summary;
  const size_t units = j->columns[region].count;
  /* rsatoolbox's "euclidean" is squared and by unit */
  const double scale = j->plan.form == QUERY_RDMS && j->metric == QUERY_SQEUCLIDEAN ? 1 / (double)units : 1;
  berg_status status = query_points_open(&points, &j->subject, &j->columns[region], j->images, &j->scale, j->metric,
                                         j->adjustment, j->threads, error);
  if (status) return status;
  status = query_pairs_of(&pairs, &points, error);
  if (!status) {
    status = query_rsm_write(&pairs, &j->plan, file, region, scale, j->threads, j->run, start, &summary, error);
    query_pairs_release(&pairs);
  }
  if (!status) report_region(list, j, region, &summary);
  query_points_close(&points);
  return status;
}

static void describe(cJSON *tree, const job *j) {
  static const char *const forms[] = {"square", "condensed", "rdms"};
  io_json_add_text(tree, "model", j->plan.model);
  io_json_add_text(tree, "subject", j->plan.subject);
  io_json_add_text(tree, "metric", j->plan.metric);
  io_json_add_text(tree, "values", j->plan.distance ? "distance" : "similarity");
  io_json_add_text(tree, "adjust", j->plan.adjustment);
  io_json_add_text(tree, "form", forms[j->plan.form]);
  io_json_add_text(tree, "dtype", j->plan.f64 ? "float64" : "float32");
  io_json_add_number(tree, "images", (double)j->plan.images);
}

static berg_status about_sources(const job *j, cJSON *tree, berg_error *error) {
  char *about = model_store_file(j->store->path, MODEL_STORE_ABOUT, error);
  berg_status status = about ? model_provenance_add(tree, "scores", about, error) : BERG_ELIMIT;
  base_free(about);
  for (size_t i = 0; i < j->subject.fitted.file_count && !status; i++)
    status = model_provenance_add(tree, "weights", j->subject.fitted.files[i].path, error);
  return status;
}

/* What matrices were made of, and of which images, ready to be put beside them. */
static berg_status prepare_sidecar(io_whole_file **file, const job *j, const cJSON *regions, berg_error *error) {
  const berg_output_options output = {.size = sizeof output, .command = j->options->command};
  cJSON *tree = NULL;
  berg_status status =
      model_provenance(&tree, "Similarity of the responses to pairs of images, over a region", &output, error);
  if (!status) status = about_sources(j, tree, error);
  cJSON *about = io_json_add_object(tree, "Similarity"), *names = io_json_add_list(tree, "Images");
  describe(about, j);
  cJSON *told = io_json_copy(regions), *region;
  cJSON_ArrayForEach(region, told) cJSON_DeleteItemFromObject(region, SECONDS); /* the same run gives the same bytes */
  io_json_add(about, "regions", told);
  for (size_t i = 0; i < j->plan.images; i++) io_json_add(names, NULL, model_provenance_text(j->plan.names[i]));
  if (!status) status = model_sidecar_prepare(file, j->plan.path, tree, j->options->force, error);
  cJSON_Delete(tree);
  return status;
}

/* What is told is there before the file gets its name: nothing fails behind that. */
static berg_status write_all(const job *j, cJSON *tree, char **report, berg_error *error) {
  query_rsm_file *file;
  io_whole_file *sidecar = NULL;
  const double start = base_machine_seconds();
  cJSON *list = io_json_add_list(tree, "regions");
  berg_status status = query_rsm_file_open(&file, &j->plan, error);
  if (status) return status;
  for (size_t r = 0; r < j->plan.region_count && !status; r++) status = write_region(j, file, r, start, list, error);
  if (!status && j->options->sidecar) status = prepare_sidecar(&sidecar, j, list, error);
  if (!status && report) status = io_json_print(tree, report, error);
  if (!status) return io_whole_file_follow(sidecar, query_rsm_file_commit(file, error), error);
  io_whole_file_abandon(sidecar);
  query_rsm_file_abandon(file);
  return status;
}

static berg_status check_sidecar(const char *path, const berg_rsm_options *options, berg_error *error) {
  const berg_output_options output = {.size = sizeof output, .force = options->force, .sidecar = options->sidecar};
  return options->sidecar ? model_sidecar_check(path, &output, error) : BERG_OK;
}

berg_status berg_rsm(const berg_store *store, const char *path, const berg_rsm_options *given, const berg_run *run,
                     char **report, berg_error *error) {
  berg_rsm_options options;
  berg_run whole;
  if (report) *report = NULL;
  berg_status status = BASE_TAKE(berg_rsm_options, &options, given, error);
  if (!status) status = BASE_TAKE(berg_run, &whole, run, error);
  if (status) return status;
  job j = {.store = store, .options = &options, .threads = base_threads_for(options.threads), .run = &whole};
  cJSON *tree = io_json_object();
  status = check_sidecar(path, &options, error);
  if (!status) status = open_job(&j, path, error);
  if (!status) {
    describe(tree, &j);
    status = write_all(&j, tree, report, error);
  }
  if (status && report) {
    base_free(*report);
    *report = NULL;
  }
  cJSON_Delete(tree);
  release(&j);
  return status;
}
