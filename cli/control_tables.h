/* The answer of `berg control` as tables with tabs between their columns. */
#ifndef CLI_CONTROL_TABLES_H
#define CLI_CONTROL_TABLES_H

#include <cjson/cJSON.h>

#include "cli.h"

/* A line for each pair of regions and condition: what was reached, and what the subjects left out answer. */
void cli_control_conditions(FILE *stream, const cJSON *result);
/* A line for each image chosen, and each of the baselines. */
void cli_control_images(FILE *stream, const cJSON *result);
/* How many units of each region count in each subject. */
void cli_control_regions(FILE *stream, const cJSON *result);

/* What the JSON has at `key`, and item `index` of the list there; NULL: nothing. */
const cJSON *cli_control_at(const cJSON *object, const char *key);
const cJSON *cli_control_item(const cJSON *object, const char *key, int index);
/* The region of that name. */
const cJSON *cli_control_region(const cJSON *result, const char *name);
/* Names of images by their numbers, NULL where an image was not chosen: the caller's (free), the names are the tree's.
 * NULL: no memory. */
const char **cli_control_names(const cJSON *result);
/* Whether images were chosen by similarities, not by mean responses. */
bool cli_control_of_sets(const cJSON *result);

#endif
