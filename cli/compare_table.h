/* The JSON of berg_compare as a page for people. */
#ifndef CLI_COMPARE_TABLE_H
#define CLI_COMPARE_TABLE_H

#include <cjson/cJSON.h>

/* A page on standard output, the verdict last. */
void cli_compare_table(const cJSON *report);

#endif
