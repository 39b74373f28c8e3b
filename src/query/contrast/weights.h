/* Weights of groups as people write them: "2 faces - objects - scrambled". */
#ifndef QUERY_WEIGHTS_H
#define QUERY_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Whether a group may have that name: letters, digits and _, no digit first. */
bool query_weights_is_name(const char *name);

/* The weight of each of `count` groups, 0 for those that the text does not name. EPARAMETER: no sum of groups, a group
 * that is not there, weights that do not sum to 0. */
berg_status query_weights_parse(const char *text, const char *const *names, size_t count, double *weights,
                                berg_error *error);

#endif
