/* The two CSV tables of a subject. Numbers are the shortest decimals that read back as the same; NaN is an empty field,
 * as pandas writes it. */
#include <math.h>
#include <string.h>

#include "base/decimal.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/file/folders.h"
#include "io/file/whole_file.h"
#include "train/simulate/simulate.h"

#define PI 3.14159265358979323846

static berg_status open_table(io_whole_file **file, const simulate_subject *subject, const char *name,
                              berg_error *error) {
  *file = NULL;
  char *path = base_format(error, "%s/betas_csv/sub-%02d_%s.csv", subject->folder, subject->brain.subject, name);
  if (!path) return BERG_ELIMIT;
  berg_status status = io_make_folders_for(path, error);
  if (!status) status = io_whole_file_open(file, path, subject->force, error);
  base_free(path);
  return status;
}

static berg_status close_table(io_whole_file *file, berg_status status, berg_error *error) {
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file, error);
  return status;
}

berg_status simulate_write_stimuli(const simulate_subject *subject, berg_error *error) {
  const simulate_design *design = subject->design;
  const simulate_trials *trials = &subject->trials;
  io_whole_file *file;
  berg_status status = open_table(&file, subject, "StimulusMetadata", error);
  if (status) return status;
  status = io_whole_file_print(file, error, "trial_type,session,run,subject_id,trial_id,stimulus,concept\n");
  for (size_t t = 0; t < design->trials && !status; t++) {
    char concept[SIMULATE_NAME_ROOM], name[SIMULATE_NAME_ROOM];
    simulate_concept_name(simulate_concept_of(design, trials->image[t]), concept);
    simulate_image_name(design, trials->image[t], name);
    status = io_whole_file_print(file, error, "%s,%zu,%zu,%d,%zu,%s,%s\n",
                                 trials->image[t] < design->trainings ? "train" : "test", trials->session[t] + 1,
                                 trials->run[t] + 1, subject->brain.subject, t, name, concept);
  }
  return close_table(file, status, error);
}

static berg_status put_voxel_header(io_whole_file *file, berg_error *error) {
  berg_status status =
      io_whole_file_print(file, error,
                          "voxel_id,subject_id,voxel_x,voxel_y,voxel_z,nc_singletrial,nc_testset,splithalf_uncorrected,"
                          "splithalf_corrected,prf-eccentricity,prf-polarangle,prf-rsquared,prf-size");
  for (size_t r = 0; r < SIMULATE_ROIS && !status; r++)
    status = io_whole_file_print(file, error, ",%s", simulate_roi_names[r]);
  for (size_t p = 0; p < SIMULATE_PARCELS && !status; p++) {
    const char *quote = strchr(simulate_parcel_names[p], '\n') ? "\"" : "";
    status = io_whole_file_print(file, error, ",%sglasser-%s%s", quote, simulate_parcel_names[p], quote);
  }
  return status ? status : io_whole_file_print(file, error, "\n");
}

/* A comma and a number. */
static char *put_real(char *at, double value) {
  *at++ = ',';
  *at = '\0';
  if (isnan(value)) return at;
  base_decimal(value, false, at);
  return at + strlen(at);
}

/* Eccentricity (degrees), angle (degrees counter-clockwise from the right horizontal meridian, 0..360), share of
 * variance, size (degrees); nothing is known of a voxel without a receptive field. */
static char *put_field(char *at, const simulate_voxel *voxel) {
  double angle = atan2(voxel->y, voxel->x) * 180 / PI;
  const double values[4] = {hypot(voxel->x, voxel->y), angle < 0 ? angle + 360 : angle, voxel->fit, voxel->size};
  for (int i = 0; i < 4; i++) at = put_real(at, voxel->is_visual ? values[i] : NAN);
  return at;
}

static size_t put_voxel(char *row, const simulate_subject *subject, size_t index) {
  const simulate_brain *brain = &subject->brain;
  const berg_reliability *reliability = &subject->reliability;
  const uint16_t *at = brain->coords + 3 * index;
  simulate_voxel voxel;
  simulate_voxel_draw(&voxel, brain, subject->design->seed, index);
  char *next = row + base_print(row, 128, "%zu,%d,%u,%u,%u", index, brain->subject, at[0], at[1], at[2]);
  next = put_real(next, reliability->noise_ceiling_singletrial[index]);
  next = put_real(next, reliability->noise_ceiling_testset[index]);
  next = put_real(next, reliability->splithalf_uncorrected[index]);
  next = put_real(next, reliability->splithalf_corrected[index]);
  next = put_field(next, &voxel);
  for (size_t r = 0; r < SIMULATE_ROIS; r++) {
    *next++ = ',';
    *next++ = brain->rois[index] >> r & 1 ? '1' : '0';
  }
  for (size_t p = 0; p < SIMULATE_PARCELS; p++) {
    *next++ = ',';
    *next++ = brain->parcel[index] == p + 1 ? '1' : '0';
  }
  *next++ = '\n';
  return (size_t)(next - row);
}
_Static_assert(128 + 8 * 33 + 2 * (SIMULATE_ROIS + SIMULATE_PARCELS) + 1 <= SIMULATE_VOXEL_ROW, "a row's longest form");

berg_status simulate_write_voxels(const simulate_subject *subject, berg_error *error) {
  io_whole_file *file;
  char row[SIMULATE_VOXEL_ROW];
  berg_status status = open_table(&file, subject, "VoxelMetadata", error);
  if (status) return status;
  status = put_voxel_header(file, error);
  for (size_t v = 0; v < subject->brain.voxels && !status; v++)
    status = io_whole_file_write(file, row, put_voxel(row, subject, v), error);
  return close_table(file, status, error);
}
