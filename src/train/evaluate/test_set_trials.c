/* The test images of a model whose metadata list them, or give each trial the number of its image. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/catalog/paths.h"
#include "train/evaluate/entries.h"
#include "train/evaluate/test_set.h"

/* --- Names --- */

/* A relative path whose steps are names, so that it cannot lead out of the folder. */
static bool stays_inside(const char *name) {
  for (;;) {
    const size_t length = strcspn(name, "/");
    if (!length || (length == 1 && name[0] == '.') || (length == 2 && name[0] == '.' && name[1] == '.')) return false;
    if (!name[length]) return true;
    name += length + 1;
  }
}

static berg_status join(char ***out, size_t *count, char *const *concepts, size_t concept_count, char *const *stimuli,
                        const char *path, berg_error *error) {
  if (concept_count != *count)
    return base_fail_found(error, BERG_EINPUT, path, "the test images do not fit", "one concept a stimulus",
                           "%zu for %zu stimuli", concept_count, *count);
  char **names = *out = base_calloc(*count, sizeof *names, error);
  for (size_t i = 0; names && i < *count; i++)
    if (!(names[i] = base_format(error, "%s/%s", concepts[i], stimuli[i]))) return BERG_ELIMIT;
  return names ? BERG_OK : BERG_ELIMIT;
}

/* "<concept>/<stimulus>" of each entry: as one path where the metadata have that, else put together. */
static berg_status read_names(char ***names, size_t *count, const berg_file *metadata, const char *path,
                              const model_layout_tested *keys, berg_error *error) {
  char **concepts = NULL, **stimuli = NULL;
  size_t concept_count = 0;
  *names = NULL;
  *count = 0;
  if (keys->files && !train_entry_texts(names, count, metadata, path, keys->files, NULL)) return BERG_OK;
  berg_status status = train_entry_texts(&concepts, &concept_count, metadata, path, keys->concepts, error);
  if (!status) status = train_entry_texts(&stimuli, count, metadata, path, keys->stimuli, error);
  if (!status) status = join(names, count, concepts, concept_count, stimuli, path, error);
  base_free_texts(concepts, concept_count);
  base_free_texts(stimuli, stimuli ? *count : 0);
  return status;
}

static berg_status place(train_test_set *set, size_t image, const char *name, const char *folder, const char *path,
                         berg_error *error) {
  if (!stays_inside(name))
    return base_fail_found(error, BERG_EINPUT, path, "a test image that is no file name", "<concept>/<stimulus>", "%s",
                           name);
  set->names[image] = base_copy_text(name, error);
  set->paths[image] = base_format(error, "%s/%s", folder, name);
  return set->names[image] && set->paths[image] ? BERG_OK : BERG_ELIMIT;
}

/* Where the images are: the folder named, or the one in it that upstream keeps them in. base_free. */
static char *folder_of(const model_layout_tested *keys, const char *images, berg_error *error) {
  char *inner = keys->image_folder ? base_format(error, "%s/%s", images, keys->image_folder) : NULL;
  if (inner && model_path_exists(inner)) return inner;
  base_free(inner);
  return base_copy_text(images, error);
}

static berg_status make_room(train_test_set *set, size_t images, berg_error *error) {
  set->images = images;
  set->names = base_calloc(images, sizeof *set->names, error);
  set->paths = base_calloc(images, sizeof *set->paths, error);
  return set->names && set->paths ? BERG_OK : BERG_ELIMIT;
}

berg_status train_test_set_named(train_test_set *set, const berg_file *metadata, const char *path,
                                 const model_layout *layout, const char *images, berg_error *error) {
  char **names = NULL;
  size_t count = 0;
  *set = (train_test_set){.names = NULL};
  char *folder = folder_of(&layout->tested, images, error);
  berg_status status = folder ? read_names(&names, &count, metadata, path, &layout->tested, error) : BERG_ELIMIT;
  if (!status) status = make_room(set, count, error);
  for (size_t i = 0; i < count && !status; i++) status = place(set, i, names[i], folder, path, error);
  base_free_texts(names, count);
  base_free(folder);
  if (status) train_test_set_release(set);
  return status;
}

/* --- Trials --- */

typedef struct presentation {
  size_t number, trial;
} presentation;

static int ascending(const void *a, const void *b) {
  const presentation *x = a, *y = b;
  return x->number != y->number ? (x->number > y->number) - (x->number < y->number)
                                : (x->trial > y->trial) - (x->trial < y->trial);
}

static presentation *sort_trials(const size_t *numbers, size_t count, berg_error *error) {
  presentation *shown = base_alloc(count, sizeof *shown, error);
  for (size_t t = 0; shown && t < count; t++) shown[t] = (presentation){numbers[t], t};
  if (shown) qsort(shown, count, sizeof *shown, ascending);
  return shown;
}

static size_t count_equal(const presentation *shown, size_t left) {
  size_t count = 0;
  while (count < left && shown[count].number == shown[0].number) count++;
  return count;
}

