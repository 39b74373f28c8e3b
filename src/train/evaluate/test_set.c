/* The test images of a subject, by the names in its metadata. */
#include "train/evaluate/test_set.h"

#include <cjson/cJSON.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"
#include "train/evaluate/entries.h"

#define STIMULI "encoding_model.test_avg_stimuli"
#define CONCEPTS "encoding_model.test_avg_concepts"
#define TRIALS "encoding_model.test_stimuli"

typedef struct texts {
  char **items;
  size_t count;
} texts;

static void release_texts(texts *list) { base_free_texts(list->items, list->count); }

static berg_status read_texts(texts *list, const berg_file *metadata, const char *path, const char *key,
                              berg_error *error) {
  return train_entry_texts(&list->items, &list->count, metadata, path, key, error);
}

/* The averaged responses lie in this order, so it has to be the one that np.unique gives. */
static berg_status check_order(const texts *stimuli, const char *path, berg_error *error) {
  for (size_t i = 1; i < stimuli->count; i++) {
    int order = strcmp(stimuli->items[i - 1], stimuli->items[i]);
    if (order >= 0)
      return base_fail_at(error, &(base_fault){BERG_EINPUT, path, BERG_NO_OFFSET, STIMULI,
                                               order ? "is not in ascending order" : "two stimuli of one name",
                                               "each stimulus once, in the order of np.unique", stimuli->items[i]});
  }
  return BERG_OK;
}

static berg_status name_images(train_test_set *set, const texts *stimuli, const texts *concepts, const char *folder,
                               berg_error *error) {
  set->images = stimuli->count;
  set->names = base_calloc(set->images, sizeof *set->names, error);
  set->paths = base_calloc(set->images, sizeof *set->paths, error);
  if (!set->names || !set->paths) return BERG_ELIMIT;
  for (size_t i = 0; i < set->images; i++) {
    set->names[i] = base_format(error, "%s/%s", concepts->items[i], stimuli->items[i]);
    set->paths[i] = set->names[i] ? base_format(error, "%s/%s", folder, set->names[i]) : NULL;
    if (!set->paths[i]) return BERG_ELIMIT;
  }
  return BERG_OK;
}

/* The place of `stimulus` in the ascending list, or the list's length. */
static size_t find(const texts *stimuli, const char *stimulus) {
  size_t low = 0, high = stimuli->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(stimuli->items[middle], stimulus);
    if (!order) return middle;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return stimuli->count;
}

static berg_status find_presentations(train_test_set *set, const texts *stimuli, const texts *trials, size_t *seen,
                                      const char *path, berg_error *error) {
  set->trials = trials->count;
  set->repeats = trials->count / stimuli->count;
  for (size_t t = 0; t < trials->count; t++) {
    size_t image = find(stimuli, trials->items[t]);
    if (image == stimuli->count)
      return base_fail_at(error,
                          &(base_fault){BERG_EINPUT, path, BERG_NO_OFFSET, TRIALS,
                                        "a trial of a stimulus that is not in " STIMULI, NULL, trials->items[t]});
    if (seen[image] < set->repeats) set->rows[seen[image] * set->images + image] = t;
    seen[image]++;
  }
  for (size_t i = 0; i < set->images; i++) {
    if (seen[i] == set->repeats && set->repeats * set->images == set->trials) continue;
    size_t other = 0; /* one that was seen another number of times: there is one, or the numbers would fit */
    while (seen[other] == seen[i] && other + 1 < set->images) other++;
    return base_fail_found(error, BERG_EINPUT, path, TRIALS ": test stimuli seen unequally often",
                           "the same number of trials for each", "%zu of %s, %zu of %s", seen[i], stimuli->items[i],
                           seen[other], stimuli->items[other]);
  }
  return BERG_OK;
}

static berg_status index_trials(train_test_set *set, const texts *stimuli, const texts *trials, const char *path,
                                berg_error *error) {
  size_t *seen = base_calloc(stimuli->count, sizeof *seen, error);
  set->rows = base_alloc(trials->count, sizeof *set->rows, error);
  berg_status status = seen && set->rows ? find_presentations(set, stimuli, trials, seen, path, error) : BERG_ELIMIT;
  base_free(seen);
  return status;
}

berg_status train_test_set_read(train_test_set *set, const berg_file *metadata, const char *path, const char *images,
                                berg_error *error) {
  texts stimuli = {0}, concepts = {0}, trials = {0};
  *set = (train_test_set){.names = NULL};
  berg_status status = read_texts(&stimuli, metadata, path, STIMULI, error);
  if (!status) status = read_texts(&concepts, metadata, path, CONCEPTS, error);
  if (!status) status = read_texts(&trials, metadata, path, TRIALS, error);
  if (!status && concepts.count != stimuli.count)
    status = base_fail_found(error, BERG_EINPUT, path, CONCEPTS ": does not fit", "one concept a stimulus",
                             "%zu for %zu stimuli", concepts.count, stimuli.count);
  if (!status) status = check_order(&stimuli, path, error);
  if (!status) status = name_images(set, &stimuli, &concepts, images, error);
  if (!status) status = index_trials(set, &stimuli, &trials, path, error);
  release_texts(&stimuli);
  release_texts(&concepts);
  release_texts(&trials);
  if (status) train_test_set_release(set);
  return status;
}

void train_test_set_release(train_test_set *set) {
  for (size_t i = 0; set->names && i < set->images; i++) base_free(set->names[i]);
  for (size_t i = 0; set->paths && i < set->images; i++) base_free(set->paths[i]);
  base_free(set->names);
  base_free(set->paths);
  base_free(set->numbers);
  base_free(set->rows);
  *set = (train_test_set){.names = NULL};
}

/* As many names as fit, and the number of the others. */
static void join_some(const cJSON *list, char *text, size_t room) {
  size_t used = 0, left = (size_t)cJSON_GetArraySize(list);
  const cJSON *name;
  text[0] = '\0';
  cJSON_ArrayForEach(name, list) {
    size_t needed = strlen(name->valuestring) + 2;
    if (needed + 32 > room - used) break;
    used += (size_t)base_print(text + used, room - used, "%s%s", used ? ", " : "", name->valuestring);
    left--;
  }
  if (left) base_print(text + used, room - used, "%s%zu more", used ? " and " : "", left);
}

berg_status train_test_set_check_images(const train_test_set *set, const char *images, char **missing,
                                        berg_error *error) {
  struct stat about;
  char some[512];
  *missing = NULL;
  cJSON *tree = io_json_object(), *list = io_json_add_list(tree, "missing_images");
  size_t count = 0;
  for (size_t i = 0; i < set->images; i++)
    if (stat(set->paths[i], &about)) {
      io_json_add_text(list, NULL, set->names[i]);
      count++;
    }
  berg_status status = count ? io_json_print(tree, missing, error) : BERG_OK;
  if (count && !status) {
    join_some(list, some, sizeof some);
    status =
        base_fail(error, BERG_EINPUT, "%s: %zu of %zu test images are missing: %s", images, count, set->images, some);
  }
  cJSON_Delete(tree);
  return status;
}
