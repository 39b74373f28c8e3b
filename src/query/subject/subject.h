/* A subject that is asked: the scores that a store keeps, and the weights that make responses of them. No network is
 * opened and no response is made. */
#ifndef QUERY_SUBJECT_H
#define QUERY_SUBJECT_H

#include "model/catalog/selection.h"
#include "model/store/store.h"
#include "model/weights/fitted.h"

typedef struct query_subject {
  const berg_store *store;
  const berg_run *run;      /* asked in each pass over the scores; NULL: nobody is */
  size_t part;              /* of the store */
  const char *model, *name; /* the store's */
  const model_layout *layout;
  char *label; /* "sub-01" */
  berg_metadata *metadata;
  model_fitted fitted;
  size_t scores; /* of an image: those of all bases, one after the other */
} query_subject;

/* Part `part` of the store with its files under `berg_dir`. EINPUT: the store's scores are of another basis; and what
 * berg_metadata_open and berg_model_open say. */
berg_status query_subject_open(query_subject *subject, const berg_store *store, size_t part, const char *berg_dir,
                               const berg_run *run, berg_error *error);
void query_subject_close(query_subject *subject);

/* Rows of the regression as doubles: row i is [scores + 1], the coefficients of each score and the intercept, of column
 * columns->items[i]. Columns are counted as berg_metadata_outputs does, over all outputs, without repetitions; where
 * the weights have several of them, rows are the mean over them, as it is usual to average EEG. ELIMIT; EMODEL: a
 * value that is not finite. */
berg_status query_subject_rows(const query_subject *subject, const model_list *columns, double *rows,
                               berg_error *error);

#endif
