/* What was asked of a training, checked. */
#include "train/job/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/memory_limit.h"
#include "base/options.h"
#include "base/threads.h"
#include "base/text.h"
#include "io/file/whole_file.h"
#include "model/catalog/registry.h"
#include "model/weights/fitted.h"
#include "train/job/subject.h"
#include "train/regress/regress_job.h"
#include "train/run/run.h"
#include "vit/shape.h"

#define DEFAULT_MEMORY ((size_t)4 << 30)
#define DEFAULT_COMPONENTS 250

void(berg_train_options_init)(berg_train_options *options, size_t size) {
  const berg_train_options defaults = {.components = DEFAULT_COMPONENTS};
  base_options_init(options, size, &defaults, sizeof defaults);
}

/* --- Options --- */

static berg_status check_options(train_job *job, berg_error *error) {
  const berg_train_options *options = job->options;
  const char *features = options->features ? options->features : "all";
  if (strcmp(features, "all") && strcmp(features, "class-token"))
    return base_fail(error, BERG_EPARAMETER, "features '%s' are not known: expected all or class-token", features);
  const char *eigenvectors = options->eigenvectors;
  if (eigenvectors && strcmp(eigenvectors, "gram") && strcmp(eigenvectors, "products"))
    return base_fail(error, BERG_EPARAMETER, "eigenvectors '%s' are not known: expected gram or products",
                     eigenvectors);
  if (!options->images || !*options->images)
    return base_fail(error, BERG_EARGUMENT, "no folder of images is named (--images, images=)");
  if (!options->berg_dir || !*options->berg_dir)
    return base_fail(error, BERG_EARGUMENT, "no berg directory is named (--berg-dir, BERG_DIR or berg_dir)");
  if (options->subject_count && !options->subjects)
    return base_fail(error, BERG_EARGUMENT, "a count of subjects without the list it counts");
  if (options->threads < 0 || options->threads > 1024)
    return base_fail(error, BERG_EPARAMETER, "threads: expected 0 (as many as there are) to 1024, found %d",
                     options->threads);
  if (!options->components) return base_fail(error, BERG_EPARAMETER, "components: expected at least 1, found 0");
  job->threads = base_threads_for(options->threads);
  job->memory = options->memory ? options->memory : base_memory_default(DEFAULT_MEMORY);
  job->components = options->components;
  job->tokens = strcmp(features, "all") ? 1 : VIT_TOKENS;
  job->features = VIT_LAYERS * job->tokens * VIT_CHANNELS;
  job->work = options->work ? base_copy_text(options->work, error) : base_format(error, "%s/work", options->berg_dir);
  if (!job->work) return BERG_ELIMIT;
  berg_status status = train_regression_check(&job->regression, error);
  /* defaults are filled in, so that the fingerprint contains them */
  if (!status) job->regression = regress_complete(&job->regression);
  return status;
}

/* --- Subjects --- */

/* Which models of a subject are to be fitted: that of all trials, those of quarters. */
typedef struct splits {
  bool wanted[1 + MODEL_QUARTERS];
} splits;

static berg_status add_split(splits *s, const model_layout *layout, const char *name, berg_error *error) {
  model_training training;
  berg_status status = model_training_named(&training, layout, name, error);
  for (size_t q = 1; q <= MODEL_QUARTERS && !status && training == MODEL_EACH_QUARTER; q++) s->wanted[q] = true;
  if (!status && training != MODEL_EACH_QUARTER) s->wanted[training] = true;
  return status;
}

static berg_status read_splits(splits *s, const train_job *job, berg_error *error) {
  const char *list = job->options->train_splits;
  *s = (splits){{!list}};
  berg_status status = BERG_OK;
  while (list && !status) {
    const size_t length = strcspn(list, ",");
    char *name = base_copy_bytes(list, length, error);
    status = name ? add_split(s, job->layout, name, error) : BERG_ELIMIT;
    base_free(name);
    list = list[length] ? list + length + 1 : NULL;
  }
  return status;
}

static berg_status check_trials(const train_job *job, const train_subject *subject, berg_error *error) {
  if (job->components + 1 > subject->trials) {
    char expected[64];
    base_print(expected, sizeof expected, "at least %zu, one more than components", job->components + 1);
    return base_fail_found(error, BERG_EINPUT, subject->prepared, "too few training images", expected, "%zu",
                           subject->trials);
  }
  if (train_regression_is_ridge(&job->regression) && subject->trials / job->regression.folds < 2)
    return base_fail(error, BERG_EPARAMETER, "folds: %zu of the %zu trials of subject %s leave fewer than two in one",
                     job->regression.folds, subject->trials, subject->name);
  return BERG_OK;
}

static berg_status add_subject(train_job *job, const char *name, unsigned quarter, berg_error *error) {
  train_subject *subject = &job->subjects[job->subject_count++];
  subject->quarter = quarter;
  if (!(subject->name = base_copy_text(name, error))) return BERG_ELIMIT;
  berg_status status = train_subject_find(subject, job, error);
  if (!status) status = train_subject_read(subject, job, error);
  return status ? status : check_trials(job, subject, error);
}

