/* Which products compute in the precision asked for. */
#ifndef MODEL_PRECISION_H
#define MODEL_PRECISION_H

#include "la/gemm.h"

/* `asked` NULL is "f32". Where `isa` has no instructions for it, float32 does the work, or with `strict` EDEVICE.
 * EPARAMETER: no such precision. */
berg_status model_precision_choose(const la_gemm **gemm, base_isa isa, const char *asked, bool strict,
                                   berg_error *error);
/* "f32", "bf16" or "int8" to its number. EPARAMETER. */
berg_status model_precision_named(la_precision *precision, const char *name, berg_error *error);

#endif
