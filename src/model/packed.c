#include "model/packed.h"

#include <stdint.h>

#include "base/memory.h"
#include "io/container.h"
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
    status =
        vit_calibrate(&calibration, network, la_gemm_for(isa, LA_F32), vit_kernels_for(isa), passed, threads, error);
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

/* Panel after panel of rows, whose pages are let go when it is done. */
static berg_status pack(la_matrix *matrix, const berg_file *file, char **packed, int threads, berg_error *error) {
  const io_map *map = io_container_map(file);
  const size_t first = (uintptr_t)matrix->rows - (uintptr_t)map->bytes, bytes = LA_PANEL * matrix->row_bytes;
  const bool is_mapped = map->bytes && (uintptr_t)matrix->rows >= (uintptr_t)map->bytes && first < map->size;
  *packed = base_alloc_large(la_matrix_bytes(matrix), 1, error);
  if (!*packed) return BERG_ELIMIT;
  const size_t panels = la_matrix_panels(matrix), blocks = la_matrix_blocks(matrix);
#pragma omp parallel num_threads(threads)
  {
    float buffer[LA_BUFFER_BYTES / sizeof(float)] __attribute__((aligned(64)));
#pragma omp for schedule(monotonic : dynamic, 64)
    for (size_t s = 0; s < panels * blocks; s++) {
      const size_t panel = s / blocks, block = s % blocks;
      la_matrix_pack(matrix, block, panel, buffer, *packed + la_matrix_offset(matrix, block, panel));
      if (is_mapped && block + 1 == blocks) io_map_drop(map, first + panel * bytes, bytes);
    }
  }
  matrix->packed = *packed;
  return BERG_OK;
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
  subject->coefficients = (la_matrix){.gemm = model->regression,
                                      .n = columns->count,
                                      .k = fitted->components,
                                      .rows = columns->coefficients,
                                      .row_bytes = columns->coefficient_bytes};
  if (model->gemm->precision == LA_F32) return BERG_OK;
  berg_status status = find_or_pack_components(model, subject, error);
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
    model_converted_close(&model->subjects[i].converted);
  }
  base_free_large(model->packed_network);
  model_converted_close(&model->converted);
}
