/* NSD: betas of two hemispheres' vertices; every image seen three times, training and test images in one order. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "train/simulate/simulate_prepared.h"

#define VERTICES 163842

static const char *const rois[] = {"V1v",   "V1d",        "V2v",        "V2d",     "V3v",     "V3d",
                                   "hV4",   "EBA",        "FBA-1",      "FBA-2",   "OFA",     "FFA-1",
                                   "FFA-2", "OPA",        "PPA",        "RSC",     "OWFA",    "VWFA-1",
                                   "early", "midventral", "midlateral", "ventral", "lateral", "parietal"};
#define ROIS (sizeof rois / sizeof *rois)

/* Parts of the hemisphere, one after another. */
static void add_rois(const simulate_recording *r, io_tree *tree, io_value *root, const char *key) {
  io_value *dict = io_tree_add_dict(tree, root, key);
  for (size_t p = 0; p < ROIS; p++) {
    const size_t first = p * r->units / ROIS, count = (p + 1) * r->units / ROIS - first;
    int64_t *vertices = io_tree_take(tree, count ? count : 1, sizeof *vertices);
    for (size_t v = 0; vertices && v < count; v++) vertices[v] = (int64_t)(first + v);
    io_tree_add_array(tree, dict, rois[p], BERG_I64, sizeof *vertices, &count, 1, vertices);
  }
}

/* The true ones. */
static void add_ncsnr(const simulate_recording *r, io_tree *tree, io_value *root, size_t output, const char *key) {
  float *values = io_tree_take(tree, r->units, sizeof *values);
  for (size_t v = 0; values && v < r->units; v++)
    values[v] = (float)sqrt(r->unit[output][v].signal / r->unit[output][v].noise);
  io_tree_add_array(tree, root, key, BERG_F32, sizeof *values, &r->units, 1, values);
}

/* Images [first, first + count), by their rows in the file of images. */
static void add_images(io_tree *tree, io_value *root, const char *key, size_t first, size_t count) {
  int64_t *rows = io_tree_take(tree, count ? count : 1, sizeof *rows);
  for (size_t i = 0; rows && i < count; i++) rows[i] = (int64_t)(first + i);
  io_tree_add_array(tree, root, key, BERG_I64, sizeof *rows, &count, 1, rows);
}

static void add_order(io_tree *tree, io_value *root, const simulate_trial *trials, size_t count) {
  int64_t *rows = io_tree_take(tree, count, sizeof *rows);
  for (size_t t = 0; rows && t < count; t++) rows[t] = (int64_t)trials[t].image;
  io_tree_add_array(tree, root, "img_presentation_order", BERG_I64, sizeof *rows, &count, 1, rows);
}

static io_value *describe(const simulate_recording *r, io_tree *tree, const simulate_trial *trials, size_t count) {
  const simulate_design *design = r->design;
  io_value *root = io_tree_new(tree, IO_DICT);
  char key[32];
  add_order(tree, root, trials, count);
  add_images(tree, root, "train_img_num", 0, design->trainings);
  add_images(tree, root, "val_img_num", 0, 0);
  add_images(tree, root, "test_img_num", design->trainings, design->tests);
  for (size_t o = 0; o < r->outputs; o++) {
    base_print(key, sizeof key, "%s_ncsnr", r->layout->outputs[o].name);
    add_ncsnr(r, tree, root, o, key);
  }
  for (size_t o = 0; o < r->outputs; o++) {
    base_print(key, sizeof key, "%s_fsaverage_rois", r->layout->outputs[o].name);
    add_rois(r, tree, root, key);
  }
  return root;
}

static berg_status write(const simulate_recording *r, berg_error *error) {
  const size_t repeats = r->design->sessions, count = r->design->images * repeats;
  io_tree tree;
  io_tree_begin(&tree, 0, error);
  simulate_trial *trials = simulate_shuffled(r, 0, r->design->images, repeats, 0, error);
  berg_status status = trials ? BERG_OK : BERG_ELIMIT;
  for (size_t o = 0; o < r->outputs && !status; o++)
    status = simulate_write_trials(r, MODEL_PREPARED_TRAIN, o, 0, trials, count, (size_t[]){count, r->units}, 2, error);
  if (!status) status = simulate_write_metadata(r, &tree, describe(r, &tree, trials, count), error);
  io_tree_release(&tree);
  base_free(trials);
  return status;
}

const simulate_kind simulate_nsd = {
    .model_id = "fmri-nsd_fsaverage-vit_b_32", .units = VERTICES, .times = 1, .repeats = 3, .write = write};
