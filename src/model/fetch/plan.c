/* Names of the files from the layout, sizes and checksums from the server, states from the disk. */
#include "model/fetch/plan.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/catalog/paths.h"
#include "model/catalog/registry.h"
#include "model/fetch/address.h"
#include "model/weights/fitted.h"

void model_fetch_plan_free(model_fetch_plan *plan) {
  for (size_t i = 0; i < plan->count; i++) model_fetch_file_free(&plan->files[i]);
  base_free(plan->files);
  base_free(plan->base);
  base_free(plan->folder);
  model_listing_free(&plan->listing);
}

uint64_t model_fetch_plan_bytes(const model_fetch_plan *plan) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < plan->count; i++) {
    const model_fetch_file *file = &plan->files[i];
    if (file->state == MODEL_FETCH_MISSING || file->state == MODEL_FETCH_PARTIAL || file->state == MODEL_FETCH_OTHER)
      bytes += file->size - file->have;
  }
  return bytes;
}

/* --- Names --- */

static bool is_backbone(const model_fetch_file *file) { return file->sha256 != NULL; }

/* Where the file is and goes, by its name `index`. */
static berg_status use_name(const model_fetch_plan *plan, model_fetch_file *file, size_t index, berg_error *error) {
  const char *name = file->names[index];
  base_free(file->path);
  base_free(file->url);
  base_free(file->command);
  file->url = file->command = NULL;
  file->path = base_format(error, "%s/%s", plan->options->berg_dir, name);
  if (file->path)
    file->url = is_backbone(file) ? model_fetch_backbone_address(plan->base, plan->options->from != NULL, error)
                                  : model_fetch_address(plan->base, name, error);
  if (file->url) file->command = model_fetch_command(name, file->url, file->path, error);
  return file->command ? BERG_OK : BERG_ELIMIT;
}

/* Takes the names, whether or not it succeeds. A file that is in the plan is not added again. */
static berg_status add_file(model_fetch_plan *plan, const model_fetch_file *given, berg_error *error) {
  model_fetch_file file = *given;
  berg_status status = file.names[0] ? use_name(plan, &file, 0, error) : BERG_ELIMIT;
  for (size_t i = 0; i < plan->count && !status; i++) {
    if (strcmp(plan->files[i].path, file.path)) continue;
    model_fetch_file_free(&file);
    return BERG_OK;
  }
  if (!status && !base_grow((void **)&plan->files, &plan->capacity, plan->count + 1, sizeof file, error))
    status = BERG_ELIMIT;
  if (status)
    model_fetch_file_free(&file);
  else
    plan->files[plan->count++] = file;
  return status;
}

/* The layout's own name of a path below the berg directory, which is freed. */
static char *name_below(char *path, const char *berg_dir, berg_error *error) {
  char *name = path ? base_copy_text(path + strlen(berg_dir) + 1, error) : NULL;
  base_free(path);
  return name;
}

static berg_status add_weights(model_fetch_plan *plan, const char *subject, unsigned quarter, berg_error *error) {
  const char *berg_dir = plan->options->berg_dir;
  model_fetch_file file = {.state = MODEL_FETCH_UNKNOWN};
  for (size_t i = 0; i < MODEL_FETCH_NAMES; i++) {
    char *path;
    berg_status status = model_path_named_weights(&path, plan->model_id, berg_dir, subject, quarter, i, error);
    if (!status && !path) break;
    if (!status) file.names[i] = name_below(path, berg_dir, error);
    if (status || !file.names[i]) {
      model_fetch_file_free(&file);
      return status ? status : BERG_ELIMIT;
    }
  }
  return add_file(plan, &file, error);
}

static berg_status add_metadata(model_fetch_plan *plan, const char *subject, berg_error *error) {
  char *path;
  berg_status status = model_path_metadata(&path, plan->model_id, plan->options->berg_dir, subject, error);
  if (status) return status;
  const model_fetch_file file = {.names = {name_below(path, plan->options->berg_dir, error)}};
  return add_file(plan, &file, error);
}

