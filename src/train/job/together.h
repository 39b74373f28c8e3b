/* The walk through the stages by several processes that share the work folder. */
#ifndef TRAIN_TOGETHER_H
#define TRAIN_TOGETHER_H

#include "base/ranks.h"
#include "train/job/plan.h"
#include "train/job/report.h"

/* Stage after stage: each does its share of the units, rank 0 joins them. What decides that the run may begin is in
 * `status`, of rank 0; nothing is done where it is a failure of any. The work folder is rank 0's. */
berg_status train_together(train_plan *plan, berg_ranks *ranks, train_report *report, berg_status status,
                           berg_error *error);

#endif
