/* The files between the steps of a PCA:
 *
 *     header (below), fingerprint, contents, checksum of all these, "berg-end"
 *
 * Each is written whole or not at all, and read by the machine that wrote it, or one like it. What does not fit, or
 * does not have its checksum, counts as missing: its step is then done again. What the system does not give does not:
 * it may be hours of work. */
#ifndef TRAIN_PCA_PIECE_H
#define TRAIN_PCA_PIECE_H

#include "io/file/ranges.h"
#include "train/pca/pca_job.h"

typedef struct pca_piece_header {
  char magic[8];
  uint64_t version, rows, features, width, components, standardise,
      products;        /* 0: float32, 1: float64, 2: the device's */
  uint64_t first, end; /* panels */
  uint64_t bytes;      /* of the contents */
  uint64_t fingerprint;
} pca_piece_header;

/* Is handed one piece of memory after the other, in the order in which they lie in the file. `is_sum`: doubles that are
 * sums over panels. */
typedef struct pca_visitor {
  bool (*take)(void *user, void *bytes, size_t size, bool is_sum);
  void *user;
} pca_visitor;

typedef struct pca_piece {
  const char *magic;
  size_t first, end; /* panels */
  /* Hands over all memory of the piece, until `take` says false, which is then the answer. */
  bool (*visit)(const pca_job *job, const struct pca_piece *piece, const pca_visitor *visitor);
  void *of;  /* for `visit` */
  bool adds; /* when it is read: to what is a sum */
} pca_piece;

/* The panels of the piece at `path`; none: there is none that fits. EINPUT: it cannot be read. */
berg_status pca_piece_find(const pca_job *job, const char *fingerprint, const char *magic, const char *path,
                           io_range *panels, berg_error *error);
/* Fills the memory of `piece`; not `*is_read`: there is none that fits it. EINPUT: it cannot be read. */
berg_status pca_piece_read(const pca_job *job, const char *fingerprint, const pca_piece *piece, const char *path,
                           bool *is_read, berg_error *error);
/* The same where it has to be there: EINPUT with `lack`. */
#define PCA_LACKS "is missing, damaged, or another run's"
#define PCA_LACKS_PANELS "is missing, damaged, or lacks panels"
berg_status pca_piece_need(const pca_job *job, const char *fingerprint, const pca_piece *piece, const char *path,
                           const char *lack, berg_error *error);
/* EWRITE. */
berg_status pca_piece_write(const pca_job *job, const char *fingerprint, const pca_piece *piece, const char *path,
                            berg_error *error);

#endif
