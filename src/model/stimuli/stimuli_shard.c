/* Images in shards: which of them are whose, and what all of them are. */
#include "base/hash.h"
#include "base/text.h"
#include "model/stimuli/stimuli.h"
#include "model/stimuli/stimuli_handle.h"

berg_status model_stimuli_take_shard(berg_stimuli *stimuli, size_t shard, size_t shards, berg_error *error) {
  if (!shards) return BERG_OK;
  if (shard >= shards)
    return base_fail(error, BERG_EARGUMENT, "shard %zu (from 0) of %zu does not exist", shard, shards);
  if (shards > stimuli->count)
    return base_fail(error, BERG_EARGUMENT, "%zu images cannot be split into %zu shards", stimuli->count, shards);
  stimuli->shard = (model_shard){.number = shard + 1, .of = shards, .images = stimuli->count};
  model_shard_range(&stimuli->shard);
  stimuli->first = stimuli->shard.first;
  stimuli->count = stimuli->shard.count;
  return BERG_OK;
}

void model_stimuli_take_all(berg_stimuli *stimuli) {
  if (!stimuli->shard.of) return;
  stimuli->first = 0;
  stimuli->count = stimuli->shard.images;
  stimuli->shard = (model_shard){.of = 0};
}

const model_shard *model_stimuli_shard(const berg_stimuli *stimuli) {
  return stimuli->shard.of ? &stimuli->shard : NULL;
}

static uint64_t hash_array(uint64_t hash, const model_images *images) {
  const size_t count = images->view.shape[0];
  hash = base_hash_number(hash, images->view.dtype);
  hash = base_hash_number(hash, images->is_turned);
  hash = base_hash_text(hash, images->path_length ? images->name + images->path_length : "");
  for (size_t d = 0; d < 4; d++) {
    hash = base_hash_number(hash, images->view.shape[d]);
    hash = base_hash_number(hash, (uint64_t)images->view.strides[d]);
  }
  for (size_t i = 0; images->picked && i < count; i++) hash = base_hash_number(hash, images->picked[i]);
  return hash;
}

void model_stimuli_identify(const berg_stimuli *stimuli, char text[MODEL_IDENTITY_TEXT]) {
  uint64_t hash = stimuli->files.hash_of_names;
  for (size_t a = 0; a < stimuli->array_count; a++) hash = hash_array(hash, &stimuli->arrays[a]);
  hash = base_hash_number(hash, stimuli->transform);
  base_print(text, MODEL_IDENTITY_TEXT, "%016llx", (unsigned long long)hash);
}
