/* The plan and the report of a training run as tables on standard error. */
#ifndef CLI_TRAIN_TABLE_H
#define CLI_TRAIN_TABLE_H

#include <cjson/cJSON.h>

#include "cli.h"

/* The result of berg_train_plan: sizes, stages, memory, disk, and every image that is missing on a line of its own. */
void cli_print_plan(const cJSON *plan);
/* The result of berg_train; of a share or a merge of one stage. */
void cli_print_report(const cJSON *report);
void cli_print_stage(const cJSON *report);

#endif
