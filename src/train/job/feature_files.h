/* The files of the stage "features": one of all images, that a run by itself writes, and one of each range of images
 * that a process did beside others. */
#ifndef TRAIN_FEATURE_FILES_H
#define TRAIN_FEATURE_FILES_H

#include "train/job/stage.h"
#include "train/pca/store.h"

typedef struct train_feature_files {
  train_store_file *list; /* [count]; the first is that of all images, which may not be there */
  size_t count;
} train_feature_files;

/* Those with a name of this run in the folder. ELIMIT. */
berg_status train_feature_files_find(train_feature_files *files, const train_plan *plan, const char *folder,
                                     berg_error *error);
void train_feature_files_release(train_feature_files *files);

/* The file of a range of images, in `folder`; `is_alone`: where the range is all, under the name that such a file has
 * in a folder of the run's own. ELIMIT. */
berg_status train_feature_file_name(train_store_file *file, const train_plan *plan, const char *folder, io_range images,
                                    bool is_alone, berg_error *error);
void train_feature_file_release(train_store_file *file);

#endif
