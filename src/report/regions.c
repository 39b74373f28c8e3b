/* The regions of the subjects in a report. */
#include "report/regions.h"

#include <string.h>

#include "base/memory.h"
#include "report/kind.h"

const char *report_group_name(const report_data *data, size_t group) {
  return group < data->kind->group_count ? data->kind->groups[group].name : "Other regions";
}

static bool anyone_has(const report_data *data, const char *name) {
  for (size_t i = 0; i < data->count; i++)
    if (report_find_region(&data->subjects[i], name)) return true;
  return false;
}

static bool is_listed(const report_region_name *list, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (!strcmp(list[i].name, name)) return true;
  return false;
}

report_region_name *report_list_regions(const report_data *data, size_t *count) {
  size_t most = 0;
  *count = 0;
  for (size_t i = 0; i < data->count; i++) most += data->subjects[i].region_count;
  report_region_name *list = base_alloc(most, sizeof *list, NULL);
  if (!list) return NULL;
  for (size_t group = 0; group < data->kind->group_count; group++)
    for (const char *const *name = data->kind->groups[group].regions; *name; name++)
      if (anyone_has(data, *name)) list[(*count)++] = (report_region_name){*name, group};
  for (size_t i = 0; i < data->count; i++)
    for (size_t j = 0; j < data->subjects[i].region_count; j++) {
      const char *name = data->subjects[i].regions[j].name;
      if (!is_listed(list, *count, name)) list[(*count)++] = (report_region_name){name, data->kind->group_count};
    }
  return list;
}
