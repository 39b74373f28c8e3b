/* What every stage is given: the machine, and progress. */
#include "train/run/run.h"

#include "base/machine.h"
#include "base/progress.h"

train_machine train_machine_for(int threads, size_t memory) {
  const base_isa isa = base_machine_isa();
  return (train_machine){
      .floats = la_floats_for(isa), .kernels = la_kernels_for(isa), .threads = threads, .memory = memory};
}

void train_stage_begin(train_stage *stage, const berg_run *run, const char *name, const char *unit, size_t total) {
  *stage = (train_stage){.run = run, .start = base_machine_seconds(), .total = total};
  if (run && run->stage) run->stage(run->user, name, unit);
}

berg_status train_stage_progress(const train_stage *stage, size_t done, berg_error *error) {
  return base_progress(stage->run, done, stage->total, stage->start, NULL, error);
}
