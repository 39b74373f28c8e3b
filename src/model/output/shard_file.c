/* Telling of a part whose it is, and reading that again. */
#include "model/output/shard_file.h"

#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/file/map.h"
#include "io/value/json_build.h"
#include "io/value/json_guard.h"
#include "io/value/json_print.h"

/* --- The run --- */

/* All that the sidecar says but for names that say where, and what this part alone is made from. */
static const char *const decisive[] = {"Description", "Model",    "Subject",        "Units",     "Select", "Precision",
                                       "Device",      "Products", "InstructionSet", "Libraries", "Trials", "Columns"};

static const cJSON *item(const cJSON *tree, const char *key) { return cJSON_GetObjectItemCaseSensitive(tree, key); }

static const char *text_of(const cJSON *tree, const char *key) {
  const char *text = cJSON_GetStringValue(item(tree, key));
  return text ? text : "";
}

/* Files by what they hold, wherever they lie; those that are none by their names. */
static void add_sources(cJSON *to, const cJSON *tree) {
  const cJSON *source;
  cJSON *list = io_json_add_list(to, "SourceFiles");
  cJSON_ArrayForEach(source, item(tree, "SourceFiles")) {
    cJSON *copy = io_json_copy(source);
    const bool hashed = item(copy, "SHA256") || item(copy, "SampledSHA256");
    if (hashed) cJSON_DeleteItemFromObjectCaseSensitive(copy, "Path");
    io_json_add(list, NULL, copy);
  }
}

/* Of parts of what is known: that nothing is missing for want of memory is asked of the whole. */
static berg_status hash_run(char hash[BASE_SHA256_TEXT], const cJSON *tree, const cJSON *shard, berg_error *error) {
  static const char *const of_shard[] = {
      "Of", "Images", "Format", MODEL_SHARD_AXES, MODEL_SHARD_IMAGES, MODEL_SHARD_SKIPS};
  if (!io_json_is_whole(tree) || !io_json_is_whole(shard)) return base_fail_memory(error, 0);
  cJSON *all = io_json_object();
  io_json_add_text(all, "Version", text_of(cJSON_GetArrayItem(item(tree, "GeneratedBy"), 0), "Version"));
  for (size_t i = 0; i < sizeof decisive / sizeof *decisive; i++)
    if (item(tree, decisive[i])) io_json_add(all, decisive[i], io_json_copy(item(tree, decisive[i])));
  for (size_t i = 0; i < sizeof of_shard / sizeof *of_shard; i++)
    io_json_add(all, of_shard[i], io_json_copy(item(shard, of_shard[i])));
  add_sources(all, tree);
  char *text = NULL;
  berg_status status = io_json_print(all, &text, error);
  cJSON_Delete(all);
  if (status) return status;
  base_sha256 sum;
  base_sha256_start(&sum);
  base_sha256_add(&sum, text, strlen(text));
  base_sha256_end(&sum, hash);
  base_free(text);
  return BERG_OK;
}

/* --- Telling --- */

static void add_format(cJSON *to, const model_output_file *file) {
  const char *ending = model_ending_of(file->path);
  char *name = base_format(NULL, "%s%s", file->task->options->long_table ? "long " : "", ending + (*ending == '.'));
  for (char *c = name; c && *c; c++)
    if (*c >= 'A' && *c <= 'Z') *c += 'a' - 'A';
  io_json_add(to, "Format", name ? io_json_text(name) : NULL);
  base_free(name);
}

/* What tells the files of a run apart; of this one, and of all. */
static void add_files(cJSON *to, const model_output_file *file) {
  const berg_model *model = file->task->model;
  cJSON *list = io_json_add_list(to, MODEL_SHARD_FILES);
  for (size_t s = 0; s < model->subject_count; s++)
    for (size_t o = 0; o < model->subjects[s].output_count; o++) {
      if (!model_output_has_file(&model->subjects[s], o)) continue;
      char *suffix = model_output_path(model, "", s, o, NULL);
      io_json_add(list, NULL, suffix ? model_provenance_text(suffix) : NULL);
      if (s == file->subject && o == file->output)
        io_json_add(to, "Suffix", suffix ? model_provenance_text(suffix) : NULL);
      base_free(suffix);
    }
  io_json_add_text(to, "Output", file->columns->name);
}

