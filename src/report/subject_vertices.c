/* A subject of vertices on the surfaces of two hemispheres: NSD on fsaverage. The hemispheres' lists are joined,
 * left before right. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/catalog/metadata.h"
#include "report/kind.h"

static const char sides[REPORT_HEMISPHERES] = {'l', 'r'};

/* encoding_models.<side>h_<quantity><test> */
static berg_status load_side(const report_subject *subject, size_t side, const char *quantity, const char *test,
                             double **values, berg_error *error) {
  char *name = base_format(error, "encoding_models.%ch_%s%s", sides[side], quantity, test);
  *values = NULL;
  if (!name) return BERG_ELIMIT;
  berg_status status = report_load(subject, name, 1, &subject->vertices[side], values, error);
  if (!status && !strcmp(quantity, "correlation"))
    status = report_check_correlations(subject, *values, *values ? subject->vertices[side] : 0, name, error);
  base_free(name);
  return status;
}

/* Both sides; NULL unless the file has both. */
static berg_status load_both(const report_subject *subject, const char *quantity, const char *test, double **values,
                             berg_error *error) {
  double *parts[REPORT_HEMISPHERES] = {NULL};
  berg_status status = BERG_OK;
  *values = NULL;
  for (size_t side = 0; side < REPORT_HEMISPHERES && !status; side++)
    status = load_side(subject, side, quantity, test, &parts[side], error);
  if (!status && parts[0] && parts[1]) {
    *values = base_alloc(subject->voxels, sizeof **values, error);
    if (!*values) status = BERG_ELIMIT;
  }
  if (*values) {
    memcpy(*values, parts[0], subject->vertices[0] * sizeof **values);
    memcpy(*values + subject->vertices[0], parts[1], subject->vertices[1] * sizeof **values);
  }
  for (size_t side = 0; side < REPORT_HEMISPHERES; side++) base_free(parts[side]);
  return status;
}

/* The file has fractions of variance, the report percent. */
static berg_status make_percent(const report_subject *subject, double *ceiling, const char *test, berg_error *error) {
  for (size_t i = 0; i < subject->voxels && ceiling; i++) {
    if (ceiling[i] > 1 + 1e-6 || ceiling[i] < 0) {
      char *name = base_format(error, "encoding_models.?h_noise_ceiling%s", test);
      if (!name) return BERG_ELIMIT;
      base_fail_found(error, BERG_EMODEL, berg_metadata_path(subject->metadata), name, "fractions from 0 to 1", "%g",
                      ceiling[i]);
      base_free(name);
      return BERG_EMODEL;
    }
    ceiling[i] *= 100;
  }
  return BERG_OK;
}

/* 100 r^2 / ceiling, in percent and capped there, as upstream has it. */
static berg_status make_share(const report_subject *subject, report_scores *scores, berg_error *error) {
  if (!scores->accuracy || !scores->ceiling) return BERG_OK;
  scores->share = base_alloc(subject->voxels, sizeof *scores->share, error);
  if (!scores->share) return BERG_ELIMIT;
  for (size_t i = 0; i < subject->voxels; i++) {
    const double r = scores->accuracy[i], ceiling = scores->ceiling[i] / 100;
    scores->share[i] = isnan(r) || !(ceiling > 0) ? NAN : fmin(100 * fmax(r, 0) * fmax(r, 0) / ceiling, 100);
  }
  return BERG_OK;
}

static berg_status load_scores(const report_subject *subject, const char *test, report_scores *scores,
                               berg_error *error) {
  berg_status status = load_both(subject, "correlation", test, &scores->accuracy, error);
  if (!status) status = load_both(subject, "noise_ceiling", test, &scores->ceiling, error);
  if (!status) status = make_percent(subject, scores->ceiling, test, error);
  return status ? status : make_share(subject, scores, error);
}

/* Files of an older generation have one test set, which their names do not name. */
static const char *main_test(const report_subject *subject) {
  return berg_metadata_find(subject->metadata, "encoding_models.lh_correlation_nsdcore") ||
                 berg_metadata_find(subject->metadata, "encoding_models.lh_noise_ceiling_nsdcore")
             ? "_nsdcore"
             : "";
}

static berg_status load_main(report_subject *subject, berg_error *error) {
  report_scores scores = {.accuracy = NULL};
  const berg_status status = load_scores(subject, main_test(subject), &scores, error);
  subject->accuracy = scores.accuracy;
  subject->ceiling = scores.ceiling;
  subject->share = scores.share;
  return status;
}

static report_region *add_region(report_subject *subject, const char *name, berg_error *error) {
  for (size_t i = 0; i < subject->region_count; i++)
    if (!strcmp(subject->regions[i].name, name)) return &subject->regions[i];
  void *block = subject->regions;
  size_t capacity = subject->region_count;
  if (!base_grow(&block, &capacity, subject->region_count + 1, sizeof *subject->regions, error)) return NULL;
  subject->regions = block;
  report_region *region = &subject->regions[subject->region_count++];
  *region = (report_region){.name = name};
  return region;
}

/* The vertices of one side at the end of the region's. */
static berg_status add_vertices(report_subject *subject, size_t side, report_region *region, const char *entry,
                                berg_error *error) {
  size_t *vertices, count, capacity = region->count;
  void *block = region->voxels;
  berg_status status = model_metadata_indices(subject->metadata, entry, region->name, subject->vertices[side], true,
                                              &vertices, &count, error);
  if (status) return status;
  if (count && !base_grow(&block, &capacity, region->count + count, sizeof *vertices, error)) status = BERG_ELIMIT;
  region->voxels = block;
  for (size_t i = 0; i < count && !status; i++)
    region->voxels[region->count++] = vertices[i] + (side ? subject->vertices[0] : 0);
  if (!side) region->left = region->count;
  base_free(vertices);
  return status;
}

static berg_status load_regions(report_subject *subject, size_t side, berg_error *error) {
  char *prefix = base_format(error, "fmri.%ch_fsaverage_rois.", sides[side]);
  berg_status status = prefix ? BERG_OK : BERG_ELIMIT;
  for (size_t i = 0; i < berg_metadata_count(subject->metadata) && !status; i++) {
    const char *entry = berg_metadata_entry(subject->metadata, i)->name;
    if (!entry || strncmp(entry, prefix, strlen(prefix)) != 0) continue;
    report_region *region = add_region(subject, entry + strlen(prefix), error);
    status = region ? add_vertices(subject, side, region, entry, error) : BERG_ELIMIT;
  }
  base_free(prefix);
  return status;
}

berg_status report_open_vertices(report_subject *subject, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t side = 0; side < REPORT_HEMISPHERES; side++) {
    subject->vertices[side] = model_metadata_units(subject->metadata, side);
    subject->voxels += subject->vertices[side];
  }
  status = load_main(subject, error);
  if (!status) status = load_scores(subject, "_nsdsynthetic", &subject->synthetic, error);
  for (size_t side = 0; side < REPORT_HEMISPHERES && !status; side++) status = load_regions(subject, side, error);
  return status;
}
