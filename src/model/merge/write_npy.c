/* Parts that are .npy: one header, and the rows behind one another. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/progress.h"
#include "model/merge/write.h"

#define BLOCK ((size_t)1 << 20)
#define HEADER_MAX 256

berg_status model_merge_tell(const model_merge_task *task, size_t done, berg_error *error) {
  return base_progress(task->run, done, task->count, task->start, "parts", error);
}

static berg_status copy(io_whole_file *to, int file, uint64_t from, uint8_t *block, const char *path,
                        const model_merge_task *task, berg_error *error) {
  for (;;) {
    berg_status status = base_ask_cancel(task->run, error);
    if (status) return status;
    const ssize_t got = pread(file, block, BLOCK, (off_t)from);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base_fail_errno(error, BERG_EINPUT, path, "cannot be read", errno);
    if (!got) return BERG_OK;
    status = io_whole_file_write(to, block, (size_t)got, error);
    if (status) return status;
    from += (uint64_t)got;
  }
}

berg_status model_merge_copy(io_whole_file *to, const char *path, uint64_t from, const model_merge_task *task,
                             berg_error *error) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return base_fail_errno(error, BERG_EINPUT, path, "cannot be opened", errno);
  uint8_t *block = base_alloc(BLOCK, 1, error);
  berg_status status = block ? copy(to, file, from, block, path, task, error) : BERG_ELIMIT;
  base_free(block);
  close(file);
  return status;
}

static berg_status write_header(io_whole_file *file, const io_npy_header *like, size_t rows, berg_error *error) {
  uint8_t header[HEADER_MAX];
  size_t shape[BERG_MAX_DIMS] = {rows};
  for (size_t d = 1; d < like->ndim; d++) shape[d] = like->shape[d];
  const size_t length = io_npy_write_header(header, sizeof header, BERG_F32, sizeof(float), shape, like->ndim);
  return io_whole_file_write(file, header, length, error);
}

static berg_status write_all(io_whole_file *file, const model_merge_task *task, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t i = 0; i < task->count && !status; i++) {
    io_npy_header header = {.data_offset = 0};
    status = model_merge_tell(task, i, error);
    if (!status) status = model_merge_read_npy(&header, task->members[i]->path, error);
    if (!status && !i) status = write_header(file, &header, task->rows, error);
    if (!status) status = model_merge_copy(file, task->members[i]->path, header.data_offset, task, error);
  }
  return status;
}

berg_status model_merge_write_npy(const model_merge_task *task, berg_error *error) {
  return model_merge_whole(task, write_all, error);
}
