/* A new model is a card and a layout, and nothing else: this program is the library with another catalog, of one
 * model that the library does not have. Its files are written here, opened, described, selected from and encoded
 * with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "berg.h"
#include "model/encode/scores.h"
#include "vit/shape.h"

#define MODEL "toy-neurons-vit_b_32"
#define FOLDER "encoding_models/modality-toy/train_dataset-none/model-vit_b_32"
#define COMPONENTS 2
#define NEURONS 3
#define FEATURES VIT_CLASS_FEATURES

static char folder[256];
static const float coefficients[NEURONS][COMPONENTS] = {{1, 0}, {0, 2}, {-1, 0.5f}};
static const float intercepts[NEURONS] = {0.25f, -1, 3};

/* Arrays of float32 as a .safetensors, which becomes upstream's pickled .npy. */
typedef struct tensor {
  const char *name, *shape;
  const float *values;
  size_t count;
} tensor;

static void make_folder(const char *name) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
    *slash = '\0';
    mkdir(path, 0777);
  }
  mkdir(path, 0777);
}

static void write_npy(const char *name, const tensor *tensors, size_t count) {
  char header[2048] = "{", source[512], target[512];
  size_t length = 1, at = 0;
  for (size_t i = 0; i < count; i++, at += tensors[i - 1].count * sizeof(float))
    length += (size_t)snprintf(header + length, sizeof header - length,
                               "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}", i ? "," : "",
                               tensors[i].name, tensors[i].shape, at, at + tensors[i].count * sizeof(float));
  header[length++] = '}';
  snprintf(source, sizeof source, "%s/source.safetensors", folder);
  snprintf(target, sizeof target, "%s/" FOLDER "/%s", folder, name);
  FILE *file = fopen(source, "wb");
  const uint64_t size = length;
  assert_non_null(file);
  fwrite(&size, sizeof size, 1, file);
  fwrite(header, 1, length, file);
  for (size_t i = 0; i < count; i++) fwrite(tensors[i].values, sizeof(float), tensors[i].count, file);
  assert_int_equal(fclose(file), 0);
  assert_int_equal(berg_convert(source, target, 1, NULL, NULL), BERG_OK);
}

static void write_weights(void) {
  float *mean = calloc(FEATURES, sizeof *mean), *scale = calloc(FEATURES, sizeof *scale),
        *directions = calloc((size_t)COMPONENTS * FEATURES, sizeof *directions);
  for (size_t i = 0; i < FEATURES; i++) {
    scale[i] = 1;
    directions[i] = i % 7 == 0 ? 0.01f : 0;
    directions[FEATURES + i] = i % 11 == 0 ? -0.02f : 0;
  }
  char features[16], wide[32], rows[32];
  snprintf(features, sizeof features, "%d", FEATURES);
  snprintf(wide, sizeof wide, "%d,%d", COMPONENTS, FEATURES);
  snprintf(rows, sizeof rows, "%d,%d", NEURONS, COMPONENTS);
  const tensor tensors[] = {{"scaler_param.mean_", features, mean, FEATURES},
                            {"scaler_param.scale_", features, scale, FEATURES},
                            {"pca_param.mean_", features, mean, FEATURES},
                            {"pca_param.components_", wide, directions, (size_t)COMPONENTS * FEATURES},
                            {"reg_param.coef_", rows, coefficients[0], (size_t)NEURONS * COMPONENTS},
                            {"reg_param.intercept_", "3", intercepts, NEURONS}};
  write_npy("encoding_models_weights/weights_animalB.npy", tensors, sizeof tensors / sizeof *tensors);
  free(mean), free(scale), free(directions);
}

/* {"toy": {"names": ["left", "right", "both"]}}, as NumPy saves a dict: a pickle of protocol 3 in an array of no
 * dimension. */
static void write_metadata(void) {
  static const char header[] = "{'descr': '|O', 'fortran_order': False, 'shape': (), }";
  static const char pickle[] = "\x80\x03"
                               "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85"
                               "C\x01"
                               "b\x87R(K\x01)cnumpy\ndtype\nX\x02\x00\x00\x00O8\x89\x88\x87R(K\x03X\x01\x00\x00\x00|NNN"
                               "J\xff\xff\xff\xff"
                               "J\xff\xff\xff\xff"
                               "K?tb\x89]}X\x03\x00\x00\x00toy}X\x05\x00\x00\x00names](X\x04\x00\x00\x00left"
                               "X\x05\x00\x00\x00rightX\x04\x00\x00\x00"
                               "bothessatb.";
  char path[512], padded[118];
  memset(padded, ' ', sizeof padded);
  memcpy(padded, header, sizeof header - 1);
  padded[sizeof padded - 1] = '\n';
  snprintf(path, sizeof path, "%s/" FOLDER "/metadata/metadata_animalB.npy", folder);
  FILE *file = fopen(path, "wb");
  const uint8_t start[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, sizeof padded, 0};
  assert_non_null(file);
  fwrite(start, 1, sizeof start, file);
  fwrite(padded, 1, sizeof padded, file);
  fwrite(pickle, 1, sizeof pickle - 1, file);
  assert_int_equal(fclose(file), 0);
}

static int set_up(void **state) {
  (void)state;
  const char *place = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/toy-XXXXXX", place ? place : "/tmp");
  if (!mkdtemp(folder)) return -1;
  make_folder(FOLDER "/encoding_models_weights");
  make_folder(FOLDER "/metadata");
  write_weights();
  write_metadata();
  return 0;
}

