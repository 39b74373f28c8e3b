/* Images to scores that are kept: a pass over those images that the store does not hold yet. */
#include <string.h>
#include <sys/stat.h>

#include "base/checksum.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/text.h"
#include "io/container/container.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"
#include "model/encode/encode.h"
#include "model/encode/sources.h"
#include "model/stimuli/stimuli.h"
#include "model/store/write.h"
#include "vit/preprocess.h"

void(berg_score_options_init)(berg_score_options *options, size_t size) {
  const berg_score_options defaults = {.commit = 0};
  base_options_init(options, size, &defaults, sizeof defaults);
}

/* Another name of an image that is held, or is new in the batch at hand. */
typedef struct repeat {
  char *name; /* base_free */
  size_t row;
} repeat;

/* One run of berg_score. */
typedef struct scoring {
  berg_model *const *models;
  size_t count;
  berg_stimuli *stimuli;
  model_store_about about; /* what is to be kept */
  model_store_writer *writer;
  size_t commit, uncommitted; /* images */
  size_t checked, reached;    /* of the stimuli: before this one their files were compared; before this one, read */
  model_store_image *images;  /* [room] of the batch at hand, those that are new */
  bool *keep;                 /* [room] */
  repeat *repeats;            /* [room] of the batch, noted once the images that they name are in the store */
  size_t repeat_count;
  size_t room, fresh, held; /* `fresh` of this batch, `held` of all */
  float **rows;             /* [parts] [room][width] */
} scoring;

/* --- Whose scores --- */

static berg_status name_file(char **file, const scoring *s, const berg_model *model, const model_subject *subject,
                             berg_error *error) {
  bool several = false;
  for (size_t m = 0; m < s->count; m++)
    several |= strcmp(s->models[m]->id, model->id) != 0 || strcmp(s->models[m]->train_splits, model->train_splits) != 0;
  const bool all = !strcmp(model->train_splits, "all");
  *file = base_format(error, "scores_%s%s%s%s%s.npy", several ? model->id : "", several ? "_" : "", subject->of_file,
                      all ? "" : "_", all ? "" : model->train_splits);
  return *file ? BERG_OK : BERG_ELIMIT;
}

