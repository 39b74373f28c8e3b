/* Joining what the shares of a stage left (share.h), after finding out whether all of it is there. */
#ifndef TRAIN_MERGE_H
#define TRAIN_MERGE_H

#include <cjson/cJSON.h>

#include "train/job/share.h"

/* Joins the parts of every task of the stage, removes what nothing reads any more, and after the last stage clears the
 * work folder, which the caller has to itself. `shards`: so many shares there were; 0: not said. `found`, an object,
 * gets "faults", a text for each file that is not what it should be; "missing", ranges of units; and the numbers of the
 * shares to run again, from 1: "shards", and "array" as Slurm has them. EINCOMPLETE: some units are missing. */
berg_status train_merge(train_plan *plan, const train_stage_kind *kind, size_t shards, const train_work *work,
                        train_report *report, cJSON *found, berg_error *error);

#endif
