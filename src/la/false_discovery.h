/* The false discovery rate over many tests. */
#ifndef LA_FALSE_DISCOVERY_H
#define LA_FALSE_DISCOVERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* q of each p: the least rate at which its test is found. Benjamini & Hochberg (1995), or with `any_dependence`
 * Benjamini & Yekutieli (2001). NaN is no test, and stays. `tests` (may be NULL): how many there were. ELIMIT. */
berg_status la_false_discovery(const double *p, size_t count, bool any_dependence, double *q, size_t *tests,
                               berg_error *error);

#endif
