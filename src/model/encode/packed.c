/* Packing the network, components and coefficients in the order in which they are multiplied. */
#include "model/encode/packed.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/convert.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/team.h"
#include "io/container/container.h"
#include "vit/calibrate.h"

static void let_go(void *user, size_t layer) {
  for (size_t which = 0; which < VIT_BLOCK_TENSORS; which++) model_backbone_drop_tensor(user, VIT_BLOCK(layer, which));
}

berg_status model_pack_backbone(vit_network *network, const model_backbone *backbone, base_isa isa, int threads,
                                const berg_run *run, char **packed, berg_error *error) {
  const la_gemm *gemm = vit_network_gemm(network);
  const vit_passed passed = {let_go, (void *)(uintptr_t)backbone};
  vit_calibration calibration = {.operands = NULL};
  berg_status status = BERG_OK;
  if (gemm->precision != LA_F32) status = model_backbone_check(backbone, error); /* int8 would hide a NaN */
  if (!status && gemm->precision == LA_INT8)
    status =
        vit_calibrate(&calibration, network, la_floats_for(isa), vit_kernels_for(isa), passed, threads, run, error);
  if (!status && !(*packed = base_alloc_large(vit_network_packed_bytes(network), 1, error))) status = BERG_ELIMIT;
  if (!status)
    status = vit_network_pack_into(network, calibration.operands ? &calibration : NULL, &passed, threads, run, *packed,
                                   error);
  if (!status) vit_network_use_packed(network, *packed);
  vit_calibration_release(&calibration);
  return status;
}

static model_conversion network_conversion(const berg_model *model) {
  return (model_conversion){.kind = "backbone",
                            .precision = model->gemm->precision,
                            .layout = model->gemm->layout->id,
                            .bytes = vit_network_packed_bytes(model->network),
                            .source = model->backbone.path,
                            .packed = model->packed_network,
                            .small = &model->backbone.weights,
                            .threads = model->threads};
}

berg_status model_pack_network(berg_model *model, berg_error *error) {
  if (vit_network_is_packed(model->network)) return BERG_OK;
  model_conversion conversion = network_conversion(model);
  berg_status status = BERG_OK;
  if (model->backbone.converted) {
    status = model_converted_take(&model->converted, model->backbone.file, model->backbone.path, &conversion, error);
    if (!status) model->backbone.file = NULL; /* the converted's own now */
  } else if (model->gemm->precision != LA_F32 && model->backbone.file) {
    model_converted_find(&model->converted, model->cache, &conversion);
  }
  if (status) return status;
  if (model->converted.packed) {
    vit_network_use_packed(model->network, model->converted.packed);
    return BERG_OK;
  }
  status = model_pack_backbone(model->network, &model->backbone, model->isa, model->threads, model->run,
                               &model->packed_network, error);
  if (status) { /* a later call packs again */
    base_free_large(model->packed_network);
    model->packed_network = NULL;
    return status;
  }
  conversion.packed = model->packed_network;
  if (model->gemm->precision != LA_F32 && model->backbone.file) model_converted_keep(model->cache, &conversion);
  model_backbone_drop_matrices(&model->backbone);
  return BERG_OK;
}

/* Slabs that a thread packs at a time. */
#define TOGETHER ((size_t)64)

typedef struct packing {
  const la_matrix *matrix;
  const io_map *map; /* that the rows lie in, from `first`; NULL: they do not */
  size_t first;
  char *to;
  base_asking asking;
} packing;

static void pack_slabs(void *user, size_t index, size_t rank) {
  packing *p = user;
  const la_matrix *matrix = p->matrix;
  float buffer[LA_BUFFER_BYTES / sizeof(float)] __attribute__((aligned(64)));
  const size_t blocks = la_matrix_blocks(matrix), slabs = la_matrix_panels(matrix) * blocks, first = index * TOGETHER,
               end = slabs - first < TOGETHER ? slabs : first + TOGETHER, bytes = LA_PANEL * matrix->row_bytes;
  if (base_asking_ended(&p->asking, rank)) return;
  for (size_t s = first; s < end; s++) {
    const size_t panel = s / blocks, block = s % blocks;
    la_matrix_pack(matrix, block, panel, buffer, p->to + la_matrix_offset(matrix, block, panel));
    if (p->map && block + 1 == blocks) io_map_drop(p->map, p->first + panel * bytes, bytes);
  }
}

/* Panel after panel of rows, whose pages are let go when it is done. */
static berg_status pack(la_matrix *matrix, const berg_file *file, char **packed, int threads, const berg_run *run,
                        berg_error *error) {
  const io_map *map = io_container_map(file);
  const size_t first = (uintptr_t)matrix->rows - (uintptr_t)map->bytes;
  const bool is_mapped = map->bytes && (uintptr_t)matrix->rows >= (uintptr_t)map->bytes && first < map->size;
  *packed = base_alloc_large(la_matrix_bytes(matrix), 1, error);
  if (!*packed) return BERG_ELIMIT;
  packing p = {matrix, is_mapped ? map : NULL, first, *packed, {.run = run, .error = error}};
  const size_t slabs = la_matrix_panels(matrix) * la_matrix_blocks(matrix);
  base_share(threads, (slabs + TOGETHER - 1) / TOGETHER, pack_slabs, &p);
  matrix->packed = *packed;
  return (berg_status)p.asking.status;
}

/* Coefficients of late components are much larger than of early ones, whose scores are: each is divided by the size
 * that the component's coefficients have among some thousand units, always the same ones whatever is selected, so
 * that the responses of a unit do not depend on which others are asked for. */
#define BALANCE_ROWS 2048

