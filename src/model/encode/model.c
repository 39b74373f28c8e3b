/* Opening a model: options, subjects, network, device. */
#include "model/encode/model.h"

#include <math.h>
#include <string.h>

#include "base/isa.h"
#include "base/memory.h"
#include "base/memory_limit.h"
#include "base/options.h"
#include "base/progress.h"
#include "base/threads.h"
#include "base/text.h"
#include "io/container/container.h"
#include "model/catalog/expression.h"
#include "model/device/device.h"
#include "model/encode/batch.h"
#include "model/encode/packed.h"
#include "model/encode/run.h"
#include "model/catalog/registry.h"
#include "model/store/store.h"
#include "model/weights/precision.h"

#define DEFAULT_BATCH 100
#define MAX_BATCH 4096

void(berg_model_options_init)(berg_model_options *options, size_t size) {
  const berg_model_options defaults = {.min_noise_ceiling = NAN};
  base_options_init(options, size, &defaults, sizeof defaults);
}

static const char *precision_of(const berg_model_options *options) {
  return options->precision ? options->precision : "f32";
}
static const char *device_of(const berg_model_options *options) { return options->device ? options->device : "auto"; }
static bool device_is(const berg_model_options *options, const char *name) { return !strcmp(device_of(options), name); }

static berg_status check_device(const berg_model_options *options, berg_error *error) {
  static const char *const known[] = {"f32", "tf32", "bf16", "int8"};
  const char *precision = precision_of(options);
  const size_t count = sizeof known / sizeof *known;
  size_t i = 0;
  if (!device_is(options, "cpu") && !device_is(options, "auto") && !device_is(options, "cuda"))
    return base_fail(error, BERG_EPARAMETER, "device '%s' is not known: expected cpu, cuda or auto",
                     device_of(options));
  while (i < count && strcmp(known[i], precision)) i++;
  if (i == count)
    return base_fail(error, BERG_EPARAMETER, "precision '%s' is not known: expected f32, bf16, int8 or (cuda) tf32",
                     precision);
  if (device_is(options, "cuda") && !model_device_knows(precision))
    return base_fail(error, BERG_EPARAMETER, "precision %s is the processor's: on cuda there are f32, tf32 and bf16",
                     precision);
  if (device_is(options, "cpu") && !strcmp(precision, "tf32"))
    return base_fail(error, BERG_EPARAMETER, "precision tf32 is cuda's: on the processor there are f32, bf16 and int8");
  return BERG_OK;
}

/* With a device the processor's instructions would decide nothing. */
static berg_status check_isa(const berg_model_options *options, berg_error *error) {
  base_isa isa;
  berg_status status = base_isa_choose(&isa, options->isa, error);
  if (status || !base_isa_is_named(options->isa)) return status;
  if (!device_is(options, "cuda") && strcmp(precision_of(options), "tf32") != 0) return BERG_OK;
  return base_fail(error, BERG_EPARAMETER, "isa %s is the processor's: it goes with no %s", options->isa,
                   device_is(options, "cuda") ? "device cuda" : "precision tf32");
}

static berg_status check_select(const berg_model_options *options, berg_error *error) {
  const char *other = options->selection_count             ? "selection"
                      : options->mean_roi                  ? "mean_roi"
                      : !isnan(options->min_noise_ceiling) ? "min_noise_ceiling (write & ceiling >= 20)"
                                                           : NULL;
  if (!options->select || !other) return BERG_OK;
  return base_fail(error, BERG_EARGUMENT, "select says all that is selected: it goes with no %s", other);
}

