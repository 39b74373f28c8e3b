/* A store of random scores, for tests of what is asked of many images: as `berg score` writes it, without a network.
 *
 *     make_store STORE BERG_DIR MODEL SUBJECT[,SUBJECT...] IMAGES SEED
 *
 * Scores of component k are normal with the spread that the weights' explained variance says, 1 where they do not say;
 * images are called "image-000000.jpg", ... */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/convert.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "model/catalog/paths.h"
#include "model/store/write.h"
#include "model/weights/fitted.h"

#define TOGETHER ((size_t)1024)
#define SUBJECTS_MAX 16

static void stop(const berg_error *error) {
  fprintf(stderr, "make_store: %s\n", error->message);
  exit(1);
}

static double *spread_of(const model_fitted *fitted, size_t width) {
  double *spread = base_alloc(width, sizeof *spread, NULL);
  size_t at = 0;
  for (size_t b = 0; b < fitted->basis_count; b++) {
    const model_basis *basis = &fitted->bases[b];
    const size_t shape[] = {basis->components};
    const berg_array *variance;
    const bool known = !model_weights_find(basis->file, basis->path, basis->key, "explained_variance_", 1, shape,
                                           "components", &variance, NULL);
    for (size_t k = 0; k < basis->components; k++, at++)
      spread[at] = known ? sqrt(base_read_number(variance->dtype,
                                                 (const char *)variance->data + (ptrdiff_t)k * variance->strides[0]))
                         : 1;
  }
  return spread;
}

/* Sums of twelve make it normal enough. */
static double normal(uint64_t seed, uint64_t stream, uint64_t index) {
  double sum = -6;
  for (uint64_t i = 0; i < 12; i++) sum += base_random_unit(base_random_bits(seed, stream, index * 12 + i));
  return sum;
}

typedef struct made {
  model_store_about about;
  double *spread[SUBJECTS_MAX];
  float *rows[SUBJECTS_MAX];
} made;

static void add_subject(made *m, const char *berg_dir, const char *model, const char *subject) {
  berg_error error;
  model_fitted fitted;
  char fingerprint[MODEL_FINGERPRINT_TEXT];
  if (model_fitted_open(&fitted, model, berg_dir, subject, MODEL_ALL, &error) ||
      model_fitted_fingerprint(&fitted, fingerprint, &error))
    stop(&error);
  model_store_part *part = &m->about.parts[m->about.part_count];
  char *label = model_subject_name(model_layout_of(model), subject, &error);
  for (size_t b = 0; b < fitted.basis_count; b++) part->width += fitted.bases[b].components;
  part->model = base_copy_text(model, &error);
  part->subject = base_copy_text(subject, &error);
  part->train_splits = base_copy_text("all", &error);
  part->basis = base_copy_text(fingerprint, &error);
  part->file = base_format(&error, "scores_%s.npy", label);
  base_free(label);
  m->spread[m->about.part_count] = spread_of(&fitted, part->width);
  m->rows[m->about.part_count++] = base_alloc(TOGETHER * part->width, sizeof(float), NULL);
  model_fitted_close(&fitted);
}

static void fill(const made *m, size_t first, size_t count, uint64_t seed) {
  for (size_t p = 0; p < m->about.part_count; p++) {
    const size_t width = m->about.parts[p].width;
    for (size_t i = 0; i < count * width; i++)
      m->rows[p][i] = (float)(m->spread[p][i % width] * normal(seed, p, first * width + i));
  }
}

static void append(model_store_writer *writer, const made *m, size_t first, size_t count, uint64_t seed) {
  static model_store_image images[TOGETHER];
  berg_error error;
  fill(m, first, count, seed);
  for (size_t i = 0; i < count; i++) {
    images[i] = (model_store_image){.name = base_format(&error, "image-%06zu.jpg", first + i), .is_file = true};
    base_print(images[i].digest, sizeof images[i].digest, "%016llx%016llx%032d",
               (unsigned long long)base_random_bits(seed, 999, first + i), (unsigned long long)(first + i), 0);
  }
  if (model_store_append(writer, images, count, (const float *const *)m->rows, &error)) stop(&error);
  for (size_t i = 0; i < count; i++) base_free(images[i].name);
}

int main(int argc, char **argv) {
  berg_error error;
  if (argc != 7) return 2;
  const size_t images = strtoull(argv[5], NULL, 10);
  const uint64_t seed = strtoull(argv[6], NULL, 10);
  static model_store_part parts[SUBJECTS_MAX];
  static char backbone[] = "random:1", precision[] = "f32", products[] = "made", isa[] = "portable", version[] = "0";
  made m = {.about = {.parts = parts, .maker = {backbone, backbone, precision, products, isa, version}}};
  for (char *subject = strtok(argv[4], ","); subject && m.about.part_count < SUBJECTS_MAX; subject = strtok(NULL, ","))
    add_subject(&m, argv[2], argv[3], subject);
  model_store_writer *writer;
  if (model_store_begin(&writer, argv[1], &m.about, &error)) stop(&error);
  for (size_t first = 0; first < images; first += TOGETHER)
    append(writer, &m, first, images - first < TOGETHER ? images - first : TOGETHER, seed);
  if (model_store_commit(writer, &error)) stop(&error);
  model_store_end(writer);
  for (size_t p = 0; p < m.about.part_count; p++) {
    base_free(m.spread[p]);
    base_free(m.rows[p]);
    base_free(parts[p].model);
    base_free(parts[p].subject);
    base_free(parts[p].train_splits);
    base_free(parts[p].basis);
    base_free(parts[p].file);
  }
  return 0;
}