/* "Shard" but for what is known when the file is there. */
static cJSON *make_shard(const model_output_file *file, const model_labels *labels) {
  const berg_stimuli *stimuli = file->task->stimuli;
  const model_shard *shard = model_stimuli_shard(stimuli);
  char images[MODEL_IDENTITY_TEXT];
  cJSON *to = io_json_object();
  io_json_add_number(to, "Number", (double)shard->number);
  io_json_add_number(to, "Of", (double)shard->of);
  io_json_add_number(to, "First", (double)shard->first);
  io_json_add_number(to, "Count", (double)shard->count);
  io_json_add_number(to, "Images", (double)shard->images);
  add_files(to, file);
  add_format(to, file);
  cJSON *axes = io_json_add_list(to, MODEL_SHARD_AXES);
  for (size_t a = 0; a < labels->io.axis_count; a++) {
    cJSON *axis = io_json_add_object(axes, NULL);
    io_json_add_text(axis, "Name", labels->io.axes[a].name);
    if (labels->io.axes[a].unit) io_json_add_text(axis, "Unit", labels->io.axes[a].unit);
  }
  model_stimuli_identify(stimuli, images);
  io_json_add_text(to, MODEL_SHARD_IMAGES, images);
  io_json_add_bool(to, MODEL_SHARD_SKIPS, model_stimuli_skips_bad(stimuli));
  return to;
}

berg_status model_shard_file_describe(cJSON *tree, const model_output_file *file, const model_labels *labels,
                                      size_t rows, berg_error *error) {
  char run[BASE_SHA256_TEXT];
  io_file_sum sum;
  cJSON *shard = make_shard(file, labels);
  berg_status status = hash_run(run, tree, shard, error);
  if (!status) status = io_sum_file(&sum, file->path, NULL, error);
  if (status) {
    cJSON_Delete(shard);
    return status;
  }
  io_json_add_text(shard, "Run", run);
  io_json_add_number(shard, "Rows", (double)rows);
  io_json_add_number(shard, "Bytes", (double)sum.size);
  io_json_add_text(shard, "Checksum", sum.text);
  io_json_add(tree, MODEL_SHARD_KEY, shard);
  return BERG_OK;
}

/* --- Reading --- */

static berg_status read_sidecar(cJSON **tree, const char *sidecar, berg_error *error) {
  io_map map;
  *tree = NULL;
  if (access(sidecar, F_OK)) return base_fail(error, BERG_EINPUT, "there is no %s to say which part it is", sidecar);
  berg_status status = io_map_open(&map, sidecar, error);
  if (status) return status;
  status = io_json_parse(tree, (const char *)map.bytes, map.size, error);
  if (status == BERG_EINPUT) base_fail(error, status, "%s is damaged: it is no JSON", sidecar);
  io_map_close(&map);
  return status;
}

static bool take_size(const cJSON *about, const char *key, size_t *to) {
  uint64_t number = 0;
  const bool is_size = io_json_size(item(about, key), &number);
  *to = number;
  return is_size;
}

static bool take_text(const cJSON *about, const char *key, const char **to) {
  *to = cJSON_GetStringValue(item(about, key));
  return *to != NULL;
}

#define FILES_MAX 4096

