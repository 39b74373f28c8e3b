/* The THINGS ventral stream spiking dataset: electrodes of three areas, single trials. */
#include <string.h>

#include "base/text.h"
#include "train/simulate/simulate_prepared.h"

enum { V1, V4, IT };
static const char *const areas[] = {"V1", "V4", "IT"};

/* As many of each area as the monkey has among its 1,024, and in its order. */
static int64_t area_of(const simulate_recording *r, size_t electrode) {
  const size_t at = electrode * 1024 / r->units;
  if (at < 512) return V1;
  if (!strcmp(r->subject, "F")) return at < 832 ? IT : V4;
  return at < 768 ? V4 : IT;
}

static void add_electrodes(const simulate_recording *r, io_tree *tree, io_value *root) {
  char name[16];
  const size_t count = r->units, labels = sizeof areas / sizeof *areas;
  int64_t *order = io_tree_take(tree, count, sizeof *order), *assigned = io_tree_take(tree, count, sizeof *assigned);
  for (size_t u = 0; order && assigned && u < count; u++) {
    order[u] = (int64_t)u; /* recorded in the order of the arrays */
    assigned[u] = area_of(r, u);
  }
  io_value *array = io_tree_add_dict(tree, root, "utah_array");
  base_print(name, sizeof name, "monkey%s", r->subject);
  io_tree_add_array(tree, array, "times", BERG_F64, sizeof *r->time, &r->times, 1, r->time);
  io_tree_add_text(tree, array, "monkey_id", name);
  io_tree_add_integer(tree, array, "n_electrodes", (int64_t)count);
  io_tree_add_array(tree, array, "electrode_order", BERG_I64, sizeof *order, &count, 1, order);
  io_value *roi = io_tree_add_dict(tree, root, "roi");
  io_tree_add_array(tree, roi, "roi_assignments", BERG_I64, sizeof *assigned, &count, 1, assigned);
  io_tree_add_texts(tree, roi, "roi_labels", areas, labels);
}

/* All of them arrays; images have numbers from 1. */
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
  io_tree_add_texts(tree, dict, key, names.stimuli, count);
  base_print(key, sizeof key, "%s_concepts", start);
  io_tree_add_texts(tree, dict, key, names.concepts, count);
}

static berg_status write(const simulate_recording *r, berg_error *error) {
  io_tree tree;
  io_tree_begin(&tree, 0, error);
  io_value *root = io_tree_new(&tree, IO_DICT);
  add_electrodes(r, &tree, root);
  berg_status status = simulate_write_series(r, &tree, root, add_trials, error);
  io_tree_release(&tree);
  return status;
}

const simulate_kind simulate_tvsd = {.model_id = "utah_array-tvsd-vit_b_32",
                                     .units = 1024,
                                     .times = 300,
                                     .repeats = 30,
                                     .start = -100,
                                     .length = 300,
                                     .train_trials = 1,
                                     .has_quarters = true,
                                     .write = write};
