/* The regions of all subjects in upstream's plotting order and groups. */
#ifndef REPORT_REGIONS_H
#define REPORT_REGIONS_H

#include "report/subject.h"

typedef struct report_region_name {
  const char *name;
  size_t group;
} report_region_name;

/* The groups of upstream's figure, and one more for regions that it does not know. */
#define REPORT_GROUPS 8
const char *report_group_name(size_t group);

/* Names that at least one subject has, group by group; base_free. NULL: no memory. */
report_region_name *report_list_regions(const report_data *data, size_t *count);

#endif
