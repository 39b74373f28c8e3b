/* cancelled - asks a store, or writes a file, and is told to end at each place in turn where the library looks whether
 * it should.
 *
 *     cancelled STORE BERG_DIR rsa MEASURE METRIC PERMUTATIONS BOOTSTRAPS EXACT MEMORY [MATRIX]
 *     cancelled STORE BERG_DIR contrast
 *     cancelled STORE BERG_DIR rank
 *     cancelled STORE BERG_DIR rsm OUT.npy
 *     cancelled STORE BERG_DIR control MULTIVARIATE
 *     cancelled STORE BERG_DIR model BACKBONE PRECISION
 *     cancelled STORE BERG_DIR convert OUT SOURCE [PRECISION]
 *     cancelled STORE BERG_DIR volume OUT (to | from | stack) [VOLUME]
 *     cancelled STORE BERG_DIR plot
 *
 * Each question is answered with yes once, or where runs are long the first, one in the middle and the last. Such a run
 * must end there, as ECANCELLED and without a result. Prints the number of questions. Exit status: 0 as it should be, 1
 * not, 2 usage. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "berg.h"

#define MODEL "fmri-things_fmri_1-vit_b_32"

static size_t asked, end;

static int ask(void *user) {
  (void)user;
  return ++asked == end;
}

typedef struct request {
  int argc;
  char **argv;
  berg_store *store;
  berg_run run;
} request;

static berg_status ask_rsa(request *r, int *has_result, berg_error *error) {
  char **argv = r->argv, *json;
  const int has_matrix = r->argc > 10;
  berg_rsa_options options;
  berg_rsa_options_init(&options);
  options.berg_dir = argv[2];
  options.measure = argv[4];
  options.metric = argv[5];
  options.permutations = strtoul(argv[6], NULL, 10);
  options.bootstraps = strtoul(argv[7], NULL, 10);
  options.exact = atoi(argv[8]);
  options.memory = strtoul(argv[9], NULL, 10);
  options.threads = 1; /* so that each run asks as often */
  const berg_rsa_side sides[] = {{.subject = "1", .region = "V1"},
                                 has_matrix ? (berg_rsa_side){.matrix = argv[10]}
                                            : (berg_rsa_side){.subject = "1", .region = "IT"}};
  berg_status status = berg_rsa(r->store, sides, 2, &options, &r->run, &json, error);
  *has_result = json != NULL;
  berg_free(json);
  return status;
}

static berg_status ask_contrast(request *r, int *has_result, berg_error *error) {
  enum { EACH = 4 };
  size_t images[2][EACH];
  for (size_t i = 0; i < EACH; i++) {
    images[0][i] = i;
    images[1][i] = EACH + i;
  }
  const berg_image_group groups[] = {{"a", images[0], EACH}, {"b", images[1], EACH}};
  berg_contrast_options options;
  berg_contrast *contrast;
  berg_contrast_options_init(&options);
  options.berg_dir = r->argv[2];
  options.threads = 1;
  options.run = &r->run;
  berg_status status = berg_contrast_open(&contrast, r->store, 0, groups, 2, &options, error);
  *has_result = contrast != NULL;
  berg_contrast_free(contrast);
  return status;
}

static berg_status ask_rank(request *r, int *has_result, berg_error *error) {
  berg_rank_options options;
  char *json;
  berg_rank_options_init(&options);
  options.berg_dir = r->argv[2];
  options.threads = 1;
  berg_status status = berg_rank(r->store, "typicality(V1)", &options, &r->run, &json, error);
  *has_result = json != NULL;
  berg_free(json);
  return status;
}

static berg_status ask_rsm(request *r, int *has_result, berg_error *error) {
  static const char *const regions[] = {"V1"};
  berg_rsm_options options;
  char *json;
  berg_rsm_options_init(&options);
  options.berg_dir = r->argv[2];
  options.threads = 1;
  options.subject = "1";
  options.regions = regions;
  options.region_count = 1;
  berg_status status = berg_rsm(r->store, r->argv[4], &options, &r->run, &json, error);
  *has_result = json != NULL;
  if (*has_result) remove(r->argv[4]);
  berg_free(json);
  return status;
}

static berg_status ask_control(request *r, int *has_result, berg_error *error) {
  static const char *const regions[] = {"V1", "IT"};
  berg_control_options options;
  char *json;
  berg_control_options_init(&options);
  options.berg_dir = r->argv[2];
  options.threads = 1;
  options.regions = regions;
  options.region_count = 2;
  options.images = 10;
  options.draws = 100;
  options.permutations = 100;
  options.generations = 3;
  options.min_ceiling = -1;
  options.cross_validate = 1;
  options.multivariate = atoi(r->argv[4]);
  berg_status status = berg_control(r->store, &options, &r->run, &json, error);
  *has_result = json != NULL;
  berg_free(json);
  return status;
}

