/* A fitted model as upstream's dict of weights: three dicts, in upstream's order and types (docs/file-formats.md). */
#ifndef TRAIN_WEIGHTS_H
#define TRAIN_WEIGHTS_H

#include "io/value/flatten.h"
#include "train/pca/pca.h"

/* Targets that are one regression in the file. */
typedef struct train_part {
  char key[16]; /* "lh_reg_param", or of a repetition "rep-1" */
  size_t targets;
} train_part;

typedef struct train_weights {
  const train_pca *pca; /* of 0 components: the scaler alone, and no "pca_param" */
  size_t targets;
  const float *coefficients; /* [targets][components, or features] */
  const float *intercepts;   /* [targets] */
  const double *alphas;      /* [targets]; NULL: no "alpha_" */
  const train_part *parts;   /* [part_count] one after the other, with `target_bytes`; NULL: all are "reg_param" */
  size_t part_count;
  bool repeats;        /* parts are repetitions: "reg_param" has them all, "pca_param" the same PCA for each */
  size_t target_bytes; /* from one target to the next in each of the three; 0: they lie without gaps */
} train_weights;

/* Starts the document's arena and fills root and entries; the arrays stay where they are. The caller releases the
 * arena, also after a failure. */
berg_status train_weights_document(io_document *document, io_entries *entries, const train_weights *weights,
                                   berg_error *error);
/* Writes such a document by the ending of `path`: .npy or .safetensors. EARGUMENT: another; EEXISTS, EWRITE. */
berg_status train_weights_save(const io_document *document, const io_entries *entries, const char *path, bool force,
                               berg_error *error);

#endif
