/* How one model differs from another: its files, the keys in them, the axes of its responses, and how a selection
 * becomes rows of weights. layouts/ has one file for each card. */
#ifndef MODEL_LAYOUT_H
#define MODEL_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "io/fif/evoked.h"

/* Two hemispheres. */
#define MODEL_OUTPUTS_MAX 2

struct model_choice;

/* A part of the responses that users get as an array of its own: all voxels, or a hemisphere's vertices. */
typedef struct model_layout_output {
  const char *name;       /* "lh"; "" where there is one */
  const char *regression; /* key of its coefficients in the weights: "lh_reg_param" */
  /* Key of the metadata that says how many units there are: their names, their number, or an array with a row each. */
  const char *units;
  const char *units_form; /* what is expected there, for messages */
  /* What begins the metadata's keys of regions that are lists of units: "roi."; NULL: there are none. */
  const char *rois;
  /* Key of what the metadata know of single trials, a number a unit (and time); NULL: nothing. */
  const char *reliability;
} model_layout_output;

/* A key of upstream's `selection`. */
typedef struct model_layout_key {
  const char *name;
  bool marks; /* one 0 or 1 for each unit or time; else a list of names */
} model_layout_key;

/* An entry that prepared metadata have at their top, and the model's in a dict of this name. */
typedef struct model_layout_kept {
  const char *dict, *key;
} model_layout_kept;

/* What a model is trained on and evaluated with, as upstream prepares it. In names of files "{subject}" is the
 * subject as the card has it, "{2}" its number in two digits, "{output}" the name of an output, "{part}" which
 * trials: "all_training_splits", or "single_training_split_1" to "_4" of a quarter. Keys of the metadata may say
 * "{part}." too, which older files have not. */
typedef struct model_layout_prepared {
  const char *metadata, *train, *test, *averaged; /* files; NULL: there is none, and test trials are in `train` */
  const char *train_before;                       /* an older name of `train`, of all trials; NULL: it had none */
  const char *dataset;                            /* of the HDF5 files */
  const char *predictions; /* file below results/test_encoding_models/modality-<modality>/train_dataset-<dataset>/ */
  const char *concepts, *stimuli; /* keys: the image that each training trial showed is <concept>/<stimulus> */
  const char *files;              /* key: the same as one path, where metadata have it; NULL */
  const char *numbers,
      *order; /* keys: training images as rows of an array, and the row that each trial showed, in place of those */
  const char *array; /* of what name that array is in its HDF5 file, where none is given */
  const char
      *image_folder; /* where training images lie below the folder that is named, if there is such a folder; NULL */
  bool square;       /* training images are resized as VIT_SQUARE says */
  const model_layout_kept
      *kept; /* what the model's metadata take of the prepared ones, up to one without a key; NULL: all */
} model_layout_prepared;

/* What an evaluation measures; docs/accuracy.md has the definitions. */
typedef enum model_measures {
  MODEL_MEASURES_NOTHING,
  MODEL_MEASURES_VOXELS,      /* ceilings and split halves of trials that are z-scored over images */
  MODEL_MEASURES_VERTICES,    /* two hemispheres, with the ceilings of the prepared metadata */
  MODEL_MEASURES_REPETITIONS, /* each repetition of the training by itself; no ceiling */
  MODEL_MEASURES_TRIALS       /* ceilings from the variance of single trials */
} model_measures;

/* The test images, by keys of the prepared metadata. */
typedef struct model_layout_tested {
  model_measures measures;
  const char *concepts, *stimuli,
      *files;          /* as in model_layout_prepared, of each test image, or trial where there are `numbers` */
  const char *numbers; /* the image that each test trial showed; where images are rows of an array: those of the test */
  const char *image_folder; /* where test images lie below the folder that is named, if there is such a folder; NULL */
  bool square; /* test images are resized as VIT_SQUARE says, not as in an encode: upstream predicts them in training */
} model_layout_tested;

/* What expressions of selections call what (catalog/expression.h). */
typedef struct model_layout_alias {
  const char *name, *of_file;
} model_layout_alias;

/* A number for each unit, and the list of names that it counts in: areas of electrodes. */
typedef struct model_layout_area {
  const char *numbers, *labels; /* keys */
} model_layout_area;

typedef enum model_layout_scale {
  MODEL_SCALE_PLAIN,
  MODEL_SCALE_FRACTION, /* of 1, where percent are meant */
  MODEL_SCALE_NCSNR,    /* signal by noise, where the percent of a single trial's variance are meant */
  MODEL_SCALE_COLUMN    /* one of several numbers a unit */
} model_layout_scale;

typedef struct model_layout_number {
  const char *name;
  const char *key; /* '%' in it stands for the output's name */
  model_layout_scale scale;
  size_t column;
} model_layout_number;

typedef struct model_layout {
  const char *modality, *dataset; /* of the folders: "fmri", "things_fmri_1" */
  const char *subject_prefix;     /* in names of files: "sub-" */
  int subject_digits;             /* of a numbered subject, at least */

  const char *unit;                               /* "voxel", "vertex", "channel", "sensor", "electrode" */
  model_layout_output outputs[MODEL_OUTPUTS_MAX]; /* those with a `regression` */
  const char *times, *time_unit;                  /* key of the metadata, and "s" or "ms"; NULL: no times */
  bool repeats; /* the weights may hold "rep-1", "rep-2", ... in place of one regression */
  bool splits;  /* there are also models of each quarter of the training data */

  model_layout_prepared prepared; /* `train` is NULL where the model is not trained here */
  model_layout_tested tested;

  const char *named;                  /* what has names here: "region"; NULL: units have none */
  const model_layout_alias *aliases;  /* of regions, up to one without a name; NULL: none */
  const char *const *groups;          /* keys of texts, one a unit, that name groups of them; up to NULL; NULL: none */
  const model_layout_area *areas;     /* the newest first, up to one without keys; NULL: none */
  const model_layout_number *numbers; /* what can be compared, of each name the newest key first; up to one without */
  bool reliability_is_ratio; /* of the standard deviations of signal and noise (ncsnr); else a ceiling in percent */
  bool trials_are_z_scores;  /* the variance of a trial is 1 in the units of responses; else it is not known */

  const char *measured, *measured_briefly; /* what responses are */
  io_evoked_kind evoked;                   /* what channels are to MNE-Python */

  const model_layout_key *keys; /* up to one without a name */
  const char *ceiling;          /* key of the ceilings that min_noise_ceiling means; NULL: none */
  bool means;                   /* regions can be averaged */
  berg_status (*check)(const berg_metadata *metadata,
                       berg_error *error); /* of metadata when they are opened; may be NULL */
  berg_status (*select)(struct model_choice *choice, berg_error *error); /* see catalog/selection.h */
} model_layout;

/* The layout of a model that the catalog knows, or NULL. */
const model_layout *model_layout_of(const char *model_id);
/* How many outputs there are. */
size_t model_layout_outputs(const model_layout *layout);

#endif
