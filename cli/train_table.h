/* The plan and the report of a training run as tables on standard error. */
#ifndef CLI_TRAIN_TABLE_H
#define CLI_TRAIN_TABLE_H

#include <cjson/cJSON.h>

#include "cli.h"

/* The result of berg_train_plan: sizes, stages, memory, disk, and every image that is missing on a line of its own. */
void cli_print_plan(const cJSON *plan);
/* The result of berg_train. */
void cli_print_report(const cJSON *report);

#endif