static berg_status describe_part(model_store_part *part, const scoring *s, const berg_model *model,
                                 const model_subject *subject, berg_error *error) {
  char fingerprint[MODEL_FINGERPRINT_TEXT];
  berg_status status = model_fitted_fingerprint(&subject->fitted, fingerprint, error);
  if (!status) status = name_file(&part->file, s, model, subject, error);
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

static berg_status describe(scoring *s, berg_error *error) {
  size_t parts = 0;
  for (size_t m = 0; m < s->count; m++) parts += s->models[m]->subject_count;
  if (parts > MODEL_STORE_PARTS_MAX)
    return base_fail(error, BERG_EARGUMENT, "a store holds at most %d subjects, found %zu", MODEL_STORE_PARTS_MAX,
                     parts);
  s->about.parts = base_calloc(parts, sizeof *s->about.parts, error);
  berg_status status = s->about.parts ? describe_maker(&s->about.maker, s->models[0], error) : BERG_ELIMIT;
  for (size_t m = 0; m < s->count; m++)
    for (size_t i = 0; i < s->models[m]->subject_count && !status; i++)
      status =
          describe_part(&s->about.parts[s->about.part_count++], s, s->models[m], &s->models[m]->subjects[i], error);
  return status;
}

/* --- Which images are new --- */

static berg_status make_room(scoring *s, size_t room, berg_error *error) {
  if (s->room >= room) return BERG_OK;
  s->images = base_calloc(room, sizeof *s->images, error);
  s->keep = base_alloc(room, sizeof *s->keep, error);
  s->repeats = base_calloc(room, sizeof *s->repeats, error);
  s->rows = base_calloc(s->about.part_count, sizeof *s->rows, error);
  if (!s->images || !s->keep || !s->repeats || !s->rows) return BERG_ELIMIT;
  for (size_t p = 0; p < s->about.part_count; p++)
    if (!(s->rows[p] = base_alloc(room * s->about.parts[p].width, sizeof(float), error))) return BERG_ELIMIT;
  s->room = room;
  return BERG_OK;
}

/* The path that an image was read from, or "stimuli.npy[12]". */
static char *name_of(const berg_stimuli *stimuli, size_t index, berg_error *error) {
  const char *name = berg_stimuli_name(stimuli, index);
  if (name) return base_copy_text(name, error);
  size_t within;
  const char *array = model_stimuli_array_of(stimuli, index, &within);
  return base_format(error, "%s[%zu]", array, within);
}

static void forget_images(scoring *s) {
  for (size_t i = 0; i < s->room; i++) base_free(s->images[i].name);
  for (size_t i = 0; i < s->room; i++) s->images[i].name = NULL;
  for (size_t i = 0; i < s->repeat_count; i++) base_free(s->repeats[i].name);
  s->fresh = s->repeat_count = 0;
}

/* The same pixels may come twice in a batch. */
static size_t among_fresh(const scoring *s, const char *digest) {
  for (size_t i = 0; i < s->fresh; i++)
    if (!strcmp(s->images[i].digest, digest)) return model_store_images(s->writer) + i;
  return SIZE_MAX;
}

static berg_status choose_one(scoring *s, const model_batch *batch, size_t i, berg_error *error) {
  const size_t index = batch->indices[i];
  size_t row = model_store_held(s->writer, batch->digests[i]);
  char *name = name_of(s->stimuli, index, error);
  if (!name) return BERG_ELIMIT;
  if (row == SIZE_MAX) row = among_fresh(s, batch->digests[i]);
  s->keep[i] = row == SIZE_MAX;
  if (!s->keep[i]) {
    s->repeats[s->repeat_count++] = (repeat){name, row};
    return BERG_OK;
  }
  model_store_image *image = &s->images[s->fresh++];
  struct stat about;
  image->name = name;
  image->is_file = berg_stimuli_name(s->stimuli, index) && !stat(name, &about);
  image->bytes = image->is_file ? (uint64_t)about.st_size : 0;
  memcpy(image->digest, batch->digests[i], sizeof image->digest);
  return BERG_OK;
}

static berg_status choose(void *user, model_batch *batch, berg_error *error) {
  scoring *s = user;
  berg_status status = make_room(s, batch->room, error);
  if (status) return status;
  forget_images(s);
  if (batch->images) s->reached = batch->indices[batch->images - 1] + 1;
  status = model_batch_identify(batch, error);
  for (size_t i = 0; i < batch->images && !status; i++) status = choose_one(s, batch, i, error);
  if (!status) model_batch_keep(batch, s->keep);
  return status;
}

/* --- Keeping them --- */

static void copy_rows(scoring *s, const model_batch *batch, const model_member *member, const model_subject *subject,
                      size_t part) {
  const size_t width = s->about.parts[part].width;
  size_t column = 0;
  for (size_t i = subject->first_scorer; i < subject->first_scorer + subject->scorer_count; i++) {
    const size_t components = member->model->scorers[i].basis->components;
    for (size_t row = 0; row < batch->images; row++)
      memcpy(s->rows[part] + row * width + column, member->scores->values[i] + row * member->scores->widths[i],
             components * sizeof(float));
    column += components;
  }
}

/* What is not committed goes: of images whose scores may be of two backbones none stays. */
static berg_status commit(scoring *s, berg_error *error) {
  berg_status status = model_sources_unchanged(s->models, s->count, s->stimuli, error);
  if (!status) status = model_stimuli_pictures_unchanged(s->stimuli, s->checked, s->reached, error);
  if (status) return status;
  s->checked = s->reached;
  return model_store_commit(s->writer, error);
}

/* A row of the store is of all models. */
static berg_status take(void *user, model_batch *batch, berg_error *error) {
  scoring *s = user;
  size_t part = 0;
  for (size_t m = 0; m < batch->member_count; m++)
    for (size_t i = 0; i < batch->members[m].model->subject_count; i++)
      copy_rows(s, batch, &batch->members[m], &batch->members[m].model->subjects[i], part++);
  berg_status status = model_store_append(s->writer, s->images, batch->images, (const float *const *)s->rows, error);
  for (size_t i = 0; i < s->repeat_count && !status; i++)
    status = model_store_alias(s->writer, s->repeats[i].name, s->repeats[i].row, error);
  s->held += s->repeat_count;
  s->uncommitted += batch->images;
  if (status || s->uncommitted < s->commit) return status;
  s->uncommitted = 0;
  return commit(s, error);
}

/* --- The whole --- */

static berg_status run_pass(scoring *s, const berg_run *run, berg_error *error) {
  size_t pass_count = 0;
  size_t *passes = base_calloc(s->count, sizeof *passes, error);
  model_sink *sinks = base_calloc(s->count, sizeof *sinks, error);
  berg_status status =
      passes && sinks ? model_passes(s->models, s->count, s->stimuli, passes, &pass_count, error) : BERG_ELIMIT;
  if (!status && pass_count > 1)
    status =
        base_fail(error, BERG_ELIMIT,
                  "memory: %zu MB do not hold all models at once, as a store needs them: score them into stores of "
                  "their own",
                  s->models[0]->memory >> 20);
  for (size_t m = 0; m < s->count && !status; m++) sinks[m] = (model_sink){.wants = MODEL_SCORES};
  if (!status) {
    const model_pass pass = {
        .models = s->models, .sinks = sinks, .count = s->count, .of = 1, .choose = choose, .take = take, .user = s};
    status = model_encode(&pass, s->stimuli, 0, run, error);
  }
  base_free(passes);
  base_free(sinks);
  return status;
}

static berg_status report_json(const scoring *s, size_t before, char **json, berg_error *error) {
  cJSON *tree = io_json_object();
  io_json_add_number(tree, "images", (double)model_store_images(s->writer));
  io_json_add_number(tree, "added", (double)(model_store_images(s->writer) - before));
  io_json_add_number(tree, "held", (double)s->held);
  io_json_add_number(tree, "left_out", (double)berg_stimuli_skipped_count(s->stimuli));
  berg_status status = io_json_print(tree, json, error);
  cJSON_Delete(tree);
  return status;
}

static void release(scoring *s) {
  if (s->room) forget_images(s);
  for (size_t p = 0; p < s->about.part_count && s->rows; p++) base_free(s->rows[p]);
  base_free(s->rows);
  base_free(s->images);
  base_free(s->keep);
  base_free(s->repeats);
  model_store_end(s->writer);
  model_store_about_release(&s->about);
}

static berg_status check_models(berg_model *const *models, size_t count, const berg_stimuli *stimuli,
                                berg_error *error) {
  if (!count) return base_fail(error, BERG_EARGUMENT, "no model is to be scored with");
  if (model_stimuli_scored(stimuli)) return base_fail(error, BERG_EARGUMENT, "the images have scores already");
  for (size_t m = 0; m < count; m++)
    if (models[m]->scores_only || models[m]->device)
      return base_fail(error, BERG_EARGUMENT, "%s: scores that are kept are computed by the processor, with a backbone",
                       models[m]->id);
  return BERG_OK;
}

static berg_status check_held(const scoring *s, const char *path, const berg_run *run, berg_error *error) {
  berg_store *store;
  berg_status status = berg_store_open(&store, path, error);
  if (status) return status;
  status = berg_store_check(store, s->models[0]->threads, run, error);
  berg_store_free(store);
  return status;
}

/* What was appended before a failure is kept: it is right, and a next run would compute it again. */
static berg_status score(scoring *s, const char *path, bool check, const berg_run *run, char **report,
                         berg_error *error) {
  berg_status status = describe(s, error);
  if (!status) status = model_store_begin(&s->writer, path, &s->about, error);
  if (!status && check) status = check_held(s, path, run, error);
  if (status) return status;
  const size_t before = model_store_images(s->writer);
  berg_error late;
  status = run_pass(s, run, error);
  const berg_status kept = status == BERG_EWRITE ? BERG_OK : commit(s, status ? &late : error);
  if (!status) status = kept;
  if (!status && !model_store_images(s->writer))
    status = base_fail(error, BERG_EINPUT, "none of the %zu images could be read", berg_stimuli_count(s->stimuli));
  return status || !report ? status : report_json(s, before, report, error);
}

berg_status berg_score(berg_model *const *models, size_t count, berg_stimuli *stimuli, const char *path,
                       const berg_score_options *given, const berg_run *given_run, char **report, berg_error *error) {
  berg_score_options options;
  berg_run run;
  if (report) *report = NULL;
  berg_status status = BASE_TAKE(berg_score_options, &options, given, error);
  if (!status) status = BASE_TAKE(berg_run, &run, given_run, error);
  if (!status) status = check_models(models, count, stimuli, error);
  if (status) return status;
  scoring s = {.models = models, .count = count, .stimuli = stimuli, .commit = options.commit};
  status = score(&s, path, options.check != 0, &run, report, error);
  release(&s);
  return status;
}
