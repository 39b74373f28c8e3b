/* A loaded model: what berg_model holds. */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "la/kernels.h"
#include "model/weights/backbone.h"
#include "model/weights/converted.h"
#include "model/weights/fitted.h"
#include "model/weights/rows.h"
#include "vit/network.h"

/* Features to scores: a basis as it is multiplied. */
typedef struct model_scorer {
  const model_basis *basis;
  la_matrix directions; /* principal components [components][features] */
  char *packed;
  model_converted converted; /* where the components come from instead */
} model_scorer;

/* Scores to responses: the rows of a readout that are wanted, as they are multiplied. */
typedef struct model_responder {
  const model_readout *readout;
  size_t scorer; /* among the model's, whose scores it takes */
  model_rows rows;
  la_matrix coefficients; /* [rows][components] */
  char *packed;
  float *gain;         /* [components] int8: see model/encode/packed.c; else NULL */
  size_t first_column; /* among the columns of the model */
} model_responder;

/* One subject: files, selection, and its runs of scorers, responders and columns among those of the model. */
typedef struct model_subject {
  char *name;    /* "1", "N" */
  char *of_file; /* "sub-01", "monkeyN": as names of files have it */
  berg_metadata *metadata;
  model_fitted fitted;
  model_selection selection;
  size_t first_column, columns;
  size_t first_scorer, scorer_count, first_responder, responder_count;
  berg_output outputs[MODEL_OUTPUTS_MAX];
  size_t output_count;
  char **labels[MODEL_OUTPUTS_MAX]; /* of the units selected; NULL: they have no names */
  char **repetitions;               /* "rep-1", ... or "split1", ...; NULL: responses have no such axis */
  double *times;                    /* selected; NULL: responses have no time */
} model_subject;

struct berg_model {
  char *id;
  const model_layout *layout;      /* NULL: no subjects */
  char *train_splits;              /* "all", or as it was asked for */
  bool scores_only;                /* no network: images come with scores */
  struct model_expression *select; /* NULL: selected otherwise, or everything */
  model_subject *subjects;
  size_t subject_count;
  size_t columns; /* of all subjects */
  model_scorer *scorers;
  size_t scorer_count, scorer_capacity;
  model_responder *responders;
  size_t responder_count, responder_capacity;
  model_backbone backbone;
  base_isa isa;
  const la_kernels *kernels;
  const la_gemm *gemm;  /* how the processor multiplies everything */
  vit_network *network; /* NULL on a device, and with scores_only */
  char *packed_network;
  model_converted converted;   /* where the network's matrices come from instead */
  char *cache;                 /* folder of converted weights; NULL: none */
  struct model_device *device; /* NULL: the processor */
  const char *precision;       /* "f32", "tf32", "bf16", "int8" */
  char products[224];          /* what multiplies: the name of the processor's kernels, or the device and its library */
  int threads;
  const berg_run *run; /* of the call at hand, asked while weights are packed; NULL: nobody is */
  size_t batch;        /* images at a time, at most */
  size_t images_done;  /* over the model's life */
  size_t calls;        /* of encoding, over the model's life */
  struct model_batch *kept;
  struct model_scores *kept_scores;
  size_t memory;      /* limit in bytes, 0: none */
  atomic_bool in_use; /* by a call that encodes */
};

/* A model of no subjects: the network alone, for its features. Of the options berg_dir, backbone, device, isa,
 * threads, batch and memory count. */
berg_status model_open_network(berg_model **model, const berg_model_options *options, berg_error *error);

/* berg_model_open (or, with `model_id` NULL, model_open_network) with the plug-in of the file `plugin` and no other:
 * for tests. */
berg_status model_open_with(berg_model **model, const char *model_id, const berg_model_options *options,
                            const char *plugin, berg_error *error);

/* Opens `subject` as the next one of `model`: its files and selection, and what is multiplied. */
berg_status model_subject_open(berg_model *model, model_subject *subject, const char *name,
                               const berg_model_options *options, berg_error *error);
void model_subject_close(model_subject *subject);

/* Bytes that the process holds while `images` at a time go through `model`: what is multiplied, in the mapped file or
 * as this precision packs it, and buffers; with `packed`, what packing the network takes too. What converting took
 * is not counted. */
size_t model_memory_needed(const berg_model *model, size_t images, bool packed);
/* Its parts: network and images, which all models of a pass share; responses, of which the pass holds those of its
 * widest model; what a model has of its own, in a pass of `threads`; and what of that stays while it waits for another
 * pass. */
size_t model_memory_shared(const berg_model *model, size_t images, bool packed);
size_t model_memory_rows(const berg_model *model, size_t images);
size_t model_memory_beside(const berg_model *model, size_t images, int threads);
size_t model_memory_resting(const berg_model *model);
/* Gives back the pages of the model's files and the memory of its scores, until they are needed again. */
void model_rest(berg_model *model);

#endif
