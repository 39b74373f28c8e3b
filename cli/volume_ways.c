/* berg volume to, from, rois. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "value.h"
#include "volume.h"

/* The one array of a file. */
static int open_array(const char *path, berg_file **file, const berg_array **array) {
  berg_error error;
  *array = NULL;
  if (berg_file_open(file, path, &error)) return cli_fail(&error);
  if (berg_file_count(*file) == 1) {
    *array = berg_file_entry(*file, 0);
    return CLI_GO_ON;
  }
  return cli_fail_with(BERG_EINPUT, "%s: expected one array, found %zu", path, berg_file_count(*file));
}

int cli_read_columns(const char *path, size_t **voxels, size_t *count) {
  berg_file *file = NULL;
  const berg_array *array;
  char shape[160];
  int status = open_array(path, &file, &array);
  if (status == CLI_GO_ON && (array->ndim != 1 || !cli_is_whole(array) || array->dtype == BERG_BOOL))
    status = cli_fail_with(BERG_EINPUT, "%s: columns: expected one dimension of voxel indices, found %s %s", path,
                           berg_dtype_name(array->dtype), cli_shape_text(array, shape));
  size_t *list = NULL;
  if (status == CLI_GO_ON && !(list = cli_alloc(array->shape[0], sizeof *list)))
    status = cli_fail_with(BERG_ELIMIT, "%s: not enough memory for %zu columns", path, array->shape[0]);
  for (size_t i = 0; status == CLI_GO_ON && i < array->shape[0]; i++) {
    double index = cli_element_number(array, i);
    if (index < 0 || index > 1e15)
      status =
          cli_fail_with(BERG_EINPUT, "%s: columns: element %zu: expected a voxel index, found %.0f", path, i, index);
    else
      list[i] = (size_t)index;
  }
  if (status == CLI_GO_ON) {
    *voxels = list;
    *count = array->shape[0];
  } else {
    free(list);
  }
  berg_file_free(file);
  return status;
}

/* Row `index` of two dimensions as an array of one. */
static int take_row(const cli_volume *asked, const char *text, berg_array *array) {
  char *end;
  unsigned long index = strtoul(text, &end, 10);
  if (*text < '0' || *text > '9' || *end)
    return cli_usage_error(asked->name, "--row: expected a number from 0, found \"%s\"", text);
  if (array->ndim != 2 || index >= array->shape[0])
    return cli_fail_with(BERG_EPARAMETER, "--row %s: there are %zu rows, counted from 0", text,
                         array->ndim == 2 ? array->shape[0] : 1);
  array->data = (const char *)array->data + (ptrdiff_t)index * array->strides[0];
  array->ndim = 1;
  array->shape[0] = array->shape[1];
  array->strides[0] = array->strides[1];
  return CLI_GO_ON;
}

typedef struct values {
  const char *key, *columns, *row, *file_name;
  berg_file *file;
  berg_array array;
  size_t *voxels, count;
} values;

static int find_values(const cli_volume *asked, values *given) {
  const berg_array *array = NULL;
  int status = CLI_GO_ON;
  if (given->key) {
    array = berg_metadata_find(asked->metadata, given->key);
    if (!array)
      status = cli_fail_with(BERG_EPARAMETER, "%s: no key \"%s\"; berg info names them all",
                             berg_metadata_path(asked->metadata), given->key);
  } else {
    status = open_array(given->file_name, &given->file, &array);
  }
  if (status != CLI_GO_ON) return status;
  given->array = *array;
  if (given->row) status = take_row(asked, given->row, &given->array);
  if (status == CLI_GO_ON && given->columns) status = cli_read_columns(given->columns, &given->voxels, &given->count);
  size_t last = given->array.ndim ? given->array.shape[given->array.ndim - 1] : 1;
  if (status == CLI_GO_ON && !given->columns && last != berg_metadata_output(asked->metadata, 0)->axes[0].length)
    status = cli_fail_with(
        BERG_EPARAMETER,
        "%s: expected one value for each of the subject's %zu voxels, found %zu; --columns FILE says "
        "which voxels the values are of",
        given->key ? given->key : given->file_name, berg_metadata_output(asked->metadata, 0)->axes[0].length, last);
  return status;
}

