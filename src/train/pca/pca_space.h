/* A block Krylov space of vectors of the rows, on the disk block by block, so that memory holds three blocks whatever
 * the dimension. Files "<vectors>.space-<cycle>-<block>", each written before the pass over its block begins: a
 * search that was cut off goes on with that pass. */
#ifndef TRAIN_PCA_SPACE_H
#define TRAIN_PCA_SPACE_H

#include "train/pca/pca_step.h"

/* Blocks of a cycle: natural spectra, 1/k, need ten or eleven for a residual of 1e-7. */
#define PCA_SPACE_BLOCKS ((size_t)14)
#define PCA_SPACE_CYCLES ((size_t)8)

/* Sizes that follow from how many rows and components there are. */
typedef struct pca_space_shape {
  size_t wide;     /* vectors of a block: at least as many as components, so that no multiple eigenvalue is missed */
  size_t most;     /* of the block that a cycle but the first begins with: Ritz vectors, some more than components */
  size_t capacity; /* of all blocks */
} pca_space_shape;

pca_space_shape pca_space_shape_of(size_t rows, size_t components);

typedef struct pca_space {
  const train_pca_step *step;
  pca_job *job;
  pca_space_shape shape;
  size_t cycle, blocks;
  size_t starts[PCA_SPACE_BLOCKS + 1]; /* the vectors before each block; of all */
  double *block;                       /* [its width][rows] the last */
  double *projection; /* [capacity][capacity]: Z Z^T in the space, lower triangle, but for the rows of the last block */
  double *overlap;    /* scratch [most][most] */
} pca_space;

berg_status pca_space_open(pca_space *space, const train_pca_step *step, pca_job *job, berg_error *error);
void pca_space_close(pca_space *space);
/* Bytes of memory, of what lies on the disk at the most. */
size_t pca_space_memory(size_t rows, size_t components);
uint64_t pca_space_disk(size_t rows, size_t components);

/* Takes up what an earlier run left; not `*is_there`: there is nothing. EINPUT: it cannot be read. */
berg_status pca_space_resume(pca_space *space, double *scratch, bool *is_there, berg_error *error);
/* What lies in `block` begins cycle `cycle`: is written, and the cycle before is removed. Orthonormal rows; of float32
 * where products are not exact (pca_space_round). */
berg_status pca_space_begin(pca_space *space, size_t cycle, size_t width, berg_error *error);
/* What lies in `block` becomes the next block. */
berg_status pca_space_append(pca_space *space, size_t width, berg_error *error);
/* Removes all files. */
berg_status pca_space_remove(const train_pca_step *step, berg_error *error);

static inline size_t pca_space_size(const pca_space *space) { return space->starts[space->blocks]; }
static inline size_t pca_space_width(const pca_space *space, size_t block) {
  return space->starts[block + 1] - space->starts[block];
}

/* Takes the part within the space out of `vectors` [count][rows], once; `largest`: the largest coefficient. `record`:
 * the vectors are images of the last block, and the coefficients become its rows of `projection`. */
berg_status pca_space_project(pca_space *space, double *vectors, size_t count, bool record, double *scratch,
                              double *largest, berg_error *error);
/* `to` [count][rows] = `coefficients` [count][size] times the vectors of the space. */
berg_status pca_space_combine(const pca_space *space, const double *coefficients, size_t count, double *to,
                              double *scratch, berg_error *error);
/* To float32 and back, unless products are exact. */
void pca_space_round(const pca_space *space, double *vectors, size_t count);

#endif
