/* Whether a store is of the subjects, weights and engine that more images are to be scored with. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/store/store.h"

static berg_status other(const char *path, const char *what, const char *expected, const char *found,
                         berg_error *error) {
  return base_fail(error, BERG_EINPUT, "%s: the store is of another %s: expected %s, found %s", path, what, expected,
                   found);
}

static berg_status check_part(const char *path, const model_store_part *is, const model_store_part *wanted,
                              berg_error *error) {
  char expected[192], found[192];
  if (strcmp(is->model, wanted->model) != 0 || strcmp(is->subject, wanted->subject) != 0 ||
      strcmp(is->train_splits, wanted->train_splits) != 0) {
    base_print(expected, sizeof expected, "%s of %s (%s)", wanted->subject, wanted->model, wanted->train_splits);
    base_print(found, sizeof found, "%s of %s (%s)", is->subject, is->model, is->train_splits);
    return other(path, "subject", expected, found, error);
  }
  if (strcmp(is->basis, wanted->basis) != 0 || is->width != wanted->width)
    return base_fail(error, BERG_EINPUT,
                     "%s: its scores of subject %s are of other principal components than the model has now", path,
                     is->subject);
  return BERG_OK;
}

berg_status model_store_check_same(const char *path, const model_store_about *is, const model_store_about *wanted,
                                   berg_error *error) {
  const model_store_maker *a = &wanted->maker, *b = &is->maker;
  char expected[32], found[32];
  base_print(expected, sizeof expected, "%zu", wanted->part_count);
  base_print(found, sizeof found, "%zu", is->part_count);
  berg_status status = BERG_OK;
  if (is->part_count != wanted->part_count) status = other(path, "number of subjects", expected, found, error);
  for (size_t p = 0; p < is->part_count && !status; p++)
    status = check_part(path, &is->parts[p], &wanted->parts[p], error);
  if (!status && strcmp(a->backbone_checksum, b->backbone_checksum) != 0)
    status = other(path, "backbone", a->backbone, b->backbone, error);
  if (!status && strcmp(a->precision, b->precision) != 0)
    status = other(path, "precision", a->precision, b->precision, error);
  if (!status && strcmp(a->isa, b->isa) != 0)
    status = other(path, "processor's instruction set", a->isa, b->isa, error);
  if (!status && strcmp(a->products, b->products) != 0) status = other(path, "engine", a->products, b->products, error);
  return status;
}

static berg_status copy_maker(model_store_maker *to, const model_store_maker *from, berg_error *error) {
  *to = (model_store_maker){.backbone = base_copy_text(from->backbone, error),
                            .backbone_checksum = base_copy_text(from->backbone_checksum, error),
                            .precision = base_copy_text(from->precision, error),
                            .products = base_copy_text(from->products, error),
                            .isa = base_copy_text(from->isa, error),
                            .version = base_copy_text(from->version, error)};
  return to->backbone && to->backbone_checksum && to->precision && to->products && to->isa && to->version ? BERG_OK
                                                                                                          : BERG_ELIMIT;
}

static berg_status copy_part(model_store_part *to, const model_store_part *from, berg_error *error) {
  *to = (model_store_part){.model = base_copy_text(from->model, error),
                           .subject = base_copy_text(from->subject, error),
                           .train_splits = base_copy_text(from->train_splits, error),
                           .basis = base_copy_text(from->basis, error),
                           .file = base_copy_text(from->file, error),
                           .width = from->width};
  return to->model && to->subject && to->train_splits && to->basis && to->file ? BERG_OK : BERG_ELIMIT;
}

berg_status model_store_about_copy(model_store_about *to, const model_store_about *from, berg_error *error) {
  berg_status status = copy_maker(&to->maker, &from->maker, error);
  to->shard = from->shard;
  to->parts = base_calloc(from->part_count, sizeof *to->parts, error);
  if (!to->parts) return BERG_ELIMIT;
  for (size_t p = 0; p < from->part_count && !status; p++)
    status = copy_part(&to->parts[to->part_count++], &from->parts[p], error);
  return status;
}
