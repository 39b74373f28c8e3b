/* THINGS MEG1: sensors named as of a CTF helmet, single trials. */
#include <string.h>

#include "base/text.h"
#include "train/simulate/simulate_prepared.h"

static const char *const prefixes[] = {"MLC", "MLF", "MLO", "MLP", "MLT", "MRC", "MRF",
                                       "MRO", "MRP", "MRT", "MZC", "MZF", "MZO", "MZP"};
#define PREFIXES (sizeof prefixes / sizeof *prefixes)

static const char *region_of(const char *prefix) {
  switch (prefix[2]) {
  case 'C': return "Central";
  case 'F': return "Frontal";
  case 'O': return "Occipital";
  case 'P': return "Parietal";
  default: return "Temporal";
  }
}

static const char *hemisphere_of(const char *prefix) {
  return prefix[1] == 'L' ? "Left" : prefix[1] == 'R' ? "Right" : "Midline";
}

/* Prefixes one after another, each of as many sensors. */
static void add_sensors(const simulate_recording *r, io_tree *tree, io_value *root) {
  const size_t count = r->units;
  char(*names)[16] = io_tree_take(tree, count, sizeof *names);
  const char **texts = io_tree_take(tree, count, 4 * sizeof *texts);
  if (!texts || !names) return;
  const char **own = texts + count, **hemispheres = own + count, **regions = hemispheres + count;
  for (size_t u = 0; u < count; u++) {
    const size_t p = u * PREFIXES / count, first = (p * count + PREFIXES - 1) / PREFIXES;
    base_print(names[u], sizeof names[u], "%s%02zu-1609", prefixes[p], (11 + u - first) % 1000);
    texts[u] = names[u];
    own[u] = prefixes[p];
    hemispheres[u] = hemisphere_of(prefixes[p]);
    regions[u] = region_of(prefixes[p]);
  }
  io_value *sensors = io_tree_add_dict(tree, root, "sensors");
  io_tree_add_texts(tree, sensors, "sensor_names", texts, count);
  io_tree_add_texts(tree, sensors, "sensor_prefixes", own, count);
  io_tree_add_texts(tree, sensors, "sensor_hemispheres", hemispheres, count);
  io_tree_add_texts(tree, sensors, "sensor_regions", regions, count);
  io_tree_add_integer(tree, sensors, "n_sensors", (int64_t)count);
}

/* Lists of texts are lists, paths an array, as in upstream's files; images have numbers from 1. */
static void add_trials(const simulate_recording *r, io_tree *tree, io_value *dict, const char *start,
                       const simulate_trial *trials, size_t count) {
  simulate_trial_names names;
  const size_t tests = r->design->trainings;
  char key[48];
  if (!simulate_name_trials(&names, r, tree, trials, count)) return;
  double *numbers = io_tree_take(tree, count, sizeof *numbers);
  for (size_t t = 0; numbers && t < count; t++)
    numbers[t] = (double)(trials[t].image < tests ? trials[t].image : trials[t].image - tests) + 1;
  base_print(key, sizeof key, "%s_img_ids", start);
  io_tree_add_array(tree, dict, key, BERG_F64, sizeof *numbers, &count, 1, numbers);
  base_print(key, sizeof key, "%s_stimuli", start);
  io_tree_add_list(tree, dict, key, names.stimuli, count);
  base_print(key, sizeof key, "%s_concepts", start);
  io_tree_add_list(tree, dict, key, names.concepts, count);
  base_print(key, sizeof key, "%s_img_files", start);
  io_tree_add_texts(tree, dict, key, names.files, count);
  if (!strcmp(start, "test"))
    io_tree_add_array(tree, dict, "test_image_nr", BERG_F64, sizeof *numbers, &count, 1, numbers);
}

static berg_status write(const simulate_recording *r, berg_error *error) {
  io_tree tree;
  char name[16];
  io_tree_begin(&tree, 0, error);
  io_value *root = io_tree_new(&tree, IO_DICT), *meg = io_tree_add_dict(&tree, root, "meg");
  base_print(name, sizeof name, "P%s", r->subject);
  io_tree_add_array(&tree, meg, "times", BERG_F64, sizeof *r->time, &r->times, 1, r->time);
  io_tree_add_text(&tree, meg, "subject_id", name);
  add_sensors(r, &tree, root);
  berg_status status = simulate_write_series(r, &tree, root, add_trials, error);
  io_tree_release(&tree);
  return status;
}

const simulate_kind simulate_meg = {.model_id = "meg-things_meg_1-vit_b_32",
                                    .units = 271,
                                    .times = 281,
                                    .repeats = 12,
                                    .start = -0.1,
                                    .length = 1.405,
                                    .train_trials = 1,
                                    .has_quarters = true,
                                    .write = write};
