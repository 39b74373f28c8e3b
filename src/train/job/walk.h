/* The walk through the stages of a run. */
#ifndef TRAIN_WALK_H
#define TRAIN_WALK_H

#include "train/job/plan.h"
#include "train/job/report.h"
#include "train/job/work.h"

/* Does what the plan says is missing, and clears the work folder. */
berg_status train_walk(train_plan *plan, const train_work *work, train_report *report, berg_error *error);

#endif
