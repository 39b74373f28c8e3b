/* The JSON of berg_rank as a table and as a sheet of pictures. */
#ifndef CLI_RANK_TABLE_H
#define CLI_RANK_TABLE_H

#include <cjson/cJSON.h>

#include "options.h"

/* A line an image: who ranks it, from which end, rank, number, name, value, z and percentile, and those of a subject
 * who was left out. NULL when memory is short; free. */
char *cli_rank_table(const cJSON *ranking);
/* The pictures, top beside bottom. CLI_GO_ON, or the exit status of what was said. */
int cli_rank_sheet(const cJSON *ranking, const char *path, const char *folder, bool force, bool quiet);

#endif
