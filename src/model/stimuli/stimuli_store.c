/* Images that a store holds the scores of, as stimuli: they have names, and scores in place of pixels. */
#include <string.h>

#include "base/checksum.h"
#include "base/hash.h"
#include "base/memory.h"
#include "model/stimuli/stimuli.h"
#include "model/stimuli/stimuli_handle.h"

/* Rows of arrays have numbers, no names, as they have where they are encoded themselves. */
static bool has_names(const berg_store *store) {
  for (size_t i = 0; i < store->about.images; i++) {
    model_store_line line;
    if (model_store_line_at(store, i, &line, NULL) || line.name[line.name_length + 1] == '-') return false;
  }
  return true;
}

static berg_status take_names(model_files *files, const berg_store *store, berg_error *error) {
  const size_t images = store->about.images;
  files->paths = base_calloc(images, sizeof *files->paths, error);
  if (!files->paths) return BERG_ELIMIT;
  files->count = files->capacity = images;
  berg_status status = BERG_OK;
  for (size_t i = 0; i < images && !status; i++) status = berg_store_name(&files->paths[i], store, i, error);
  return status;
}

/* The table has a checksum of every score. */
static uint64_t hash_store(const berg_store *store) {
  char sum[BASE_CHECKSUM_TEXT];
  base_checksum(store->table.bytes, store->lines[store->about.images], 1, sum);
  return base_hash_text(base_hash_text(BASE_HASH_START, sum), store->about.maker.backbone_checksum);
}

berg_status berg_stimuli_from_store(berg_stimuli **out, const berg_store *store, berg_error *error) {
  *out = NULL;
  if (!store->about.images) return base_fail(error, BERG_EINPUT, "%s: the store holds no images yet", store->path);
  berg_stimuli *stimuli = model_stimuli_new(false, error);
  if (!stimuli) return BERG_ELIMIT;
  stimuli->store = store;
  stimuli->count = store->about.images;
  stimuli->files.hash = hash_store(store);
  berg_status status = has_names(store) ? take_names(&stimuli->files, store, error) : BERG_OK;
  if (status)
    berg_stimuli_free(stimuli);
  else
    *out = stimuli;
  return status;
}

const berg_store *model_stimuli_store(const berg_stimuli *stimuli) { return stimuli->store; }
