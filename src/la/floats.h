/* Products of plain float32, independent of the engine that encodes.
 *
 * PCA, regression, the solver's predictions and the calibration of int8 multiply with these, so that trained models and
 * converted weights do not change when the network gets another engine for float32. Rows of x are floats as they lie. A
 * slab is float [depth][LA_PANEL], so that callers may lay matrices out as slabs, and multiplying by one needs no
 * scratch memory. */
#ifndef LA_FLOATS_H
#define LA_FLOATS_H

#include "la/gemm.h"

typedef struct la_floats {
  const la_gemm *engine; /* of layout f32-slab64, without load or pack */
} la_floats;

/* NULL: not in this build. It lives as long as the library. */
const la_floats *la_floats_for(base_isa isa);

#endif
