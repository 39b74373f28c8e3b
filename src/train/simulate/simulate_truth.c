/* truth/sub-0N.npz: what was put into each voxel, and the ceilings that follow from it. */
#include <string.h>

#include "base/memory.h"
#include "io/file/folders.h"
#include "io/container/writers.h"
#include "train/simulate/simulate.h"

berg_status simulate_truth_init(simulate_truth *truth, size_t voxels, size_t tests, berg_error *error) {
  truth->signal = base_calloc(voxels, sizeof(double), error);
  truth->noise = truth->signal ? base_calloc(voxels, sizeof(double), error) : NULL;
  truth->test_signal = truth->noise ? base_calloc(voxels, tests * sizeof(float), error) : NULL;
  return truth->test_signal ? BERG_OK : BERG_ELIMIT;
}

void simulate_truth_release(simulate_truth *truth) {
  base_free(truth->signal);
  base_free(truth->noise);
  base_free(truth->test_signal);
  memset(truth, 0, sizeof *truth);
}

static void set(berg_array *array, const char *name, berg_dtype dtype, size_t itemsize, size_t rows, size_t columns,
                const void *data) {
  *array = (berg_array){.name = name, .dtype = dtype, .itemsize = itemsize, .ndim = columns ? 2 : 1, .data = data};
  array->shape[0] = rows;
  array->shape[1] = columns;
  array->strides[0] = (ptrdiff_t)(itemsize * (columns ? columns : 1));
  array->strides[1] = (ptrdiff_t)itemsize;
}

/* Percent of the variance of the mean of `repeats` trials that is signal. */
static void ceilings(const simulate_truth *truth, size_t voxels, double repeats, double *percent) {
  for (size_t v = 0; v < voxels; v++)
    percent[v] = 100 * truth->signal[v] / (truth->signal[v] + truth->noise[v] / repeats);
}

berg_status simulate_write_arrays(const char *path, bool force, berg_array *arrays, size_t count, berg_error *error) {
  const io_value root = {.kind = IO_DICT};
  const io_entries entries = {.arrays = arrays, .count = count};
  const io_content content = {.root = &root, .entries = &entries};
  io_whole_file *file;
  berg_status status = io_whole_file_open(&file, path, force, error);
  if (status) return status;
  const io_sink sink = io_sink_file(file);
  status = io_write_npz(&sink, &content, error);
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file, error);
  return status;
}

/* Names of the test images, and pointers to them. */
typedef struct name_list {
  char (*texts)[SIMULATE_NAME_ROOM];
  const char **names;
} name_list;

static berg_status list_names(name_list *list, const simulate_design *design, berg_error *error) {
  list->texts = base_alloc(design->tests, sizeof *list->texts, error);
  list->names = list->texts ? base_alloc(design->tests, sizeof *list->names, error) : NULL;
  if (!list->names) return BERG_ELIMIT;
  for (size_t i = 0; i < design->tests; i++) {
    simulate_image_name(design, design->trainings + i, list->texts[i]);
    list->names[i] = list->texts[i];
  }
  return BERG_OK;
}

static berg_status write(const simulate_subject *subject, const char *path, double *percent, const name_list *list,
                         berg_error *error) {
  const size_t voxels = subject->brain.voxels, tests = subject->design->tests;
  const simulate_truth *truth = &subject->truth;
  berg_array arrays[6];
  ceilings(truth, voxels, 1, percent);
  ceilings(truth, voxels, (double)subject->design->sessions, percent + voxels);
  set(&arrays[0], "signal_variance", BERG_F64, 8, voxels, 0, truth->signal);
  set(&arrays[1], "noise_variance", BERG_F64, 8, voxels, 0, truth->noise);
  set(&arrays[2], "nc_singletrial", BERG_F64, 8, voxels, 0, percent);
  set(&arrays[3], "nc_testset", BERG_F64, 8, voxels, 0, percent + voxels);
  set(&arrays[4], "test_stimuli", BERG_STRING, sizeof(char *), tests, 0, list->names);
  set(&arrays[5], "test_signal", BERG_F32, 4, voxels, tests, truth->test_signal);
  return simulate_write_arrays(path, subject->force, arrays, 6, error);
}

berg_status simulate_write_truth(const simulate_subject *subject, berg_error *error) {
  name_list list = {NULL, NULL};
  char *path = base_format(error, "%s/truth/sub-%02d.npz", subject->folder, subject->brain.subject);
  double *percent = path ? base_alloc(subject->brain.voxels, 2 * sizeof *percent, error) : NULL;
  berg_status status = percent ? list_names(&list, subject->design, error) : BERG_ELIMIT;
  if (!status) status = io_make_folders_for(path, error);
  if (!status) status = write(subject, path, percent, &list, error);
  base_free(list.texts);
  base_free(list.names);
  base_free(percent);
  base_free(path);
  return status;
}
