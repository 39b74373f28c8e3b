/* THINGS MEG1: sensors by times, sensors chosen by region, by the first letters of their names, or by marks. */
#include "model/catalog/metadata.h"
#include "model/catalog/selection.h"

static const model_layout_key keys[] = {
    {"region", false}, {"sensors", false}, {"sensor_index", true}, {"timepoints", true}, {NULL, false}};

static berg_status add_named(model_choice *choice, const char *key, const char *labels, berg_error *error) {
  const berg_selection *asked = model_asked(choice, key);
  berg_status status = BERG_OK;
  for (size_t i = 0; asked && i < asked->count && !status; i++)
    status = model_add_labelled(&choice->selection->units[0], choice, labels, asked->names[i], asked, error);
  return status;
}

/* All that any key names, ascending, each once; where none names any, all sensors. */
static berg_status select(model_choice *choice, berg_error *error) {
  const berg_selection *marks = model_asked(choice, "sensor_index");
  const size_t sensors = model_unit_count(choice, 0);
  model_list *units = &choice->selection->units[0];
  berg_status status = model_select_times(choice, error);
  if (!status) status = add_named(choice, "region", "sensors.sensor_regions", error);
  if (!status) status = add_named(choice, "sensors", "sensors.sensor_prefixes", error);
  if (!status && marks) status = model_add_marked(units, marks, sensors, "sensor", error);
  if (!status && !units->count) status = model_list_add_all(units, sensors, error);
  model_list_sort(units);
  return status;
}

static const char *const groups[] = {"sensors.sensor_regions", "sensors.sensor_prefixes", "sensors.sensor_hemispheres",
                                     NULL};
static const model_layout_number numbers[] = {
    {"ceiling", "encoding_model.noise_ceiling", MODEL_SCALE_PLAIN, 0},
    {"ceiling1", "encoding_model.ncsnr", MODEL_SCALE_NCSNR, 0},
    {"accuracy", "encoding_model.all_training_splits.correlation_results", MODEL_SCALE_PLAIN, 0},
    {"accuracy", "encoding_model.correlation_results", MODEL_SCALE_PLAIN, 0},
    {NULL, NULL, MODEL_SCALE_PLAIN, 0}};

const model_layout model_layout_meg_things_meg_1_vit_b_32 = {
    .modality = "meg",
    .dataset = "things_meg_1",
    .subject_prefix = "P",
    .unit = "sensor",
    .outputs = {{"", "reg_param", "sensors.sensor_names", "text (sensors,)", NULL}},
    .times = "meg.times",
    .time_unit = "s",
    .splits = true,
    .prepared = {.metadata = "meg_P{subject}_metadata.npy",
                 .train = "meg_P{subject}_{part}.h5",
                 .test = "meg_P{subject}_split-test.h5",
                 .averaged = "meg_P{subject}_split-test_averaged.h5",
                 .train_before = "meg_P{subject}_split-train.h5",
                 .dataset = "neural_data",
                 .predictions = "vit_b_32/meg_test_pred_P{subject}_{part}.npy",
                 .concepts = "encoding_model.{part}.train_concepts",
                 .stimuli = "encoding_model.{part}.train_stimuli",
                 .files = "encoding_model.{part}.train_img_files"},
    .tested = {.measures = MODEL_MEASURES_TRIALS,
               .concepts = "encoding_model.test_concepts",
               .stimuli = "encoding_model.test_stimuli",
               .files = "encoding_model.test_img_files",
               .numbers = "encoding_model.test_image_nr"},
    .named = "region or sensor",
    .groups = groups,
    .numbers = numbers,
    .measured = "z-scores against the baseline of each trial and sensor",
    .measured_briefly = "baseline z-scores",
    .evoked = IO_EVOKED_MEG,
    .keys = keys,
    .select = select,
};
