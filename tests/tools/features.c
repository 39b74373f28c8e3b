/* features - every stage of an encoding as raw numbers, for tests that compare it with an oracle outside C.
 *
 *     features pixels    OUT INPUT...              uint8   [images][3][224][224]
 *     features features  [options] OUT INPUT...    float32 [images][12][50][768]
 *     features scores    [options] OUT INPUT...    float32 [images][components]; -c says how many there are
 *     features responses [options] OUT INPUT...    float32 [images][columns]
 *
 * On standard error: the device, the precision, and the bytes that the model was expected to hold and the process has
 * held at most. Exit status: 0 done, the library's where it failed (its message on standard error), 2 usage. */
#include "model/encode/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_LIST 64

typedef struct arguments {
  berg_model_options model;
  const char *subjects[MAX_LIST], *rois[MAX_LIST];
  uint8_t *voxel_index;
  berg_selection selection[2];
  size_t components;
  const char *plugin; /* NULL: the usual places */
  berg_stimuli_options stimuli;
} arguments;

static int usage(void) {
  fprintf(stderr, "usage: features pixels|features|scores|responses [-d BERG_DIR] [-b BACKBONE] [-s "
                  "SUBJECT,...] [-r ROI,...]\n"
                  "       [-v VOXEL_INDEX.raw] [-n MIN_CEILING] [-m] [-t THREADS] [-B BATCH] [-p PRECISION] "
                  "[-c COMPONENTS]\n"
                  "       [-D DEVICE] [-P PLUGIN] [-k]\n"
                  "       OUT.raw INPUT...\n");
  return 2;
}

/* The whole of a file of bytes, or NULL. */
static uint8_t *read_bytes(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  uint8_t *bytes = NULL;
  if (file && !fseek(file, 0, SEEK_END)) {
    long end = ftell(file);
    rewind(file);
    if (end > 0 && (bytes = malloc((size_t)end)) && fread(bytes, 1, (size_t)end, file) == (size_t)end)
      *size = (size_t)end;
  }
  if (file) fclose(file);
  return bytes;
}

static void warned(void *user, const char *message) {
  (void)user;
  fprintf(stderr, "features: warning: %s\n", message);
}

static int parse(arguments *a, int argc, char **argv) {
  berg_model_options_init(&a->model);
  a->model.warn = warned;
  berg_stimuli_options_init(&a->stimuli);
  a->model.subjects = a->subjects;
  berg_selection rois = {.key = "roi", .names = a->rois}, marks = {.key = "voxel_index"};
  for (int letter; (letter = getopt(argc, argv, "d:b:s:r:v:n:mt:B:p:c:D:P:k")) != -1;) {
    switch (letter) {
    case 'd': a->model.berg_dir = optarg; break;
    case 'b': a->model.backbone = optarg; break;
    case 's':
      for (char *part = strtok(optarg, ","); part && a->model.subject_count < MAX_LIST; part = strtok(NULL, ","))
        a->subjects[a->model.subject_count++] = part;
      break;
    case 'r':
      for (char *part = strtok(optarg, ","); part && rois.count < MAX_LIST; part = strtok(NULL, ","))
        a->rois[rois.count++] = part;
      break;
    case 'v':
      a->voxel_index = read_bytes(optarg, &marks.length);
      marks.marks = a->voxel_index;
      break;
    case 'n': a->model.min_noise_ceiling = atof(optarg); break;
    case 'm': a->model.mean_roi = 1; break;
    case 't': a->model.threads = atoi(optarg); break;
    case 'B': a->model.batch = strtoul(optarg, NULL, 10); break;
    case 'p': a->model.precision = optarg; break;
    case 'D': a->model.device = optarg; break;
    case 'P': a->plugin = optarg; break;
    case 'k': a->stimuli.skip_bad = 1; break;
    case 'c': a->components = strtoul(optarg, NULL, 10); break;
    default: return 0;
    }
  }
  if (!a->model.subject_count) a->model.subjects = NULL;
  a->model.selection = a->selection;
  if (rois.count) a->selection[a->model.selection_count++] = rois;
  if (marks.marks) a->selection[a->model.selection_count++] = marks;
  return argc - optind >= 2;
}

static berg_status write_raw(const char *path, const void *data, size_t size, berg_error *error) {
  FILE *file = fopen(path, "wb");
  int bad = !file || fwrite(data, 1, size, file) != size;
  if (file) bad |= fclose(file);
  if (bad) snprintf(error->message, sizeof error->message, "%s: cannot be written", path);
  return bad ? BERG_EWRITE : BERG_OK;
}

static berg_status dump_pixels(berg_stimuli *stimuli, const char *path, berg_error *error) {
  size_t count = berg_stimuli_count(stimuli), size = (size_t)3 * 224 * 224;
  uint8_t *pixels = calloc(count, size);
  berg_status status = pixels ? BERG_OK : BERG_ELIMIT;
  for (size_t i = 0; !status && i < count; i++) status = berg_stimuli_pixels(stimuli, i, pixels + i * size, error);
  if (!status) status = write_raw(path, pixels, count * size, error);
  free(pixels);
  return status;
}

/* The most that the process has held, in bytes: not the largest of its parents, as getrusage would have it. */
static size_t peak_memory(void) {
  size_t kilobytes = 0;
  char line[128];
  FILE *file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file)) sscanf(line, "VmHWM: %zu", &kilobytes);
  if (file) fclose(file);
  return kilobytes << 10;
}

static berg_status dump_encoding(const char *what, const arguments *a, berg_stimuli *stimuli, const char *path,
                                 berg_error *error) {
  berg_model *model = NULL;
  berg_status status = model_open_with(&model, "fmri-things_fmri_1-vit_b_32", &a->model, a->plugin, error);
  if (status) return status;
  fprintf(stderr, "features: on %s in %s\n", berg_model_device(model), berg_model_precision(model));
  size_t width = what[0] == 'f' ? (size_t)12 * 50 * 768 : what[0] == 's' ? a->components : berg_model_columns(model);
  size_t count = berg_stimuli_count(stimuli);
  float *values = calloc(count * width, sizeof *values);
  const size_t needed = model_memory_needed(model, model->batch, true);
  if (!values)
    status = BERG_ELIMIT;
  else if (what[0] == 'f')
    status = berg_encode_features(model, stimuli, values, NULL, error);
  else if (what[0] == 's')
    status = berg_encode_scores(model, stimuli, 0, values, NULL, error);
  else
    status = berg_encode(model, stimuli, values, NULL, error);
  fprintf(stderr, "features: memory %zu expected, %zu held\n", needed, peak_memory());
  if (!status) status = write_raw(path, values, count * width * sizeof *values, error);
  free(values);
  berg_model_free(model);
  return status;
}

int main(int argc, char **argv) {
  arguments a = {0};
  const char *what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "pixels") && strcmp(what, "features") && strcmp(what, "scores") && strcmp(what, "responses"))
    return usage();
  if (!parse(&a, argc - 1, argv + 1) || (what[0] == 's' && !a.components)) return usage();
  char **rest = argv + 1 + optind;
  berg_error error = {0};
  berg_stimuli *stimuli = NULL;
  berg_status status =
      berg_stimuli_open(&stimuli, (const char *const *)rest + 1, (size_t)(argc - 2 - optind), &a.stimuli, &error);
  if (!status)
    status = what[0] == 'p' ? dump_pixels(stimuli, rest[0], &error) : dump_encoding(what, &a, stimuli, rest[0], &error);
  if (status) fprintf(stderr, "features: %s\n", error.message);
  berg_stimuli_free(stimuli);
  free(a.voxel_index);
  return berg_status_exit(status);
}
