/* The THINGS ventral stream spiking dataset: electrodes of Utah arrays by times, chosen by area or by marks. */
#include <string.h>

#include "base/convert.h"
#include "base/memory.h"
#include "io/value/text_array.h"
#include "model/catalog/metadata.h"
#include "model/catalog/selection.h"

static const model_layout_key keys[] = {{"roi", false}, {"electrodes", true}, {"timepoints", true}, {NULL, false}};

/* The area of each electrode, and the names of the areas: older files have them under another key. */
static const berg_array *entry(const model_choice *choice, const char *now, const char *before) {
  const berg_array *array = berg_metadata_find(choice->metadata, now);
  return array ? array : berg_metadata_find(choice->metadata, before);
}

static berg_status no_area(const model_choice *choice, const char *roi, berg_error *error) {
  return base_fail_at(error, &(base_fault){BERG_EPARAMETER, berg_metadata_path(choice->metadata), BERG_NO_OFFSET, "roi",
                                           "this subject has no such ROI", "V1, V4 or IT", roi});
}

/* The number of the area, or of areas in all where it is none. */
static berg_status find_area(const model_choice *choice, const char *key, const char *roi, size_t *area,
                             berg_error *error) {
  char **names;
  size_t count, i = 0;
  berg_status status = model_metadata_texts(choice->metadata, key, &names, &count, error);
  while (i < count && strcmp(names[i], roi)) i++;
  base_free_texts(names, count);
  *area = i;
  return status ? status : i < count ? BERG_OK : no_area(choice, roi, error);
}

/* Electrode i is in area roi_assignments[i], as upstream reads it, although the two may have been written in different
 * orders (docs/models.md). */
static berg_status add_area(model_choice *choice, const char *roi, berg_error *error) {
  const berg_array *areas = entry(choice, "roi.roi_assignments", "utah_array.roi_assignments");
  const char *key =
      berg_metadata_find(choice->metadata, "roi.roi_assignments") ? "roi.roi_labels" : "utah_array.roi_labels";
  size_t area;
  if (!areas || areas->ndim != 1 || areas->shape[0] != model_unit_count(choice, 0) || !base_is_numeric(areas->dtype))
    return base_fail_at(error, &(base_fault){BERG_EMODEL, berg_metadata_path(choice->metadata), BERG_NO_OFFSET,
                                             "roi.roi_assignments", "does not fit the electrodes", "one number each",
                                             areas ? "another shape" : "no entry of this name"});
  berg_status status = find_area(choice, key, roi, &area, error);
  for (size_t e = 0; e < areas->shape[0] && !status; e++)
    if (base_read_number(areas->dtype, io_element_at(areas, e)) == (double)area)
      status = model_list_add(&choice->selection->units[0], &e, 1, error);
  return status;
}

/* All that either key names, ascending, each once; an empty list of areas alone is no electrode. */
static berg_status select(model_choice *choice, berg_error *error) {
  const berg_selection *rois = model_asked(choice, "roi"), *marks = model_asked(choice, "electrodes");
  const size_t electrodes = model_unit_count(choice, 0);
  model_list *units = &choice->selection->units[0];
  berg_status status = model_select_times(choice, error);
  for (size_t i = 0; rois && i < rois->count && !status; i++) status = add_area(choice, rois->names[i], error);
  if (!status && marks) status = model_add_marked(units, marks, electrodes, "electrode", error);
  if (!status && !rois && !marks) status = model_list_add_all(units, electrodes, error);
  model_list_sort(units);
  return status;
}

static const model_layout_area areas[] = {
    {"roi.roi_assignments", "roi.roi_labels"}, {"utah_array.roi_assignments", "utah_array.roi_labels"}, {NULL, NULL}};
static const model_layout_number numbers[] = {
    {"ceiling", "encoding_model.noise_ceiling", MODEL_SCALE_PLAIN, 0},
    {"ceiling1", "encoding_model.ncsnr", MODEL_SCALE_NCSNR, 0},
    {"accuracy", "encoding_model.all_training_splits.correlation_results", MODEL_SCALE_PLAIN, 0},
    {"accuracy", "encoding_model.correlation_results", MODEL_SCALE_PLAIN, 0},
    {NULL, NULL, MODEL_SCALE_PLAIN, 0}};

const model_layout model_layout_utah_array_tvsd_vit_b_32 = {
    .modality = "utah_array",
    .dataset = "tvsd",
    .subject_prefix = "monkey",
    .unit = "electrode",
    .outputs = {{"", "reg_param", "utah_array.n_electrodes", "a number of electrodes", NULL}},
    .times = "utah_array.times",
    .time_unit = "ms",
    .splits = true,
    .prepared = {.metadata = "tvsd_monkey{subject}_metadata.npy",
                 .train = "tvsd_monkey{subject}_{part}.h5",
                 .test = "tvsd_monkey{subject}_split-test.h5",
                 .averaged = "tvsd_monkey{subject}_split-test_averaged.h5",
                 .train_before = "tvsd_monkey{subject}_split-train.h5",
                 .dataset = "neural_data",
                 .predictions = "vit_b_32/utah_array_test_pred_monkey{subject}_{part}.npy",
                 .concepts = "encoding_model.{part}.train_concepts",
                 .stimuli = "encoding_model.{part}.train_stimuli"},
    .tested = {.measures = MODEL_MEASURES_TRIALS,
               .concepts = "encoding_model.test_concepts",
               .stimuli = "encoding_model.test_stimuli",
               .numbers = "encoding_model.test_img_ids"},
    .named = "area",
    .areas = areas,
    .numbers = numbers,
    .measured = "multi-unit activity as upstream's training data have it",
    .measured_briefly = "multi-unit activity",
    .keys = keys,
    .select = select,
};
