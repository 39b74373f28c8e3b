/* berg_train of one stage: a share of it, or joining what shares left. */
#ifndef TRAIN_ONE_STAGE_H
#define TRAIN_ONE_STAGE_H

#include <cjson/cJSON.h>

#include "train/job/plan.h"
#include "train/job/report.h"

/* What the options ask for: NULL in `*kind` where it is the whole training. EARGUMENT, EPARAMETER. */
berg_status train_one_stage_take(const train_stage_kind **kind, const berg_train_options *options, berg_error *error);
/* Does it for the plan's only stage; `report` tells it under "shard" or "merge", the latter after EINCOMPLETE too. */
berg_status train_one_stage(train_plan *plan, train_report *report, cJSON *tree, berg_error *error);

#endif
