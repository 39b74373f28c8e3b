/* What all targets share: the singular values and vectors of the centred scores, in float32 for their products. */
#ifndef TRAIN_FACTOR_H
#define TRAIN_FACTOR_H

#include "train/regress/regress.h"

/* Of the scores without the rows [first_out, end_out): X - mean = U S V^T. */
typedef struct train_factor {
  size_t first_out, end_out;
  size_t rank, pitch; /* pitch: la_pitch(rank) */
  double *mean;       /* [width] of the rows left in */
  double *singular;   /* [rank], descending */
  float *left;        /* U^T [rank][la_pitch(all rows)], zero for the rows left out */
  float *right;       /* V [width][pitch]; NULL where rows were left out, for which */
  float *predict;     /* (X_out - mean) V [rows out][pitch] */
} train_factor;

/* ELIMIT, EINTERNAL. */
berg_status train_factor_make(train_factor *factor, const train_scores *scores, size_t first_out, size_t end_out,
                              const train_machine *machine, berg_error *error);
void train_factor_release(train_factor *factor);
/* Bytes of one. */
size_t train_factor_memory(size_t rows, size_t width);

#endif
