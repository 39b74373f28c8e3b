/* What distinguishes one model from another: which files, which keys in them, which axes the responses have, and how a selection becomes
 * rows. One file in layouts/ for each card. */
#ifndef MODEL_LAYOUT_H
#define MODEL_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Two hemispheres. */
#define MODEL_OUTPUTS_MAX 2

struct model_choice;

/* A part of the responses that users get as an array of its own: all voxels, or a hemisphere's vertices. */
typedef struct model_layout_output {
  const char *name;       /* "lh"; "" where there is one */
  const char *regression; /* key of its coefficients in the weights: "lh_reg_param" */
  const char
      *units; /* key of the metadata that counts its units: their names, a number, or an array of one row a unit */
  const char *units_form; /* of that array, for messages */
} model_layout_output;

/* A key of upstream's `selection`. */
typedef struct model_layout_key {
  const char *name;
  bool marks; /* one 0 or 1 for each unit or time; else a list of names */
} model_layout_key;

typedef struct model_layout {
  const char *modality, *dataset;                 /* of the folders: "fmri", "things_fmri_1" */
  const char *subject_prefix;                     /* in names of files: "sub-" */
  int subject_digits;                             /* of a numbered subject, at least */
  const char *unit;                               /* "voxel", "vertex", "channel", "sensor", "electrode" */
  model_layout_output outputs[MODEL_OUTPUTS_MAX]; /* those with a `regression` */
  const char *times, *time_unit;                  /* key of the metadata, "s" or "ms"; NULL: responses have no time */
  bool repeats;                 /* the weights may hold "rep-1", "rep-2", ... in place of one regression */
  bool splits;                  /* models of quarters of the training data exist beside the whole */
  const char *ceiling;          /* key of the ceilings that min_noise_ceiling means; NULL: none */
  const char *rois;             /* in front of the names of regions that can be averaged: "roi."; NULL */
  const char *units_text;       /* what the responses are measured in */
  const model_layout_key *keys; /* up to one without a name */
  berg_status (*check)(const berg_metadata *metadata,
                       berg_error *error); /* may be NULL: of the metadata, when they are opened */
  berg_status (*select)(struct model_choice *choice, berg_error *error); /* catalog/selection.h */
} model_layout;

/* The layout of a model that the catalog knows, or NULL. */
const model_layout *model_layout_of(const char *model_id);
/* How many outputs there are. */
size_t model_layout_outputs(const model_layout *layout);

#endif
