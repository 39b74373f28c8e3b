/* The stages of a run, in their order. Each finds what the ones before left in the work folder, leaves its own there, and
 * does only what is not there yet. */
#ifndef TRAIN_STAGES_H
#define TRAIN_STAGES_H

#include "train/job/plan.h"
#include "train/job/report.h"
#include "train/pca/store.h"
#include "train/job/work.h"

/* Every image through the network, into the store, which is the caller's. EINPUT: a picture that cannot be read. */
berg_status train_features(train_plan *plan, const train_work *work, train_report *report, train_store **store,
                           berg_error *error);
/* The PCA of the images of one set. */
berg_status train_components(const train_plan *plan, const train_work *work, size_t set, train_store *store,
                             train_report *report, berg_error *error);
/* Every voxel of one subject. */
berg_status train_subject_regression(const train_plan *plan, const train_work *work, size_t subject,
                                     train_report *report, berg_error *error);
/* Both of the above as the files of weights, and the metadata where there are none yet. */
berg_status train_subject_weights(const train_plan *plan, const train_work *work, size_t subject, train_report *report,
                                  berg_error *error);

#endif
