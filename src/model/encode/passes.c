/* Which models share a pass over the images, and which take turns. */
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"
#include "model/encode/encode.h"
#include "model/stimuli/stimuli.h"

static berg_status check_together(const berg_model *first, const berg_model *other, berg_error *error) {
  const char *what = NULL;
  if (first->scores_only != other->scores_only)
    what = "other stimuli (scores_only)";
  else if (!first->scores_only && strcmp(first->backbone.path, other->backbone.path))
    what = "another backbone";
  if (strcmp(first->precision, other->precision)) what = "another precision";
  if (first->isa != other->isa || !first->device != !other->device) what = "another device";
  if (!what) return BERG_OK;
  return base_fail(error, BERG_EARGUMENT, "%s has %s than %s: they cannot be encoded in one pass", other->id, what,
                   first->id);
}

static berg_status check_once(berg_model *const *models, size_t i, berg_error *error) {
  for (size_t j = 0; j < i; j++)
    if (models[j] == models[i])
      return base_fail(error, BERG_EARGUMENT, "%s: the same model is given twice, which one pass cannot encode with",
                       models[i]->id);
  return BERG_OK;
}

/* The smallest batch that models share. If memory allows only fewer images, the components would be read too often:
 * then a second run of the network is faster. */
#define FEWEST ((size_t)16)

berg_model *model_pass_network(const model_pass *pass) { return pass->all ? pass->all[0] : pass->models[0]; }

static bool takes_part(const model_pass *pass, const berg_model *model) {
  for (size_t m = 0; m < pass->count; m++)
    if (pass->models[m] == model) return true;
  return false;
}

/* Images whose rows of responses a member holds: of trials two images' at the least, one filled and one written. */
static size_t rows_held(const model_pass *pass, size_t member, size_t images) {
  return pass->sinks ? images + 2 * pass->sinks[member].trials : images;
}

size_t model_pass_memory(const model_pass *pass, size_t images, bool packed) {
  const berg_model *network = model_pass_network(pass);
  size_t bytes = model_memory_shared(network, images, packed), widest = 0;
  for (size_t m = 0; m < pass->count; m++) {
    const size_t rows = model_memory_rows(pass->models[m], rows_held(pass, m, images));
    bytes += model_memory_beside(pass->models[m], images, network->threads);
    if (rows > widest) widest = rows;
  }
  for (size_t m = 0; pass->all && m < pass->all_count; m++)
    if (!takes_part(pass, pass->all[m])) bytes += model_memory_resting(pass->all[m]);
  return bytes + widest;
}

void model_pass_let_rest(const model_pass *pass) {
  if (pass->of < 2 || !pass->all) return;
  for (size_t m = 0; m < pass->all_count; m++)
    if (!takes_part(pass, pass->all[m])) model_rest(pass->all[m]);
  /* a batch of the pass before may be larger than what this one's models leave room for */
  model_batch_free(pass->all[0]->kept);
  pass->all[0]->kept = NULL;
  for (size_t m = 0; m < pass->count; m++) model_scores_drop(pass->models[m]);
}

static berg_status check_again(const berg_stimuli *stimuli, size_t pass_count, berg_error *error) {
  if (pass_count == 1 || !model_stimuli_read_once(stimuli)) return BERG_OK;
  return base_fail(error, BERG_EINPUT,
                   "standard input is read once, and these models need %zu passes over the images: give them as a file",
                   pass_count);
}

berg_status model_passes(berg_model *const *models, size_t count, const berg_stimuli *stimuli, size_t *passes,
                         size_t *pass_count, berg_error *error) {
  if (!count) return base_fail(error, BERG_EARGUMENT, "no model is to be encoded");
  const size_t limit = models[0]->memory, images = models[0]->batch < FEWEST ? models[0]->batch : FEWEST;
  size_t first = 0;
  *pass_count = 1;
  for (size_t i = 0; i < count; i++) {
    berg_status status = check_together(models[0], models[i], error);
    if (!status) status = check_once(models, i, error);
    if (status) return status;
    const model_pass so_far = {.models = models + first, .count = i + 1 - first, .all = models, .all_count = count};
    if (i && (models[0]->device || (limit && i > first && model_pass_memory(&so_far, images, false) > limit))) {
      first = i;
      ++*pass_count;
    }
    passes[i] = *pass_count - 1;
  }
  return check_again(stimuli, *pass_count, error);
}

model_pass model_pass_number(size_t number, size_t of, const size_t *passes, berg_model *const *models,
                             const model_sink *sinks, size_t count) {
  size_t first = 0;
  while (passes[first] != number) first++;
  model_pass pass = {.models = models + first, .sinks = sinks + first, .number = number, .of = of};
  while (first + pass.count < count && passes[first + pass.count] == number) pass.count++;
  if (!models[0]->device) {
    pass.all = models;
    pass.all_count = count;
  }
  return pass;
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
