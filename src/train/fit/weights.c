/* A fitted model as the file of weights that encode and upstream read. */
#include "train/fit/weights.h"

#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "io/container/writers.h"

/* One of the dicts while it is filled; a failure is kept until the end. */
typedef struct dict {
  io_arena *arena;
  io_value *value;
  berg_status status;
  berg_error *error;
} dict;

static void put(dict *d, const char *name, io_value *value) {
  if (d->status) return;
  io_value *key = value ? io_value_text(d->arena, name, strlen(name), d->error) : NULL;
  if (!key || !io_value_append(d->arena, d->value, key, d->error) ||
      !io_value_append(d->arena, d->value, value, d->error))
    d->status = BERG_ELIMIT;
}

static dict begin(io_arena *arena, berg_error *error) {
  dict d = {arena, io_value_new(arena, IO_DICT, error), BERG_OK, error};
  if (!d.value) d.status = BERG_ELIMIT;
  return d;
}

/* (rows,), (rows, columns), or with 0 rows a numpy scalar. */
static void put_array(dict *d, const char *name, berg_dtype dtype, const void *data, size_t rows, size_t columns) {
  if (d->status) return;
  berg_array array = {.dtype = dtype, .itemsize = base_dtype_size(dtype), .data = data};
  array.ndim = rows ? (columns ? 2 : 1) : 0;
  array.shape[0] = rows, array.shape[1] = columns;
  base_array_set_strides(&array, false);
  io_value *value = io_value_array(d->arena, &array, d->error);
  if (value && !rows) value->kind = IO_SCALAR;
  put(d, name, value);
}

/* One row or number a target, at the stride that the targets have. */
static void put_targets(dict *d, const char *name, berg_dtype dtype, const void *data, const train_weights *weights,
                        size_t columns) {
  if (d->status) return;
  put_array(d, name, dtype, data, weights->targets, columns);
  if (d->status || !weights->target_bytes) return;
  d->value->items[d->value->count - 1]->array->strides[0] = (ptrdiff_t)weights->target_bytes;
}

static void put_count(dict *d, const char *name, size_t count) {
  io_value *value = d->status ? NULL : io_value_new(d->arena, IO_INT, d->error);
  if (value) value->integer = (int64_t)count;
  put(d, name, value);
}

/* A numpy scalar's element, which lives as long as the arena. */
static const void *keep(dict *d, const void *element, size_t size) {
  void *copy = d->status ? NULL : io_arena_take(d->arena, size, d->error);
  if (copy)
    memcpy(copy, element, size);
  else
    d->status = BERG_ELIMIT;
  return copy;
}

static dict scaler(io_arena *arena, const train_pca *pca, berg_error *error) {
  dict d = begin(arena, error);
  const int64_t rows = (int64_t)pca->rows;
  put_array(&d, "scale_", BERG_F64, pca->scale, pca->features, 0);
  put_array(&d, "mean_", BERG_F64, pca->mean, pca->features, 0);
  put_array(&d, "var_", BERG_F64, pca->variance, pca->features, 0);
  put_count(&d, "n_features_in_", pca->features);
  put_array(&d, "n_samples_seen_", BERG_I64, keep(&d, &rows, sizeof rows), 0, 0);
  return d;
}

static dict components(io_arena *arena, const train_pca *pca, berg_error *error) {
  dict d = begin(arena, error);
  put_array(&d, "components_", BERG_F32, pca->directions, pca->components, pca->features);
  put_array(&d, "explained_variance_", BERG_F32, pca->explained_variance, pca->components, 0);
  put_array(&d, "explained_variance_ratio_", BERG_F32, pca->explained_variance_ratio, pca->components, 0);
  put_array(&d, "singular_values_", BERG_F32, pca->singular_values, pca->components, 0);
  put_array(&d, "mean_", BERG_F32, pca->pca_mean, pca->features, 0);
  put_count(&d, "n_components_", pca->components);
  put_count(&d, "n_samples_", pca->rows);
  put_array(&d, "noise_variance_", BERG_F32, keep(&d, &pca->noise_variance, sizeof(float)), 0, 0);
  put_count(&d, "n_features_in_", pca->features);
  return d;
}