static berg_status balance_coefficients(model_responder *responder, berg_error *error) {
  const model_readout *readout = responder->readout;
  const berg_array *coefficients = readout->coefficients;
  const size_t k = readout->components, rows = readout->rows, step = rows > BALANCE_ROWS ? rows / BALANCE_ROWS : 1;
  float *gain = base_alloc(k, sizeof *gain, error);
  double *squares = base_calloc(k, sizeof *squares, error), count = 0;
  if (!gain || !squares) {
    base_free(gain);
    base_free(squares);
    return BERG_ELIMIT;
  }
  for (size_t v = 0; v < rows; v += step, count++) {
    const char *row = (const char *)coefficients->data + (ptrdiff_t)v * coefficients->strides[0];
    for (size_t j = 0; j < k; j++) {
      const double value = base_read_number(coefficients->dtype, row + (ptrdiff_t)j * coefficients->strides[1]);
      if (isfinite(value)) squares[j] += value * value;
    }
  }
  for (size_t j = 0; j < k; j++) gain[j] = squares[j] > 0 ? (float)(1 / sqrt(squares[j] / count)) : 1;
  base_free(squares);
  responder->gain = gain;
  responder->coefficients.gain = gain;
  return BERG_OK;
}

void model_balance_scores(const model_responder *responder, const float *scores, float *balanced) {
  for (size_t j = 0; j < responder->readout->components; j++) balanced[j] = scores[j] / responder->gain[j];
}

static la_matrix directions_of(const model_basis *basis, const la_gemm *gemm) {
  return (la_matrix){.gemm = gemm,
                     .n = basis->components,
                     .k = basis->features,
                     .rows = basis->directions,
                     .row_bytes = basis->direction_bytes};
}

berg_status model_pack_components(la_matrix *directions, const model_basis *basis, const la_gemm *gemm, int threads,
                                  const berg_run *run, char **packed, berg_error *error) {
  *directions = directions_of(basis, gemm);
  berg_status status = model_basis_check(basis, error); /* int8 would hide a NaN */
  return status ? status : pack(directions, basis->file, packed, threads, run, error);
}

/* "rep-2" of "pca_param.rep-2"; NULL where a file has one PCA. */
static const char *part_of(const model_basis *basis) {
  const char *dot = strchr(basis->key, '.');
  return dot ? dot + 1 : NULL;
}

berg_status model_pack_scorer(const berg_model *model, model_scorer *scorer, berg_error *error) {
  scorer->directions = directions_of(scorer->basis, model->gemm);
  if (model->gemm->precision == LA_F32 || model->scores_only) return BERG_OK;
  model_conversion conversion = {.kind = "components",
                                 .part = part_of(scorer->basis),
                                 .precision = model->gemm->precision,
                                 .layout = model->gemm->layout->id,
                                 .bytes = la_matrix_bytes(&scorer->directions),
                                 .source = scorer->basis->path,
                                 .threads = model->threads};
  if (model_converted_find(&scorer->converted, model->cache, &conversion)) {
    scorer->directions.packed = scorer->converted.packed;
    return BERG_OK;
  }
  berg_status status = model_pack_components(&scorer->directions, scorer->basis, model->gemm, model->threads,
                                             model->run, &scorer->packed, error);
  conversion.packed = scorer->packed;
  if (!status) model_converted_keep(model->cache, &conversion);
  return status;
}

berg_status model_pack_responder(const berg_model *model, model_responder *responder, berg_error *error) {
  const model_rows *rows = &responder->rows;
  responder->coefficients = (la_matrix){.gemm = model->gemm,
                                        .n = rows->count,
                                        .k = responder->readout->components,
                                        .rows = rows->coefficients,
                                        .row_bytes = rows->coefficient_bytes};
  if (model->gemm->precision == LA_F32) return BERG_OK;
  berg_status status = model->gemm->precision == LA_INT8 ? balance_coefficients(responder, error) : BERG_OK;
  if (!status)
    status =
        pack(&responder->coefficients, responder->readout->file, &responder->packed, model->threads, model->run, error);
  if (!status) model_rows_drop_coefficients(&responder->rows);
  return status;
}

void model_pack_let_go(const berg_model *model, model_fitted *fitted) {
  if (model->gemm->precision == LA_F32 || model->scores_only) return;
  for (size_t b = 0; b < fitted->basis_count; b++) model_basis_drop_directions(&fitted->bases[b]);
  for (size_t f = 0; f < fitted->file_count; f++) {
    const io_map *map = io_container_map(fitted->files[f].file);
    if (map) io_map_drop(map, 0, map->size);
  }
}

void model_packed_release(berg_model *model) {
  for (size_t i = 0; i < model->scorer_count; i++) {
    base_free_large(model->scorers[i].packed);
    model_converted_close(&model->scorers[i].converted);
  }
  for (size_t i = 0; i < model->responder_count; i++) {
    model_rows_release(&model->responders[i].rows);
    base_free_large(model->responders[i].packed);
    base_free(model->responders[i].gain);
  }
  base_free_large(model->packed_network);
  model_converted_close(&model->converted);
}

/* From so many images on, over the life of a model, packing the network pays: it costs what some ten images cost,
 * and an image costs a tenth less afterwards (one at a time, one thread: 0.134 s instead of 0.152). A program that
 * asks a second time will ask again. */
#define PACK_FROM 48
#define PACK_FROM_CALL 2

berg_status model_pack_when_it_pays(berg_model *model, size_t images, berg_error *error) {
  if (vit_network_is_packed(model->network)) return BERG_OK;
  if (model->images_done + images < PACK_FROM && model->calls < PACK_FROM_CALL) return BERG_OK;
  return model_pack_network(model, error);
}