static berg_status check_options(const berg_model_options *options, berg_error *error) {
  if ((options->subject_count && !options->subjects) || (options->selection_count && !options->selection))
    return base_fail(error, BERG_EARGUMENT, "a count of subjects or selections without the list it counts");
  for (size_t i = 0; i < options->selection_count; i++) {
    const berg_selection *item = &options->selection[i];
    if (!item->key || (item->count && !item->names) || (item->length && !item->marks))
      return base_fail(error, BERG_EARGUMENT, "a selection without a key, or a count without the list it counts");
  }
  berg_status status = check_select(options, error);
  if (!status) status = check_device(options, error);
  if (!status) status = check_isa(options, error);
  if (status) return status;
  if (options->threads < 0 || options->threads > 1024)
    return base_fail(error, BERG_EPARAMETER, "threads: expected 0 (as many as there are) to 1024, found %d",
                     options->threads);
  if (options->batch > MAX_BATCH)
    return base_fail(error, BERG_EPARAMETER, "batch: expected 1 to %d, or 0 to let it be chosen, found %zu", MAX_BATCH,
                     options->batch);
  if (!isnan(options->min_noise_ceiling) && !(options->min_noise_ceiling >= 0 && options->min_noise_ceiling <= 100))
    return base_fail(error, BERG_EPARAMETER, "min_noise_ceiling: expected percent, 0 to 100, found %g",
                     options->min_noise_ceiling);
  return BERG_OK;
}

static berg_status open_subjects(berg_model *model, const berg_model_options *options, berg_error *error) {
  char **known;
  size_t known_count;
  berg_status status = model_subjects(model->id, &known, &known_count, error);
  if (status) return status;
  const char *const *names = options->subject_count ? options->subjects : (const char *const *)known;
  const size_t count = options->subject_count ? options->subject_count : 1;
  model->subjects = base_calloc(count, sizeof *model->subjects, error);
  if (!model->subjects) status = BERG_ELIMIT;
  for (size_t i = 0; i < count && !status; i++) {
    for (size_t j = 0; j < i && !status; j++)
      if (!strcmp(names[j], names[i]))
        status = base_fail(error, BERG_EPARAMETER, "subject %s is named twice", names[i]);
    if (status) break;
    if ((status = base_ask_cancel(options->run, error))) break;
    model->subject_count = i + 1;
    status = model_subject_open(model, &model->subjects[i], names[i], options, error);
  }
  base_free_texts(known, known_count);
  return status;
}

/* On a device the processor's products are not used. */
static berg_status choose_precision(berg_model *model, const berg_model_options *options, berg_error *error) {
  berg_status status = base_isa_choose(&model->isa, options->isa, error);
  if (status) return status;
  model->kernels = la_kernels_for(model->isa);
  status = model_precision_choose(&model->gemm, model->isa, model->device ? NULL : options->precision, options->strict,
                                  error);
  if (status) return status;
  if (!model->device && strcmp(la_precision_name(model->gemm->precision), precision_of(options)))
    status = base_warn(options->warn, options->warn_user, error,
                       "this processor's %s has no instructions for %s: %s does the work", base_isa_name(model->isa),
                       precision_of(options), la_precision_name(model->gemm->precision));
  model->precision = model->device ? precision_of(options) : la_precision_name(model->gemm->precision);
  base_print(model->products, sizeof model->products, "%s", model->gemm->name);
  return status;
}

static berg_status open_network(berg_model *model, const berg_model_options *options, berg_error *error) {
  berg_status status =
      model_backbone_open(&model->backbone, options->backbone, options->berg_dir, model->threads, error);
  if (!status && model->device) {
    status = model_load_device(model, error);
    if (!status)
      base_print(model->products, sizeof model->products, "%s %s on %s", model_device_products(model->device),
                 model->precision, model_device_name(model->device) + strlen("cuda: "));
    return status;
  }
  const char *converted = model->backbone.converted, *wanted = la_precision_name(model->gemm->precision);
  if (!status && converted && strcmp(converted, wanted))
    status = base_fail_at(error, &(base_fault){BERG_EMODEL, model->backbone.path, BERG_NO_OFFSET, NULL,
                                               "converted for another precision", wanted, converted});
  if (!status)
    status =
        vit_network_new(&model->network, &model->backbone.weights, model->gemm, vit_kernels_for(model->isa), error);
  if (!status && model->gemm->precision != LA_F32) status = model_pack_network(model, error);
  return status;
}

