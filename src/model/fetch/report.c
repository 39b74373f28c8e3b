/* The report of a call of berg_fetch. */
#include "model/fetch/report.h"

#include "io/file/folders.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"

static const char *state_name(model_fetch_state state) {
  static const char *const names[] = {"unknown", "missing", "partial", "other", "there", "fetched"};
  return names[state];
}

static void add_file(cJSON *files, const model_fetch_file *file) {
  cJSON *tree = io_json_add_object(files, NULL);
  io_json_add(tree, "path", io_json_text_from(file->path));
  io_json_add(tree, "url", io_json_text_from(file->url));
  io_json_add_text(tree, "state", state_name(file->state));
  if (file->state == MODEL_FETCH_UNKNOWN) {
    io_json_add_null(tree, "bytes");
  } else {
    io_json_add_number(tree, "bytes", (double)file->size);
    io_json_add_number(tree, "have_bytes", (double)file->have);
  }
  if (file->state == MODEL_FETCH_THERE || file->state == MODEL_FETCH_DONE) io_json_add_text(tree, "sha256", file->sum);
  io_json_add(tree, "command", io_json_text_from(file->command));
}

berg_status model_fetch_report(const model_fetch_plan *plan, char **json, berg_error *error) {
  cJSON *tree = io_json_object();
  const uint64_t free = io_disk_free(plan->options->berg_dir);
  io_json_add_text(tree, "model", plan->model_id);
  io_json_add(tree, "berg_dir", io_json_text_from(plan->options->berg_dir));
  io_json_add_bool(tree, "reached", plan->server.reached);
  io_json_add_number(tree, "to_fetch_bytes", (double)model_fetch_plan_bytes(plan));
  if (free != UINT64_MAX) io_json_add_number(tree, "free_bytes", (double)free);
  cJSON *files = io_json_add_list(tree, "files");
  for (size_t i = 0; i < plan->count; i++) add_file(files, &plan->files[i]);
  berg_status status = io_json_print(tree, json, error);
  cJSON_Delete(tree);
  return status;
}
