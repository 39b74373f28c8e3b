/* Features standardised as a whole, for a regression without principal components. */
#ifndef TRAIN_STANDARDISE_H
#define TRAIN_STANDARDISE_H

#include "train/pca/pca.h"

/* Fills the scaler of `pca` (components stay 0; train_pca_release) and `*scores` [rows][columns], for base_free_large.
 * EINPUT: a feature that is not finite; ELIMIT. Stage "standardise". */
berg_status train_standardise(train_pca *pca, float **scores, const train_panels *panels, bool standardise,
                              const train_machine *machine, const berg_run *run, berg_error *error);

#endif