/* The largest batch that the memory limit allows, at most what was asked for. A limit that only the control group or
 * the scheduler sets refuses nothing: of what a model takes, pages of its files can be let go and read again. */
static berg_status choose_batch(berg_model *model, const berg_model_options *options, berg_error *error) {
  const size_t usual = model->device ? model_device_usual_batch(model->device) : DEFAULT_BATCH;
  model->batch = options->batch ? options->batch : usual;
  model->memory = options->memory ? options->memory : base_memory_default(0);
  if (!model->memory) return BERG_OK;
  while (model->batch > 1 && model_memory_needed(model, model->batch, false) > model->memory)
    model->batch = (model->batch + 1) / 2;
  size_t needed = model_memory_needed(model, model->batch, false);
  if (!options->memory && needed > model->memory) model->memory = needed;
  if (needed <= model->memory) return BERG_OK;
  return base_fail(error, BERG_ELIMIT,
                   "%zu MB of memory are not enough for this model: one image at a time needs %zu MB",
                   model->memory >> 20, (needed >> 20) + 1);
}

/* Takes `device` over, NULL: the processor. `model_id` may be NULL: no subjects. */
static berg_status open_on(berg_model **out, const char *model_id, const berg_model_options *options,
                           model_device *device, berg_error *error) {
  berg_model *model = base_calloc(1, sizeof *model, error);
  if (!model) {
    model_device_free(device);
    return BERG_ELIMIT;
  }
  model->device = device;
  model->run = options->run;
  model->threads = base_threads_for(options->threads);
  berg_status status = choose_precision(model, options, error);
  if (!status && options->cache && !(model->cache = base_copy_text(options->cache, error))) status = BERG_ELIMIT;
  model->scores_only = options->scores_only != 0;
  if (!status && options->select) status = model_expression_parse(&model->select, options->select, error);
  if (!status && model_id) {
    model->train_splits = base_copy_text(model_splits_name(options->train_splits), error);
    model->id = base_copy_text(model_id, error);
    model->layout = model_layout_of(model_id);
    status = model->id && model->train_splits ? open_subjects(model, options, error) : BERG_ELIMIT;
  }
  if (!status && !model->scores_only) status = open_network(model, options, error);
  if (!status) status = choose_batch(model, options, error);
  model->run = NULL;
  if (status)
    berg_model_free(model);
  else
    *out = model;
  return status;
}

/* auto: the processor also where the device fails or is too small. */
berg_status model_open_with(berg_model **out, const char *model_id, const berg_model_options *options,
                            const char *plugin, berg_error *error) {
  model_device *device = NULL;
  *out = NULL;
  berg_status status = check_options(options, error);
  if (status) return status;
  const bool must = device_is(options, "cuda") || !strcmp(precision_of(options), "tf32");
  if (must && options->scores_only)
    return base_fail(error, BERG_EPARAMETER, "device: scores that are kept become responses on the processor alone");
  const bool may = !device_is(options, "cpu") && !base_isa_is_named(options->isa);
  if (!options->scores_only && may && model_device_knows(precision_of(options)))
    status = model_device_find(&device, plugin, NULL, error);
  if (status && (must || status != BERG_EDEVICE)) return status;
  if (device) {
    berg_error why;
    status = open_on(out, model_id, options, device, &why);
    if (status && error) *error = why;
    if (must || (status != BERG_EDEVICE && status != BERG_ELIMIT)) return status;
    status = base_warn(options->warn, options->warn_user, error, "the processor does the work, not the device: %s",
                       why.message);
    if (status) return status;
  }
  return open_on(out, model_id, options, NULL, error);
}

