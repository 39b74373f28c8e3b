/* The store that the stage "features" leaves. */
#ifndef TRAIN_FEATURES_H
#define TRAIN_FEATURES_H

#include "train/job/stage.h"
#include "train/pca/store.h"

/* To read it; all images are in it. EINPUT: some are missing. */
berg_status train_features_open(const train_plan *plan, train_store **store, berg_error *error);

#endif