int cli_volume_to(cli_volume *asked, int argc, char **argv) {
  values given = {0};
  const cli_option options[] = {
      {"output", 'o', CLI_TEXT, &asked->output, "OUT",
       "The volume, .nii.gz or .nii; without an ending the one that FSLOUTPUTTYPE says, else .nii.gz."},
      {"key", 0, CLI_TEXT, &given.key, "NAME",
       "Instead of VALUES: an entry of the metadata, such as encoding_model.noise_ceiling_testset."},
      {"columns", 0, CLI_TEXT, &given.columns, "FILE",
       "The values are of these voxels: a .npy of voxel indices, as berg metadata --key roi.V1 -o v1.npy writes."},
      {"row", 0, CLI_TEXT, &given.row, "I", "Only row I of VALUES, counted from 0, as a volume of three dimensions."},
      CLI_SPACE_OPTIONS(asked->space),
      CLI_VOLUME_OPTIONS(asked)};
  const cli_syntax syntax = {
      .command = asked->name,
      .operands = "MODEL [VALUES]",
      .summary =
          "Writes one number a voxel as a NIfTI volume, each at the place of its voxel, in its own type. VALUES is a "
          ".npy of one number a voxel, which gives three dimensions, or of rows of them, such as responses, "
          "which give four.",
      .examples =
          "berg volume to fmri-things_fmri_1-vit_b_32 --subject 1 responses.npy --row 0 --like brainmask.nii.gz -o "
          "cat.nii.gz\n"
          "berg volume to fmri-things_fmri_1-vit_b_32 --subject 1 --key encoding_model.noise_ceiling_testset -o "
          "ceiling.nii.gz",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .least = 1,
      .most = 2};
  size_t count;
  berg_error error;
  int status = cli_parse(&syntax, argc, argv, &count);
  if (status == CLI_GO_ON && (count == 2) == (given.key != NULL))
    status = cli_usage_error(asked->name, "which values? Give a .npy or --key NAME");
  given.file_name = count == 2 ? argv[1] : NULL;
  if (status == CLI_GO_ON) status = cli_volume_open(asked, argv[0], true);
  if (status == CLI_GO_ON) status = find_values(asked, &given);
  if (status == CLI_GO_ON) {
    const char *sources[] = {given.key ? berg_metadata_path(asked->metadata) : given.file_name, given.columns};
    asked->options.sources = sources;
    asked->options.source_count = given.columns ? 2 : 1;
    if (berg_values_to_nifti(cli_volume_coordinates(asked), &given.array, given.voxels, given.count, asked->path,
                             &asked->options, &error))
      status = cli_fail(&error);
    else
      cli_space_warn(&asked->space);
  }
  berg_file_free(given.file);
  free(given.voxels);
  return status;
}

int cli_volume_from(cli_volume *asked, int argc, char **argv) {
  const char *columns = NULL;
  size_t *voxels = NULL, voxel_count = 0, count;
  const cli_option options[] = {
      {"output", 'o', CLI_TEXT, &asked->output, "OUT", "A .npy: one number a voxel, or rows of them."},
      {"columns", 0, CLI_TEXT, &columns, "FILE", "Only these voxels, in this order: a .npy of voxel indices."},
      CLI_VOLUME_OPTIONS(asked)};
  const cli_syntax syntax = {
      .command = asked->name,
      .operands = "MODEL VOLUME",
      .summary =
          "Takes the number of each voxel out of a NIfTI volume of the subject's grid; of four dimensions, rows of "
          "them. What berg volume to wrote comes back to the same bytes.",
      .examples = "berg volume from fmri-things_fmri_1-vit_b_32 --subject 1 ceiling.nii.gz -o ceiling.npy",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .least = 2,
      .most = 2};
  berg_error error;
  int status = cli_parse(&syntax, argc, argv, &count);
  if (status == CLI_GO_ON) status = cli_volume_open(asked, argv[0], false);
  if (status == CLI_GO_ON && columns) status = cli_read_columns(columns, &voxels, &voxel_count);
  asked->options.sources = &columns;
  asked->options.source_count = columns != NULL;
  if (status == CLI_GO_ON && berg_nifti_to_values(cli_volume_coordinates(asked), argv[1], voxels, voxel_count,
                                                  asked->output, &asked->options, &error))
    status = cli_fail(&error);
  free(voxels);
  return status;
}

int cli_volume_rois(cli_volume *asked, int argc, char **argv) {
  cli_texts rois = {0};
  bool each = false, stack = false;
  size_t count;
  const cli_option options[] = {
      {"output", 'o', CLI_TEXT, &asked->output, "OUT",
       "The volume, .nii.gz or .nii; without an ending the one that FSLOUTPUTTYPE says, else .nii.gz. BIDS calls it "
       "..._dseg, and ..._mask with --each."},
      {"roi", 0, CLI_LIST, &rois, "V1,V2", "These regions. Default: all that have voxels."},
      {"each", 0, CLI_FLAG, &each, NULL, "A mask for each region: x_mask.nii.gz becomes x_label-V1_mask.nii.gz."},
      {"stack", 0, CLI_FLAG, &stack, NULL, "One volume of four dimensions, a mask of 0 and 1 a region."},
      CLI_SPACE_OPTIONS(asked->space),
      CLI_VOLUME_OPTIONS(asked)};
  const cli_syntax syntax = {
      .command = asked->name,
      .operands = "MODEL",
      .summary =
          "Writes regions of interest as a volume of labels, 1 for the first region, and OUT.tsv, which names them and "
          "counts their voxels. Regions that overlap do not fit one volume of labels: --each and --stack "
          "take them.",
      .examples = "berg volume rois fmri-things_fmri_1-vit_b_32 --subject 1 --roi V1,V2,V3 --like brainmask.nii.gz -o "
                  "visual_dseg.nii.gz\n"
                  "berg volume rois fmri-things_fmri_1-vit_b_32 --subject 1 --each --like brainmask.nii.gz -o "
                  "sub-01_mask.nii.gz",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .least = 1,
      .most = 1};
  berg_error error;
  int status = cli_parse(&syntax, argc, argv, &count);
  if (status == CLI_GO_ON && each && stack)
    status = cli_usage_error(asked->name, "--each and --stack: give one of them");
  if (status == CLI_GO_ON) status = cli_volume_open(asked, argv[0], true);
  if (status == CLI_GO_ON) {
    berg_roi_form form = each ? BERG_ROI_EACH : stack ? BERG_ROI_STACK : BERG_ROI_LABELS;
    if (berg_rois_to_nifti(asked->metadata, (const char *const *)rois.items, rois.count, form, asked->path,
                           &asked->options, &error))
      status = cli_fail(&error);
    else
      cli_space_warn(&asked->space);
  }
  cli_texts_free(&rois);
  return status;
}
