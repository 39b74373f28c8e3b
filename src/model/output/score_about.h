/* What a store of scores says of who made it. */
#ifndef MODEL_SCORE_ABOUT_H
#define MODEL_SCORE_ABOUT_H

#include "model/encode/model.h"
#include "model/store/store.h"

/* Of models that are scored together: a part for each subject, and of which shard the stimuli are.
 * model_store_about_release, of a failure's too. EARGUMENT: too many; ELIMIT. */
berg_status model_score_about(model_store_about *about, berg_model *const *models, size_t count, berg_stimuli *stimuli,
                              berg_error *error);

#endif
