/* Merging stores of scores. */
#ifndef MODEL_MERGE_STORES_H
#define MODEL_MERGE_STORES_H

#include "model/merge/parts.h"

/* Whether one of them is a store. */
bool model_merge_are_stores(const char *const *paths, size_t count);
/* Shards of one run become what that run would have made; other stores are added to the one at `path`, which may be
 * there; with `check` they are read alone. EINCOMPLETE, with `report`; what berg_store_open and berg_store_add say. */
berg_status model_merge_stores(model_merge_parts *parts, const char *const *paths, size_t count, const char *path,
                               int threads, bool check, const berg_run *run, char **report, berg_error *error);

#endif
