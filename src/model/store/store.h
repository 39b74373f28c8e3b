/* A store of scores as it is read: for each image the component scores of some subjects' models, in arrays that any
 * program can map, and a table of what the images were. docs/file-formats.md describes the files. */
#ifndef MODEL_STORE_H
#define MODEL_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/sha256.h"
#include "base/team.h"
#include "io/file/map.h"
#include "model/store/shard.h"

#define MODEL_STORE_PARTS_MAX 1024
/* Hexadecimal digits of a checksum in the table. */
#define MODEL_STORE_SUM_DIGITS ((size_t)16)
#define MODEL_STORE_ABOUT "store.json"
#define MODEL_STORE_TABLE "images.tsv"
#define MODEL_STORE_ALIASES "aliases.tsv"

/* The scores of one subject. */
typedef struct model_store_part {
  char *model;        /* id */
  char *subject;      /* as the card has it: "1" */
  char *train_splits; /* "all", "single", "split1", ... */
  char *basis;        /* fingerprint of scaler and components: model_fitted_fingerprint */
  char *file;         /* in the store's folder: "scores_sub-01.npy" */
  size_t width;       /* scores of an image */
  io_map map;
  const float *scores; /* [images][width] */
} model_store_part;

/* What all scores of a store were computed with. */
typedef struct model_store_maker {
  char *backbone;          /* "vit_b_32-d86f8d99.pth", "random:1" */
  char *backbone_checksum; /* of the file; of a random one its name again */
  char *precision, *products, *isa;
  char *version; /* of the library that began the store */
} model_store_maker;

#define MODEL_STORE_IDENTITY 17 /* 16 hexadecimal digits and the terminating zero */

/* Which shard of a run the store is. */
typedef struct model_store_shard {
  model_shard shard;                      /* `of` is 0: it is none */
  char images_hash[MODEL_STORE_IDENTITY]; /* of all images: model_stimuli_identify */
  bool skips_bad;
  bool whole;                 /* the run has ended */
  char run[BASE_SHA256_TEXT]; /* of all that decides the bytes of the merged store */
} model_store_shard;

/* store.json. */
typedef struct model_store_about {
  size_t images, aliases;
  model_store_shard shard;
  model_store_maker maker;
  model_store_part *parts;
  size_t part_count;
} model_store_about;

struct berg_store {
  char *path;
  model_store_about about;
  io_map table;
  uint64_t *lines;                 /* [images + 1] where the line of each image begins in the table */
  struct model_store_names *names; /* made when a name is first looked for */
};

/* The fields of one line of the table; pointers into it, nothing ends with a zero. */
typedef struct model_store_line {
  const char *name; /* escaped: model_store_unescape */
  size_t name_length;
  const char *digest; /* 64 hexadecimal digits */
  const char *sums;   /* of each part 16 hexadecimal digits, and a tab or line break */
} model_store_line;

/* EINPUT: the line is not whole. */
berg_status model_store_line_at(const berg_store *store, size_t image, model_store_line *line, berg_error *error);

/* What train_splits are called in a store: NULL and "full" are "all". */
const char *model_splits_name(const char *train_splits);
/* The number of the part of that subject, or SIZE_MAX. */
size_t model_store_find_part(const berg_store *store, const char *model_id, const char *subject,
                             const char *train_splits);

/* Scores of images [first, first + count) of a part, after checking them against the table by the team. EINPUT:
 * damaged, or not finite. */
berg_status model_store_rows(const berg_store *store, size_t part, size_t first, size_t count, base_team *team,
                             const float **rows, berg_error *error);
/* Lets the pages of these rows go; they stay readable. */
void model_store_drop(const berg_store *store, size_t part, size_t first, size_t count);

/* --- Between the files of this module --- */

/* One of the other names of image `row`, escaped as in a line. `after`: how many images came before it, where the store
 * is a shard; else SIZE_MAX. */
typedef berg_status (*model_store_take_alias)(void *user, const char *name, size_t length, size_t row, size_t after,
                                              berg_error *error);
/* All of them, in the order of their file, of which `bytes` (may be NULL) gets the length that counts. EINPUT: it is
 * damaged; and what `take` returns. */
berg_status model_store_each_alias(const berg_store *store, model_store_take_alias take, void *user, uint64_t *bytes,
                                   berg_error *error);

/* Nothing is looked up yet. NULL with ELIMIT. */
struct model_store_names *model_store_names_new(berg_error *error);
/* NULL is fine. */
void model_store_names_free(struct model_store_names *names);

/* store.json of the folder `path`. EINPUT: missing, no store, damaged. */
berg_status model_store_about_read(model_store_about *about, const char *path, berg_error *error);
/* As text: base_free. ELIMIT. */
berg_status model_store_about_print(const model_store_about *about, char **json, berg_error *error);
void model_store_about_release(model_store_about *about);
/* The run of which a store with this maker, these parts and this shard is. ELIMIT. */
berg_status model_store_hash_run(model_store_about *about, berg_error *error);
/* Maker, parts and shard alone: a store of no images. ELIMIT; model_store_about_release, of a failure's too. */
berg_status model_store_about_copy(model_store_about *to, const model_store_about *from, berg_error *error);
/* EINPUT: the store at `path`, which is `is`, is not of what is wanted. */
berg_status model_store_check_same(const char *path, const model_store_about *is, const model_store_about *wanted,
                                   berg_error *error);

/* base_free; NULL with ELIMIT. */
char *model_store_file(const char *path, const char *name, berg_error *error);
/* Names in a line have tabs, line breaks and backslashes as \t, \n, \r and \\. base_free; NULL with ELIMIT. */
char *model_store_escape(const char *name, berg_error *error);
char *model_store_unescape(const char *name, size_t length, berg_error *error);
/* The first line of the table: base_free. */
char *model_store_table_head(const model_store_about *about, berg_error *error);
/* Reads 16 hexadecimal digits; false: they are none. */
bool model_store_read_sum(const char *text, uint64_t *sum);

#endif
