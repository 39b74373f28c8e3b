/* ROIs as volumes: one of labels, or of 0 and 1 for each, with the table that BIDS requires beside it. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "io/value/json_build.h"
#include "io/file/whole_file.h"
#include "model/catalog/metadata.h"
#include "model/catalog/space.h"
#include "model/output/options.h"
#include "volume/volume.h"

#define ROI_PREFIX "roi."

typedef struct roi {
  const char *name;
  size_t *voxels, count;
} roi;

typedef struct task {
  const berg_metadata *metadata;
  const berg_output_options *options;
  volume_voxels voxels;
  roi *rois;
  size_t count;
  int32_t *labels; /* [voxels] 0, or the number of the ROI from 1 */
} task;

static berg_status add(task *job, const char *name, berg_error *error) {
  roi *next = &job->rois[job->count];
  next->name = name;
  berg_status status = model_roi_voxels(job->metadata, name, &next->voxels, &next->count, error);
  if (!status) job->count++;
  return status;
}

/* Those named, or all that have voxels in this subject. */
static berg_status find_rois(task *job, const char *const *names, size_t count, berg_error *error) {
  const size_t entries = berg_metadata_count(job->metadata), prefix = strlen(ROI_PREFIX);
  job->rois = base_calloc(count ? count : entries, sizeof *job->rois, error);
  berg_status status = job->rois ? BERG_OK : BERG_ELIMIT;
  for (size_t i = 0; i < count && !status; i++) status = add(job, names[i], error);
  for (size_t e = 0; e < entries && !count && !status; e++) {
    const berg_array *entry = berg_metadata_entry(job->metadata, e);
    bool empty = entry->ndim == 1 && !entry->shape[0];
    if (entry->name && !strncmp(entry->name, ROI_PREFIX, prefix) && !empty)
      status = add(job, entry->name + prefix, error);
  }
  if (!status && !job->count)
    status =
        base_fail(error, BERG_EPARAMETER, "%s: no ROI of this subject has voxels", berg_metadata_path(job->metadata));
  return status;
}

static berg_status overlap(const task *job, size_t one, size_t other, berg_error *error) {
  size_t shared = 0;
  for (size_t i = 0; i < job->rois[other].count; i++)
    shared += job->labels[job->rois[other].voxels[i]] == (int32_t)one + 1;
  return base_fail(
      error, BERG_EPARAMETER,
      "%s and %s share %zu voxel%s, and a volume of labels holds one number a voxel: write a mask for each, or "
      "a stack of them",
      job->rois[one].name, job->rois[other].name, shared, shared == 1 ? "" : "s");
}

static berg_status make_labels(task *job, berg_error *error) {
  job->labels = base_calloc(job->voxels.all_count, sizeof *job->labels, error);
  if (!job->labels) return BERG_ELIMIT;
  if (job->count >= INT32_MAX) return base_fail(error, BERG_ELIMIT, "more ROIs than can be numbered");
  for (size_t r = 0; r < job->count; r++)
    for (size_t i = 0; i < job->rois[r].count; i++) {
      int32_t *label = &job->labels[job->rois[r].voxels[i]];
      if (*label && *label != (int32_t)r + 1) return overlap(job, (size_t)*label - 1, r, error);
      *label = (int32_t)r + 1;
    }
  return BERG_OK;
}

static berg_status read_labels(void *user, size_t row, void *values, berg_error *error) {
  const task *job = user;
  (void)row;
  berg_status status = base_ask_cancel(job->options->run, error);
  if (status) return status;
  memcpy(values, job->labels, job->voxels.all_count * sizeof *job->labels);
  return BERG_OK;
}

static berg_status read_mask(void *user, size_t row, void *values, berg_error *error) {
  const task *job = user;
  const roi *one = &job->rois[row];
  berg_status status = base_ask_cancel(job->options->run, error);
  if (status) return status;
  memset(values, 0, job->voxels.all_count);
  for (size_t i = 0; i < one->count; i++) ((uint8_t *)values)[one->voxels[i]] = 1;
  return BERG_OK;
}

static berg_status write_nifti(task *job, io_nifti_rows *rows, const char *path, const io_nifti_space *space,
                               berg_error *error) {
  rows->space = *space;
  rows->columns = job->voxels.all_count;
  rows->coordinates = job->voxels.all;
  rows->intent = "";
  rows->what = "regions of interest";
  return io_nifti_write(rows, path, job->options->force, error);
}

