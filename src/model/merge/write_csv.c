/* Parts that are .csv: the first one's heading, and the lines of all. Images without names are numbered from 0 in each
 * part, and here from the part's first one on. */
#include <inttypes.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"
#include "model/merge/write.h"

#define BLOCK ((size_t)1 << 18)
#define DIGITS_MAX 20

/* What is read of one part, byte by byte. */
typedef struct reading {
  io_whole_file *to;
  const model_merge_task *task;
  const model_merge_part *part;
  bool has_heading; /* which is passed over */
  bool is_numbered; /* its lines begin with numbers, which are to grow by `add` */
  size_t add;
  bool in_quotes, at_start; /* of a line, where a number is read */
  uint64_t number;
  size_t digits;
} reading;

static berg_status end_number(reading *r, berg_error *error) {
  char text[DIGITS_MAX + 4];
  const int length = base_print(text, sizeof text, "%" PRIu64, r->number + r->add);
  if (!r->digits || r->digits > DIGITS_MAX - 1)
    return base_fail(error, BERG_EINPUT, "%s: a line does not begin with the number of its image", r->part->path);
  r->at_start = false;
  r->number = r->digits = 0;
  return io_whole_file_write(r->to, text, (size_t)length, error);
}

/* Bytes [0, count), of which what is neither heading nor number goes on as it is. */
static berg_status take(reading *r, const char *bytes, size_t count, berg_error *error) {
  berg_status status = BERG_OK;
  size_t from = 0;
  for (size_t i = 0; i < count && !status; i++) {
    const char c = bytes[i];
    if (!r->has_heading && r->at_start) {
      if (c >= '0' && c <= '9') {
        r->number = r->number * 10 + (uint64_t)(c - '0');
        r->digits++;
        from = i + 1;
        continue;
      }
      status = end_number(r, error);
    }
    if (c == '"') r->in_quotes = !r->in_quotes;
    if (c != '\n' || r->in_quotes) continue;
    if (!r->has_heading && !status) status = io_whole_file_write(r->to, bytes + from, i + 1 - from, error);
    r->has_heading = false;
    r->at_start = r->is_numbered;
    from = i + 1;
  }
  if (status || r->has_heading || from >= count) return status;
  return io_whole_file_write(r->to, bytes + from, count - from, error);
}

static berg_status read_all(reading *r, int file, char *block, berg_error *error) {
  for (;;) {
    berg_status status = base_ask_cancel(r->task->run, error);
    if (status) return status;
    const ssize_t got = read(file, block, BLOCK);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base_fail_errno(error, BERG_EINPUT, r->part->path, "cannot be read", errno);
    if (!got) return BERG_OK;
    status = take(r, block, (size_t)got, error);
    if (status) return status;
  }
}

static berg_status add_lines(reading *r, berg_error *error) {
  const int file = open(r->part->path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return base_fail_errno(error, BERG_EINPUT, r->part->path, "cannot be opened", errno);
  char *block = base_alloc(BLOCK, 1, error);
  berg_status status = block ? read_all(r, file, block, error) : BERG_ELIMIT;
  base_free(block);
  close(file);
  return status;
}

/* Those of a part that has rows tell. */
static berg_status is_unnamed(bool *unnamed, const model_merge_task *task, berg_error *error) {
  const model_merge_part *part = task->members[0];
  for (size_t i = 0; i < task->count && !part->rows; i++) part = task->members[i];
  model_shard_file file;
  cJSON *tree = NULL;
  berg_status status = model_shard_file_read(&file, &tree, part->path, error);
  const cJSON *images = cJSON_GetObjectItemCaseSensitive(tree, "Images");
  *unnamed = !cJSON_GetObjectItemCaseSensitive(images, "Files");
  cJSON_Delete(tree);
  model_shard_file_release(&file);
  return status;
}

static berg_status write_all(io_whole_file *file, const model_merge_task *task, berg_error *error) {
  bool unnamed;
  size_t rows = 0;
  berg_status status = is_unnamed(&unnamed, task, error);
  for (size_t i = 0; i < task->count && !status; i++) {
    reading r = {.to = file, .task = task, .part = task->members[i], .has_heading = i > 0};
    r.is_numbered = unnamed && i; /* those of the first are right, and have its heading before them */
    r.add = rows;
    status = model_merge_tell(task, i, error);
    if (!status) status = add_lines(&r, error);
    rows += r.part->rows;
  }
  return status;
}

berg_status model_merge_write_csv(const model_merge_task *task, berg_error *error) {
  return model_merge_whole(task, write_all, error);
}
