/* Choosing a precision that the processor has. */
#include "model/weights/precision.h"

#include <string.h>

berg_status model_precision_named(la_precision *precision, const char *name, berg_error *error) {
  for (la_precision p = LA_F32; p < LA_PRECISIONS; p++)
    if (!strcmp(la_precision_name(p), name)) {
      *precision = p;
      return BERG_OK;
    }
  return base_fail(error, BERG_EPARAMETER, "precision '%s' is not known: expected f32, bf16 or int8", name);
}

berg_status model_precision_choose(const la_gemm **gemm, base_isa isa, const char *asked, bool strict,
                                   berg_error *error) {
  la_precision p = LA_F32;
  berg_status status = asked ? model_precision_named(&p, asked, error) : BERG_OK;
  if (status) return status;
  *gemm = la_gemm_for(isa, p);
  if (!*gemm && strict)
    return base_fail(error, BERG_EDEVICE, "precision %s: this processor's %s has no instructions for it", asked,
                     base_isa_name(isa));
  if (!*gemm) *gemm = la_gemm_for(isa, LA_F32);
  return BERG_OK;
}
