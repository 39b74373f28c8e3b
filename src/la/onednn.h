/* Products y = x W^T in float32. The one file that knows oneDNN is gemm.c.
 *
 * A matrix W is stored as torch stores it, [n][k] row by row, and cut into panels of `panel` rows, so that one product can be
 * shared by threads. It can be multiplied as it lies ("plain"), or once packed in the order that the kernel reads: faster
 * for many rows, and the same bits. The bits of one element depend on neither the number of rows, the panel's width, the packing
 * nor the number of threads. */
#ifndef LA_ONEDNN_H
#define LA_ONEDNN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "la/kernels.h"

typedef struct la_engine la_engine;

typedef struct la_old_matrix {
  const float *rows; /* [n][k]; not needed any more once packed */
  size_t n, k;
  size_t panel;        /* divides n */
  const float *packed; /* panel after panel, n * k floats; NULL: plain */
} la_old_matrix;

/* Products run in the thread that calls them; many threads may use one engine. */
berg_status la_engine_new(la_engine **engine, const la_kernels *kernels, berg_error *error);
void la_engine_free(la_engine *engine);
/* Whether products are oneDNN's; else they are la's own dot products, on machines where oneDNN has no kernel that keeps
 * the bits. */
bool la_engine_is_library(const la_engine *engine);
/* "oneDNN 2.6.3 (brg:avx512_core)" */
const char *la_engine_description(const la_engine *engine);

/* oneDNN has steady kernels for k a multiple of 16 and panels of a multiple of 64: other sizes are padded with zeros to
 * multiples of this. */
#define LA_PAD 64
static inline size_t la_padded(size_t size) { return (size + LA_PAD - 1) / LA_PAD * LA_PAD; }

/* Prepares products of `m` rows by panels of this shape, plain and packed. Not while products run. EINTERNAL: oneDNN has no
 * kernel whose bits are independent of m. */
berg_status la_engine_plan(la_engine *engine, size_t m, size_t k, size_t panel, berg_error *error);
/* Bytes of scratch that one thread needs for any product planned so far. */
size_t la_engine_scratch(const la_engine *engine);

/* Packs one panel of `matrix` into `to` [panel * k]; whole matrices are packed panel by panel, in any order, by any threads.
 * The shape must have been planned for some m. */
berg_status la_pack_panel(const la_engine *engine, const la_old_matrix *matrix, size_t index, float *to,
                          berg_error *error);
/* Packs a panel that lies the other way round, [k][panel] with `ld` floats from row to row: no transposing before. */
berg_status la_pack_columns(const la_engine *engine, size_t k, size_t panel, const float *from, size_t ld, float *to,
                            berg_error *error);

/* y [m][panel] = x [m][k] times panel `index` of `matrix`. False: oneDNN failed, or m was not planned. */
bool la_old_product(const la_engine *engine, size_t m, const la_old_matrix *matrix, size_t index, const float *x,
                    float *y, void *scratch);

/* To be called by each thread of a parallel region before its first product: oneDNN must not start threads of its own. */
void la_engine_enter_thread(void);

#endif
