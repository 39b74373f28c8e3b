/* THINGS EEG2: channels by times, four repetitions of the training images modelled one by one. */
#include "model/catalog/metadata.h"
#include "model/catalog/selection.h"

static const model_layout_key keys[] = {{"channels", false}, {"timepoints", true}, {NULL, false}};

/* Channels in the order given, duplicates kept; an empty list is no channel. */
static berg_status select(model_choice *choice, berg_error *error) {
  const berg_selection *channels = model_asked(choice, "channels");
  model_list *units = &choice->selection->units[0];
  berg_status status = model_select_times(choice, error);
  if (!status && !channels) status = model_list_add_all(units, model_unit_count(choice, 0), error);
  for (size_t i = 0; channels && i < channels->count && !status; i++)
    status = model_add_labelled(units, choice, choice->layout->outputs[0].units, channels->names[i], channels, error);
  return status;
}

static const model_layout_kept kept[] = {{"eeg", "ch_names"},
                                         {"eeg", "times"},
                                         {"encoding_models", "train_img_info"},
                                         {"encoding_models", "test_img_info"},
                                         {NULL, NULL}};

static const model_layout_number numbers[] = {
    {"accuracy", "encoding_models.correlation_averaged_repetitions", MODEL_SCALE_PLAIN, 0},
    {NULL, NULL, MODEL_SCALE_PLAIN, 0}};

const model_layout model_layout_eeg_things_eeg_2_vit_b_32 = {
    .modality = "eeg",
    .dataset = "things_eeg_2",
    .subject_prefix = "subject-",
    .subject_digits = 2,
    .unit = "channel",
    .outputs = {{"", "reg_param", "eeg.ch_names", "text (channels,)", NULL}},
    .times = "eeg.times",
    .time_unit = "s",
    .repeats = true,
    .prepared = {.metadata = "metadata_subject-{subject}.npy",
                 .train = "eeg_sub-{2}_split-train.h5",
                 .test = "eeg_sub-{2}_split-test.h5",
                 .dataset = "eeg",
                 .predictions = "model-vit_b_32/eeg_test_pred_subject-{subject}.npy",
                 .concepts = "train_img_info.train_img_concepts",
                 .stimuli = "train_img_info.train_img_files",
                 .image_folder = "training_images",
                 .square = true,
                 .kept = kept},
    .tested = {.measures = MODEL_MEASURES_REPETITIONS,
               .concepts = "test_img_info.test_img_concepts",
               .stimuli = "test_img_info.test_img_files",
               .image_folder = "test_images",
               .square = true},
    .named = "channel",
    .numbers = numbers,
    .measured = "z-scores against the baseline of each trial and channel, of the current source density",
    .measured_briefly = "baseline z-scores",
    .evoked = IO_EVOKED_EEG,
    .keys = keys,
    .select = select,
};
