/* The parts that are to become one, and what is wrong with them: files of an encode, or stores of scores. */
#ifndef MODEL_MERGE_PARTS_H
#define MODEL_MERGE_PARTS_H

#include "io/container/npy.h"
#include "model/output/shard_file.h"

typedef enum model_merge_fault {
  MODEL_MERGE_WHOLE,
  MODEL_MERGE_DAMAGED,
  MODEL_MERGE_FOREIGN,
  MODEL_MERGE_DOUBLED,
  MODEL_MERGE_FAULTS
} model_merge_fault;

typedef struct model_merge_part {
  char *path;
  char *key;      /* what tells its output from the others of the run: "_lh", or a name in a folder */
  bool in_folder; /* the key is that name */
  bool is_store;
  model_shard shard; /* `of` is 0: not known */
  char run[BASE_SHA256_TEXT];
  char *family; /* what all outputs of a run share */
  size_t rows;
  model_merge_fault fault;
  char *why; /* NULL: it is whole */
} model_merge_part;

/* All parts of one output. */
typedef struct model_merge_group {
  char *key;                         /* as the parts have it */
  model_merge_part **members;        /* [of] by number, those that are whole */
  const model_merge_part *reference; /* NULL: there is no part of it */
  char *path;                        /* of the output */
} model_merge_group;

typedef struct model_merge_parts {
  model_merge_part *list;
  size_t count, capacity;
  const model_merge_part *reference; /* of the run that most are of; NULL: of no part is known what it is */
  model_merge_group *groups;
  size_t group_count, group_capacity;
  uint8_t *again; /* [of] the numbers that are not whole everywhere: MODEL_MERGE_MISSING, MODEL_MERGE_BROKEN */
} model_merge_parts;

enum { MODEL_MERGE_THERE, MODEL_MERGE_BROKEN, MODEL_MERGE_MISSING };

/* Each path is a file, or a folder of files. EINPUT: a folder that cannot be read; EARGUMENT: a format that is not
 * merged; ELIMIT. */
berg_status model_merge_parts_take(model_merge_parts *parts, const char *const *paths, size_t count, berg_error *error);
/* Stores that are shards. */
berg_status model_merge_parts_take_stores(model_merge_parts *parts, const char *const *paths, size_t count,
                                          berg_error *error);
void model_merge_parts_release(model_merge_parts *parts);
/* Notes a fault of a part that has none, `why` printed. ELIMIT. */
berg_status model_merge_part_fails(model_merge_part *part, model_merge_fault fault, berg_error *error,
                                   const char *format, ...) BASE_PRINTF(4, 5);

/* Finds the run that most parts are of, and those that are of another; groups the parts by their outputs. ELIMIT. */
berg_status model_merge_parts_sort(model_merge_parts *parts, berg_error *error);
/* Reads each part to its end. ELIMIT, ECANCELLED. */
berg_status model_merge_parts_verify(model_merge_parts *parts, int threads, const berg_run *run, berg_error *error);
berg_status model_merge_verify_file(model_merge_part *part, const berg_run *run, berg_error *error);
berg_status model_merge_verify_store(model_merge_part *part, int threads, const berg_run *run, berg_error *error);
/* Names the output of each group, those of which there is no part too, by `out`, which may ask for one alone.
 * ELIMIT. */
berg_status model_merge_parts_name(model_merge_parts *parts, const char *out, berg_error *error);
/* Puts the whole ones in order, and finds which are doubled and which are missing. ELIMIT. */
berg_status model_merge_parts_place(model_merge_parts *parts, berg_error *error);
/* What tells a part from one of another run, in words: base_free; NULL with ELIMIT. */
char *model_merge_difference(const model_merge_part *part, const model_merge_part *reference, berg_error *error);
char *model_merge_store_difference(const model_merge_part *part, const model_merge_part *reference, berg_error *error);

/* Header of a part that is a .npy: float32 [rows][...]. EINPUT. */
berg_status model_merge_read_npy(io_npy_header *header, const char *path, berg_error *error);

/* Whether all is there. */
bool model_merge_is_whole(const model_merge_parts *parts);
/* EINCOMPLETE unless it is; `report` gets it as JSON, either way: base_free. */
berg_status model_merge_report(char **report, const model_merge_parts *parts, const char *out, berg_error *error);

#endif
