/* Finding a part of a store by what its scores are of. */
#include "query/similarity/parts.h"

#include <string.h>

#include "base/text.h"

static bool fits(const char *wanted, const char *found) { return !wanted || !strcmp(wanted, found); }

/* "subject 1 of fmri-..., subject 2 of ...", as much as has room. */
static void name_parts(const berg_store *store, char *text, size_t size) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t p = 0; p < store->about.part_count && used + 1 < size; p++) {
    const model_store_part *part = &store->about.parts[p];
    const bool all = !strcmp(part->train_splits, "all");
    used += (size_t)base_print(text + used, size - used, "%ssubject %s of %s%s%s", p ? ", " : "", part->subject,
                               part->model, all ? "" : ", ", all ? "" : part->train_splits);
  }
}

berg_status query_part_find(const berg_store *store, const char *model_id, const char *subject,
                            const char *train_splits, size_t *part, berg_error *error) {
  char there[320];
  size_t found = 0;
  for (size_t p = 0; p < store->about.part_count; p++) {
    const model_store_part *one = &store->about.parts[p];
    if (!fits(model_id, one->model) || !fits(subject, one->subject) || !fits(train_splits, one->train_splits)) continue;
    *part = p;
    found++;
  }
  if (found == 1) return BERG_OK;
  name_parts(store, there, sizeof there);
  if (found)
    return base_fail(error, BERG_EPARAMETER, "%s: say of which subject and model: it has scores of %s", store->path,
                     there);
  return base_fail(error, BERG_EPARAMETER, "%s: it has no scores of subject %s%s%s, but of %s", store->path,
                   subject ? subject : "(any)", model_id ? " of " : "", model_id ? model_id : "", there);
}

berg_status query_images_of(const berg_store *store, const size_t *list, size_t count, size_t least,
                            query_images *images, berg_error *error) {
  const size_t held = store->about.images;
  *images = (query_images){.items = list, .count = list ? count : held};
  for (size_t i = 0; list && i < count; i++)
    if (list[i] >= held)
      return base_fail(error, BERG_EARGUMENT, "%s: there is no image %zu among %zu", store->path, list[i], held);
  if (images->count >= least) return BERG_OK;
  return base_fail(error, BERG_EARGUMENT, "%s: expected at least %zu images, found %zu", store->path, least,
                   images->count);
}
