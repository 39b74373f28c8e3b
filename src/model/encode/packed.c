/* Packing the network, components and coefficients in the order in which they are multiplied. */
#include "model/encode/packed.h"

#include <math.h>
#include <stdint.h>

#include "base/convert.h"
#include "base/memory.h"
#include "base/team.h"
#include "io/container/container.h"
#include "vit/calibrate.h"

static void let_go(void *user, size_t layer) {
  for (size_t which = 0; which < VIT_BLOCK_TENSORS; which++) model_backbone_drop_tensor(user, VIT_BLOCK(layer, which));
}

berg_status model_pack_backbone(vit_network *network, const model_backbone *backbone, base_isa isa, int threads,
                                char **packed, berg_error *error) {
  const la_gemm *gemm = vit_network_gemm(network);
  const vit_passed passed = {let_go, (void *)(uintptr_t)backbone};
  vit_calibration calibration = {.operands = NULL};
  berg_status status = BERG_OK;
  if (gemm->precision != LA_F32) status = model_backbone_check(backbone, error); /* int8 would hide a NaN */
  if (!status && gemm->precision == LA_INT8)
    status = vit_calibrate(&calibration, network, la_floats_for(isa), vit_kernels_for(isa), passed, threads, error);
  if (!status && !(*packed = base_alloc_large(vit_network_packed_bytes(network), 1, error))) status = BERG_ELIMIT;
  if (!status) {
    vit_network_pack_into(network, calibration.operands ? &calibration : NULL, &passed, threads, *packed);
    vit_network_use_packed(network, *packed);
  }
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
  status =
      model_pack_backbone(model->network, &model->backbone, model->isa, model->threads, &model->packed_network, error);
  if (status) return status;
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
} packing;

static void pack_slabs(void *user, size_t index, size_t rank) {
  const packing *p = user;
  const la_matrix *matrix = p->matrix;
  float buffer[LA_BUFFER_BYTES / sizeof(float)] __attribute__((aligned(64)));
  const size_t blocks = la_matrix_blocks(matrix), slabs = la_matrix_panels(matrix) * blocks, first = index * TOGETHER,
               end = slabs - first < TOGETHER ? slabs : first + TOGETHER, bytes = LA_PANEL * matrix->row_bytes;
  (void)rank;
  for (size_t s = first; s < end; s++) {
    const size_t panel = s / blocks, block = s % blocks;
    la_matrix_pack(matrix, block, panel, buffer, p->to + la_matrix_offset(matrix, block, panel));
    if (p->map && block + 1 == blocks) io_map_drop(p->map, p->first + panel * bytes, bytes);
  }
}

/* Panel after panel of rows, whose pages are let go when it is done. */
static berg_status pack(la_matrix *matrix, const berg_file *file, char **packed, int threads, berg_error *error) {
  const io_map *map = io_container_map(file);
  const size_t first = (uintptr_t)matrix->rows - (uintptr_t)map->bytes;
  const bool is_mapped = map->bytes && (uintptr_t)matrix->rows >= (uintptr_t)map->bytes && first < map->size;
  *packed = base_alloc_large(la_matrix_bytes(matrix), 1, error);
  if (!*packed) return BERG_ELIMIT;
  packing p = {matrix, is_mapped ? map : NULL, first, *packed};
  const size_t slabs = la_matrix_panels(matrix) * la_matrix_blocks(matrix);
  base_share(threads, (slabs + TOGETHER - 1) / TOGETHER, pack_slabs, &p);
  matrix->packed = *packed;
  return BERG_OK;
}

/* Coefficients of late components are much larger than of early ones, whose scores are: each is divided by the size that the
 * component's coefficients have among some thousand voxels, always the same ones whatever is selected, so that the responses of
 * a voxel do not depend on which others are asked for. */
#define BALANCE_VOXELS 2048

static berg_status balance_coefficients(model_subject *subject, berg_error *error) {
  const berg_array *coefficients = subject->fitted.coefficients;
  const size_t k = subject->fitted.components, voxels = subject->fitted.voxels,
               step = voxels > BALANCE_VOXELS ? voxels / BALANCE_VOXELS : 1;
  float *gain = base_alloc(k, sizeof *gain, error);
  double *squares = base_calloc(k, sizeof *squares, error), count = 0;
  if (!gain || !squares) {
    base_free(gain);
    base_free(squares);
    return BERG_ELIMIT;
  }
  for (size_t v = 0; v < voxels; v += step, count++) {
    const char *row = (const char *)coefficients->data + (ptrdiff_t)v * coefficients->strides[0];
    for (size_t j = 0; j < k; j++) {
      const double value = base_read_number(coefficients->dtype, row + (ptrdiff_t)j * coefficients->strides[1]);
      if (isfinite(value)) squares[j] += value * value;
    }
  }
  for (size_t j = 0; j < k; j++) gain[j] = squares[j] > 0 ? (float)(1 / sqrt(squares[j] / count)) : 1;
  base_free(squares);
  subject->coefficient_gain = gain;
  subject->coefficients.gain = gain;
  return BERG_OK;
}

