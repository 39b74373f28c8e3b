/* Calls what takes options, as a program does that was compiled against another header: tests/cli/test_header.py
 * compiles this with the header of today, with one whose structs end earlier, and with one whose structs have a field
 * more.
 *
 *   options same | added | size=N     in a folder of its own, where it writes
 *
 * Each struct lies at the end of its page, and behind that page is nothing: a library that reads or fills more than the
 * program has ends the process. A line a call: name, status, message. `added`: the field that the library does not know
 * is set (-DADDED). `size=N`: the struct's size is that, as without _init; handles may then be NULL, because nothing
 * but the options is looked at. */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <berg.h>

static const char *way;

static void *at_the_end(size_t size) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED || mprotect(pages + page, page, PROT_NONE)) exit(1);
  memset(pages, 0xa5, page);
  return pages + page - size;
}

#ifdef ADDED
#define SET_ADDED(options) ((options)->added_later = 1)
#else
#define SET_ADDED(options) ((void)0)
#endif

#define NEW(type, name)                                                 \
  type *name = at_the_end(sizeof *name);                                \
  type##_init(name);                                                    \
  if (name->size != sizeof *name) printf(#type ": not its own size\n"); \
  if (!strcmp(way, "added")) SET_ADDED(name);                           \
  if (!strncmp(way, "size=", 5)) name->size = strtoull(way + 5, NULL, 10)

static void say(const char *what, berg_status status, const berg_error *error) {
  printf("%s %s %s\n", what, berg_status_name(status), status ? error->message : "");
}

#define SAY(call)                    \
  do {                               \
    berg_error error;                \
    const berg_status status = call; \
    say(#call, status, &error);      \
  } while (0)

static int64_t places[2][3] = {{0, 0, 0}, {1, 2, 3}};
static float numbers[4] = {1, 2, 4, 3}, more[4] = {2, 1, 5, 5};

static berg_array array(berg_dtype dtype, size_t itemsize, const void *data, size_t ndim, size_t rows, size_t columns) {
  berg_array view = {.dtype = dtype, .itemsize = itemsize, .ndim = ndim, .shape = {rows, columns, 1}, .data = data};
  view.strides[ndim - 1] = (ptrdiff_t)itemsize;
  for (size_t d = ndim - 1; d-- > 0;) view.strides[d] = view.strides[d + 1] * (ptrdiff_t)view.shape[d + 1];
  return view;
}

static void inputs(void) {
  NEW(berg_stimuli_options, stimuli);
  NEW(berg_model_options, model);
  berg_stimuli *images = NULL;
  berg_model *opened = NULL;
  const char *paths[] = {"missing.jpg"};
  model->berg_dir = "nowhere";
  SAY(berg_stimuli_open(&images, paths, 1, stimuli, &error));
  SAY(berg_model_open(&opened, "fmri-things_fmri_1-vit_b_32", model, &error));
}

static void outputs(int whole) {
  NEW(berg_output_options, output);
  NEW(berg_volume_options, volume);
  NEW(berg_run, run);
  NEW(berg_compare_options, compare);
  char *json = NULL;
  const berg_array coordinates = array(BERG_I64, 8, places, 2, 2, 3), values = array(BERG_F32, 4, numbers, 1, 2, 1);
  output->force = 1;
  SAY(berg_values_to_nifti(&coordinates, &values, NULL, 0, "values.nii", output, &error));
  SAY(berg_nifti_to_values(&coordinates, "values.nii", NULL, 0, "values.npy", output, &error));
  SAY(berg_compare("values.npy", "values.npy", compare, NULL, &json, &error));
  berg_free(json);
  SAY(berg_compare("values.npy", "values.npy", NULL, run, &json, &error));
  berg_free(json);
  if (whole) {
    output->volume = volume;
    volume->like = "nowhere.nii";
    SAY(berg_values_to_nifti(&coordinates, &values, NULL, 0, "values.nii", output, &error));
    return;
  }
  const berg_output_options sound = {.size = sizeof sound, .volume = volume};
  SAY(berg_values_to_nifti(&coordinates, &values, NULL, 0, "values.nii", &sound, &error));
  SAY(berg_rois_to_nifti(NULL, NULL, 0, BERG_ROI_EACH, "rois.nii", output, &error));
  SAY(berg_encode_to_file(NULL, NULL, "responses.npy", output, NULL, &error));
  SAY(berg_encode_to_file(NULL, NULL, "responses.npy", NULL, run, &error));
  SAY(berg_bench_model(&json, NULL, 1, 1, run, &error));
  NEW(berg_trials_options, trials);
  SAY(berg_encode_trials(NULL, NULL, trials, NULL, NULL, &error));
  SAY(berg_encode_trials(NULL, NULL, NULL, NULL, run, &error));
}

static void scores(int whole) {
  char *json = NULL;
  NEW(berg_score_options, score);
  NEW(berg_run, run);
  SAY(berg_score(NULL, 0, NULL, "store", score, NULL, NULL, &error));
  NEW(berg_fetch_options, fetch);
  SAY(berg_fetch("no-such-model", fetch, NULL, &json, &error));
  NEW(berg_merge_options, merge);
  SAY(berg_merge(NULL, 0, "out", merge, NULL, NULL, &error));
  if (whole) return;
  SAY(berg_score(NULL, 0, NULL, "store", NULL, run, NULL, &error));
  SAY(berg_store_check(NULL, 1, run, &error));
  SAY(berg_store_add("store", NULL, 1, run, &error));
  SAY(berg_merge(NULL, 0, "out", NULL, run, NULL, &error));
}

static void asking(int whole) {
  NEW(berg_contrast_options, contrast);
  NEW(berg_contrast_maps, maps);
  NEW(berg_rank_options, rank);
  NEW(berg_picture_options, pictures);
  NEW(berg_run, run);
  berg_contrast *opened = NULL;
  char *json = NULL;
  SAY(berg_contrast_open(&opened, NULL, 0, NULL, 0, contrast, &error));
  SAY(berg_rank(NULL, "(", rank, NULL, &json, &error));
  SAY(berg_draw_pictures(NULL, 0, "sheet.png", pictures, NULL, &error));
  if (whole) return;
  SAY(berg_contrast_compute(NULL, "a - b", maps, NULL, &error));
  SAY(berg_rank(NULL, "(", NULL, run, &json, &error));
}

static void control(int whole) {
  NEW(berg_control_options, asked);
  NEW(berg_run, run);
  char *json = NULL;
  SAY(berg_control(NULL, asked, NULL, &json, &error));
  if (whole) return;
  SAY(berg_control(NULL, NULL, run, &json, &error));
}

static void training(int whole) {
  NEW(berg_simulate_options, simulate);
  NEW(berg_simulate_prepared_options, prepared);
  NEW(berg_prepare_options, prepare);
  NEW(berg_train_options, train);
  NEW(berg_evaluate_options, evaluate);
  NEW(berg_report_options, report);
  NEW(berg_regression_options, regression);
  NEW(berg_run, run);
  char *json = NULL;
  simulate->test_images = 1;
  SAY(berg_simulate("folder", simulate, NULL, &error));
  prepared->test_images = 1;
  SAY(berg_simulate_prepared("folder", "meg-things_meg_1-vit_b_32", prepared, NULL, &error));
  SAY(berg_prepare("nowhere", prepare, NULL, &error));
  SAY(berg_train("fmri-things_fmri_1-vit_b_32", train, NULL, NULL, &error));
  SAY(berg_train_plan(&json, "fmri-things_fmri_1-vit_b_32", train, &error));
  SAY(berg_evaluate("fmri-things_fmri_1-vit_b_32", evaluate, NULL, NULL, &error));
  SAY(berg_report("fmri-things_fmri_1-vit_b_32", report, NULL, &error));
  if (whole) return;
  const berg_train_options sound = {.size = sizeof sound, .regression = regression};
  SAY(berg_train("fmri-things_fmri_1-vit_b_32", &sound, NULL, NULL, &error));
  SAY(berg_train("fmri-things_fmri_1-vit_b_32", NULL, run, NULL, &error));
  SAY(berg_simulate("folder", NULL, run, &error));
  SAY(berg_simulate_prepared("folder", "meg-things_meg_1-vit_b_32", NULL, run, &error));
  SAY(berg_prepare("nowhere", NULL, run, &error));
  SAY(berg_evaluate("fmri-things_fmri_1-vit_b_32", NULL, run, NULL, &error));
}

static void solver(int whole) {
  NEW(berg_fit_options, how);
  NEW(berg_regression_options, regression);
  NEW(berg_run, run);
  NEW(berg_reliability, result);
  berg_fit *fit = NULL;
  const berg_array features = array(BERG_F32, 4, numbers, 2, 4, 1), responses = array(BERG_F32, 4, more, 2, 4, 1);
  const berg_array repeats = array(BERG_F32, 4, numbers, 3, 2, 2);
  how->components = 1;
  SAY(berg_estimate_reliability(&repeats, 1, result, &error));
  SAY(berg_fit_open(&fit, &features, &responses, how, NULL, &error));
  berg_fit_free(fit);
  if (whole) {
    how->regression = regression;
    regression->method = "neither";
    SAY(berg_fit_open(&fit, &features, &responses, how, run, &error));
    return;
  }
  const berg_fit_options sound = {.size = sizeof sound, .regression = regression};
  SAY(berg_fit_open(&fit, &features, &responses, &sound, NULL, &error));
  SAY(berg_fit_open(&fit, &features, &responses, NULL, run, &error));
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  way = argv[1];
  const int whole = !strcmp(way, "same");
  inputs();
  outputs(whole);
  scores(whole);
  asking(whole);
  control(whole);
  training(whole);
  solver(whole);
  return 0;
}
