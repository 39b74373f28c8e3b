/* What every stage of a training run is handed: how it may use the machine, and whom it tells how far it is. */
#ifndef TRAIN_RUN_H
#define TRAIN_RUN_H

#include "la/floats.h"
#include "la/kernels.h"
#include "model/catalog/registry.h"
#include "model/device/device.h"

typedef struct train_machine {
  base_isa isa;
  const la_floats *floats;
  const la_kernels *kernels;
  int threads;
  size_t memory;              /* bytes that the process may hold in all; 0: no limit */
  const model_device *device; /* for the Gram matrix; NULL: the processor */
} train_machine;

train_machine train_machine_for(base_isa isa, int threads, size_t memory);

/* The stage that runs now. All functions take NULL for `run`. */
typedef struct train_stage {
  const berg_run *run;
  double start;
  size_t total;
} train_stage;

/* Tells the caller that a stage begins, "gram" of `total` "panels". */
void train_stage_begin(train_stage *stage, const berg_run *run, const char *name, const char *unit, size_t total);
/* Tells how far it is; ECANCELLED when the caller wants to stop. */
berg_status train_stage_progress(const train_stage *stage, size_t done, berg_error *error);

#define TRAIN_SUBJECT_TEXT 16
/* ENOMODEL, and EPARAMETER for a model that is not trained from prepared data. */
berg_status train_check_model(const char *model_id, berg_error *error);
/* A subject's number as the catalog's text. */
void train_subject_text(int subject, char text[TRAIN_SUBJECT_TEXT]);

#endif
