/* What the parts of the benchmark share. */
#ifndef MODEL_BENCH_H
#define MODEL_BENCH_H

#include <cjson/cJSON.h>

#include "la/rate.h"
#include "model/encode/batch.h"

/* Rows of the products that everything is held against: a chunk of three images. */
#define MODEL_BENCH_ROWS 150

/* Multiplications and additions that one image needs in each stage, by the sizes of the matrices. */
typedef struct model_work {
  double network, components, regression;
} model_work;

model_work model_bench_work(const berg_model *model);

/* The middle one of `count` values; without memory `tree`, which it is for, is spoiled. */
double model_bench_median(cJSON *tree, const double *values, size_t count);

/* Where a batch's time goes: "stages" into `tree`, each beside the rate of products at that time. */
berg_status model_bench_stages(cJSON *tree, berg_model *model, const berg_array *images, size_t repeats, la_rate *rate,
                               berg_error *error);
/* Images one at a time through a warm model: "one_image" into `tree`, beside the larger of its arithmetic at the
 * rate of products of 50 rows and its weights at the bandwidth of memory. */
berg_status model_bench_one(cJSON *tree, berg_model *model, const berg_array *images, size_t repeats,
                            berg_error *error);

#endif