static berg_status add_backbone(model_fetch_plan *plan, berg_error *error) {
  const model_fetch_file file = {
      .names = {base_copy_text(MODEL_BACKBONE_FOLDER "/" MODEL_BACKBONE_FILE, error)},
      .sha256 = model_fetch_backbone_hash(),
  };
  return add_file(plan, &file, error);
}

/* Which of the trainings are asked for: bit 0 is that of all data, bits 1 to 4 are those of its quarters. */
static berg_status trainings(const model_fetch_plan *plan, unsigned *which, berg_error *error) {
  const berg_fetch_options *options = plan->options;
  *which = options->train_split_count ? 0 : 1;
  for (size_t i = 0; i < options->train_split_count; i++) {
    model_training training;
    berg_status status =
        model_training_named(&training, model_layout_of(plan->model_id), options->train_splits[i], error);
    if (status) return status;
    *which |= training == MODEL_EACH_QUARTER ? (1u << (MODEL_QUARTERS + 1)) - 2 : 1u << (unsigned)training;
  }
  return BERG_OK;
}

static berg_status add_subject(model_fetch_plan *plan, const char *subject, unsigned which, berg_error *error) {
  berg_status status = add_metadata(plan, subject, error);
  for (unsigned quarter = 0; quarter <= MODEL_QUARTERS && !status && !plan->options->metadata; quarter++)
    if (which & 1u << quarter) status = add_weights(plan, subject, quarter, error);
  return status;
}

berg_status model_fetch_plan_offline(model_fetch_plan *plan, const char *model_id, const berg_fetch_options *options,
                                     const berg_run *run, berg_error *error) {
  unsigned which;
  *plan = (model_fetch_plan){.model_id = model_id,
                             .options = options,
                             .server = {.retries = options->retries,
                                        .retry_seconds = options->retry_seconds,
                                        .stall_seconds = options->stall_seconds,
                                        .run = run}};
  berg_status status = model_check_id(model_id, error);
  if (!status) status = model_fetch_base(&plan->base, options->from, error);
  if (!status) plan->folder = model_path_folder(model_id, error);
  if (!status && !plan->folder) status = BERG_ELIMIT;
  if (!status) status = trainings(plan, &which, error);
  for (size_t i = 0; i < options->subject_count && !status; i++)
    status = add_subject(plan, options->subjects[i], which, error);
  if (!status && options->backbone) status = add_backbone(plan, error);
  return status;
}

/* --- What the server says --- */

static berg_status list(model_fetch_plan *plan, berg_error *error) {
  char *prefix = base_format(error, "%s/", plan->folder), *next = NULL;
  berg_status status = prefix ? BERG_OK : BERG_ELIMIT;
  for (size_t page = 0; page < MODEL_LISTING_PAGES && !status; page++) {
    char *text = NULL, *before = next, *url = model_fetch_listing_address(plan->base, prefix, before, error);
    bool is_one = false;
    next = NULL;
    status = url ? model_fetch_text(&plan->server, url, MODEL_LISTING_BYTES, &text, error) : BERG_ELIMIT;
    if (!status && text) status = model_listing_add(&plan->listing, text, &is_one, &next, error);
    if (page == 0) plan->is_listed = is_one;
    base_free(text);
    base_free(url);
    base_free(before);
    if (!next) break;
  }
  base_free(next);
  base_free(prefix);
  return status;
}

static void take_listed(model_fetch_file *file, const model_listed *listed) {
  file->size = listed->size;
  model_fetch_take_tag(file, listed->etag, true);
}

/* The first of its names that the server has. */
static berg_status find_listed(model_fetch_plan *plan, model_fetch_file *file, berg_error *error) {
  for (size_t i = 0; i < MODEL_FETCH_NAMES && file->names[i]; i++) {
    const model_listed *listed = model_listing_find(&plan->listing, file->names[i]);
    if (!listed || listed->size > MODEL_FETCH_LARGEST) continue;
    take_listed(file, listed);
    return use_name(plan, file, i, error);
  }
  return base_fail(error, BERG_EINPUT, "%s: it is not among what the server lists", file->url);
}

