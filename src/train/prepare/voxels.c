/* The voxels' metadata of the raw data set. */
#include "train/prepare/voxels.h"

#include <string.h>

#include "base/text.h"
#include "io/value/tree_build.h"
#include "io/container/writers.h"

enum {
  VOXEL_X,
  VOXEL_Y,
  VOXEL_Z,
  NC_SINGLETRIAL,
  NC_TESTSET,
  SPLITHALF_UNCORRECTED,
  SPLITHALF_CORRECTED,
  PRF_ECCENTRICITY,
  PRF_POLARANGLE,
  PRF_RSQUARED,
  PRF_SIZE,
  FIRST_ROI,
  ROIS = 29,
  COLUMNS = FIRST_ROI + ROIS
};

#define REAL(name) \
  { name, IO_CSV_REAL, false }
#define ROI(name) \
  { name, IO_CSV_MARK, true }

/* ROIs in the order of the metadata, not of the file. */
static const io_csv_column columns[COLUMNS] = {{"voxel_x", IO_CSV_INTEGER, false},
                                               {"voxel_y", IO_CSV_INTEGER, false},
                                               {"voxel_z", IO_CSV_INTEGER, false},
                                               REAL("nc_singletrial"),
                                               REAL("nc_testset"),
                                               REAL("splithalf_uncorrected"),
                                               REAL("splithalf_corrected"),
                                               REAL("prf-eccentricity"),
                                               REAL("prf-polarangle"),
                                               REAL("prf-rsquared"),
                                               REAL("prf-size"),
                                               ROI("V1"),
                                               ROI("V2"),
                                               ROI("V3"),
                                               ROI("hV4"),
                                               ROI("VO1"),
                                               ROI("VO2"),
                                               ROI("LO1 (prf)"),
                                               ROI("LO2 (prf)"),
                                               ROI("TO1"),
                                               ROI("TO2"),
                                               ROI("V3b"),
                                               ROI("V3a"),
                                               ROI("lFFA"),
                                               ROI("rFFA"),
                                               ROI("lOFA"),
                                               ROI("rOFA"),
                                               ROI("lEBA"),
                                               ROI("rEBA"),
                                               ROI("lPPA"),
                                               ROI("rPPA"),
                                               ROI("lRSC"),
                                               ROI("rRSC"),
                                               ROI("lTOS"),
                                               ROI("rTOS"),
                                               ROI("lLOC"),
                                               ROI("rLOC"),
                                               ROI("IT"),
                                               ROI("lSTS"),
                                               ROI("rSTS")};

/* Of one dimension, or with `width` of two. */
static void add_array(io_tree *t, io_value *dict, const char *key, berg_dtype dtype, size_t itemsize, size_t rows,
                      size_t width, const void *data) {
  io_tree_add_array(t, dict, key, dtype, itemsize, (size_t[]){rows, width}, width ? 2 : 1, data);
}

static io_value *fmri_dict(io_tree *t, const io_csv *voxels, int subject) {
  const size_t count = io_csv_rows(voxels);
  const int64_t *axes[] = {io_csv_integers(voxels, VOXEL_X), io_csv_integers(voxels, VOXEL_Y),
                           io_csv_integers(voxels, VOXEL_Z)};
  int64_t *coordinates = io_tree_take(t, count, 3 * sizeof *coordinates);
  for (size_t v = 0; coordinates && v < count; v++)
    for (size_t a = 0; a < 3; a++) coordinates[3 * v + a] = axes[a][v];
  io_value *dict = io_tree_new(t, IO_DICT);
  add_array(t, dict, "voxel_coords", BERG_I64, sizeof *coordinates, count, 3, coordinates);
  io_tree_add_integer(t, dict, "n_voxels", (int64_t)count);
  char name[16];
  base_print(name, sizeof name, "sub-%02d", subject);
  io_tree_add_text(t, dict, "subject_id", name);
  return dict;
}

/* An object array of the texts of these trials. */
static void add_texts(io_tree *t, io_value *dict, const char *key, const char *const *texts, const size_t *trials,
                      size_t count) {
  const char **elements = io_tree_take(t, count, sizeof *elements);
  for (size_t i = 0; elements && i < count; i++) elements[i] = texts[trials[i]];
  add_array(t, dict, key, BERG_STRING, sizeof *elements, count, 0, elements);
}

/* Texts of the averaged stimuli. */
static void add_averaged(io_tree *t, io_value *dict, const char *key, const char *const *texts,
                         const train_trials *trials) {
  const char **elements = io_tree_take(t, trials->averaged_count, sizeof *elements);
  for (size_t i = 0; elements && i < trials->averaged_count; i++)
    elements[i] = texts[trials->test[trials->averaged[i * trials->repeats]]];
  if (elements) io_tree_add_texts(t, dict, key, elements, trials->averaged_count);
}

