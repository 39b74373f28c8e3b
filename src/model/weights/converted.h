/* Weights as bf16 or int8 multiplies them, in a file: .safetensors with one tensor of bytes, "packed", and of a
 * backbone also the small tensors, so that it needs no other file. __metadata__ says in which layout the slabs lie
 * (la_layout) and what they were made from; nothing in it is believed before sizes and checksum were found right. */
#ifndef MODEL_CONVERTED_H
#define MODEL_CONVERTED_H

#include "la/gemm.h"
#include "model/weights/backbone.h"

typedef struct model_converted {
  berg_file *file; /* NULL: none */
  const void *packed;
} model_converted;

/* "backbone" or "components", and what it must be. */
typedef struct model_conversion {
  const char *kind;
  const char *part; /* of a source that holds several, "rep-2"; NULL */
  la_precision precision;
  const char *layout;       /* its id; NULL: any */
  size_t bytes;             /* of all slabs */
  const char *source;       /* path that it was, or is to be, made from */
  const void *packed;       /* to be written */
  const vit_weights *small; /* likewise, of a backbone */
  int threads;
  const berg_run *run; /* asked while it is written; NULL: nobody is */
} model_conversion;

/* Maps and checks. EMODEL: missing, damaged, of another kind, precision, layout or size. */
berg_status model_converted_open(model_converted *converted, const char *path, const model_conversion *wanted,
                                 berg_error *error);
/* The same of a file that is open already; it becomes the converted's own only when all is well. */
berg_status model_converted_take(model_converted *converted, berg_file *file, const char *path,
                                 const model_conversion *wanted, berg_error *error);
/* Whether the file at `path` is whole: EMODEL with what is wrong. */
berg_status model_converted_check(model_converted *converted, const char *path, berg_error *error);
void model_converted_close(model_converted *converted);
/* Whether it was made by this version of the library from `source` as that is now: by its size, number and times,
 * else by a checksum of all its bytes. */
bool model_converted_is_of(const model_converted *converted, const char *source, int threads);

/* Writes `conversion` to `path`, readable by the user alone where `is_private`. EEXISTS unless `force`. */
berg_status model_converted_write(const char *path, const model_conversion *conversion, bool force, bool is_private,
                                  berg_error *error);

/* "int8" where `file` holds a converted backbone, else NULL. */
const char *model_converted_backbone(const berg_file *file);

/* --- The cache, and the place beside the source --- */

/* What was kept of `wanted->source`: beside it, or in folder `cache` (NULL: none). False: nothing usable. */
bool model_converted_find(model_converted *converted, const char *cache, const model_conversion *wanted);
/* Paths of the converted weights in `cache`, the caller's, each and all (base_free), of a failure's too. ELIMIT. */
berg_status model_converted_list(const char *cache, char ***paths, size_t *count, berg_error *error);
/* Keeps it in folder `cache` for the next start. A failure costs that start its time and is no error. */
void model_converted_keep(const char *cache, const model_conversion *conversion);

#endif