/* A tab or line break in a name would break the table. */
static berg_status put_cell(io_whole_file *file, const char *text, berg_error *error) {
  berg_status status = BERG_OK;
  for (; *text && !status; text++)
    status = io_whole_file_write(file, (unsigned char)*text < 0x20 ? " " : text, 1, error);
  return status;
}

/* The table beside the volume, written but not in its place. */
static berg_status prepare_table(io_whole_file **out, const task *job, const char *path, size_t first,
                                 berg_error *error) {
  io_whole_file *file = *out = NULL;
  char *table = model_sidecar_path(path, ".tsv", error);
  if (!table) return BERG_ELIMIT;
  berg_status status = io_whole_file_open(&file, table, job->options->force, error);
  base_free(table);
  if (status) return status;
  status = io_whole_file_print(file, error, "index\tname\tvoxels\n");
  for (size_t r = 0; r < job->count && !status; r++) {
    status = io_whole_file_print(file, error, "%zu\t", r + first);
    if (!status) status = put_cell(file, job->rois[r].name, error);
    if (!status) status = io_whole_file_print(file, error, "\t%zu\n", job->rois[r].count);
  }
  if (!status) status = io_whole_file_sync(file, error);
  if (status)
    io_whole_file_abandon(file, error);
  else
    *out = file;
  return status;
}

/* The volume, then its table, whose rows count from `first`, and its sidecar: what can fail of these is done before. */
static berg_status write_beside(task *job, io_nifti_rows *rows, const char *path, const io_nifti_space *space,
                                size_t first, const cJSON *tree, berg_error *error) {
  io_whole_file *table = NULL, *sidecar = NULL;
  berg_status status = prepare_table(&table, job, path, first, error);
  if (!status) status = volume_prepare_sidecar(&sidecar, tree, path, job->options, error);
  if (!status) status = write_nifti(job, rows, path, space, error);
  status = io_whole_file_follow(table, status, error);
  return io_whole_file_follow(sidecar, status, error);
}

static berg_status begin_sidecar(cJSON **tree, const task *job, const char *description, const io_nifti_space *space,
                                 berg_error *error) {
  berg_status status = volume_begin_sidecar(tree, description, job->options, space, error);
  if (!status && *tree) status = model_provenance_add(*tree, "metadata", berg_metadata_path(job->metadata), error);
  return status;
}

static berg_status check_table(const task *job, const char *path, berg_error *error) {
  char *table = model_sidecar_path(path, ".tsv", error);
  if (!table) return BERG_ELIMIT;
  berg_status status = io_check_output(table, job->options->force, error);
  base_free(table);
  return status;
}

static berg_status write_labels(task *job, const char *path, const io_nifti_space *space, berg_error *error) {
  io_nifti_rows rows = {.dtype = BERG_I32, .ndim = 3, .rows = 1, .read = read_labels, .user = job};
  berg_status status = volume_check_output(path, job->options, error);
  if (!status) status = check_table(job, path, error);
  if (!status) status = make_labels(job, error);
  cJSON *tree = NULL;
  if (!status)
    status = begin_sidecar(&tree, job, "Regions of interest by number; the table beside names them", space, error);
  io_json_add_bool(tree, "Manual", false);
  if (!status) status = write_beside(job, &rows, path, space, 1, tree, error);
  cJSON_Delete(tree);
  return status;
}

static berg_status write_stack(task *job, const char *path, const io_nifti_space *space, berg_error *error) {
  io_nifti_rows rows = {.dtype = BERG_U8, .ndim = 4, .rows = job->count, .read = read_mask, .user = job};
  berg_status status = volume_check_output(path, job->options, error);
  if (!status) status = check_table(job, path, error);
  cJSON *tree = NULL;
  if (!status)
    status = begin_sidecar(&tree, job, "Regions of interest, a mask each along the fourth dimension", space, error);
  cJSON *map = io_json_add_list(tree, "LabelMap");
  for (size_t r = 0; r < job->count; r++) io_json_add(map, NULL, model_provenance_text(job->rois[r].name));
  if (!status) status = write_beside(job, &rows, path, space, 0, tree, error);
  cJSON_Delete(tree);
  return status;
}

