/* The matrices of a model in the order and precision in which they are multiplied. */
#ifndef MODEL_PACKED_H
#define MODEL_PACKED_H

#include "model/encode/model.h"

/* For model_pack_network and berg_convert_precision: checks, calibrates (int8), and packs into new memory
 * (base_free_large). ECANCELLED: `run`, which may be NULL. */
berg_status model_pack_backbone(vit_network *network, const model_backbone *backbone, base_isa isa, int threads,
                                const berg_run *run, char **packed, berg_error *error);
berg_status model_pack_components(la_matrix *directions, const model_basis *basis, const la_gemm *gemm, int threads,
                                  const berg_run *run, char **packed, berg_error *error);

/* Packs the network, or finds it packed (float32: 340 MB more while it is done, 0.1 s; afterwards the backbone's own
 * matrices are given back). Done once. */
berg_status model_pack_network(berg_model *model, berg_error *error);
/* The same, but only once the images that the model has encoded, with `images` to come, make it worth while. */
berg_status model_pack_when_it_pays(berg_model *model, size_t images, berg_error *error);
/* Binds components and coefficients; in bf16 and int8 packs them. */
berg_status model_pack_scorer(const berg_model *model, model_scorer *scorer, berg_error *error);
berg_status model_pack_responder(const berg_model *model, model_responder *responder, berg_error *error);
/* Gives back the file's pages and copies of what has been packed. */
void model_pack_let_go(const berg_model *model, model_fitted *fitted);
/* The scores [components] of one image as the packed coefficients of int8 want them. */
void model_balance_scores(const model_responder *responder, const float *scores, float *balanced);
void model_packed_release(berg_model *model);

#endif
