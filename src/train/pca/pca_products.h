/* Products of Z Z^T, centred, with blocks of vectors, one pass over the panels each: no Gram matrix.
 *
 * Of a panel Z_p both products V Z_p and Z_p (V Z_p)^T are float32 over LA_DEPTH rows or columns, added in double in
 * their order; a block of panels is summed from zero, then added to the sum of the blocks before it. */
#ifndef TRAIN_PCA_PRODUCTS_H
#define TRAIN_PCA_PRODUCTS_H

#include "train/pca/pca_job.h"

typedef struct pca_products {
  pca_job *job;
  size_t most;               /* vectors that a pass takes */
  pca_projection projection; /* the first product */
  float *directions;         /* [most][pitch of a panel] what it gives */
  float *slabs;              /* of the second */
  double *sum, *total;       /* [most * rows] of the block of panels at hand; of those before it */
  size_t told;               /* panels of all passes, for progress */
} pca_products;

berg_status pca_products_open(pca_products *products, pca_job *job, size_t most, berg_error *error);
void pca_products_close(pca_products *products);

/* Bytes that they take beside the job's. */
size_t pca_products_memory(size_t rows, size_t width, size_t most, int threads);

/* `products->sum` becomes `vectors` [count][rows] times Z Z^T, [count][rows], each row less its mean; `total` is
 * scratch until the next pass. But where products are exact, `vectors` have to be of float32. The moments are in
 * `job->pca`. Progress is told of every panel. */
berg_status pca_products_pass(pca_products *products, const double *vectors, size_t count, berg_error *error);

#endif