static int tear_down(void **state) {
  static const char *const files[] = {FOLDER "/encoding_models_weights/weights_animalB.npy",
                                      FOLDER "/encoding_models_weights",
                                      FOLDER "/metadata/metadata_animalB.npy",
                                      FOLDER "/metadata",
                                      FOLDER,
                                      "encoding_models/modality-toy/train_dataset-none",
                                      "encoding_models/modality-toy",
                                      "encoding_models",
                                      "source.safetensors",
                                      ""};
  char path[512];
  (void)state;
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, files[i]);
    if (unlink(path)) rmdir(path);
  }
  return 0;
}

static void test_the_catalog_has_it_and_describes_it(void **state) {
  berg_metadata *metadata;
  (void)state;
  assert_int_equal(berg_catalog_count(), 1);
  assert_string_equal(berg_catalog_id(0), MODEL);
  assert_int_equal(berg_metadata_open(&metadata, MODEL, folder, "B", NULL), BERG_OK);
  const berg_output *output = berg_metadata_output(metadata, 0);
  assert_string_equal(output->axes[0].name, "neuron");
  assert_int_equal(output->axes[0].length, NEURONS);
  assert_string_equal(output->axes[0].labels[2], "both");
  berg_metadata_free(metadata);
  berg_error error;
  assert_int_equal(berg_metadata_open(&metadata, MODEL, folder, "C", &error), BERG_EPARAMETER);
  assert_string_equal(error.message, "subject C is not known: expected A or B");
}

static void test_it_is_selected_from_and_encoded_with(void **state) {
  berg_model_options options;
  berg_model *model;
  berg_stimuli *stimuli;
  berg_error error;
  const berg_selection neurons = {.key = "neurons", .names = (const char *const[]){"both", "left"}, .count = 2};
  uint8_t *pixels = malloc((size_t)3 * 256 * 256);
  float responses[2], scores[COMPONENTS];
  (void)state;
  for (size_t i = 0; i < (size_t)3 * 256 * 256; i++) pixels[i] = (uint8_t)(i * 31 % 251);
  const berg_array image = {.dtype = BERG_U8,
                            .itemsize = 1,
                            .ndim = 4,
                            .shape = {1, 3, 256, 256},
                            .strides = {3 * 256 * 256, 256 * 256, 256, 1},
                            .data = pixels};
  berg_model_options_init(&options);
  options.berg_dir = folder;
  options.backbone = "random:1";
  options.subjects = (const char *const[]){"B"};
  options.subject_count = 1;
  options.selection = &neurons;
  options.selection_count = 1;
  if (berg_model_open(&model, MODEL, &options, &error)) fail_msg("%s", error.message);
  assert_int_equal(berg_model_columns(model), 2);
  assert_int_equal(berg_stimuli_from_array(&stimuli, &image, BERG_NCHW, NULL), BERG_OK);
  assert_int_equal(berg_encode_scores(model, stimuli, 0, scores, NULL, NULL), BERG_OK);
  assert_int_equal(berg_encode(model, stimuli, responses, NULL, NULL), BERG_OK);
  assert_float_equal(responses[0], -scores[0] + 0.5f * scores[1] + 3, 1e-4);
  assert_float_equal(responses[1], scores[0] + 0.25f, 1e-4);
  assert_true(scores[0] != 0 && scores[1] != 0);
  berg_stimuli_free(stimuli);
  berg_model_free(model);
  free(pixels);
}

/* Whichever model runs the network, the others have memory for as many threads. */
static void test_models_of_different_threads_go_together(void **state) {
  enum { IMAGES = 2 };
  static const int threads[] = {3, 1};
  berg_model_options options;
  berg_model *models[2];
  berg_stimuli *stimuli;
  berg_error error;
  uint8_t *pixels = malloc((size_t)IMAGES * 3 * 224 * 224);
  float responses[2][IMAGES * NEURONS], *rows[] = {responses[0], responses[1]};
  (void)state;
  for (size_t i = 0; i < (size_t)IMAGES * 3 * 224 * 224; i++) pixels[i] = (uint8_t)(i * 31 % 251);
  const berg_array images = {.dtype = BERG_U8,
                             .itemsize = 1,
                             .ndim = 4,
                             .shape = {IMAGES, 3, 224, 224},
                             .strides = {3 * 224 * 224, 224 * 224, 224, 1},
                             .data = pixels};
  berg_model_options_init(&options);
  options.berg_dir = folder;
  options.backbone = "random:1";
  options.device = "cpu";
  options.subjects = (const char *const[]){"B"};
  options.subject_count = 1;
  for (size_t i = 0; i < 2; i++) {
    options.threads = threads[i];
    if (berg_model_open(&models[i], MODEL, &options, &error)) fail_msg("%s", error.message);
  }
  assert_int_equal(berg_stimuli_from_array(&stimuli, &images, BERG_NCHW, NULL), BERG_OK);
  assert_int_equal(berg_encode(models[1], stimuli, responses[1], NULL, NULL), BERG_OK);
  assert_int_equal(models[1]->kept_scores->threads, 1);
  if (berg_encode_many(models, 2, stimuli, rows, NULL, &error)) fail_msg("%s", error.message);
  assert_int_equal(models[1]->kept_scores->threads, 3);
  assert_memory_equal(responses[0], responses[1], sizeof responses[0]);

  berg_model *const twice[] = {models[0], models[0]};
  assert_int_equal(berg_encode_many(twice, 2, stimuli, rows, NULL, &error), BERG_EARGUMENT);
  assert_non_null(strstr(error.message, "is given twice"));
  assert_int_equal(berg_encode(models[0], stimuli, responses[0], NULL, NULL), BERG_OK);
  for (size_t i = 0; i < 2; i++) berg_model_free(models[i]);
  berg_stimuli_free(stimuli);
  free(pixels);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_catalog_has_it_and_describes_it),
                                     cmocka_unit_test(test_it_is_selected_from_and_encoded_with),
                                     cmocka_unit_test(test_models_of_different_threads_go_together)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
