/* The weights of one subject's model: its files, and the bases and readouts in them. */
#ifndef MODEL_FITTED_H
#define MODEL_FITTED_H

#include "base/checksum.h"
#include "model/catalog/layout.h"
#include "model/weights/basis.h"
#include "model/weights/readout.h"

/* Quarters of the training data that have models of their own. */
#define MODEL_QUARTERS 4

typedef struct model_weights_file {
  char *path;
  berg_file *file;
} model_weights_file;

typedef struct model_fitted {
  model_weights_file files[MODEL_QUARTERS];
  size_t file_count;
  model_basis *bases;
  size_t basis_count;
  model_readout *readouts; /* of each output of the layout, all its repetitions */
  size_t readout_count;
  size_t outputs, repetitions; /* readout_count is their product */
  bool is_repeated;            /* responses have an axis of repetitions, even if there is only one */
} model_fitted;

/* Which of the models that upstream trained: of all data, or of quarters. */
typedef enum model_training { MODEL_ALL, MODEL_QUARTER_1, MODEL_QUARTER_4 = 4, MODEL_EACH_QUARTER } model_training;

/* "all" or "full" (NULL: all), "split1" to "split4", or "single": all quarters, as an axis. EPARAMETER: another name,
 * or a model that has no quarters. */
berg_status model_training_named(model_training *training, const model_layout *layout, const char *name,
                                 berg_error *error);

/* EMODEL: missing, corrupt, shapes that do not fit, a mean or scale that is no number or zero. */
berg_status model_fitted_open(model_fitted *fitted, const char *model_id, const char *berg_dir, const char *subject,
                              model_training training, berg_error *error);
void model_fitted_close(model_fitted *fitted);

#define MODEL_FINGERPRINT_TEXT BASE_CHECKSUM_TEXT

/* Tells bases apart: a checksum of scaler and means, and of a part of every component. EMODEL,
 * ELIMIT. */
berg_status model_fitted_fingerprint(const model_fitted *fitted, char text[MODEL_FINGERPRINT_TEXT], berg_error *error);

#endif
