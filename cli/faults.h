/* What berg_merge and berg_evaluate report of parts that do not make a whole. */
#ifndef CLI_FAULTS_H
#define CLI_FAULTS_H

#include <cjson/cJSON.h>

/* On standard error, after the one line of the failure, all of what that has no room for. */
void cli_say_faults(const cJSON *report);

#endif
