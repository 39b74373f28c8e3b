/* The ViT's weights: from a file named, found, or made from a seed. */
#ifndef MODEL_BACKBONE_H
#define MODEL_BACKBONE_H

#include "vit/weights.h"

typedef struct model_backbone {
  char *path;            /* the file, or "random:SEED" */
  berg_file *file;       /* NULL for a random one */
  const char *converted; /* "int8": the file has its matrices packed, and no others; else NULL */
  vit_weights weights;
} model_backbone;

/* `named` may be NULL: then the places of model_path_backbone are tried. EMODEL: none found (all places are named), or
 * not the weights of a ViT-B/32. */
berg_status model_backbone_open(model_backbone *backbone, const char *named, const char *berg_dir, int threads,
                                berg_error *error);
void model_backbone_close(model_backbone *backbone);

/* "random:SEED": true, with the seed; a malformed seed is false. */
bool model_backbone_is_random(const char *named, uint64_t *seed);

/* Lets the pages of a tensor go, where it lies in the file; it stays readable. */
void model_backbone_drop_tensor(const model_backbone *backbone, size_t t);

/* Gives back the memory of the matrices, once they have been packed. */
void model_backbone_drop_matrices(model_backbone *backbone);

/* For the moment when scores come out not finite: EMODEL naming a tensor that holds a NaN or infinity, or BERG_OK. */
berg_status model_backbone_check(const model_backbone *backbone, berg_error *error);

#endif
