/* The pictures of a pair of regions as a contact sheet. */
#ifndef CLI_CONTROL_PICTURES_H
#define CLI_CONTROL_PICTURES_H

#include <cjson/cJSON.h>

#include "cli.h"

/* Room for the name of a pair. */
#define CLI_CONTROL_NAME 192

/* Pictures of pair `index`, a block for each condition and baseline, at `path`; names without a / lie in `folder` (may
 * be NULL). CLI_GO_ON, or the exit status of what was said. */
int cli_control_sheet(const cJSON *result, int index, const char *path, const char *folder, bool force);

#endif
