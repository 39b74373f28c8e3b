/* The walk through the stages of a run. */
#ifndef TRAIN_WALK_H
#define TRAIN_WALK_H

#include "train/job/plan.h"
#include "train/job/report.h"
#include "train/job/work.h"

/* Does what the plan says is missing, and clears the work folder. */
berg_status train_walk(train_plan *plan, const train_work *work, train_report *report, berg_error *error);

/* Removes what the file of `task`, which is there, was made of. */
berg_status train_walk_tidy(const train_plan *plan, const train_task *task, berg_error *error);
/* Removes the files that nothing reads any more once `task` is done. */
berg_status train_walk_remove_superseded(const train_plan *plan, const train_task *task, berg_error *error);
/* All outputs are in place: clears the work folder; but for the mark that says so, where one stage alone was asked for:
 * the job that asked may be started again. */
berg_status train_walk_finish(const train_plan *plan, const train_work *work, berg_error *error);

#endif
