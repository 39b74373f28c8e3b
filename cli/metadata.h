/* The parts of `berg metadata`: what it prints when no key is asked for. */
#ifndef CLI_METADATA_H
#define CLI_METADATA_H

#include "cli.h"

/* Units, times, regions with sizes, ceilings and accuracy, whatever of it the file holds. Returns the exit status. */
int cli_metadata_summary(const berg_metadata *metadata, const char *model_id);
/* All entries as one JSON object, nested by the dots in their names; arrays of more than 1,000 elements by
 * type and shape. Returns the exit status. */
int cli_metadata_json(const berg_metadata *metadata);

#endif
