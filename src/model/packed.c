#include "model/packed.h"

#include "base/memory.h"
#include "io/container.h"
#include "vit/calibrate.h"

berg_status model_pack_network(berg_model *model, berg_error *error) {
  if (vit_network_is_packed(model->network)) return BERG_OK;
  if (model->gemm->precision != LA_F32) { /* int8 would hide a NaN */
    berg_status status = model_backbone_check(&model->backbone, error);
    if (status) return status;
  }
  model->packed_network = base_alloc_large(vit_network_packed_bytes(model->network), 1, error);
  if (!model->packed_network) return BERG_ELIMIT;
  vit_calibration calibration = {.factors = NULL};
  if (model->gemm->precision == LA_INT8) {
    berg_status status = vit_calibrate(&calibration, model->network, la_gemm_for(model->isa, LA_F32),
                                       vit_kernels_for(model->isa), model->threads, error);
    if (status) return status;
  }
  vit_network_pack_into(model->network, model->threads, model->packed_network);
  vit_network_use_packed(model->network, model->packed_network);
  vit_calibration_release(&calibration);
  model_backbone_drop_matrices(&model->backbone);
  return BERG_OK;
}

static berg_status pack(la_matrix *matrix, char **packed, int threads, berg_error *error) {
  const size_t panels = la_matrix_panels(matrix), slabs = panels * la_matrix_blocks(matrix);
  *packed = base_alloc_large(la_matrix_bytes(matrix), 1, error);
  if (!*packed) return BERG_ELIMIT;
#pragma omp parallel num_threads(threads)
  {
    float buffer[LA_BUFFER_BYTES / sizeof(float)] __attribute__((aligned(64)));
#pragma omp for schedule(static)
    for (size_t s = 0; s < slabs; s++)
      la_matrix_pack(matrix, s / panels, s % panels, buffer,
                     *packed + la_matrix_offset(matrix, s / panels, s % panels));
  }
  matrix->packed = *packed;
  return BERG_OK;
}

berg_status model_pack_subject(const berg_model *model, model_subject *subject, berg_error *error) {
  model_fitted *fitted = &subject->fitted;
  model_columns *columns = &subject->columns;
  subject->directions = (la_matrix){.gemm = model->gemm,
                                    .n = fitted->components,
                                    .k = fitted->features,
                                    .rows = fitted->directions,
                                    .row_bytes = fitted->direction_bytes};
  subject->coefficients = (la_matrix){.gemm = model->regression,
                                      .n = columns->count,
                                      .k = fitted->components,
                                      .rows = columns->coefficients,
                                      .row_bytes = columns->coefficient_bytes};
  if (model->gemm->precision == LA_F32) return BERG_OK;
  /* int8 would hide a NaN */
  berg_status status = model_fitted_check_components(fitted, error);
  if (!status) status = pack(&subject->directions, &subject->packed_directions, model->threads, error);
  if (!status) status = pack(&subject->coefficients, &subject->packed_coefficients, model->threads, error);
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
  }
  base_free_large(model->packed_network);
}
