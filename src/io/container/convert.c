/* berg_convert: one container's entries written as another's. */
#include <string.h>

#include "base/options.h"
#include "base/text.h"
#include "io/container/container.h"
#include "io/value/nest.h"
#include "io/file/whole_file.h"
#include "io/container/writers.h"

static const struct {
  const char *ending;
  berg_status (*write)(const io_sink *sink, const io_content *content, berg_error *error);
  bool is_nested; /* shows nesting, so that names with dots from a format without it are split */
} targets[] = {
    {".npy", io_write_npy, true},   {".npz", io_write_npz, false},  {".pth", io_write_torch, false},
    {".pt", io_write_torch, false}, {".json", io_write_json, true}, {".safetensors", io_write_safetensors, false},
};

static size_t find_target(const char *path) {
  size_t length = strlen(path), t = 0;
  for (; t < sizeof targets / sizeof *targets; t++) {
    size_t ending = strlen(targets[t].ending);
    if (length > ending && base_same_word(path + length - ending, targets[t].ending)) break;
  }
  return t;
}

static berg_status write_content(const berg_file *file, const char *path, size_t target, bool force,
                                 const berg_run *run, berg_error *error) {
  const io_document *document = io_container_document(file);
  io_content content = {document->root, io_container_entries(file), document->metadata, 0};
  io_arena arena;
  io_arena_init(&arena, 0);
  io_value *root = document->root;
  io_whole_file *out = NULL;
  berg_status status = BERG_OK;
  if (document->is_flat && targets[target].is_nested) status = io_nest(&root, &arena, document->root, error);
  content.root = root;
  if (!status) status = io_whole_file_open(&out, path, force, error);
  if (!status) {
    io_sink sink = io_sink_file(out);
    sink.run = run;
    status = targets[target].write(&sink, &content, error);
    if (status)
      io_whole_file_abandon(out, error);
    else
      status = io_whole_file_commit(out, error);
  }
  io_arena_release(&arena);
  return status;
}

berg_status berg_convert(const char *source, const char *target, int force, const berg_run *given, berg_error *error) {
  berg_error local;
  berg_run run;
  berg_file *file;
  if (!error) error = &local;
  if (!source || !target) return base_fail(error, BERG_EARGUMENT, "berg_convert: no path");
  size_t kind = find_target(target);
  if (kind == sizeof targets / sizeof *targets)
    return base_fail_at(error, &(base_fault){BERG_EARGUMENT, target, BERG_NO_OFFSET, NULL,
                                             "the file extension names no format",
                                             ".safetensors, .npy, .npz, .pth, .pt or .json", NULL});
  berg_status status = BASE_TAKE(berg_run, &run, given, error);
  if (!status) status = io_check_output(target, force, error);
  if (!status) status = berg_file_open(&file, source, error);
  if (status) return status;
  status = write_content(file, target, kind, force != 0, &run, error);
  /* the writers know values, not files */
  if (status == BERG_EINPUT && !*error->file) {
    char what[sizeof error->message];
    memcpy(what, error->message, sizeof what);
    base_fail(error, BERG_EINPUT, "%s: %s", source, what);
  }
  berg_file_free(file);
  return status;
}
