/* THINGS EEG2: channels of a cap; every training image seen four times, as many times as there are models of it. */
#include "base/memory.h"
#include "train/simulate/simulate_prepared.h"

#define REPETITIONS 4

/* Of upstream's cap, as far as there are so many. */
static const char *const channels[] = {
    "Fp1", "F3",  "F7", "FT9",  "FC5", "FC1", "C3",  "T7", "TP9", "CP5",  "CP1", "Pz",  "P3", "P7",  "O1",  "Oz",
    "O2",  "P4",  "P8", "TP10", "CP6", "CP2", "Cz",  "C4", "T8",  "FT10", "FC6", "FC2", "F4", "F8",  "Fp2", "AF7",
    "AF3", "AFz", "F1", "F5",   "FT7", "FC3", "FCz", "C1", "C5",  "TP7",  "CP3", "P1",  "P5", "PO7", "PO3", "POz",
    "PO4", "PO8", "P6", "P2",   "CPz", "CP4", "TP8", "C6", "C2",  "FC4",  "FT8", "F6",  "F2", "AF4", "AF8"};

/* Image after image, each with all its repeats. */
static simulate_trial *in_order(size_t first, size_t images, size_t repeats, uint64_t number, berg_error *error) {
  simulate_trial *trials = base_alloc(images * repeats, sizeof *trials, error);
  for (size_t t = 0; trials && t < images * repeats; t++) trials[t] = (simulate_trial){first + t / repeats, number + t};
  return trials;
}

static berg_status write_split(const simulate_recording *r, model_prepared_file file, size_t first, size_t images,
                               size_t repeats, uint64_t number, berg_error *error) {
  simulate_trial *trials = in_order(first, images, repeats, number, error);
  if (!trials) return BERG_ELIMIT;
  berg_status status = simulate_write_trials(r, file, 0, 0, trials, images * repeats,
                                             (size_t[]){images, repeats, r->units, r->times}, 4, error);
  base_free(trials);
  return status;
}

/* Lists of names, in the order of the images. */
static void add_images(const simulate_recording *r, io_tree *tree, io_value *root, const char *dict,
                       const char *concepts, const char *files, size_t first, size_t count) {
  simulate_trial_names names;
  simulate_trial *trials = io_tree_take(tree, count, sizeof *trials);
  for (size_t i = 0; trials && i < count; i++) trials[i] = (simulate_trial){first + i, 0};
  if (!trials || !simulate_name_trials(&names, r, tree, trials, count)) return;
  io_value *info = io_tree_add_dict(tree, root, dict);
  io_tree_add_list(tree, info, concepts, names.concepts, count);
  io_tree_add_list(tree, info, files, names.stimuli, count);
}

static berg_status write(const simulate_recording *r, berg_error *error) {
  const simulate_design *design = r->design;
  io_tree tree;
  io_tree_begin(&tree, 0, error);
  io_value *root = io_tree_new(&tree, IO_DICT);
  io_tree_add_list(&tree, root, "ch_names", channels, r->units);
  io_tree_add_array(&tree, root, "times", BERG_F64, sizeof *r->time, &r->times, 1, r->time);
  add_images(r, &tree, root, "train_img_info", "train_img_concepts", "train_img_files", 0, design->trainings);
  add_images(r, &tree, root, "test_img_info", "test_img_concepts", "test_img_files", design->trainings, design->tests);
  berg_status status = write_split(r, MODEL_PREPARED_TRAIN, 0, design->trainings, REPETITIONS, 0, error);
  if (!status)
    status = write_split(r, MODEL_PREPARED_TEST, design->trainings, design->tests, design->sessions,
                         design->trainings * REPETITIONS, error);
  if (!status) status = simulate_write_metadata(r, &tree, root, error);
  io_tree_release(&tree);
  return status;
}

const simulate_kind simulate_eeg = {.model_id = "eeg-things_eeg_2-vit_b_32",
                                    .units = sizeof channels / sizeof *channels,
                                    .most_units = sizeof channels / sizeof *channels,
                                    .times = 140,
                                    .repeats = 80,
                                    .start = -0.1,
                                    .length = 0.7,
                                    .train_trials = REPETITIONS,
                                    .is_numbered = true,
                                    .write = write};
