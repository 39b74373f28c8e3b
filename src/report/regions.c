/* The regions of the subjects in a report. */
#include "report/regions.h"

#include <string.h>

#include "base/memory.h"

#define OTHER (REPORT_GROUPS - 1)

static const struct {
  const char *name;
  const char *regions[7];
} groups[REPORT_GROUPS] = {
    {"Early and ventral visual", {"V1", "V2", "V3", "hV4", "VO1", "VO2"}},
    {"Lateral and dorsal visual", {"LO1_prf", "LO2_prf", "TO1", "TO2", "V3a", "V3b"}},
    {"Faces", {"lFFA", "rFFA", "lOFA", "rOFA"}},
    {"Bodies", {"lEBA", "rEBA"}},
    {"Scenes", {"lPPA", "rPPA", "lRSC", "rRSC", "lTOS", "rTOS"}},
    {"Objects", {"lLOC", "rLOC", "IT"}},
    {"Superior temporal sulcus", {"lSTS", "rSTS"}},
    {"Other regions", {NULL}},
};

const char *report_group_name(size_t group) { return groups[group].name; }

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
  for (size_t group = 0; group < OTHER; group++)
    for (const char *const *name = groups[group].regions; *name; name++)
      if (anyone_has(data, *name)) list[(*count)++] = (report_region_name){*name, group};
  for (size_t i = 0; i < data->count; i++)
    for (size_t j = 0; j < data->subjects[i].region_count; j++) {
      const char *name = data->subjects[i].regions[j].name;
      if (!is_listed(list, *count, name)) list[(*count)++] = (report_region_name){name, OTHER};
    }
  return list;
}