berg_status berg_model_open(berg_model **out, const char *model_id, const berg_model_options *given,
                            berg_error *error) {
  berg_model_options options;
  berg_run run;
  *out = NULL;
  berg_status status = BASE_TAKE(berg_model_options, &options, given, error);
  if (!status) status = BASE_TAKE(berg_run, &run, options.run, error);
  options.run = &run;
  if (!status) status = model_check_id(model_id, error);
  return status ? status : model_open_with(out, model_id, &options, NULL, error);
}

berg_status model_open_network(berg_model **out, const berg_model_options *options, berg_error *error) {
  return model_open_with(out, NULL, options, NULL, error);
}

/* What is mapped, by all threads: closing the files would do it with one. */
static void drop_pages(const berg_file *file, int threads) {
  if (file) io_map_drop_all(io_container_map(file), threads);
}

void model_rest(berg_model *model) {
  for (size_t i = 0; i < model->scorer_count; i++) drop_pages(model->scorers[i].converted.file, model->threads);
  for (size_t i = 0; i < model->subject_count; i++) {
    const model_fitted *fitted = &model->subjects[i].fitted;
    for (size_t f = 0; f < fitted->file_count; f++) drop_pages(fitted->files[f].file, model->threads);
  }
  model_scores_drop(model);
}

void berg_model_free(berg_model *model) {
  if (!model) return;
  drop_pages(model->backbone.file, model->threads);
  drop_pages(model->converted.file, model->threads);
  model_rest(model);
  model_batch_free(model->kept);
  model_packed_release(model);
  base_free(model->scorers);
  base_free(model->responders);
  for (size_t i = 0; i < model->subject_count; i++) {
    model_subject_close(&model->subjects[i]);
  }
  base_free(model->subjects);
  model_expression_free(model->select);
  vit_network_free(model->network);
  model_device_free(model->device);
  model_backbone_close(&model->backbone);
  base_free(model->cache);
  base_free(model->train_splits);
  base_free(model->id);
  base_free(model);
}

const char *berg_model_id(const berg_model *model) { return model->id; }

size_t berg_model_subjects(const berg_model *model) { return model->subject_count; }

const char *berg_model_subject(const berg_model *model, size_t index) {
  return index < model->subject_count ? model->subjects[index].name : NULL;
}

const char *berg_model_subject_label(const berg_model *model, size_t index) {
  return index < model->subject_count ? model->subjects[index].of_file : NULL;
}

const berg_metadata *berg_model_metadata(const berg_model *model, size_t index) {
  return index < model->subject_count ? model->subjects[index].metadata : NULL;
}

const char *berg_model_device(const berg_model *model) {
  return model->device ? model_device_name(model->device) : "cpu";
}

const char *berg_model_precision(const berg_model *model) { return model->precision; }
const char *berg_model_isa(const berg_model *model) { return base_isa_name(model->isa); }

const char *berg_model_backbone_path(const berg_model *model) { return model->backbone.path; }

size_t berg_model_columns(const berg_model *model) { return model->columns; }

size_t berg_model_subject_columns(const berg_model *model, size_t index, size_t *first) {
  if (index >= model->subject_count) return 0;
  if (first) *first = model->subjects[index].first_column;
  return model->subjects[index].columns;
}

size_t berg_model_outputs(const berg_model *model, size_t index) {
  return index < model->subject_count ? model->subjects[index].output_count : 0;
}

const berg_output *berg_model_output(const berg_model *model, size_t subject, size_t index) {
  return index < berg_model_outputs(model, subject) ? &model->subjects[subject].outputs[index] : NULL;
}

size_t berg_model_components(const berg_model *model, size_t index) {
  size_t components = 0;
  if (index >= model->subject_count) return 0;
  const model_fitted *fitted = &model->subjects[index].fitted;
  for (size_t b = 0; b < fitted->basis_count; b++) components += fitted->bases[b].components;
  return components;
}
