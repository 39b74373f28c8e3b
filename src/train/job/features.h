/* The features that the stage "features" leaves, in one file or several. */
#ifndef TRAIN_FEATURES_H
#define TRAIN_FEATURES_H

#include "train/job/feature_files.h"
#include "train/pca/store_read.h"

typedef struct train_features {
  train_feature_files files;
  train_store_reader *reader;
} train_features;

/* To read them; all images are there. EINPUT: some are missing. */
berg_status train_features_open(train_features *features, const train_plan *plan, berg_error *error);
/* All zeros is fine. */
void train_features_close(train_features *features);

#endif
