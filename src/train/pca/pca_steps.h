/* The PCA of pca.h step by step, each of any range of panels, by way of files: a step that was interrupted goes on, and
 * processes that share no memory can do parts of one, to the same bits.
 *
 * A file appears whole or not at all. One that is damaged, or of other sizes, options or fingerprint, counts as
 * missing. */
#ifndef TRAIN_PCA_STEPS_H
#define TRAIN_PCA_STEPS_H

#include "io/file/ranges.h"
#include "train/pca/pca.h"

typedef struct train_pca_step {
  const train_panels *panels; /* where only files are looked at, or merged, `read` is not called */
  const train_pca_options *options;
  const train_machine *machine;
  const char *fingerprint;  /* of the features */
  const char *gram;         /* path: moments and Gram matrix of the first blocks of panels */
  const char *vectors;      /* path: eigenvalues and eigenvectors */
  const char *components;   /* start of the paths of components, a file for each block */
  const train_stage *stage; /* whose progress is told, in panels or eigenvectors */
  bool by_products;         /* no Gram matrix: `gram` has moments alone, eigenvectors are found by passes over panels */
} train_pca_step;

/* Adds panels [first, end), whole blocks (panels.h), to the sum in the file `gram`. Where that lacks blocks before
 * `first`, each block becomes a part, a file `<gram>.block-<number>`; parts that follow the sum are added to it.
 * EINPUT: a feature that is not finite; EWRITE; ECANCELLED: blocks that are complete are kept. */
berg_status train_pca_step_gram(const train_pca_step *step, size_t first, size_t end, berg_error *error);
/* The same where another process may be adding to the sum: every block becomes a part. */
berg_status train_pca_step_gram_parts(const train_pca_step *step, size_t first, size_t end, berg_error *error);
/* Adds the parts that other calls left. EINPUT: one is missing. */
berg_status train_pca_merge_gram(const train_pca_step *step, berg_error *error);
/* The panels in the sum and in parts; `*is_whole`: all are in the sum. ELIMIT; EINPUT: a file
 * cannot be read. */
berg_status train_pca_gram_done(const train_pca_step *step, io_ranges *done, bool *is_whole, berg_error *error);

/* From the file `gram` to the file `vectors`; by products with files `<vectors>.space-...` meanwhile, with which a
 * search that was cut off goes on. EARGUMENT: as train_pca_fit; EINPUT: no whole `gram`; EINTERNAL: no convergence. */
berg_status train_pca_step_eigenvectors(const train_pca_step *step, berg_error *error);
/* EINPUT: the file that they may be in cannot be read. */
berg_status train_pca_eigenvectors_done(const train_pca_step *step, bool *is_done, berg_error *error);
/* Removes `vectors`, and what a search that was cut off behind it left. EWRITE. */
berg_status train_pca_remove_vectors(const train_pca_step *step, berg_error *error);

/* What a search by products takes, as far as it can be said before: passes over the panels of natural spectra. */
#define TRAIN_PCA_PASSES 12
typedef struct train_pca_effort {
  double flop, bytes_read;
  uint64_t disk; /* the most that lies beside `vectors` */
} train_pca_effort;
train_pca_effort train_pca_search(size_t rows, size_t features, size_t components);

/* Components of panels [first, end), whole blocks, a file each, from `gram` and `vectors`. EINPUT: these are
 * missing. */
berg_status train_pca_step_components(const train_pca_step *step, size_t first, size_t end, berg_error *error);
berg_status train_pca_components_done(const train_pca_step *step, io_ranges *done, berg_error *error);
/* All blocks become one PCA. EINPUT: a file is missing. */
berg_status train_pca_merge_components(const train_pca_step *step, train_pca *pca, berg_error *error);

/* `<path>.block-<number>`, the part of that block. base_free; NULL: ELIMIT. */
char *train_pca_part_path(const char *path, size_t block, berg_error *error);
/* Removes the parts beside a path, `gram` or `components`; and what lies there itself. ELIMIT, EWRITE. */
berg_status train_pca_remove_parts(const train_pca_step *step, const char *path, berg_error *error);
berg_status train_pca_remove(const train_pca_step *step, const char *path, berg_error *error);

#endif
