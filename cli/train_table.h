/* The plan and the report of a training run as tables on standard error. */
#ifndef CLI_TRAIN_TABLE_H
#define CLI_TRAIN_TABLE_H

#include <cjson/cJSON.h>

#include "cli.h"

/* What berg_train_plan gave: sizes, stages, memory, disk, and every image that is missing on a line of its own. */
void cli_print_plan(const cJSON *plan);
/* What berg_train gave. */
void cli_print_report(const cJSON *report);

#endif
