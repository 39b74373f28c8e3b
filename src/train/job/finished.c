/* Marks are small texts: a word of what the files of weights are, as far as inode, size and time say. */
#include "train/job/finished.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/file/map.h"
#include "io/file/stamp.h"
#include "io/file/whole_file.h"
#include "model/catalog/paths.h"
#include "train/job/work.h"

#define MARK 18 /* 16 hexadecimal digits, the end of the line, and the terminating zero */

/* False: one of them is not there. */
static bool add_stamp(const char *path, uint64_t *word) {
  struct stat about;
  if (!path) return true;
  if (stat(path, &about)) return false;
  *word = base_hash_number(*word, io_stamp_word(&about));
  return true;
}

/* Metadata change after the training: evaluations write into them. */
static bool describe(const train_plan *plan, char text[MARK]) {
  uint64_t word = BASE_HASH_START;
  for (size_t s = 0; s < plan->job.subject_count; s++) {
    const train_subject *subject = &plan->job.subjects[s];
    if (!add_stamp(subject->weights, &word) || !add_stamp(subject->safetensors, &word) ||
        !model_path_exists(subject->metadata))
      return false;
  }
  base_print(text, MARK, "%016" PRIx64 "\n", word);
  return true;
}

berg_status train_finished_find(const train_plan *plan, bool *is_finished, berg_error *error) {
  char text[MARK];
  io_map map;
  *is_finished = false;
  if (!describe(plan, text)) return BERG_OK;
  char *path = train_work_finished(plan->job.work, plan->hash, error);
  if (!path) return BERG_ELIMIT;
  berg_status status = model_path_exists(path) ? io_map_open(&map, path, error) : BERG_EINPUT;
  base_free(path);
  if (status) return status == BERG_ELIMIT ? status : BERG_OK;
  *is_finished = map.size == strlen(text) && !memcmp(map.bytes, text, map.size);
  io_map_close(&map);
  return BERG_OK;
}

berg_status train_finished_mark(const train_plan *plan, berg_error *error) {
  char text[MARK];
  io_whole_file *file;
  if (!describe(plan, text))
    return base_fail(error, BERG_EWRITE, "%s: its weights were removed meanwhile", plan->job.subjects->weights);
  char *path = train_work_finished(plan->job.work, plan->hash, error);
  berg_status status = path ? io_whole_file_open(&file, path, true, error) : BERG_ELIMIT;
  base_free(path);
  if (status) return status;
  status = io_whole_file_write(file, text, strlen(text), error);
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file, error);
  return status;
}
