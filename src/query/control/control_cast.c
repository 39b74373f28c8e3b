/* Who is asked: the store's subjects, the regions in each, and the units that are predictable enough. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/catalog/metadata.h"
#include "query/control/control.h"
#include "query/subject/region.h"

/* Single-trial ceilings in percent: 20 is a signal-to-noise ratio (ncsnr) of 0.5. */
#define CEILING "encoding_model.noise_ceiling_singletrial"
#define CEILING_USUAL 20.0

/* --- Subjects --- */

/* The model that is asked: the only one of the store, or the one that is named. */
static berg_status find_model(const berg_store *store, const char *asked, const char **model, berg_error *error) {
  const model_store_about *about = &store->about;
  *model = asked ? asked : about->parts[0].model;
  bool is_held = false;
  for (size_t p = 0; p < about->part_count; p++) {
    const bool same = !strcmp(about->parts[p].model, *model);
    is_held |= same;
    if (!asked && !same)
      return base_fail(error, BERG_EPARAMETER, "%s holds scores of several models: name one, such as %s", store->path,
                       *model);
  }
  return is_held ? BERG_OK : base_fail(error, BERG_EPARAMETER, "%s holds no scores of %s", store->path, *model);
}

static berg_status open_subject(query_cast *cast, const char *model, const char *name, const char *berg_dir,
                                berg_error *error) {
  const size_t part = model_store_find_part(cast->store, model, name, NULL);
  if (part == SIZE_MAX)
    return base_fail(error, BERG_EPARAMETER, "%s holds no scores of subject %s", cast->store->path, name);
  for (size_t s = 0; s < cast->subject_count; s++)
    if (cast->subjects[s].part == part) return base_fail(error, BERG_EPARAMETER, "subject %s is asked for twice", name);
  berg_status status =
      query_subject_open(&cast->subjects[cast->subject_count], cast->store, part, berg_dir, NULL, error);
  if (!status) cast->subject_count++;
  return status;
}

/* Those named, or all that the store has of the model. */
static berg_status open_subjects(query_cast *cast, const berg_control_options *options, berg_error *error) {
  const model_store_about *about = &cast->store->about;
  const char *model;
  berg_status status = find_model(cast->store, options->model_id, &model, error);
  if (status) return status;
  const size_t most = options->subjects ? options->subject_count : about->part_count;
  cast->subjects = base_calloc(most, sizeof *cast->subjects, error);
  if (!cast->subjects) return BERG_ELIMIT;
  for (size_t i = 0; i < most && !status; i++) {
    const model_store_part *part = &about->parts[i];
    if (options->subjects)
      status = open_subject(cast, model, options->subjects[i], options->berg_dir, error);
    else if (!strcmp(part->model, model) && !strcmp(part->train_splits, "all"))
      status = open_subject(cast, model, part->subject, options->berg_dir, error);
  }
  if (!status && !cast->subject_count)
    status = base_fail(error, BERG_EPARAMETER, "%s holds no scores of models of all training data", cast->store->path);
  return status;
}

/* --- Regions --- */

static berg_status keep_predictable(const query_subject *subject, double least, query_area *area, berg_error *error) {
  double *ceiling;
  area->whole = area->columns.count;
  if (!(least >= 0)) return BERG_OK;
  berg_status status = model_voxel_values(subject->metadata, CEILING, &ceiling, error);
  if (status) return status;
  size_t kept = 0;
  for (size_t i = 0; i < area->columns.count; i++)
    if (ceiling[area->columns.items[i]] > least) area->columns.items[kept++] = area->columns.items[i];
  area->columns.count = kept;
  base_free(ceiling);
  return BERG_OK;
}

static void empty_area(query_area *area) {
  base_free(area->columns.items);
  *area = (query_area){.whole = 0};
}

