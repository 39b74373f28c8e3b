/* Which files a call of berg_fetch is about, and what of them is where. */
#ifndef MODEL_FETCH_PLAN_H
#define MODEL_FETCH_PLAN_H

#include "model/fetch/file.h"
#include "model/fetch/listing.h"
#include "model/fetch/server.h"

typedef struct model_fetch_plan {
  const char *model_id;
  const berg_fetch_options *options;
  model_fetch_server server;
  char *base;   /* address that the layout's names are put behind, without a slash at its end */
  char *folder; /* of the model, in the layout */
  model_listing listing;
  bool is_listed; /* the server gives listings */
  model_fetch_file *files;
  size_t count, capacity;
} model_fetch_plan;

/* To be released with model_fetch_plan_free in any case. What can be said without asking the server: the files by their
 * newest names, without sizes; their states are unknown. EPARAMETER: subject or training. */
berg_status model_fetch_plan_offline(model_fetch_plan *plan, const char *model_id, const berg_fetch_options *options,
                                     const berg_run *run, berg_error *error);
/* The same with what the server and the disk say. EINPUT. */
berg_status model_fetch_plan_ask(model_fetch_plan *plan, berg_error *error);
void model_fetch_plan_free(model_fetch_plan *plan);

/* Bytes that are still to come. */
uint64_t model_fetch_plan_bytes(const model_fetch_plan *plan);

#endif
