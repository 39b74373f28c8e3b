/* Files of converted weights: written, found, checked. */
#define _DEFAULT_SOURCE /* st_mtim */
#include "model/weights/converted.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/checksum.h"
#include "base/memory.h"
#include "base/threads.h"
#include "base/text.h"
#include "io/container/container.h"
#include "io/file/file_hash.h"
#include "io/container/writers.h"
#include "model/weights/precision.h"

/* Raised whenever the numbers that are packed change: by balancing or rounding. */
#define ROUNDING "1"
#define PACKED "packed"
#define FACTS_ROOM 160

static const char *about(const berg_file *file, const char *key) {
  const io_value *metadata = io_container_document(file)->metadata;
  const io_value *value = metadata ? io_value_get(metadata, key) : NULL;
  return value && value->kind == IO_TEXT ? value->text : "";
}

const char *model_converted_backbone(const berg_file *file) {
  if (strcmp(about(file, "berg.kind"), "backbone")) return NULL;
  return about(file, "berg.precision");
}

/* What the system says of a file, which changes whenever its bytes do. */
static bool facts_of(const char *path, char facts[FACTS_ROOM]) {
  struct stat s;
  if (stat(path, &s)) return false;
  base_print(facts, FACTS_ROOM, "%lld bytes, number %llu of %llu, %lld.%09ld, %lld.%09ld", (long long)s.st_size,
             (unsigned long long)s.st_ino, (unsigned long long)s.st_dev, (long long)s.st_mtim.tv_sec, s.st_mtim.tv_nsec,
             (long long)s.st_ctim.tv_sec, s.st_ctim.tv_nsec);
  return true;
}

/* Of the checksums of pieces, so that the file need not be resident as a whole. */
#define PIECE ((size_t)64 << 20)

static berg_status checksum_of(const char *path, int threads, char text[BASE_CHECKSUM_TEXT], berg_error *error) {
  io_map map;
  berg_status status = io_map_open(&map, path, error);
  if (status) return status;
  memset(text, 0, BASE_CHECKSUM_TEXT);
  for (size_t at = 0; at < map.size; at += PIECE) {
    char both[2][BASE_CHECKSUM_TEXT];
    memcpy(both[0], text, sizeof both[0]);
    base_checksum(map.bytes + at, map.size - at < PIECE ? map.size - at : PIECE, threads, both[1]);
    base_checksum(both, sizeof both, 1, text);
    io_map_drop(&map, at, PIECE);
  }
  io_map_close(&map);
  return BERG_OK;
}

/* --- Reading --- */

static berg_status check_said(const berg_file *file, const char *path, const char *key, const char *expected,
                              berg_error *error) {
  const char *found = about(file, key);
  if (!strcmp(found, expected)) return BERG_OK;
  return base_fail_at(error, &(base_fault){BERG_EMODEL, path, BERG_NO_OFFSET, key, "not the converted weights wanted",
                                           expected, *found ? found : "nothing"});
}

/* Files that say "1" were written when each precision had one layout and one way of rounding, which needed no name. */
static bool has_no_names(const berg_file *file) { return !strcmp(about(file, "berg.layout"), "1"); }

/* Slabs of another layout are as many bytes, and nonsense: the file must say which one it has. */
static berg_status check_layout(const berg_file *file, const char *path, const model_conversion *wanted,
                                berg_error *error) {
  char only[32];
  const char *found = about(file, "berg.layout");
  base_print(only, sizeof only, "%s-slab64", la_precision_name(wanted->precision));
  if (has_no_names(file)) found = only;
  if (wanted->layout && strcmp(found, wanted->layout))
    return base_fail_at(error,
                        &(base_fault){BERG_EMODEL, path, BERG_NO_OFFSET, "berg.layout",
                                      "packed for products of another kind of processor, convert the weights again",
                                      wanted->layout, *found ? found : "nothing"});
  return has_no_names(file) ? BERG_OK : check_said(file, path, "berg.rounding", ROUNDING, error);
}

