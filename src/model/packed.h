/* The matrices of a model in the order and precision in which they are multiplied. */
#ifndef MODEL_PACKED_H
#define MODEL_PACKED_H

#include "model/model.h"

/* Packs the network (float32: 340 MB more while it is done, 0.1 s; afterwards the backbone's own matrices are given back). Done once. */
berg_status model_pack_network(berg_model *model, berg_error *error);
/* Binds a subject's components and coefficients; in bf16 and int8 packs them. */
berg_status model_pack_subject(const berg_model *model, model_subject *subject, berg_error *error);
/* The scores [components] of one image as the packed coefficients of int8 want them. */
void model_balance_scores(const model_subject *subject, const float *scores, float *balanced);
void model_packed_release(berg_model *model);

#endif