static void add_reals(io_tree *t, io_value *dict, const char *key, const io_csv *voxels, size_t column) {
  add_array(t, dict, key, BERG_F64, sizeof(double), io_csv_rows(voxels), 0, io_csv_reals(voxels, column));
}

static io_value *encoding_dict(io_tree *t, const io_csv *voxels, const train_trials *trials) {
  io_value *dict = io_tree_new(t, IO_DICT);
  add_texts(t, dict, "train_stimuli", trials->stimuli, trials->train, trials->train_count);
  add_texts(t, dict, "train_concepts", trials->concepts, trials->train, trials->train_count);
  add_texts(t, dict, "test_stimuli", trials->stimuli, trials->test, trials->test_count);
  add_texts(t, dict, "test_concepts", trials->concepts, trials->test, trials->test_count);
  add_averaged(t, dict, "test_avg_stimuli", trials->stimuli, trials);
  add_averaged(t, dict, "test_avg_concepts", trials->concepts, trials);
  add_reals(t, dict, "noise_ceiling_singletrial", voxels, NC_SINGLETRIAL);
  add_reals(t, dict, "noise_ceiling_testset", voxels, NC_TESTSET);
  add_reals(t, dict, "splithalf_corrected", voxels, SPLITHALF_CORRECTED);
  add_reals(t, dict, "splithalf_uncorrected", voxels, SPLITHALF_UNCORRECTED);
  return dict;
}

static io_value *prf_dict(io_tree *t, const io_csv *voxels) {
  io_value *dict = io_tree_new(t, IO_DICT);
  add_reals(t, dict, "prf_eccentricity", voxels, PRF_ECCENTRICITY);
  add_reals(t, dict, "prf_polarangle", voxels, PRF_POLARANGLE);
  add_reals(t, dict, "prf_rsquared", voxels, PRF_RSQUARED);
  add_reals(t, dict, "prf_size", voxels, PRF_SIZE);
  return dict;
}

/* "LO1 (prf)" is LO1_prf, as upstream cleans names. */
static void clean_name(char *to, size_t room, const char *name) {
  size_t used = 0;
  for (; *name && used + 1 < room; name++)
    if (*name != '(' && *name != ')') to[used++] = *name == ' ' ? '_' : *name;
  to[used] = '\0';
}

static io_value *roi_dict(io_tree *t, const io_csv *voxels) {
  const size_t rows = io_csv_rows(voxels);
  io_value *dict = io_tree_new(t, IO_DICT);
  for (size_t c = FIRST_ROI; c < COLUMNS && !t->failed; c++) {
    if (!io_csv_has(voxels, c)) continue;
    const uint8_t *marks = io_csv_marks(voxels, c);
    char name[32];
    size_t count = 0;
    for (size_t v = 0; v < rows; v++) count += marks[v];
    int64_t *indices = io_tree_take(t, count, sizeof *indices);
    for (size_t v = 0, i = 0; indices && v < rows; v++)
      if (marks[v]) indices[i++] = (int64_t)v;
    clean_name(name, sizeof name, columns[c].name);
    add_array(t, dict, name, BERG_I64, sizeof *indices, count, 0, indices);
  }
  return dict;
}

static io_value *build(io_tree *t, const io_csv *voxels, const train_trials *trials, int subject) {
  io_value *root = io_tree_new(t, IO_DICT);
  io_tree_add(t, root, "fmri", fmri_dict(t, voxels, subject));
  io_tree_add(t, root, "encoding_model", encoding_dict(t, voxels, trials));
  io_tree_add(t, root, "prf", prf_dict(t, voxels));
  io_tree_add(t, root, "roi", roi_dict(t, voxels));
  return root;
}

berg_status train_voxels_read(io_csv **voxels, const char *path, size_t expected, berg_error *error) {
  berg_status status = io_csv_read(voxels, path, columns, COLUMNS, error);
  if (status) return status;
  status = io_csv_check_rows(*voxels, path, expected, "as the responses have voxels", error);
  if (status) {
    io_csv_free(*voxels);
    *voxels = NULL;
  }
  return status;
}

berg_status train_metadata_write(const char *path, const io_csv *voxels, const train_trials *trials, int subject,
                                 berg_error *error) {
  io_tree t;
  io_tree_begin(&t, io_csv_rows(voxels) * TRAIN_VOXEL_BYTES, error);
  io_value *root = build(&t, voxels, trials, subject);
  io_whole_file *file = NULL;
  berg_status status = t.failed ? BERG_ELIMIT : io_whole_file_open(&file, path, true, error);
  if (!status) {
    io_sink sink = io_sink_file(file);
    status = io_write_npy(&sink, &(io_content){root, NULL, NULL, 0}, error);
    if (status)
      io_whole_file_abandon(file, error);
    else
      status = io_whole_file_commit(file, error);
  }
  io_tree_release(&t);
  return status;
}
