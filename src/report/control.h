/* The figure of a pair of regions under control, drawn from the JSON of berg_control. */
#ifndef REPORT_CONTROL_H
#define REPORT_CONTROL_H

#include <cjson/cJSON.h>

#include "report/axes.h"

#define REPORT_CONTROL_PANELS 2

typedef struct report_control {
  const cJSON *tree, *pair;
  const char *regions[2];
  report_panel panels[REPORT_CONTROL_PANELS];
  size_t count;
  const char *key;
} report_control;

/* A member, a number of a list; NaN: there is none. */
const cJSON *report_control_at(const cJSON *object, const char *key);
double report_control_number(const cJSON *list, int index);
/* The member of "regions" that is side 0 or 1 of the pair. */
const cJSON *report_control_region(const report_control *control, int side);

/* Responses of all images with those chosen, and the answers of the subjects left out. EINPUT. */
berg_status report_draw_control_means(report_control *control, berg_error *error);
/* The search's course, a panel for each goal. EINPUT. */
berg_status report_draw_control_sets(report_control *control, berg_error *error);

#endif