static dict regression(io_arena *arena, const train_weights *weights, berg_error *error) {
  dict d = begin(arena, error);
  const size_t width = weights->pca->components ? weights->pca->components : weights->pca->features;
  put_targets(&d, "coef_", BERG_F32, weights->coefficients, weights, width);
  put_targets(&d, "intercept_", BERG_F32, weights->intercepts, weights, 0);
  put_count(&d, "n_features_in_", width);
  if (weights->alphas) put_targets(&d, "alpha_", BERG_F64, weights->alphas, weights, 0);
  return d;
}

/* The weights of `count` targets from `first` on. */
static train_weights part_of(const train_weights *weights, size_t first, size_t count) {
  const size_t shift = first * weights->target_bytes;
  train_weights part = *weights;
  part.targets = count;
  part.coefficients = (const void *)((const char *)weights->coefficients + shift);
  part.intercepts = (const void *)((const char *)weights->intercepts + shift);
  if (weights->alphas) part.alphas = (const void *)((const char *)weights->alphas + shift);
  return part;
}

static void put_dict(dict *root, const char *name, const dict *part) {
  if (part->status)
    root->status = part->status;
  else
    put(root, name, part->value);
}

static void put_parts(dict *to, const train_weights *weights) {
  size_t first = 0;
  for (size_t i = 0; i < weights->part_count; first += weights->parts[i++].targets) {
    const train_weights own = part_of(weights, first, weights->parts[i].targets);
    const dict part = regression(to->arena, &own, to->error);
    put_dict(to, weights->parts[i].key, &part);
  }
}

static void put_regressions(dict *root, const train_weights *weights) {
  if (weights->parts && !weights->repeats) {
    put_parts(root, weights);
  } else if (weights->parts) {
    dict all = begin(root->arena, root->error);
    put_parts(&all, weights);
    put_dict(root, "reg_param", &all);
  } else {
    const dict one = regression(root->arena, weights, root->error);
    put_dict(root, "reg_param", &one);
  }
}

static void put_components(dict *root, const train_weights *weights) {
  if (!weights->repeats) {
    const dict one = components(root->arena, weights->pca, root->error);
    put_dict(root, "pca_param", &one);
    return;
  }
  dict all = begin(root->arena, root->error);
  for (size_t i = 0; i < weights->part_count; i++) {
    const dict one = components(root->arena, weights->pca, root->error);
    put_dict(&all, weights->parts[i].key, &one);
  }
  put_dict(root, "pca_param", &all);
}

berg_status train_weights_document(io_document *document, io_entries *entries, const train_weights *weights,
                                   berg_error *error) {
  memset(document, 0, sizeof *document);
  io_arena_init(&document->arena, 0);
  document->format = "npy-pickle";
  dict root = begin(&document->arena, error);
  const dict part = scaler(&document->arena, weights->pca, error);
  put_dict(&root, "scaler_param", &part);
  if (weights->pca->components) put_components(&root, weights);
  put_regressions(&root, weights);
  document->root = root.value;
  return root.status ? root.status : io_flatten(document, entries, "weights", error);
}

berg_status train_weights_save(const io_document *document, const io_entries *entries, const char *path, bool force,
                               berg_error *error) {
  const io_content content = {document->root, entries, NULL, 0};
  const char *ending = strrchr(path, '.');
  const bool npy = ending && base_same_word(ending, ".npy");
  if (!npy && !(ending && base_same_word(ending, ".safetensors")))
    return base_fail_at(error, &(base_fault){BERG_EARGUMENT, path, BERG_NO_OFFSET, NULL,
                                             "an ending that says no format of weights", ".npy or .safetensors", NULL});
  io_whole_file *file;
  berg_status status = io_whole_file_open(&file, path, force, error);
  if (status) return status;
  const io_sink sink = io_sink_file(file);
  status = npy ? io_write_npy(&sink, &content, error) : io_write_safetensors(&sink, &content, error);
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file, error);
  return status;
}
