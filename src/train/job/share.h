/* A stage done by several processes that share the work folder: each does its share, in any order and at the same time,
 * and one joins them (merge.h). */
#ifndef TRAIN_SHARE_H
#define TRAIN_SHARE_H

#include "train/job/plan.h"
#include "train/job/report.h"
#include "train/job/work.h"

typedef struct train_share {
  const train_stage_kind *kind;
  size_t shard, shards; /* from 0, of at least 1 */
} train_share;

/* Units of one of the stage's tasks in the share: all units of all its tasks, one after the other, cut where they may
 * be, equal within one, the longer ones first. */
io_range train_share_of(const train_plan *plan, const train_task *task, const train_share *share);

/* Whether the files that a task of the plan reads are whole. EINCOMPLETE names the first stage whose are not. */
berg_status train_share_needs(const train_plan *plan, const train_task *task, berg_error *error);

/* What running a share found, in units of all tasks. */
typedef struct train_share_result {
  size_t units, computed;
} train_share_result;

/* Does what is missing of the share, as it is on the disk now. `work`: the folder, which it keeps others from the same
 * units in; NULL: the caller does. EINCOMPLETE as above; EEXISTS: another process is at work on some of the units. */
berg_status train_share_run(train_plan *plan, const train_share *share, const train_work *work, train_report *report,
                            train_share_result *result, berg_error *error);

#endif