static berg_status add_subjects(train_job *job, const char *const *names, size_t count, berg_error *error) {
  splits s;
  berg_status status = read_splits(&s, job, error);
  job->subjects = base_calloc(count * (1 + MODEL_QUARTERS), sizeof *job->subjects, error);
  if (!job->subjects) return BERG_ELIMIT;
  for (size_t i = 0; i < count && !status; i++) {
    for (size_t j = 0; j < i; j++)
      if (!strcmp(names[j], names[i])) return base_fail(error, BERG_EPARAMETER, "subject %s is named twice", names[i]);
    for (unsigned q = 0; q <= MODEL_QUARTERS && !status; q++)
      if (s.wanted[q]) status = add_subject(job, names[i], q, error);
  }
  if (!status && job->components > job->features)
    return base_fail(error, BERG_EPARAMETER, "components: expected at most %zu, as many as features, found %zu",
                     job->features, job->components);
  return status;
}

static berg_status open_subjects(train_job *job, berg_error *error) {
  char **known;
  size_t count;
  if (job->options->subject_count) return add_subjects(job, job->options->subjects, job->options->subject_count, error);
  berg_status status = model_subjects(job->model_id, &known, &count, error);
  if (status) return status;
  status = add_subjects(job, (const char *const *)known, 1, error);
  base_free_texts(known, count);
  return status;
}

/* --- Images and sets --- */

static berg_status gather(train_job *job, berg_error *error) {
  train_names *lists = base_alloc(job->subject_count, sizeof *lists, error);
  if (!lists) return BERG_ELIMIT;
  for (size_t i = 0; i < job->subject_count; i++)
    lists[i] = (train_names){job->subjects[i].names, job->subjects[i].trials};
  berg_status status =
      train_images_gather(&job->images, job->layout, job->options->images, lists, job->subject_count, error);
  base_free(lists);
  return status;
}

static int ascending(const void *a, const void *b) {
  size_t x = *(const size_t *)a, y = *(const size_t *)b;
  return (x > y) - (x < y);
}

static berg_status refuse_twice(const train_job *job, const train_subject *subject, size_t row, berg_error *error) {
  return base_fail_found(error, BERG_EINPUT, subject->prepared, "training images that are shown twice", "each once",
                         "%s", job->images.paths[row] + job->images.prefix);
}

/* Rows of one subject; those that another subject has too are one set. */
static berg_status find_set(train_job *job, train_subject *subject, berg_error *error) {
  subject->rows = base_alloc(subject->trials, sizeof *subject->rows, error);
  size_t *sorted = base_alloc(subject->trials, sizeof *sorted, error);
  if (!subject->rows || !sorted) {
    base_free(sorted);
    return BERG_ELIMIT;
  }
  for (size_t t = 0; t < subject->trials; t++)
    sorted[t] = subject->rows[t] = train_images_row(&job->images, subject->names[t]);
  qsort(sorted, subject->trials, sizeof *sorted, ascending);
  for (size_t t = 1; t < subject->trials; t++)
    if (sorted[t] == sorted[t - 1]) {
      berg_status status = refuse_twice(job, subject, sorted[t], error);
      base_free(sorted);
      return status;
    }
  for (subject->set = 0; subject->set < job->set_count; subject->set++) {
    const train_set *set = &job->sets[subject->set];
    if (set->count != subject->trials || memcmp(set->rows, sorted, set->count * sizeof *sorted)) continue;
    base_free(sorted);
    return BERG_OK;
  }
  job->sets[job->set_count++] = (train_set){.rows = sorted, .count = subject->trials};
  return BERG_OK;
}

static berg_status find_sets(train_job *job, berg_error *error) {
  job->sets = base_calloc(job->subject_count, sizeof *job->sets, error);
  berg_status status = job->sets ? BERG_OK : BERG_ELIMIT;
  for (size_t i = 0; i < job->subject_count && !status; i++) status = find_set(job, &job->subjects[i], error);
  return status;
}

berg_status train_job_open(train_job *job, const char *model_id, const berg_train_options *options, berg_error *error) {
  *job = (train_job){.options = options};
  berg_status status = BASE_TAKE(berg_regression_options, &job->regression, options->regression, error);
  if (!status) status = train_check_model(model_id, error);
  job->model_id = model_id;
  job->layout = status ? NULL : model_layout_of(model_id);
  if (!status) status = check_options(job, error);
  if (!status) status = open_subjects(job, error);
  if (!status) status = gather(job, error);
  if (!status) status = find_sets(job, error);
  if (status) train_job_close(job);
  return status;
}

void train_job_close(train_job *job) {
  for (size_t i = 0; i < job->subject_count; i++) train_subject_release(&job->subjects[i]);
  for (size_t i = 0; i < job->set_count; i++) base_free(job->sets[i].rows);
  train_images_release(&job->images);
  base_free(job->subjects);
  base_free(job->sets);
  base_free(job->work);
  *job = (train_job){.subject_count = 0};
}

berg_status train_job_check_outputs(const train_job *job, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t i = 0; i < job->subject_count; i++) {
    const train_subject *subject = &job->subjects[i];
    const char *const paths[] = {subject->weights, subject->safetensors};
    for (size_t j = 0; j < 2 && !status; j++)
      if (paths[j]) status = io_check_output(paths[j], job->options->force, error);
  }
  return status;
}

const char *train_targets_unit(const train_job *job) {
  return strcmp(job->layout->unit, "voxel") ? "targets" : "voxels";
}
