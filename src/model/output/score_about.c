/* What a store of scores says of who made it: backbone and engine, and each subject's components. */
#include "model/output/score_about.h"

#include <string.h>

#include "base/checksum.h"
#include "base/memory.h"
#include "io/container/container.h"
#include "model/stimuli/stimuli.h"

static berg_status name_file(char **file, berg_model *const *models, size_t count, const berg_model *model,
                             const model_subject *subject, berg_error *error) {
  bool several = false;
  for (size_t m = 0; m < count; m++)
    several |= strcmp(models[m]->id, model->id) != 0 || strcmp(models[m]->train_splits, model->train_splits) != 0;
  const bool all = !strcmp(model->train_splits, "all");
  *file = base_format(error, "scores_%s%s%s%s%s.npy", several ? model->id : "", several ? "_" : "", subject->of_file,
                      all ? "" : "_", all ? "" : model->train_splits);
  return *file ? BERG_OK : BERG_ELIMIT;
}

static berg_status describe_part(model_store_part *part, berg_model *const *models, size_t count,
                                 const berg_model *model, const model_subject *subject, berg_error *error) {
  char fingerprint[MODEL_FINGERPRINT_TEXT];
  berg_status status = model_fitted_fingerprint(&subject->fitted, fingerprint, error);
  if (!status) status = name_file(&part->file, models, count, model, subject, error);
  if (status) return status;
  part->model = base_copy_text(model->id, error);
  part->subject = base_copy_text(subject->name, error);
  part->train_splits = base_copy_text(model->train_splits, error);
  part->basis = base_copy_text(fingerprint, error);
  for (size_t i = 0; i < subject->scorer_count; i++)
    part->width += model->scorers[subject->first_scorer + i].basis->components;
  return part->model && part->subject && part->train_splits && part->basis ? BERG_OK : BERG_ELIMIT;
}

/* Of a backbone that is no file, the name says all. */
static berg_status describe_backbone(model_store_maker *maker, const berg_model *model, berg_error *error) {
  const char *path = model->backbone.path, *slash = strrchr(path, '/');
  const io_map *map = model->backbone.file ? io_container_map(model->backbone.file) : NULL;
  char sum[BASE_CHECKSUM_TEXT];
  if (map) base_checksum(map->bytes, map->size, model->threads, sum);
  maker->backbone = base_copy_text(slash ? slash + 1 : path, error);
  maker->backbone_checksum = base_copy_text(map ? sum : path, error);
  return maker->backbone && maker->backbone_checksum ? BERG_OK : BERG_ELIMIT;
}

static berg_status describe_maker(model_store_maker *maker, const berg_model *model, berg_error *error) {
  maker->precision = base_copy_text(model->precision, error);
  maker->products = base_copy_text(model->products, error);
  maker->isa = base_copy_text(base_isa_name(model->isa), error);
  maker->version = base_copy_text(berg_version(), error);
  if (!maker->precision || !maker->products || !maker->isa || !maker->version) return BERG_ELIMIT;
  return describe_backbone(maker, model, error);
}

static berg_status describe_shard(model_store_about *about, berg_stimuli *stimuli, berg_error *error) {
  const model_shard *shard = model_stimuli_shard(stimuli);
  if (!shard) return BERG_OK;
  about->shard.shard = *shard;
  about->shard.skips_bad = model_stimuli_skips_bad(stimuli);
  model_stimuli_identify(stimuli, about->shard.images_hash);
  return model_store_hash_run(about, error);
}

berg_status model_score_about(model_store_about *about, berg_model *const *models, size_t count, berg_stimuli *stimuli,
                              berg_error *error) {
  size_t parts = 0;
  for (size_t m = 0; m < count; m++) parts += models[m]->subject_count;
  if (parts > MODEL_STORE_PARTS_MAX)
    return base_fail(error, BERG_EARGUMENT, "a store holds at most %d subjects, found %zu", MODEL_STORE_PARTS_MAX,
                     parts);
  about->parts = base_calloc(parts, sizeof *about->parts, error);
  berg_status status = about->parts ? describe_maker(&about->maker, models[0], error) : BERG_ELIMIT;
  for (size_t m = 0; m < count; m++)
    for (size_t i = 0; i < models[m]->subject_count && !status; i++)
      status =
          describe_part(&about->parts[about->part_count++], models, count, models[m], &models[m]->subjects[i], error);
  return status ? status : describe_shard(about, stimuli, error);
}
