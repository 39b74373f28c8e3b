/* Noise ceilings: how well any model could do, where subjects differ. */
#ifndef QUERY_RSA_CEILING_H
#define QUERY_RSA_CEILING_H

#include "query/similarity/rsa.h"

/* Adds "ceilings" to the tree: of each region that several subjects (of one model) have among the sides, from the
 * matrix of `values` [count][count]. Of pearson and cosine; others have no such closed form, and none is told. */
void query_ceilings(cJSON *tree, const query_rsa *rsa, const double *values);

#endif