/* Whether all is there, and the images are those that the number says. */
static bool take_all(model_shard_file *part) {
  model_shard *shard = &part->shard;
  size_t first, count, bytes = 0;
  const cJSON *about = part->about;
  bool fits = take_size(about, "Number", &shard->number) && take_size(about, "Of", &shard->of) &&
              take_size(about, "Images", &shard->images) && take_size(about, "First", &first) &&
              take_size(about, "Count", &count) && take_size(about, "Rows", &part->rows) &&
              take_size(about, "Bytes", &bytes) && take_text(about, "Checksum", &part->checksum) &&
              take_text(about, "Run", &part->run) && take_text(about, "Format", &part->format) &&
              take_text(about, "Suffix", &part->suffix) && take_text(about, "Output", &part->output);
  part->bytes = bytes;
  /* the suffix becomes part of a name: it leads to no other folder */
  if (!fits || strchr(part->suffix, '/') || cJSON_GetArraySize(item(about, MODEL_SHARD_FILES)) > FILES_MAX)
    return false;
  if (!shard->number || shard->number > shard->of || shard->of > shard->images || shard->of > MODEL_SHARDS_MAX)
    return false;
  model_shard_range(shard);
  return shard->first == first && shard->count == count && part->rows <= count;
}

berg_status model_shard_file_read(model_shard_file *part, cJSON **rest, const char *path, berg_error *error) {
  cJSON *tree = NULL;
  *part = (model_shard_file){.about = NULL};
  if (rest) *rest = NULL;
  char *sidecar = model_sidecar_path(path, ".json", error);
  berg_status status = sidecar ? read_sidecar(&tree, sidecar, error) : BERG_ELIMIT;
  if (!status) {
    part->about = cJSON_DetachItemFromObjectCaseSensitive(tree, MODEL_SHARD_KEY);
    if (!part->about)
      status = base_fail(error, BERG_EINPUT, "%s names no shard: it is no part", sidecar);
    else if (!take_all(part))
      status = base_fail(error, BERG_EINPUT, "%s is damaged: its Shard makes no sense", sidecar);
  }
  if (rest && !status)
    *rest = tree;
  else
    cJSON_Delete(tree);
  base_free(sidecar);
  return status;
}

void model_shard_file_release(model_shard_file *part) {
  cJSON_Delete(part->about);
  *part = (model_shard_file){.about = NULL};
}

/* --- What is there already --- */

berg_status model_shard_file_own_run(char run[BASE_SHA256_TEXT], const model_output_file *file, berg_error *error) {
  model_labels labels;
  cJSON *tree = NULL;
  berg_status status = model_output_file_labels(file, &labels, error);
  if (status) return status;
  status = model_output_file_describe(file, &labels, &tree, error);
  if (!status) {
    model_encode_describe_columns(tree, &labels, file->columns->columns);
    cJSON *shard = make_shard(file, &labels);
    status = hash_run(run, tree, shard, error);
    cJSON_Delete(shard);
  }
  cJSON_Delete(tree);
  model_labels_release(&labels);
  return status;
}

static berg_status is_being_written(bool *is, const char *path, berg_error *error) {
  char *partial = base_format(error, "%s.partial", path);
  *is = partial && !access(partial, F_OK);
  base_free(partial);
  return partial ? BERG_OK : BERG_ELIMIT;
}

static berg_status look_at(bool *whole, bool *damaged, const model_shard_file *part, const model_output_file *file,
                           berg_error *error) {
  char run[BASE_SHA256_TEXT];
  io_file_sum sum;
  berg_status status = model_shard_file_own_run(run, file, error);
  if (status || strcmp(run, part->run) || part->shard.number != model_stimuli_shard(file->task->stimuli)->number)
    return status;
  status = io_sum_file(&sum, file->path, NULL, error);
  *whole = !status && sum.size == part->bytes && !strcmp(sum.text, part->checksum);
  *damaged = !status && !*whole;
  return status;
}

berg_status model_shard_file_look(bool *whole, bool *damaged, const model_output_file *file, berg_error *error) {
  bool unfinished = false;
  model_shard_file part = {.about = NULL};
  *whole = *damaged = false;
  if (!model_stimuli_shard(file->task->stimuli) || access(file->path, F_OK)) return BERG_OK;
  berg_status status = is_being_written(&unfinished, file->path, error);
  if (status || unfinished) return status;
  status = model_shard_file_read(&part, NULL, file->path, error);
  if (!status)
    status = look_at(whole, damaged, &part, file, error);
  else if (status == BERG_EINPUT)
    status = BERG_OK; /* whatever it is, it is not for us to replace */
  model_shard_file_release(&part);
  return status;
}