static berg_status check(const berg_file *file, const char *path, const model_conversion *wanted, const void **packed,
                         berg_error *error) {
  berg_status status = check_said(file, path, "berg.kind", wanted->kind, error);
  if (!status) status = check_said(file, path, "berg.precision", la_precision_name(wanted->precision), error);
  if (!status) status = check_said(file, path, "berg.part", wanted->part ? wanted->part : "", error);
  if (!status) status = check_layout(file, path, wanted, error);
  if (status) return status;
  const berg_array *array = berg_file_find(file, PACKED);
  char text[BASE_CHECKSUM_TEXT], expected[64], found[128] = "no tensor of this name";
  if (!array || array->dtype != BERG_U8 || array->ndim != 1 || array->shape[0] != wanted->bytes) {
    base_print(expected, sizeof expected, "uint8 (%zu,)", wanted->bytes);
    if (array) base_array_describe(array, found, sizeof found);
    return base_fail_at(error, &(base_fault){BERG_EMODEL, path, BERG_NO_OFFSET, PACKED,
                                             "of another size than the weights have", expected, found});
  }
  if ((uintptr_t)array->data % BASE_ALIGNMENT)
    return base_fail_at(error, &(base_fault){BERG_EMODEL, path, BERG_NO_OFFSET, PACKED,
                                             "not where it can be multiplied", "a multiple of 64 bytes", NULL});
  base_checksum(array->data, wanted->bytes, wanted->threads, text);
  *packed = array->data;
  return check_said(file, path, "berg.checksum", text, error);
}

berg_status model_converted_take(model_converted *converted, berg_file *file, const char *path,
                                 const model_conversion *wanted, berg_error *error) {
  const void *packed = NULL;
  berg_status status = check(file, path, wanted, &packed, error);
  *converted = status ? (model_converted){NULL, NULL} : (model_converted){file, packed};
  return status;
}

berg_status model_converted_open(model_converted *converted, const char *path, const model_conversion *wanted,
                                 berg_error *error) {
  berg_file *file;
  *converted = (model_converted){NULL, NULL};
  berg_status status = berg_file_open(&file, path, error);
  if (!status) {
    status = model_converted_take(converted, file, path, wanted, error);
    if (status) berg_file_free(file);
  }
  if (status == BERG_EINPUT && error) error->status = BERG_EMODEL;
  return status == BERG_EINPUT ? BERG_EMODEL : status;
}

berg_status model_converted_check(model_converted *converted, const char *path, berg_error *error) {
  *converted = (model_converted){NULL, NULL};
  berg_status status = berg_file_open(&converted->file, path, error);
  if (status) return status;
  const berg_array *array = berg_file_find(converted->file, PACKED);
  model_conversion itself = {.kind = about(converted->file, "berg.kind"),
                             .part = about(converted->file, "berg.part"),
                             .threads = base_threads_for(0)};
  if (array && array->ndim == 1) itself.bytes = array->shape[0];
  status = model_precision_named(&itself.precision, about(converted->file, "berg.precision"), error);
  const void *packed;
  return status ? status : check(converted->file, path, &itself, &packed, error);
}

void model_converted_close(model_converted *converted) {
  berg_file_free(converted->file);
  *converted = (model_converted){NULL, NULL};
}

bool model_converted_is_of(const model_converted *converted, const char *source, int threads) {
  char facts[FACTS_ROOM], sum[BASE_CHECKSUM_TEXT];
  if (strcmp(about(converted->file, "berg.version"), berg_version()) || !facts_of(source, facts)) return false;
  if (!strcmp(about(converted->file, "berg.source.state"), facts)) return true;
  char size[24];
  base_print(size, sizeof size, "%lld", strtoll(facts, NULL, 10));
  return !strcmp(about(converted->file, "berg.source.size"), size) && !checksum_of(source, threads, sum, NULL) &&
         !strcmp(about(converted->file, "berg.source.checksum"), sum);
}

/* --- Writing --- */

static berg_status say(io_document *document, const char *key, const char *text, berg_error *error) {
  io_arena *arena = &document->arena;
  io_value *k = io_value_text(arena, key, strlen(key), error), *v = io_value_text(arena, text, strlen(text), error);
  return k && v && io_value_append(arena, document->metadata, k, error) &&
                 io_value_append(arena, document->metadata, v, error)
             ? BERG_OK
             : BERG_ELIMIT;
}

static berg_status add(io_document *document, const char *name, berg_dtype dtype, size_t ndim, const size_t *shape,
                       const void *data, berg_error *error) {
  berg_array array = {.dtype = dtype, .itemsize = base_dtype_size(dtype), .ndim = ndim, .data = data};
  memcpy(array.shape, shape, ndim * sizeof *shape);
  base_array_set_strides(&array, false);
  berg_array *kept = io_arena_take(&document->arena, sizeof *kept, error);
  if (!kept) return BERG_ELIMIT;
  *kept = array;
  return io_value_add_array(&document->arena, document->root, name, strlen(name), kept, error) ? BERG_OK : BERG_ELIMIT;
}