static berg_status seen_unequally(const presentation *first, size_t repeats, const presentation *other, size_t times,
                                  const char *path, const char *key, berg_error *error) {
  char what[96];
  base_print(what, sizeof what, "%s: test images seen unequally often", key);
  return base_fail_found(error, BERG_EINPUT, path, what, "the same number of trials for each",
                         "%zu of image %zu, %zu of image %zu", repeats, first->number, times, other->number);
}

/* Fills repeats, trials and rows from presentations of the test images alone, in their order. */
static berg_status take_rows(train_test_set *set, const presentation *shown, size_t count, const char *path,
                             const char *key, berg_error *error) {
  set->trials = count;
  set->repeats = count_equal(shown, count);
  set->images = count / set->repeats;
  set->rows = base_alloc(count, sizeof *set->rows, error);
  if (!set->rows) return BERG_ELIMIT;
  for (size_t first = 0; first < count; first += set->repeats) {
    const size_t times = count_equal(shown + first, count - first);
    if (times != set->repeats) return seen_unequally(shown, set->repeats, shown + first, times, path, key, error);
    for (size_t r = 0; r < times; r++) set->rows[r * set->images + first / times] = shown[first + r].trial;
  }
  return BERG_OK;
}

static berg_status name_trials(train_test_set *set, char *const *names, const model_layout_tested *keys,
                               const char *images, const char *path, berg_error *error) {
  char *folder = folder_of(keys, images, error);
  berg_status status = folder ? make_room(set, set->images, error) : BERG_ELIMIT;
  for (size_t i = 0; i < set->images && !status; i++) status = place(set, i, names[set->rows[i]], folder, path, error);
  base_free(folder);
  return status;
}

berg_status train_test_set_numbered(train_test_set *set, const berg_file *metadata, const char *path,
                                    const model_layout *layout, const char *images, berg_error *error) {
  const model_layout_tested *keys = &layout->tested;
  size_t *numbers, count, named = 0;
  char **names = NULL;
  *set = (train_test_set){.names = NULL};
  berg_status status = train_entry_numbers(&numbers, &count, metadata, path, keys->numbers, error);
  if (!status) status = read_names(&names, &named, metadata, path, keys, error);
  if (!status && named != count)
    status = base_fail_found(error, BERG_EINPUT, path, "the test trials do not fit", "one image a trial",
                             "%zu for %zu trials", named, count);
  presentation *shown = status ? NULL : sort_trials(numbers, count, error);
  if (!status) status = shown ? take_rows(set, shown, count, path, keys->numbers, error) : BERG_ELIMIT;
  if (!status) status = name_trials(set, names, keys, images, path, error);
  base_free_texts(names, named);
  base_free(numbers);
  base_free(shown);
  if (status) train_test_set_release(set);
  return status;
}

/* --- Rows of an array --- */

static berg_status check_ascending(const size_t *numbers, size_t count, const char *path, const char *key,
                                   berg_error *error) {
  for (size_t i = 1; i < count; i++)
    if (numbers[i] <= numbers[i - 1])
      return base_fail_found(error, BERG_EINPUT, path, key, "numbers of images, ascending, each once", "%zu behind %zu",
                             numbers[i], numbers[i - 1]);
  return BERG_OK;
}

/* Those presentations that are of the images wanted; both are ascending. EINPUT: an image was never shown. */
static berg_status keep_wanted(presentation *shown, size_t *count, const size_t *wanted, size_t images,
                               const char *path, const char *key, berg_error *error) {
  size_t kept = 0, at = 0;
  for (size_t i = 0; i < images; i++) {
    const size_t before = kept;
    while (at < *count && shown[at].number < wanted[i]) at++;
    while (at < *count && shown[at].number == wanted[i]) shown[kept++] = shown[at++];
    if (kept == before)
      return base_fail_found(error, BERG_EINPUT, path, key, "trials of every test image", "none of image %zu",
                             wanted[i]);
  }
  *count = kept;
  return BERG_OK;
}

berg_status train_test_set_rows(train_test_set *set, const berg_file *metadata, const char *path,
                                const model_layout *layout, berg_error *error) {
  const char *images_key = layout->tested.numbers, *order_key = layout->prepared.order;
  size_t *order = NULL, count = 0, images;
  *set = (train_test_set){.names = NULL};
  berg_status status = train_entry_numbers(&set->numbers, &images, metadata, path, images_key, error);
  if (!status) status = check_ascending(set->numbers, images, path, images_key, error);
  if (!status) status = train_entry_numbers(&order, &count, metadata, path, order_key, error);
  presentation *shown = status ? NULL : sort_trials(order, count, error);
  set->listed = count;
  if (!status) status = shown ? keep_wanted(shown, &count, set->numbers, images, path, order_key, error) : BERG_ELIMIT;
  if (!status) status = take_rows(set, shown, count, path, order_key, error);
  base_free(order);
  base_free(shown);
  if (status) train_test_set_release(set);
  return status;
}
