/* What a selection chooses: the units (voxels, channels, ...) and times of each output, in the order of the responses'
 * columns. */
#ifndef MODEL_SELECTION_H
#define MODEL_SELECTION_H

#include "model/catalog/layout.h"

typedef struct model_list {
  size_t *items, count, capacity; /* base_free */
} model_list;

/* One column as the mean over some units. */
typedef struct model_mean {
  const char *name; /* the metadata's or the caller's; from model_subject_open on the model's own copy */
  model_list units;
} model_mean;

typedef struct model_selection {
  model_list units[MODEL_OUTPUTS_MAX];
  model_list times;  /* one, 0, where responses have no time */
  model_mean *means; /* [mean_count] in place of the units; NULL: not asked for */
  size_t mean_count;
} model_selection;

/* What was asked for, and what a layout's `select` fills. */
typedef struct model_choice {
  const model_layout *layout;
  const berg_metadata *metadata;
  const berg_model_options *options;
  model_selection *selection;
} model_choice;

/* The selection that `options` ask for. EPARAMETER: a key, name or vector that does not fit (the error's item is the
 * key); EMODEL. */
berg_status model_select(model_selection *selection, const model_layout *layout, const berg_metadata *metadata,
                         const berg_model_options *options, berg_error *error);
void model_selection_release(model_selection *selection);

/* --- For the layouts --- */

/* The item `key`; NULL if it was not given, which is not the same as given and empty. */
const berg_selection *model_asked(const model_choice *choice, const char *key);
/* Units of output `output`, and times. */
size_t model_unit_count(const model_choice *choice, size_t output);
/* Appends. ELIMIT. */
berg_status model_list_add(model_list *list, const size_t *items, size_t count, berg_error *error);
berg_status model_list_add_all(model_list *list, size_t count, berg_error *error);
/* Ascending, each once. */
void model_list_sort(model_list *list);
/* Appends the positions of the ones. EPARAMETER: not `length` marks, one that is neither 0 nor 1, no 1. */
berg_status model_add_marked(model_list *list, const berg_selection *marks, size_t length, const char *unit,
                             berg_error *error);
/* Appends the units whose label in the text array or list `key` of the metadata is `name`. EPARAMETER: none. EMODEL:
 * not a label for each unit. */
berg_status model_add_labelled(model_list *list, const model_choice *choice, const char *key, const char *name,
                               const berg_selection *asked, berg_error *error);
/* The times of "timepoints", or all of them. */
berg_status model_select_times(model_choice *choice, berg_error *error);

#endif