/* "x_mask.nii.gz" and "LO1_prf": "x_label-LO1prf_mask.nii.gz". BIDS knows letters and digits in a label. base_free. */
static char *path_of_mask(const char *path, const char *name, berg_error *error) {
  char *label = base_copy_text(name, error), *stem = model_sidecar_path(path, "", error), *made = NULL;
  if (label && stem) {
    const char *ending = path + strlen(stem);
    size_t used = 0, length = strlen(stem);
    for (const char *at = name; *at; at++)
      if (strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")) label[used++] = *at;
    label[used] = '\0';
    if (length > 5 && !strcmp(stem + length - 5, "_mask")) stem[length - 5] = '\0';
    made = base_format(error, "%s_label-%s_mask%s", stem, label, ending);
  }
  base_free(label);
  base_free(stem);
  return made;
}

static berg_status check_masks(const task *job, char **paths, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t r = 0; r < job->count && !status; r++) {
    for (size_t other = 0; other < r && !status; other++)
      if (!strcmp(paths[r], paths[other]))
        status = base_fail(error, BERG_EPARAMETER, "%s: both %s and %s would go there", paths[r], job->rois[other].name,
                           job->rois[r].name);
    if (!status) status = volume_check_output(paths[r], job->options, error);
  }
  return status;
}

/* One row of the stack. */
typedef struct one_mask {
  task *job;
  size_t row;
} one_mask;

static berg_status read_one(void *user, size_t row, void *values, berg_error *error) {
  const one_mask *mask = user;
  return read_mask(mask->job, mask->row + row, values, error);
}

/* `same`: what the sidecars of all masks say; NULL where there are none. */
static berg_status write_mask(task *job, size_t r, const char *path, const io_nifti_space *space, const cJSON *same,
                              berg_error *error) {
  one_mask mask = {job, r};
  io_nifti_rows rows = {.dtype = BERG_U8, .ndim = 3, .rows = 1, .read = read_one, .user = &mask};
  cJSON *tree = io_json_copy(same);
  io_whole_file *sidecar;
  io_json_add(tree, "Label", model_provenance_text(job->rois[r].name));
  berg_status status = volume_prepare_sidecar(&sidecar, tree, path, job->options, error);
  if (!status) status = write_nifti(job, &rows, path, space, error);
  cJSON_Delete(tree);
  return io_whole_file_follow(sidecar, status, error);
}

static berg_status write_each(task *job, const char *path, const io_nifti_space *space, berg_error *error) {
  char **paths = base_calloc(job->count, sizeof *paths, error);
  berg_status status = paths ? BERG_OK : BERG_ELIMIT;
  if (!status && !io_nifti_is_name(path))
    status = base_fail(error, BERG_EARGUMENT, "%s: expected a name that ends in .nii or .nii.gz", path);
  for (size_t r = 0; r < job->count && !status; r++)
    if (!(paths[r] = path_of_mask(path, job->rois[r].name, error))) status = BERG_ELIMIT;
  if (!status) status = check_masks(job, paths, error);
  cJSON *same = NULL;
  if (!status) /* hashes its sources once */
    status = begin_sidecar(&same, job, "Mask of a region of interest", space, error);
  io_json_add_text(same, "Type", "ROI");
  for (size_t r = 0; r < job->count && !status; r++) status = write_mask(job, r, paths[r], space, same, error);
  cJSON_Delete(same);
  for (size_t r = 0; paths && r < job->count; r++) base_free(paths[r]);
  base_free(paths);
  return status;
}

berg_status berg_rois_to_nifti(const berg_metadata *metadata, const char *const *rois, size_t count, berg_roi_form form,
                               const char *path, const berg_output_options *given, berg_error *error) {
  static berg_status (*const writers[])(task *, const char *, const io_nifti_space *, berg_error *) = {
      [BERG_ROI_LABELS] = write_labels, [BERG_ROI_STACK] = write_stack, [BERG_ROI_EACH] = write_each};
  model_output_options options;
  task job = {.metadata = metadata, .options = &options.output};
  io_nifti_space space;
  if ((unsigned)form > BERG_ROI_EACH) return base_fail(error, BERG_EARGUMENT, "no such form of ROIs");
  berg_status status = model_output_options_take(&options, given, error);
  if (!status)
    status = volume_voxels_make(&job.voxels, berg_metadata_find(metadata, "fmri.voxel_coords"), NULL, 0, error);
  if (!status)
    status = model_space(&space, job.voxels.all, job.voxels.all_count, job.voxels.volume, options.output.volume, error);
  if (!status) status = find_rois(&job, rois, count, error);
  if (!status) status = writers[form](&job, path, &space, error);
  for (size_t r = 0; r < job.count; r++) base_free(job.rois[r].voxels);
  base_free(job.rois);
  base_free(job.labels);
  volume_voxels_release(&job.voxels);
  return status;
}
