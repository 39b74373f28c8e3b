/* The models known, by id, and what their cards say. */
#ifndef MODEL_REGISTRY_H
#define MODEL_REGISTRY_H

#include <cjson/cJSON.h>

#include "base/error.h"

/* What berg was made for first, and what is meant where no model is named. */
#define MODEL_FIRST "fmri-things_fmri_1-vit_b_32"

/* ENOMODEL unless the catalog knows it. */
berg_status model_check_id(const char *model_id, berg_error *error);

/* The subjects of a model as its card lists them: [*count] texts, "1", "2" or "N" (base_free_texts). ELIMIT. */
berg_status model_subjects(const char *model_id, char ***subjects, size_t *count, berg_error *error);
/* EPARAMETER unless `subject` is one of them. */
berg_status model_check_subject(const char *model_id, const char *subject, berg_error *error);

/* The subject as a number, or as text where it is none. */
void model_add_subject(cJSON *tree, const char *key, const char *subject);

#endif