static berg_status add_small(io_document *document, const vit_weights *weights, berg_error *error) {
  for (size_t t = 0; t < VIT_TENSORS; t++) {
    char name[VIT_NAME_ROOM];
    size_t shape[4], ndim = vit_tensor_shape(t, shape);
    if (vit_is_matrix(t)) continue;
    vit_tensor_name(t, false, name);
    berg_status status = add(document, name, BERG_F32, ndim, shape, weights->tensor[t], error);
    if (status) return status;
  }
  return BERG_OK;
}

static berg_status say_source(io_document *document, const model_conversion *c, berg_error *error) {
  char facts[FACTS_ROOM], sum[BASE_CHECKSUM_TEXT], size[24];
  io_file_hash hash;
  if (!facts_of(c->source, facts)) return base_fail(error, BERG_EINPUT, "%s: cannot be examined", c->source);
  berg_status status = io_hash_file(&hash, c->source, false, error);
  if (!status) status = checksum_of(c->source, c->threads, sum, error);
  if (status) return status;
  base_print(size, sizeof size, "%llu", (unsigned long long)hash.size);
  const char *slash = strrchr(c->source, '/');
  status = say(document, "berg.source", slash ? slash + 1 : c->source, error);
  if (!status) status = say(document, "berg.source.size", size, error);
  if (!status)
    status = say(document, hash.sampled ? "berg.source.sha256-sampled" : "berg.source.sha256", hash.text, error);
  if (!status) status = say(document, "berg.source.checksum", sum, error);
  return status ? status : say(document, "berg.source.state", facts, error);
}

static berg_status describe(io_document *document, const model_conversion *c, berg_error *error) {
  char sum[BASE_CHECKSUM_TEXT];
  base_checksum(c->packed, c->bytes, c->threads, sum);
  berg_status status = say(document, "berg.kind", c->kind, error);
  if (!status && c->part) status = say(document, "berg.part", c->part, error);
  if (!status) status = say(document, "berg.precision", la_precision_name(c->precision), error);
  if (!status) status = say(document, "berg.layout", c->layout, error);
  if (!status) status = say(document, "berg.rounding", ROUNDING, error);
  if (!status) status = say(document, "berg.version", berg_version(), error);
  if (!status) status = say(document, "berg.checksum", sum, error);
  if (!status) status = say_source(document, c, error);
  if (!status && c->small) status = add_small(document, c->small, error);
  return status ? status : add(document, PACKED, BERG_U8, 1, &c->bytes, c->packed, error);
}

static berg_status write(const char *path, const io_document *document, const io_entries *entries, bool force,
                         bool is_private, const berg_run *run, berg_error *error) {
  const io_content content = {document->root, entries, document->metadata, BASE_ALIGNMENT};
  io_whole_file *file;
  berg_status status = io_whole_file_open(&file, path, force, error);
  if (status) return status;
  if (is_private && fchmod(io_whole_file_handle(file), 0600))
    status = base_fail(error, BERG_EWRITE, "%s: cannot be made private", path);
  io_sink sink = io_sink_file(file);
  sink.run = run;
  if (!status) status = io_write_safetensors(&sink, &content, error);
  if (!status) return is_private ? io_whole_file_commit_unsynced(file, error) : io_whole_file_commit(file, error);
  io_whole_file_abandon(file, error);
  return status;
}

berg_status model_converted_write(const char *path, const model_conversion *conversion, bool force, bool is_private,
                                  berg_error *error) {
  io_document document = {.format = "safetensors"};
  io_entries entries;
  io_arena_init(&document.arena, 0);
  document.root = io_value_new(&document.arena, IO_DICT, error);
  document.metadata = io_value_new(&document.arena, IO_DICT, error);
  berg_status status = document.root && document.metadata ? describe(&document, conversion, error) : BERG_ELIMIT;
  if (!status) status = io_flatten(&document, &entries, path, error);
  if (!status) status = write(path, &document, &entries, force, is_private, conversion->run, error);
  io_arena_release(&document.arena);
  return status;
}
