/* The regions of all subjects, in the order and groups of their kind. */
#ifndef REPORT_REGIONS_H
#define REPORT_REGIONS_H

#include "report/subject.h"

typedef struct report_region_name {
  const char *name;
  size_t group;
} report_region_name;

/* Of a group of the kind; the one after the last is of regions that it does not know. */
const char *report_group_name(const report_data *data, size_t group);

/* Names that at least one subject has, group by group; base_free. NULL: no memory. */
report_region_name *report_list_regions(const report_data *data, size_t *count);

#endif
