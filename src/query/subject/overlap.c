/* How a set of columns overlaps with a subject's own regions. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"
#include "model/catalog/metadata.h"
#include "model/output/provenance.h"

typedef struct region {
  const char *name;
  size_t columns, shared;
  double dice;
} region;

typedef struct overlap {
  const berg_metadata *metadata;
  const uint8_t *marks;
  size_t marked;
  region *regions; /* [count] */
  size_t count;
} overlap;

/* The region `name` of both hemispheres is one. */
static region *region_of(overlap *o, const char *name) {
  for (size_t i = 0; i < o->count; i++)
    if (!strcmp(o->regions[i].name, name)) return &o->regions[i];
  o->regions[o->count] = (region){.name = name};
  return &o->regions[o->count++];
}

/* Entries that are no lists of units, or empty, are passed over. */
static berg_status add_entry(overlap *o, size_t output, const char *name, const char *own, berg_error *error) {
  size_t *units, count;
  const size_t times = model_metadata_times(o->metadata), first = berg_metadata_output(o->metadata, output)->first;
  berg_status status = model_metadata_indices(o->metadata, name, own, model_metadata_units(o->metadata, output), false,
                                              &units, &count, error);
  if (status) return status == BERG_ELIMIT ? status : BERG_OK;
  region *to = region_of(o, own);
  for (size_t i = 0; i < count; i++)
    for (size_t t = 0; t < times; t++) {
      to->columns++;
      to->shared += o->marks[first + units[i] * times + t] != 0;
    }
  base_free(units);
  return BERG_OK;
}

static berg_status add_output(overlap *o, size_t output, berg_error *error) {
  const char *rois = model_metadata_layout(o->metadata)->outputs[output].rois;
  const size_t prefix = rois ? strlen(rois) : 0;
  berg_status status = BERG_OK;
  for (size_t e = 0; rois && e < berg_metadata_count(o->metadata) && !status; e++) {
    const char *name = berg_metadata_entry(o->metadata, e)->name;
    if (name && !strncmp(name, rois, prefix)) status = add_entry(o, output, name, name + prefix, error);
  }
  return status;
}

static int by_dice(const void *a, const void *b) {
  const region *x = a, *y = b;
  if (x->dice != y->dice) return x->dice > y->dice ? -1 : 1;
  return strcmp(x->name, y->name);
}

static berg_status tell(overlap *o, char **json, berg_error *error) {
  cJSON *tree = io_json_object();
  io_json_add_number(tree, "marked", (double)o->marked);
  cJSON *list = io_json_add_list(tree, "regions");
  for (size_t i = 0; i < o->count; i++)
    o->regions[i].dice = 2 * (double)o->regions[i].shared / (double)(o->marked + o->regions[i].columns);
  if (o->count) qsort(o->regions, o->count, sizeof *o->regions, by_dice);
  for (size_t i = 0; i < o->count; i++) {
    cJSON *item = io_json_object();
    io_json_add(item, "name", model_provenance_text(o->regions[i].name));
    io_json_add_number(item, "columns", (double)o->regions[i].columns);
    io_json_add_number(item, "shared", (double)o->regions[i].shared);
    io_json_add_number(item, "dice", o->regions[i].dice);
    io_json_add(list, NULL, item);
  }
  berg_status status = io_json_print(tree, json, error);
  cJSON_Delete(tree);
  return status;
}

berg_status berg_region_overlap(char **json, const berg_metadata *metadata, const uint8_t *marks, size_t columns,
                                berg_error *error) {
  size_t all = 0;
  overlap o = {.metadata = metadata, .marks = marks};
  *json = NULL;
  for (size_t i = 0; i < berg_metadata_outputs(metadata); i++) all += berg_metadata_output(metadata, i)->columns;
  if (columns != all)
    return base_fail(error, BERG_EARGUMENT, "expected a mark for each of %zu columns, found %zu", all, columns);
  for (size_t i = 0; i < columns; i++) o.marked += marks[i] != 0;
  o.regions = base_calloc(berg_metadata_count(metadata), sizeof *o.regions, error);
  berg_status status = o.regions ? BERG_OK : BERG_ELIMIT;
  for (size_t i = 0; i < berg_metadata_outputs(metadata) && !status; i++) status = add_output(&o, i, error);
  if (!status) status = tell(&o, json, error);
  base_free(o.regions);
  return status;
}
