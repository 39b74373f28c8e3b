/* Correlations and reliabilities of arrays that another program wrote, for tests.
 *
 *   accuracy correlate   TYPE ORDER THREADS ROWS COLUMNS A B OUT          berg_correlate
 *   accuracy reliability TYPE ORDER THREADS REPEATS STIMULI VOXELS A OUT  berg_estimate_reliability
 *
 * TYPE is float32, float64, or anything else, taken as int64. ORDER names the dimensions from the slowest in the file
 * to the fastest: "01" is C order, "10" Fortran's. OUT gets float64, the four reliabilities one after the other. Ends
 * with the berg_status of the call, its message on standard error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "berg.h"

static void *read_file(const char *path, size_t bytes) {
  FILE *file = fopen(path, "rb");
  void *data = malloc(bytes ? bytes : 1);
  if (!file || !data || fread(data, 1, bytes, file) != bytes) exit(100);
  fclose(file);
  return data;
}

static int write_file(const char *path, const double *values, size_t count) {
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(values, sizeof *values, count, file) != count || fclose(file)) return 101;
  return 0;
}

static berg_array read_array(char **type_order, char **shape, size_t ndim, const char *path) {
  berg_array array = {.dtype = !strcmp(type_order[0], "float32")   ? BERG_F32
                               : !strcmp(type_order[0], "float64") ? BERG_F64
                                                                   : BERG_I64,
                      .ndim = ndim};
  array.itemsize = base_dtype_size(array.dtype);
  size_t bytes = array.itemsize;
  for (size_t d = 0; d < ndim; d++) array.shape[d] = strtoul(shape[d], NULL, 10);
  for (size_t d = ndim; d-- > 0;) {
    size_t dimension = (size_t)(type_order[1][d] - '0');
    array.strides[dimension] = (ptrdiff_t)bytes;
    bytes *= array.shape[dimension];
  }
  array.data = read_file(path, bytes);
  return array;
}

static int end(berg_status status, const berg_error *error, const char *out, double *values, size_t count) {
  if (status) fprintf(stderr, "%s\n", error->message);
  int result = status ? (int)status : write_file(out, values, count);
  free(values);
  return result;
}

static int correlate(char **argv) {
  berg_error error;
  berg_array a = read_array(argv, argv + 3, 2, argv[5]), b = read_array(argv, argv + 3, 2, argv[6]);
  double *r = malloc((a.shape[1] + 1) * sizeof *r);
  berg_status status = berg_correlate(&a, &b, atoi(argv[2]), r, &error);
  free((void *)a.data);
  free((void *)b.data);
  return end(status, &error, argv[7], r, a.shape[1]);
}

static int reliability(char **argv) {
  berg_error error;
  berg_array responses = read_array(argv, argv + 3, 3, argv[6]);
  const size_t voxels = responses.shape[2];
  double *all = malloc((4 * voxels + 1) * sizeof *all);
  berg_reliability result = {.size = sizeof result,
                             .noise_ceiling_singletrial = all,
                             .noise_ceiling_testset = all + voxels,
                             .splithalf_uncorrected = all + 2 * voxels,
                             .splithalf_corrected = all + 3 * voxels};
  berg_status status = berg_estimate_reliability(&responses, atoi(argv[2]), &result, &error);
  free((void *)responses.data);
  return end(status, &error, argv[7], all, 4 * voxels);
}

int main(int argc, char **argv) {
  if (argc == 10 && !strcmp(argv[1], "correlate")) return correlate(argv + 2);
  if (argc == 10 && !strcmp(argv[1], "reliability")) return reliability(argv + 2);
  return 102;
}
