/* A subject of voxels in a volume: THINGS fMRI1. */
#include <math.h>

#include "base/convert.h"
#include "base/memory.h"
#include "model/catalog/metadata.h"
#include "report/kind.h"

/* An entry that may be missing. What is not finite counts as no value. */
static berg_status load(const berg_metadata *metadata, const char *name, double **values, berg_error *error) {
  *values = NULL;
  berg_status status = berg_metadata_find(metadata, name) ? model_voxel_values(metadata, name, values, error) : BERG_OK;
  for (size_t i = 0; *values && i < model_metadata_voxels(metadata); i++)
    if (!isfinite((*values)[i])) (*values)[i] = NAN;
  return status;
}

static berg_status check_accuracy(const report_subject *subject, berg_error *error) {
  for (size_t i = 0; i < subject->voxels && subject->accuracy; i++)
    if (fabs(subject->accuracy[i]) > 1 + 1e-6)
      return base_fail_found(error, BERG_EMODEL, berg_metadata_path(subject->metadata),
                             "encoding_model.correlation_results", "correlations from -1 to 1", "%g at voxel %zu",
                             subject->accuracy[i], i);
  return BERG_OK;
}

static berg_status load_coordinates(report_subject *subject, berg_error *error) {
  const berg_array *all = berg_metadata_find(subject->metadata, "fmri.voxel_coords");
  for (size_t axis = 0; axis < 3; axis++) {
    berg_array column = *all;
    column.ndim = 1;
    column.data = (const char *)all->data + (ptrdiff_t)axis * all->strides[1];
    subject->coordinates[axis] = base_alloc(subject->voxels, sizeof(double), error);
    if (!subject->coordinates[axis]) return BERG_ELIMIT;
    base_convert_to_double(&column, subject->coordinates[axis]);
  }
  return BERG_OK;
}

/* An empty region, which is an error for encoding alone, keeps no voxels. */
static berg_status load_region(const berg_metadata *metadata, report_region *region, berg_error *error) {
  char *name = base_format(error, "roi.%s", region->name);
  if (!name) return BERG_ELIMIT;
  const berg_array *entry = berg_metadata_find(metadata, name);
  base_free(name);
  if (entry && entry->ndim == 1 && !entry->shape[0]) return BERG_OK;
  return model_roi_voxels(metadata, region->name, &region->voxels, &region->count, error);
}

static berg_status load_regions(report_subject *subject, berg_error *error) {
  berg_status status = BERG_OK;
  while (model_roi_name(subject->metadata, subject->region_count)) subject->region_count++;
  subject->regions = base_calloc(subject->region_count, sizeof *subject->regions, error);
  if (!subject->regions) return BERG_ELIMIT;
  for (size_t i = 0; i < subject->region_count && !status; i++) {
    subject->regions[i].name = model_roi_name(subject->metadata, i);
    status = load_region(subject->metadata, &subject->regions[i], error);
  }
  return status;
}

static berg_status make_share(report_subject *subject, berg_error *error) {
  if (!subject->accuracy || !subject->ceiling) return BERG_OK;
  subject->share = base_alloc(subject->voxels, sizeof *subject->share, error);
  if (!subject->share) return BERG_ELIMIT;
  for (size_t i = 0; i < subject->voxels; i++) {
    double r = subject->accuracy[i], ceiling = subject->ceiling[i];
    double share = ceiling > 0 ? 100 * fmax(r, 0) * fmax(r, 0) / (ceiling / 100) : NAN;
    subject->share[i] = isnan(r) || !isfinite(share) ? NAN : share;
  }
  return BERG_OK;
}

berg_status report_open_voxels(report_subject *subject, berg_error *error) {
  const berg_metadata *metadata = subject->metadata;
  berg_status status = BERG_OK;
  subject->voxels = model_metadata_voxels(metadata);
  const struct {
    const char *name;
    double **values;
  } entries[] = {{"encoding_model.correlation_results", &subject->accuracy},
                 {"encoding_model.noise_ceiling_testset", &subject->ceiling},
                 {"prf.prf_eccentricity", &subject->eccentricity},
                 {"prf.prf_polarangle", &subject->angle}};
  for (size_t i = 0; i < sizeof entries / sizeof *entries && !status; i++)
    status = load(metadata, entries[i].name, entries[i].values, error);
  if (!status) status = check_accuracy(subject, error);
  if (!status) status = load_coordinates(subject, error);
  if (!status) status = load_regions(subject, error);
  return status ? status : make_share(subject, error);
}
