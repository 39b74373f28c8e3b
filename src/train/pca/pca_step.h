/* What the steps of a PCA share: a job for each, and the names and contents of their files. */
#ifndef TRAIN_PCA_STEP_H
#define TRAIN_PCA_STEP_H

#include "train/pca/pca_piece.h"
#include "train/pca/pca_steps.h"

#define PCA_GRAM "berggram"
#define PCA_VECTORS "bergvect"
#define PCA_COMPONENTS "bergcomp"

/* A job without memory; release with pca_step_end. */
pca_job pca_step_begin(const train_pca_step *step, train_pca *pca);
void pca_step_end(pca_job *job);

/* `<path>.block-<number>` of the block that panel `first` begins. base_free; NULL: ELIMIT. */
char *pca_part_path(const pca_job *job, const char *path, size_t first, berg_error *error);
/* The panels behind the block that begins with `first`. */
size_t pca_block_end(const pca_job *job, size_t first);
/* Whether the block's part is there. ELIMIT. */
berg_status pca_part_find(const pca_job *job, const train_pca_step *step, const char *magic, const char *path,
                          size_t first, bool *is_there, berg_error *error);
/* Reads a part, or adds it; EINPUT: it is missing. */
berg_status pca_part_read(const pca_job *job, const train_pca_step *step, const pca_piece *part, const char *path,
                          bool add, berg_error *error);
berg_status pca_part_write(const pca_job *job, const train_pca_step *step, const pca_piece *part, const char *path,
                           berg_error *error);
/* Removes the parts of the blocks before panel `end`. */
berg_status pca_parts_remove(const pca_job *job, const char *path, size_t end, berg_error *error);

/* Eigenvalues and eigenvectors by products, from the moments alone to the file `vectors` (pca_search.c). */
berg_status pca_search(const train_pca_step *step, berg_error *error);
/* Its bytes beside those of the panels' products, of a space (pca_space.h) and of moments. */
size_t pca_search_memory(size_t rows, size_t components);

/* Adds the moments of the piece's panels, and the rest of what the file `gram` holds where `of`, an la_gram, is not
 * NULL. */
bool pca_visit_gram(const pca_job *job, const pca_piece *piece, const pca_visitor *visitor);
/* Values and vectors. */
bool pca_visit_vectors(const pca_job *job, const pca_piece *piece, const pca_visitor *visitor);

#endif