/* The region in every subject. EPARAMETER where one of them has none of its units. */
static berg_status find_areas(const query_cast *cast, const char *name, query_area *areas, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t s = 0; s < cast->subject_count && !status; s++) {
    const query_subject *subject = &cast->subjects[s];
    status = query_region_find(subject, name, &areas[s].columns, error);
    if (!status) status = keep_predictable(subject, cast->least, &areas[s], error);
    if (!status && !areas[s].columns.count)
      status = base_fail(error, BERG_EPARAMETER,
                         "%s: none of the %zu voxels of %s has a single-trial noise ceiling above %g %%",
                         subject->label, areas[s].whole, name, cast->least);
  }
  for (size_t s = 0; s < cast->subject_count && status; s++) empty_area(&areas[s]);
  return status;
}

static berg_status add_region(query_cast *cast, const char *name, bool named, berg_error *error) {
  for (size_t r = 0; r < cast->region_count; r++)
    if (!strcmp(cast->regions[r], name)) return base_fail(error, BERG_EPARAMETER, "region %s is asked for twice", name);
  char *copy = base_copy_text(name, error);
  if (!copy) return BERG_ELIMIT;
  berg_status status = find_areas(cast, name, cast->areas + cast->region_count * cast->subject_count, error);
  const bool passed_over = status == BERG_EPARAMETER && !named;
  if (status && !passed_over) {
    base_free(copy);
    return status;
  }
  if (passed_over)
    cast->left_out[cast->left_out_count++] = copy;
  else
    cast->regions[cast->region_count++] = copy;
  return BERG_OK;
}

/* Those named, or all of the first subject's metadata. */
static berg_status find_regions(query_cast *cast, const berg_control_options *options, berg_error *error) {
  const berg_metadata *metadata = cast->subjects[0].metadata;
  size_t most = options->regions ? options->region_count : 0;
  while (!options->regions && model_roi_name(metadata, most)) most++;
  cast->regions = base_calloc(most, sizeof *cast->regions, error);
  cast->left_out = base_calloc(most, sizeof *cast->left_out, error);
  cast->areas = base_calloc(most * cast->subject_count, sizeof *cast->areas, error);
  if (!cast->regions || !cast->left_out || !cast->areas) return BERG_ELIMIT;
  berg_status status = BERG_OK;
  for (size_t i = 0; i < most && !status; i++)
    status =
        add_region(cast, options->regions ? options->regions[i] : model_roi_name(metadata, i), options->regions, error);
  if (!status && cast->region_count < 2)
    status = base_fail(error, BERG_EPARAMETER, "control needs two regions, found %zu", cast->region_count);
  return status;
}

/* --- Opening --- */

/* The ceiling that units must be above: the usual one where the model has ceilings. */
static berg_status find_least(query_cast *cast, double asked, berg_error *error) {
  const query_subject *subject = &cast->subjects[0];
  const bool has_ceilings = berg_metadata_find(subject->metadata, CEILING) != NULL;
  cast->least = isnan(asked) ? has_ceilings ? CEILING_USUAL : -1 : asked;
  if (cast->least >= 0 && !has_ceilings)
    return base_fail(error, BERG_EPARAMETER, "min_ceiling: %s has no single-trial noise ceilings in percent",
                     subject->model);
  return BERG_OK;
}

berg_status query_cast_open(query_cast *cast, const berg_store *store, const berg_control_options *options,
                            berg_error *error) {
  *cast = (query_cast){.store = store, .images = berg_store_count(store)};
  if (!store->about.part_count) return base_fail(error, BERG_EINPUT, "%s holds scores of no subject", store->path);
  berg_status status = open_subjects(cast, options, error);
  if (!status) status = find_least(cast, options->min_ceiling, error);
  if (!status) status = find_regions(cast, options, error);
  if (status) query_cast_close(cast);
  return status;
}

void query_cast_close(query_cast *cast) {
  for (size_t i = 0; i < cast->region_count * cast->subject_count; i++) empty_area(&cast->areas[i]);
  for (size_t s = 0; s < cast->subject_count; s++) query_subject_close(&cast->subjects[s]);
  base_free(cast->subjects);
  base_free_texts(cast->regions, cast->region_count);
  base_free_texts(cast->left_out, cast->left_out_count);
  base_free(cast->areas);
  *cast = (query_cast){.store = NULL};
}
