/* Summing a file at the rate at which it is read. */
#include "io/file/file_sum.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/checksum.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"

#define BLOCK ((size_t)1 << 20)

/* The running sum beside the block that it is fed: neither is for a thread's stack. */
typedef struct summing {
  base_running running;
  uint8_t block[BLOCK];
} summing;

static berg_status sum_all(io_file_sum *sum, int file, summing *s, const char *path, const berg_run *run,
                           berg_error *error) {
  base_running_start(&s->running);
  for (;;) {
    berg_status status = base_ask_cancel(run, error);
    if (status) return status;
    const ssize_t got = read(file, s->block, BLOCK);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base_fail_errno(error, BERG_EINPUT, path, "cannot be read", errno);
    if (!got) break;
    base_running_add(&s->running, s->block, (size_t)got);
    sum->size += (uint64_t)got;
  }
  base_print(sum->text, sizeof sum->text, "%016llx", (unsigned long long)base_running_end(&s->running));
  return BERG_OK;
}

berg_status io_sum_file(io_file_sum *sum, const char *path, const berg_run *run, berg_error *error) {
  *sum = (io_file_sum){.size = 0};
  const int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe is not waited for */
  if (file < 0) return base_fail_errno(error, BERG_EINPUT, path, "cannot be opened", errno);
  summing *s = base_alloc(1, sizeof *s, error);
  berg_status status = s ? sum_all(sum, file, s, path, run, error) : BERG_ELIMIT;
  base_free(s);
  close(file);
  return status;
}
