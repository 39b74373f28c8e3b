/* How fast a folder's disk reads and writes. */
#include "io/file/disk_rate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/system.h"

#define PIECE ((size_t)4 << 20)

/* Not every file system has files without a name. */
static int open_nameless(const char *folder) {
  int file = base_system_open_nameless(folder);
  if (file >= 0 || errno != EOPNOTSUPP) return file;
  char *name = base_format(NULL, "%s/berg-rate-XXXXXX", folder);
  if (!name) return -1;
  file = mkstemp(name);
  if (file >= 0) unlink(name);
  base_free(name);
  return file;
}

/* Whether all `bytes` were moved, by pieces. */
static bool write_all(int file, const char *piece, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    ssize_t moved = write(file, piece, bytes - done < PIECE ? bytes - done : PIECE);
    if (moved < 0 && errno != EINTR) return false;
    done += moved > 0 ? (size_t)moved : 0;
  }
  return fdatasync(file) == 0;
}

static bool read_all(int file, char *piece, size_t bytes) {
  if (lseek(file, 0, SEEK_SET) < 0) return false;
  for (size_t done = 0; done < bytes;) {
    ssize_t moved = read(file, piece, PIECE);
    if (moved == 0 || (moved < 0 && errno != EINTR)) return false;
    done += moved > 0 ? (size_t)moved : 0;
  }
  return true;
}

berg_status io_disk_rate(const char *folder, size_t bytes, double *written, double *read, berg_error *error) {
  char *piece = base_alloc(PIECE, 1, error);
  if (!piece) return BERG_ELIMIT;
  memset(piece, 0x5a, PIECE);
  const int file = open_nameless(folder);
  double start = base_machine_seconds();
  bool done = file >= 0 && write_all(file, piece, bytes);
  if (done) {
    *written = (double)bytes / (base_machine_seconds() - start);
    base_system_forget(file);
    start = base_machine_seconds();
    done = read_all(file, piece, bytes);
    *read = (double)bytes / (base_machine_seconds() - start);
  }
  const int reason = errno;
  if (file >= 0) close(file);
  base_free(piece);
  return done ? BERG_OK : base_fail_errno(error, BERG_EWRITE, folder, "its disk cannot be measured", reason);
}
