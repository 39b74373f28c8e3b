/* THINGS-fMRI1: voxels of a subject's own volume, chosen by regions and by marks. */
#include <math.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "model/catalog/metadata.h"
#include "model/catalog/selection.h"

static const model_layout_key keys[] = {{"roi", false}, {"voxel_index", true}, {NULL, false}};

static berg_status check(const berg_metadata *metadata, berg_error *error) {
  const berg_array *coordinates = berg_metadata_find(metadata, "fmri.voxel_coords");
  char found[128] = "a list of text";
  if (coordinates && base_is_whole(coordinates->dtype) && coordinates->ndim == 2 && coordinates->shape[1] == 3)
    return BERG_OK;
  if (coordinates) base_array_describe(coordinates, found, sizeof found);
  return base_fail_at(error,
                      &(base_fault){BERG_EMODEL, berg_metadata_path(metadata), BERG_NO_OFFSET, "fmri.voxel_coords",
                                    "not voxel coordinates", "whole numbers (voxels, 3)", found});
}

static berg_status add_roi(model_list *units, const berg_metadata *metadata, const char *name, berg_error *error) {
  size_t *voxels, count;
  berg_status status = model_roi_voxels(metadata, name, &voxels, &count, error);
  if (!status) status = model_list_add(units, voxels, count, error);
  base_free(voxels);
  return status;
}

static berg_status keep_above_ceiling(model_list *units, const model_choice *choice, berg_error *error) {
  const double least = choice->options->min_noise_ceiling;
  double *ceiling;
  if (isnan(least)) return BERG_OK;
  berg_status status = model_voxel_values(choice->metadata, choice->layout->ceiling, &ceiling, error);
  if (status) return status;
  size_t kept = 0;
  for (size_t i = 0; i < units->count; i++)
    if (ceiling[units->items[i]] >= least) units->items[kept++] = units->items[i];
  base_free(ceiling);
  units->count = kept;
  if (!kept)
    return base_fail(error, BERG_EPARAMETER, "no selected voxel has a noise ceiling of at least %g %% (0 to 100)",
                     least);
  return BERG_OK;
}

/* The voxels of the regions in the order given, then those marked, ascending; duplicates stay. If nothing is chosen,
 * all voxels. */
static berg_status select_voxels(model_choice *choice, berg_error *error) {
  const berg_selection *rois = model_asked(choice, "roi"), *marks = model_asked(choice, "voxel_index");
  const size_t voxels = model_unit_count(choice, 0);
  model_list *units = &choice->selection->units[0];
  berg_status status = BERG_OK;
  for (size_t i = 0; rois && i < rois->count && !status; i++)
    status = add_roi(units, choice->metadata, rois->names[i], error);
  if (!status && marks) status = model_add_marked(units, marks, voxels, "voxel", error);
  if (!status && !units->count) status = model_list_add_all(units, voxels, error);
  return status ? status : keep_above_ceiling(units, choice, error);
}

/* One mean a region: of those named, or of all that have voxels here. */
static berg_status select_means(model_choice *choice, berg_error *error) {
  const berg_selection *rois = model_asked(choice, "roi");
  const bool named = rois && rois->count;
  size_t count = named ? rois->count : 0;
  model_selection *selection = choice->selection;
  if (model_asked(choice, "voxel_index"))
    return base_fail(error, BERG_EPARAMETER, "means over ROIs cannot be taken over a voxel_index");
  while (!named && model_roi_name(choice->metadata, count)) count++;
  selection->means = base_calloc(count, sizeof *selection->means, error);
  if (!selection->means) return BERG_ELIMIT;
  for (size_t i = 0; i < count; i++) {
    model_mean *mean = &selection->means[selection->mean_count];
    mean->name = named ? rois->names[i] : model_roi_name(choice->metadata, i);
    berg_status status = add_roi(&mean->units, choice->metadata, mean->name, error);
    if (!status) status = keep_above_ceiling(&mean->units, choice, error);
    if (!status) selection->mean_count++;
    if (!status) continue;
    base_free(mean->units.items);
    mean->units = (model_list){.items = NULL};
    if (status != BERG_EPARAMETER || named) return status;
  }
  if (selection->mean_count) return BERG_OK;
  return base_fail(error, BERG_EPARAMETER, "%s: no ROI of this subject has voxels",
                   berg_metadata_path(choice->metadata));
}

static berg_status select(model_choice *choice, berg_error *error) {
  berg_status status = model_select_times(choice, error);
  if (status) return status;
  return choice->options->mean_roi ? select_means(choice, error) : select_voxels(choice, error);
}

static const model_layout_number numbers[] = {
    {"ceiling", "encoding_model.noise_ceiling_testset", MODEL_SCALE_PLAIN, 0},
    {"ceiling1", "encoding_model.noise_ceiling_singletrial", MODEL_SCALE_PLAIN, 0},
    {"accuracy", "encoding_model.correlation_results", MODEL_SCALE_PLAIN, 0},
    {"eccentricity", "prf.prf_eccentricity", MODEL_SCALE_PLAIN, 0},
    {"angle", "prf.prf_polarangle", MODEL_SCALE_PLAIN, 0},
    {"size", "prf.prf_size", MODEL_SCALE_PLAIN, 0},
    {"x", "fmri.voxel_coords", MODEL_SCALE_COLUMN, 0},
    {"y", "fmri.voxel_coords", MODEL_SCALE_COLUMN, 1},
    {"z", "fmri.voxel_coords", MODEL_SCALE_COLUMN, 2},
    {NULL, NULL, MODEL_SCALE_PLAIN, 0}};

const model_layout model_layout_fmri_things_fmri_1_vit_b_32 = {
    .modality = "fmri",
    .dataset = "things_fmri_1",
    .subject_prefix = "sub-",
    .subject_digits = 2,
    .unit = "voxel",
    .outputs = {{"", "reg_param", "fmri.voxel_coords", "whole numbers (voxels, 3)", "roi.",
                 "encoding_model.noise_ceiling_singletrial"}},
    .trials_are_z_scores = true,
    .ceiling = "encoding_model.noise_ceiling_testset",
    .means = true,
    .prepared = {.metadata = "fmri_sub-{2}_metadata.npy",
                 .train = "fmri_sub-{2}_split-train.h5",
                 .test = "fmri_sub-{2}_split-test.h5",
                 .averaged = "fmri_sub-{2}_split-test_averaged.h5",
                 .dataset = "neural_data",
                 .predictions = "vit_b_32/fmri_test_pred_sub-{2}.npy",
                 .concepts = "encoding_model.train_concepts",
                 .stimuli = "encoding_model.train_stimuli"},
    .tested = {.measures = MODEL_MEASURES_VOXELS},
    .named = "region",
    .numbers = numbers,
    .measured = "z-scores within a session",
    .measured_briefly = "session z-scores",
    .keys = keys,
    .check = check,
    .select = select,
};