static berg_status find_by_head(model_fetch_plan *plan, model_fetch_file *file, berg_error *error) {
  io_http_answer answer = {.status = 0};
  for (size_t i = 0; i < MODEL_FETCH_NAMES && file->names[i]; i++) {
    berg_status status = use_name(plan, file, i, error);
    if (!status) status = model_fetch_head(&plan->server, file->url, &answer, error);
    if (status || answer.status == 200) return status ? status : model_fetch_take_answer(file, &answer, error);
    if (answer.status != 403 && answer.status != 404 && answer.status != 410) break;
  }
  return model_fetch_refused(file->url, answer.status, error);
}

/* Plots have no fixed names; those with unusual characters are none of upstream's. */
static bool is_plot(const char *name) {
  static const char usual[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return *name && *name != '.' && strlen(name) < 200 && name[strspn(name, usual)] == '\0';
}

static berg_status add_plots(model_fetch_plan *plan, berg_error *error) {
  if (!plan->is_listed)
    return base_fail(error, BERG_EINPUT,
                     "%s: the server lists no files, which is where the names of plots would come from", plan->base);
  char *folder = base_format(error, "%s/encoding_models_accuracy/", plan->folder);
  berg_status status = folder ? BERG_OK : BERG_ELIMIT;
  for (size_t i = 0; i < plan->listing.count && !status; i++) {
    const model_listed *listed = &plan->listing.items[i];
    if (strncmp(listed->key, folder, strlen(folder)) || !is_plot(listed->key + strlen(folder))) continue;
    const model_fetch_file file = {.names = {base_copy_text(listed->key, error)}};
    status = add_file(plan, &file, error);
  }
  base_free(folder);
  return status;
}

/* --- What is on the disk --- */

static berg_status look(model_fetch_plan *plan, model_fetch_file *file, berg_error *error) {
  struct stat about;
  if (lstat(file->path, &about)) {
    berg_status status = model_fetch_find_part(file, error);
    file->state = file->have ? MODEL_FETCH_PARTIAL : MODEL_FETCH_MISSING;
    return status;
  }
  bool whole = false;
  berg_status status = model_fetch_is_whole(file, file->path, &whole, plan->server.run, error);
  file->state = whole ? MODEL_FETCH_THERE : MODEL_FETCH_OTHER;
  if (!status && !whole) status = model_fetch_find_part(file, error);
  return status;
}

/* The backbone in any of the places where it is looked for is the one, if its bytes are. */
static berg_status find_backbone(model_fetch_plan *plan, model_fetch_file *file, bool *found, berg_error *error) {
  berg_status status = BERG_OK;
  *found = false;
  for (size_t i = 0; !status && !*found; i++) {
    struct stat about;
    char *path;
    status = model_path_backbone(&path, plan->options->berg_dir, i, error);
    if (!path) break;
    const char *slash = strrchr(path, '/');
    if (slash && !strcmp(slash + 1, MODEL_BACKBONE_FILE) && !stat(path, &about) && S_ISREG(about.st_mode)) {
      file->size = (uint64_t)about.st_size;
      status = model_fetch_is_whole(file, path, found, plan->server.run, error);
    }
    char *freed = *found ? file->path : path;
    if (*found) file->path = path;
    base_free(freed);
  }
  if (*found) file->state = MODEL_FETCH_THERE;
  return status;
}

static berg_status find(model_fetch_plan *plan, model_fetch_file *file, berg_error *error) {
  bool found = false;
  berg_status status = is_backbone(file) ? find_backbone(plan, file, &found, error) : BERG_OK;
  if (status || found) return status;
  status = plan->is_listed && !is_backbone(file) ? find_listed(plan, file, error) : find_by_head(plan, file, error);
  return status ? status : look(plan, file, error);
}

berg_status model_fetch_plan_ask(model_fetch_plan *plan, berg_error *error) {
  berg_status status = list(plan, error);
  if (!status && plan->options->plots) status = add_plots(plan, error);
  for (size_t i = 0; i < plan->count && !status; i++) status = find(plan, &plan->files[i], error);
  return status;
}