void model_balance_scores(const model_subject *subject, const float *scores, float *balanced) {
  for (size_t j = 0; j < subject->fitted.components; j++) balanced[j] = scores[j] / subject->coefficient_gain[j];
}

static la_matrix directions_of(const model_fitted *fitted, const la_gemm *gemm) {
  return (la_matrix){.gemm = gemm,
                     .n = fitted->components,
                     .k = fitted->features,
                     .rows = fitted->directions,
                     .row_bytes = fitted->direction_bytes};
}

berg_status model_pack_components(la_matrix *directions, const model_fitted *fitted, const la_gemm *gemm, int threads,
                                  char **packed, berg_error *error) {
  *directions = directions_of(fitted, gemm);
  berg_status status = model_fitted_check_components(fitted, error); /* int8 would hide a NaN */
  return status ? status : pack(directions, fitted->file, packed, threads, error);
}

static berg_status find_or_pack_components(const berg_model *model, model_subject *subject, berg_error *error) {
  model_conversion conversion = {.kind = "components",
                                 .precision = model->gemm->precision,
                                 .layout = model->gemm->layout->id,
                                 .bytes = la_matrix_bytes(&subject->directions),
                                 .source = subject->fitted.path,
                                 .threads = model->threads};
  if (model_converted_find(&subject->converted, model->cache, &conversion)) {
    subject->directions.packed = subject->converted.packed;
    return BERG_OK;
  }
  berg_status status = model_pack_components(&subject->directions, &subject->fitted, model->gemm, model->threads,
                                             &subject->packed_directions, error);
  conversion.packed = subject->packed_directions;
  if (!status) model_converted_keep(model->cache, &conversion);
  return status;
}

berg_status model_pack_subject(const berg_model *model, model_subject *subject, berg_error *error) {
  model_fitted *fitted = &subject->fitted;
  model_columns *columns = &subject->columns;
  subject->directions = directions_of(fitted, model->gemm);
  subject->coefficients = (la_matrix){.gemm = model->gemm,
                                      .n = columns->count,
                                      .k = fitted->components,
                                      .rows = columns->coefficients,
                                      .row_bytes = columns->coefficient_bytes};
  if (model->gemm->precision == LA_F32) return BERG_OK;
  berg_status status = find_or_pack_components(model, subject, error);
  if (!status && model->gemm->precision == LA_INT8) status = balance_coefficients(subject, error);
  if (!status)
    status = pack(&subject->coefficients, fitted->file, &subject->packed_coefficients, model->threads, error);
  if (status) return status;
  model_fitted_drop_directions(fitted);
  model_columns_drop_coefficients(columns);
  const io_map *map = io_container_map(fitted->file);
  if (map) io_map_drop(map, 0, map->size);
  return BERG_OK;
}

void model_packed_release(berg_model *model) {
  for (size_t i = 0; i < model->subject_count; i++) {
    base_free_large(model->subjects[i].packed_directions);
    base_free_large(model->subjects[i].packed_coefficients);
    base_free(model->subjects[i].coefficient_gain);
    model_converted_close(&model->subjects[i].converted);
  }
  base_free_large(model->packed_network);
  model_converted_close(&model->converted);
}

/* From so many images on, over the life of a model, packing the network pays: it costs what some ten images cost, and an image
 * costs a tenth less afterwards (one at a time, one thread: 0.134 s instead of 0.152). A program that asks a second time will
 * ask again. */
#define PACK_FROM 48
#define PACK_FROM_CALL 2

berg_status model_pack_when_it_pays(berg_model *model, size_t images, berg_error *error) {
  if (vit_network_is_packed(model->network)) return BERG_OK;
  if (model->images_done + images < PACK_FROM && model->calls < PACK_FROM_CALL) return BERG_OK;
  if (model->memory && model_memory_needed(model, model->batch, true) > model->memory) return BERG_OK;
  return model_pack_network(model, error);
}
