/* One of the parts into which images are cut, contiguous, whose sizes differ by one at most, the longer ones first. */
#ifndef MODEL_SHARD_H
#define MODEL_SHARD_H

#include <stddef.h>

#define MODEL_SHARDS_MAX ((size_t)1 << 24)

typedef struct model_shard {
  size_t number, of;   /* from 1; `of` is 0: there are no parts */
  size_t first, count; /* of all images */
  size_t images;
} model_shard;

/* Fills first and count from the rest. */
static inline void model_shard_range(model_shard *shard) {
  const size_t each = shard->images / shard->of, longer = shard->images % shard->of, before = shard->number - 1;
  shard->first = before * each + (before < longer ? before : longer);
  shard->count = each + (before < longer);
}

#endif
