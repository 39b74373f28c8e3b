/* The regions of a subject, each with the units that belong to it, however its model's metadata say so. */
#ifndef CLI_METADATA_REGIONS_H
#define CLI_METADATA_REGIONS_H

#include "metadata_keys.h"

typedef struct cli_region {
  char *name;
  size_t *units[CLI_OUTPUTS], counts[CLI_OUTPUTS];
} cli_region;

typedef struct cli_regions {
  cli_region *list; /* [count] */
  size_t count;
  bool other_order; /* units are counted in another order than rows of ceilings: areas of Utah arrays */
} cli_regions;

/* False when there is no memory; cli_regions_free in either case. */
bool cli_regions_take(cli_regions *regions, const berg_metadata *metadata);
void cli_regions_free(cli_regions *regions);

#endif
