/* MEG and TVSD: every training image is one trial, all trials are there and once more by quarters. */
#include <math.h>

#include "base/memory.h"
#include "train/run/quarters.h"
#include "train/simulate/simulate_prepared.h"

/* Trials of quarter `quarter`, of all of them; 0: all. */
static berg_status write_part(const simulate_recording *r, io_tree *tree, io_value *encoding,
                              const simulate_trial *trials, size_t count, unsigned quarter, simulate_add_trials add,
                              berg_error *error) {
  char name[MODEL_PART_TEXT];
  model_part_name(quarter, name);
  add(r, tree, io_tree_add_dict(tree, encoding, name), "train", trials, count);
  return simulate_write_trials(r, MODEL_PREPARED_TRAIN, 0, quarter, trials, count,
                               (size_t[]){count, r->units, r->times}, 3, error);
}

static berg_status write_quarters(const simulate_recording *r, io_tree *tree, io_value *encoding,
                                  const simulate_trial *trials, size_t count, simulate_add_trials add,
                                  berg_error *error) {
  const size_t each = count / MODEL_QUARTERS;
  size_t *order = base_alloc(count, sizeof *order, error);
  simulate_trial *own = order ? base_alloc(each, sizeof *own, error) : NULL;
  berg_status status = own ? BERG_OK : BERG_ELIMIT;
  if (!status) train_permutation(order, count);
  for (unsigned k = 0; k < MODEL_QUARTERS && !status; k++) {
    for (size_t t = 0; t < each; t++) own[t] = trials[order[k * each + t]];
    status = write_part(r, tree, encoding, own, each, k + 1, add, error);
  }
  base_free(order);
  base_free(own);
  return status;
}

/* "ncsnr" and "noise_ceiling": the true ones. */
static void add_ceilings(const simulate_recording *r, io_tree *tree, io_value *encoding) {
  double *ncsnr = io_tree_take(tree, r->columns, sizeof *ncsnr),
         *ceiling = io_tree_take(tree, r->columns, sizeof *ceiling);
  for (size_t c = 0; c < r->columns && ceiling; c++) {
    const double signal = simulate_signal(r, 0, c / r->times, c % r->times), noise = r->unit[0][c / r->times].noise;
    ncsnr[c] = sqrt(signal / noise);
    ceiling[c] = 100 * signal / (signal + noise / (double)r->design->sessions);
  }
  const size_t shape[] = {r->units, r->times};
  io_tree_add_array(tree, encoding, "ncsnr", BERG_F64, sizeof *ncsnr, shape, 2, ncsnr);
  io_tree_add_array(tree, encoding, "noise_ceiling", BERG_F64, sizeof *ceiling, shape, 2, ceiling);
}

static berg_status write_tests(const simulate_recording *r, io_tree *tree, io_value *encoding, simulate_add_trials add,
                               berg_error *error) {
  const simulate_design *design = r->design;
  const size_t count = design->tests * design->sessions;
  simulate_trial *trials =
      simulate_shuffled(r, design->trainings, design->tests, design->sessions, design->trainings, error);
  if (!trials) return BERG_ELIMIT;
  add(r, tree, encoding, "test", trials, count);
  berg_status status = simulate_write_trials(r, MODEL_PREPARED_TEST, 0, 0, trials, count,
                                             (size_t[]){count, r->units, r->times}, 3, error);
  if (!status) status = simulate_write_averages(r, trials, count, error);
  base_free(trials);
  return status;
}

berg_status simulate_write_series(const simulate_recording *r, io_tree *tree, io_value *root, simulate_add_trials add,
                                  berg_error *error) {
  const size_t count = r->design->trainings;
  io_value *encoding = io_tree_add_dict(tree, root, "encoding_model");
  simulate_trial *trials = simulate_shuffled(r, 0, count, 1, 0, error);
  berg_status status = trials ? write_part(r, tree, encoding, trials, count, 0, add, error) : BERG_ELIMIT;
  if (!status) status = write_quarters(r, tree, encoding, trials, count, add, error);
  if (!status) status = write_tests(r, tree, encoding, add, error);
  add_ceilings(r, tree, encoding);
  if (!status) status = simulate_write_metadata(r, tree, root, error);
  base_free(trials);
  return status;
}