static berg_status ask_model(request *r, int *has_result, berg_error *error) {
  berg_model_options options;
  berg_model *model;
  berg_model_options_init(&options);
  options.berg_dir = r->argv[2];
  options.backbone = r->argv[4];
  options.precision = r->argv[5];
  options.device = "cpu";
  options.threads = 1;
  options.run = &r->run;
  berg_status status = berg_model_open(&model, MODEL, &options, error);
  *has_result = model != NULL;
  berg_model_free(model);
  return status;
}

/* Whether the output is there, which goes. */
static int take_away(const char *path) { return !remove(path); }

static berg_status ask_convert(request *r, int *has_result, berg_error *error) {
  char **argv = r->argv;
  berg_status status = r->argc > 6 ? berg_convert_precision(argv[5], argv[4], argv[6], NULL, 0, &r->run, error)
                                   : berg_convert(argv[5], argv[4], 0, &r->run, error);
  *has_result = take_away(argv[4]);
  return status;
}

static berg_status ask_volume(request *r, int *has_result, berg_error *error) {
  enum { ROWS = 9 };
  char **argv = r->argv;
  berg_metadata *metadata;
  berg_output_options options;
  berg_output_options_init(&options);
  options.run = &r->run;
  berg_status status = berg_metadata_open(&metadata, MODEL, argv[2], "1", error);
  if (status) return status;
  const berg_array *places = berg_metadata_find(metadata, "fmri.voxel_coords");
  const size_t voxels = places->shape[0];
  float *values = calloc(ROWS * voxels, sizeof *values);
  const berg_array rows = {.data = values,
                           .dtype = BERG_F32,
                           .itemsize = sizeof *values,
                           .ndim = 2,
                           .shape = {ROWS, voxels},
                           .strides = {(ptrdiff_t)(voxels * sizeof *values), sizeof *values}};
  if (!strcmp(argv[5], "to"))
    status = berg_values_to_nifti(places, &rows, NULL, 0, argv[4], &options, error);
  else if (!strcmp(argv[5], "from"))
    status = berg_nifti_to_values(places, argv[6], NULL, 0, argv[4], &options, error);
  else
    status = berg_rois_to_nifti(metadata, NULL, 0, BERG_ROI_STACK, argv[4], &options, error);
  *has_result = take_away(argv[4]);
  if (!strcmp(argv[5], "stack")) remove("out.tsv");
  free(values);
  berg_metadata_free(metadata);
  return status;
}

static berg_status ask_plot(request *r, int *has_result, berg_error *error) {
  static const char *const subjects[] = {"1", "2"};
  char *svg;
  berg_status status = berg_plot_accuracy(&svg, MODEL, r->argv[2], subjects, 2, &r->run, error);
  *has_result = svg != NULL;
  berg_free(svg);
  return status;
}

/* Says yes to question `n`, 0: to none. How many there were; ends the program where that is not as it should be. */
static size_t run_once(request *r, berg_status (*call)(request *, int *, berg_error *), size_t n) {
  int has_result;
  berg_error error;
  asked = 0;
  end = n;
  const berg_status status = call(r, &has_result, &error);
  if (n ? status == BERG_ECANCELLED && !has_result && asked == n : !status && has_result) return asked;
  fprintf(stderr, "question %zu of %zu: status %d: %s\n", n, asked, (int)status, status ? error.message : "");
  exit(1);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    int least, is_long;
    berg_status (*call)(request *, int *, berg_error *);
  } calls[] = {{"rsa", 10, 0, ask_rsa},        {"contrast", 4, 0, ask_contrast}, {"rank", 4, 0, ask_rank},
               {"rsm", 5, 0, ask_rsm},         {"control", 5, 1, ask_control},   {"model", 6, 1, ask_model},
               {"convert", 6, 1, ask_convert}, {"volume", 6, 0, ask_volume},     {"plot", 4, 0, ask_plot}};
  enum { CALLS = sizeof calls / sizeof *calls };
  request r = {.argc = argc, .argv = argv};
  berg_error error;
  size_t which = 0;
  while (argc > 3 && which < CALLS && strcmp(calls[which].name, argv[3]) != 0) which++;
  if (argc < 4 || which == CALLS || argc < calls[which].least || berg_store_open(&r.store, argv[1], &error)) return 2;
  berg_run_init(&r.run);
  r.run.cancel = ask;
  const size_t all = run_once(&r, calls[which].call, 0);
  const size_t step = calls[which].is_long && all > 2 ? (all - 1) / 2 : 1;
  for (size_t n = 1; n <= all; n += step) run_once(&r, calls[which].call, n);
  if (step > 1) run_once(&r, calls[which].call, all);
  printf("%zu\n", all);
  berg_store_free(r.store);
  return 0;
}
