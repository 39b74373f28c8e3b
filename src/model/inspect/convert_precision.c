/* berg_convert_precision: converted weights where the user wants them. */
#include "base/isa.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/threads.h"
#include "io/file/whole_file.h"
#include "model/encode/packed.h"
#include "model/weights/precision.h"

static berg_status convert_backbone(const char *source, const char *target, const la_gemm *gemm, base_isa isa,
                                    bool force, const berg_run *run, berg_error *error) {
  model_backbone backbone;
  vit_network *network = NULL;
  char *packed = NULL;
  const int threads = base_threads_for(0);
  berg_status status = model_backbone_open(&backbone, source, NULL, threads, error);
  if (status) return status;
  if (backbone.converted)
    status = base_fail(error, BERG_EMODEL, "%s: is converted already, to %s; convert the weights it was made from",
                       source, backbone.converted);
  if (!status) status = vit_network_new(&network, &backbone.weights, gemm, vit_kernels_for(isa), error);
  if (!status) status = model_pack_backbone(network, &backbone, isa, threads, run, &packed, error);
  if (!status) {
    const model_conversion conversion = {.kind = "backbone",
                                         .precision = gemm->precision,
                                         .layout = gemm->layout->id,
                                         .bytes = vit_network_packed_bytes(network),
                                         .source = source,
                                         .packed = packed,
                                         .small = &backbone.weights,
                                         .threads = threads,
                                         .run = run};
    status = model_converted_write(target, &conversion, force, false, error);
  }
  vit_network_free(network);
  base_free_large(packed);
  model_backbone_close(&backbone);
  return status;
}

static berg_status convert_components(const berg_file *file, const char *source, const char *target,
                                      const la_gemm *gemm, bool force, const berg_run *run, berg_error *error) {
  model_basis basis;
  la_matrix directions;
  char *packed = NULL;
  const int threads = base_threads_for(0);
  berg_status status = model_basis_open(&basis, file, source, "pca_param", error);
  if (!status) status = model_pack_components(&directions, &basis, gemm, threads, run, &packed, error);
  if (!status) {
    const model_conversion conversion = {.kind = "components",
                                         .precision = gemm->precision,
                                         .layout = gemm->layout->id,
                                         .bytes = la_matrix_bytes(&directions),
                                         .source = source,
                                         .packed = packed,
                                         .threads = threads,
                                         .run = run};
    status = model_converted_write(target, &conversion, force, false, error);
  }
  base_free_large(packed);
  model_basis_close(&basis);
  return status;
}

berg_status berg_convert_precision(const char *source, const char *target, const char *precision, const char *isa_name,
                                   int force, const berg_run *given, berg_error *error) {
  const la_gemm *chosen;
  base_isa isa;
  berg_run run;
  berg_file *file;
  if (!source || !target || !precision) return base_fail(error, BERG_EARGUMENT, "berg_convert_precision: no path");
  berg_status status = BASE_TAKE(berg_run, &run, given, error);
  if (!status) status = base_isa_choose(&isa, isa_name, error);
  if (!status) status = model_precision_choose(&chosen, isa, precision, true, error);
  if (!status && chosen->precision == LA_F32)
    status = base_fail(error, BERG_EPARAMETER, "precision f32 needs no converting: weights are used as they are");
  if (!status) status = io_check_output(target, force, error);
  if (!status) status = berg_file_open(&file, source, error);
  if (status) return status;
  const bool is_fitted = berg_file_find(file, "pca_param.components_") != NULL;
  if (berg_file_find(file, "pca_param.rep-1.components_"))
    status = base_fail(error, BERG_EMODEL, "%s: holds several PCAs, which are converted when the model is first opened",
                       source);
  else if (is_fitted)
    status = convert_components(file, source, target, chosen, force != 0, &run, error);
  berg_file_free(file);
  return status || is_fitted ? status : convert_backbone(source, target, chosen, isa, force != 0, &run, error);
}
