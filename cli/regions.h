/* The report of an evaluation as a table for people. */
#ifndef CLI_REGIONS_H
#define CLI_REGIONS_H

#include <cjson/cJSON.h>

#include "cli.h"

/* A table of the regions that have voxels, the whole brain last, then which voxels have no values, and where the files
 * are. Missing values are shown as "-". */
void cli_print_regions(FILE *stream, const cJSON *report);

#endif
