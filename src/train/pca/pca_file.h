/* The file of a PCA between the stages of a run: .safetensors, written whole. */
#ifndef TRAIN_PCA_FILE_H
#define TRAIN_PCA_FILE_H

#include "train/pca/pca.h"

/* Bytes of the file, but for its header. */
uint64_t train_pca_bytes(size_t rows, size_t features, size_t components);

/* EWRITE. */
berg_status train_pca_write(const train_pca *pca, int threads, const char *path, berg_error *error);

typedef struct train_pca_file {
  berg_file *file;
  train_pca pca; /* views of the mapped file: read, never released */
  bool is_read;  /* also where it is damaged: its bytes are there */
} train_pca_file;

/* Maps what train_pca_write wrote, and compares its checksums. EINPUT: damaged, or not of these sizes. */
berg_status train_pca_file_open(train_pca_file *file, const char *path, size_t rows, size_t features, size_t components,
                                int threads, berg_error *error);
void train_pca_file_close(train_pca_file *file);

#endif
