/* What all targets share: the singular values and vectors of the centred scores, packed for float32 products. */
#ifndef TRAIN_FACTOR_H
#define TRAIN_FACTOR_H

#include "train/regress.h"

/* Targets that are multiplied at a time, whatever the chunk; and rows of a packed panel. */
#define FACTOR_TILE 64

/* Of the scores without the rows [first_out, end_out): X - mean = U S V^T. */
typedef struct train_factor {
  size_t first_out, end_out;
  size_t rank, depth, padded_rank; /* depth: rows, padded */
  double *mean;                    /* [width] of the rows left in */
  double *singular;                /* [rank], descending */
  float *left;                     /* U^T [padded_rank][depth], zero for the rows left out, packed */
  float *right;                    /* V [padded width][padded_rank], packed; NULL where rows were left out, for which */
  float *predict;                  /* (X_out - mean) V [padded rows out][padded_rank], packed */
} train_factor;

/* Plans the products, too: not while others run. ELIMIT, EINTERNAL. */
berg_status train_factor_make(train_factor *factor, const train_scores *scores, size_t first_out, size_t end_out,
                              const train_machine *machine, berg_error *error);
void train_factor_release(train_factor *factor);
/* Bytes of one. */
size_t train_factor_memory(size_t rows, size_t width);

#endif
