/* The models that `berg serve` has opened, what it tells of them, and what it asks of them: a batch of images or
 * scores, from one buffer to another. */
#ifndef CLI_SERVE_MODELS_H
#define CLI_SERVE_MODELS_H

#include "encode_models.h"
#include "serve_message.h"

typedef struct serve_models {
  const cli_encode_models *opened;
  berg_model **handles; /* [count] */
  size_t count;
  size_t *components;     /* [count] of all subjects of a model */
  float **rows;           /* [count] where each one's answer goes */
  berg_store_part *parts; /* [part_count] a subject of a model each, for scores that are given */
  size_t part_count;
  size_t all_columns, all_components;
} serve_models;

/* CLI_GO_ON, or the exit status of what was said. serve_models_release in either case. */
int serve_models_take(serve_models *models, const cli_encode_models *opened);
void serve_models_release(serve_models *models);

/* What is served, as JSON; cJSON_free. NULL: no memory. */
char *serve_models_about(const serve_models *models, const serve_limits *limits, size_t most_clients);

/* Images [done, all) of a request that was checked, to their places in the answer: the arrays of all models, one after
 * the other. ECANCELLED: by `run`, which has been told how many are there. */
berg_status serve_models_answer(const serve_models *models, const serve_message *request, const uint8_t *payload,
                                size_t done, uint8_t *answer, const berg_run *run, berg_error *error);

#endif
