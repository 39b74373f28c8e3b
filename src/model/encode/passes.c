/* Which models go through one pass over the images, and which take turns. */
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"
#include "model/encode/encode.h"

static berg_status check_together(const berg_model *first, const berg_model *other, berg_error *error) {
  const char *what = NULL;
  if (strcmp(first->backbone.path, other->backbone.path)) what = "another backbone";
  if (strcmp(first->precision, other->precision)) what = "another precision";
  if (first->isa != other->isa || !first->device != !other->device) what = "another device";
  if (!what) return BERG_OK;
  return base_fail(error, BERG_EARGUMENT, "%s has %s than %s: they cannot be encoded in one pass", other->id, what,
                   first->id);
}

/* Images that a batch should have at least, before a second run of the network is the better way to keep to the
 * memory: fewer would read the components too often. */
#define FEWEST ((size_t)16)

/* Bytes of a pass of models [0, count), `images` at a time: the rows of the widest are there once. */
size_t model_pass_memory(berg_model *const *models, size_t count, size_t images) {
  size_t bytes = model_memory_needed(models[0], images, false), rows = model_memory_rows(models[0], images);
  for (size_t m = 1; m < count; m++) {
    const size_t own = model_memory_rows(models[m], images);
    bytes += model_memory_beside(models[m], images);
    if (own <= rows) continue;
    bytes += own - rows;
    rows = own;
  }
  return bytes;
}

berg_status model_passes(berg_model *const *models, size_t count, size_t *passes, size_t *pass_count,
                         berg_error *error) {
  if (!count) return base_fail(error, BERG_EARGUMENT, "no model is to be encoded");
  const size_t limit = models[0]->memory, images = models[0]->batch < FEWEST ? models[0]->batch : FEWEST;
  size_t pass = 0, first = 0;
  for (size_t i = 0; i < count; i++) {
    berg_status status = check_together(models[0], models[i], error);
    if (status) return status;
    const bool fits = !limit || model_pass_memory(models + first, i + 1 - first, images) <= limit;
    if (i && (models[0]->device || !fits)) {
      first = i;
      pass++;
    }
    passes[i] = pass;
  }
  *pass_count = pass + 1;
  return BERG_OK;
}

static void add_name(char *text, size_t size, size_t *length, const char *between, const char *name) {
  const int added = base_print(text + *length, size - *length, "%s%s", between, name);
  *length += added > 0 ? (size_t)added : 0;
  if (*length >= size) *length = size - 1;
}

berg_status model_passes_tell(berg_model *const *models, size_t count, const size_t *passes, size_t pass_count,
                              const berg_run *run, berg_error *error) {
  char text[640] = "";
  size_t length = 0;
  if (pass_count < 2 || models[0]->device) return BERG_OK;
  for (size_t i = 0; i < count; i++)
    add_name(text, sizeof text, &length, !i ? "" : passes[i] > passes[i - 1] ? "; then " : ", ", models[i]->id);
  return base_warn(run->warn, run->user, error,
                   "memory: %zu MB do not hold all models at once, so that the network runs %zu times an image: %s",
                   models[0]->memory >> 20, pass_count, text);
}
