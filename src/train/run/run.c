/* What every stage is given: the machine, and progress. */
#include "train/run/run.h"

#include "base/machine.h"
#include "base/progress.h"
#include "base/text.h"
#include "model/catalog/layout.h"

train_machine train_machine_for(base_isa isa, int threads, size_t memory) {
  return (train_machine){
      .isa = isa, .floats = la_floats_for(isa), .kernels = la_kernels_for(isa), .threads = threads, .memory = memory};
}

void train_stage_begin(train_stage *stage, const berg_run *run, const char *name, const char *unit, size_t total) {
  *stage = (train_stage){.run = run, .start = base_machine_seconds(), .total = total};
  if (run && run->stage) run->stage(run->user, name, unit);
}

berg_status train_stage_progress(const train_stage *stage, size_t done, berg_error *error) {
  return base_progress(stage->run, done, stage->total, stage->start, NULL, error);
}

void train_subject_text(int subject, char text[TRAIN_SUBJECT_TEXT]) {
  base_print(text, TRAIN_SUBJECT_TEXT, "%d", subject);
}

berg_status train_check_model(const char *model_id, berg_error *error) {
  berg_status status = model_check_id(model_id, error);
  if (status || model_layout_of(model_id)->prepared.train) return status;
  return base_fail(error, BERG_EPARAMETER, "%s: no prepared data of this model are known to train it with", model_id);
}
