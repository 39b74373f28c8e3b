/* Where the prepared data of a model and the predictions of its test images lie under a berg directory: names are data
 * of the layouts. */
#ifndef MODEL_PREPARED_H
#define MODEL_PREPARED_H

#include "model/catalog/layout.h"

/* A file of prepared data. */
typedef enum model_prepared_file {
  MODEL_PREPARED_METADATA,
  MODEL_PREPARED_TRAIN,
  MODEL_PREPARED_TEST,
  MODEL_PREPARED_AVERAGED
} model_prepared_file;

/* "all_training_splits" of quarter 0, "single_training_split_1" to "_4". */
#define MODEL_PART_TEXT 32
void model_part_name(unsigned quarter, char text[MODEL_PART_TEXT]);

/* A file of output `output`, of all training trials or a quarter of them, which matter where names say so. The caller's
 * (base_free). EPARAMETER: no such subject; EMODEL: no berg directory; EARGUMENT: this model has no such file. */
berg_status model_path_prepared(char **path, const char *model_id, const char *berg_dir, const char *subject,
                                model_prepared_file file, size_t output, unsigned quarter, berg_error *error);
/* The predictions for the test images. */
berg_status model_path_predictions(char **path, const char *model_id, const char *berg_dir, const char *subject,
                                   size_t output, unsigned quarter, berg_error *error);

/* Where `error` is about `path`, prepared data, because nothing is there: says what makes them. */
void model_tell_prepare(const char *path, const char *model_id, const char *subject, berg_error *error);

/* A key of prepared metadata with "{part}" filled in, or with `flat` without it and its dot. base_free; NULL:
 * ELIMIT. */
char *model_prepared_key(const char *key, unsigned quarter, bool flat, berg_error *error);

#endif
