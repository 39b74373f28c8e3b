/* Regions out of lists of units, out of a name for each unit, or out of a number for each. */
#include "metadata_regions.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "value.h"

static cli_region *add(cli_regions *regions, char *name) {
  cli_region *list = name ? cli_grow(regions->list, (regions->count + 1) * sizeof *list) : NULL;
  if (!list) {
    free(name);
    return NULL;
  }
  regions->list = list;
  list[regions->count] = (cli_region){.name = name};
  return &list[regions->count++];
}

static cli_region *find(cli_regions *regions, const char *name) {
  for (size_t i = 0; i < regions->count; i++)
    if (!strcmp(regions->list[i].name, name)) return &regions->list[i];
  return NULL;
}

/* --- Lists of units: "roi.V1" of voxels, "fmri.lh_fsaverage_rois.V1v" of vertices --- */

static bool take_list(cli_region *region, size_t o, const berg_array *array, size_t units) {
  const size_t length = array->shape[0];
  region->units[o] = cli_alloc(length + 1, sizeof(size_t));
  if (!region->units[o]) return false;
  for (size_t i = 0; i < length; i++) {
    const double unit = cli_element_number(array, i);
    if (unit >= 0 && unit < (double)units) region->units[o][region->counts[o]++] = (size_t)unit;
  }
  return true;
}

static bool take_lists(cli_regions *regions, const berg_metadata *metadata, size_t o, const char *prefix) {
  const size_t length = strlen(prefix);
  for (size_t i = 0; i < berg_metadata_count(metadata); i++) {
    const berg_array *entry = berg_metadata_entry(metadata, i);
    if (!entry->name || strncmp(entry->name, prefix, length) || entry->ndim != 1 || !cli_is_whole(entry)) continue;
    cli_region *region = find(regions, entry->name + length);
    if (!region) region = add(regions, cli_copy(entry->name + length, strlen(entry->name + length)));
    if (!region || region->units[o] || !take_list(region, o, entry, cli_units_of(metadata, o))) return false;
  }
  return true;
}

/* --- One entry for each unit --- */

static bool take_unit(cli_region *region, size_t unit, size_t units) {
  if (!region->units[0]) region->units[0] = cli_alloc(units, sizeof(size_t));
  if (!region->units[0]) return false;
  region->units[0][region->counts[0]++] = unit;
  return true;
}

/* The name of each sensor's region. */
static bool take_names(cli_regions *regions, const berg_array *names) {
  bool good = true;
  for (size_t i = 0; i < names->shape[0] && good; i++) {
    char *name = cli_element_text(names, i);
    if (!name) return false;
    cli_region *region = find(regions, name);
    if (region)
      free(name);
    else
      region = add(regions, name);
    good = region && take_unit(region, i, names->shape[0]);
  }
  return good;
}

/* The number of each electrode's area, and the areas' names. */
static bool take_numbers(cli_regions *regions, const berg_array *numbers, const berg_array *labels) {
  bool good = true;
  for (size_t i = 0; i < labels->shape[0] && good; i++) good = add(regions, cli_element_text(labels, i)) != NULL;
  for (size_t i = 0; i < numbers->shape[0] && good; i++) {
    const double area = cli_element_number(numbers, i);
    if (area >= 0 && area < (double)regions->count)
      good = take_unit(&regions->list[(size_t)area], i, numbers->shape[0]);
  }
  return good;
}

static const berg_array *of_units(const berg_metadata *metadata, const char *name, bool text) {
  const berg_array *array = berg_metadata_find(metadata, name);
  const bool fits = array && array->ndim == 1 && cli_is_text(array) == text;
  return fits && array->shape[0] == cli_units_of(metadata, 0) ? array : NULL;
}

static bool take_areas(cli_regions *regions, const berg_metadata *metadata) {
  static const char *const folders[][2] = {{"roi.roi_assignments", "roi.roi_labels"},
                                           {"utah_array.roi_assignments", "utah_array.roi_labels"}};
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
    const berg_array *numbers = of_units(metadata, folders[i][0], false);
    const berg_array *labels = berg_metadata_find(metadata, folders[i][1]);
    if (!numbers || !labels || labels->ndim != 1 || !cli_is_text(labels)) continue;
    regions->other_order = true;
    return take_numbers(regions, numbers, labels);
  }
  return true;
}

bool cli_regions_take(cli_regions *regions, const berg_metadata *metadata) {
  const char *unit = berg_metadata_output(metadata, 0)->axes[0].name;
  const berg_array *names = of_units(metadata, "sensors.sensor_regions", true);
  *regions = (cli_regions){.count = 0};
  if (names) return take_names(regions, names);
  if (!strcmp(unit, "electrode")) return take_areas(regions, metadata);
  if (!strcmp(unit, "voxel")) return take_lists(regions, metadata, 0, "roi.");
  return strcmp(unit, "vertex") || (take_lists(regions, metadata, 0, "fmri.lh_fsaverage_rois.") &&
                                    take_lists(regions, metadata, 1, "fmri.rh_fsaverage_rois."));
}

void cli_regions_free(cli_regions *regions) {
  for (size_t i = 0; i < regions->count; i++) {
    free(regions->list[i].name);
    for (size_t o = 0; o < CLI_OUTPUTS; o++) free(regions->list[i].units[o]);
  }
  free(regions->list);
  *regions = (cli_regions){.count = 0};
}
