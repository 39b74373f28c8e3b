/* Making folders, listing them, and the free space of their disk. */
#include "io/file/folders.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/memory.h"
#include "base/text.h"

static berg_status make_one(const char *path, berg_error *error) {
  struct stat about;
  if (!mkdir(path, 0777) || (errno == EEXIST && !stat(path, &about) && S_ISDIR(about.st_mode))) return BERG_OK;
  return base_fail_errno(error, BERG_EWRITE, path, "this folder cannot be made", errno);
}

berg_status io_make_folders(const char *path, berg_error *error) {
  char *part = base_copy_text(path, error);
  if (!part) return BERG_ELIMIT;
  berg_status status = BERG_OK;
  for (char *slash = strchr(part + 1, '/'); slash && !status; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    status = make_one(part, error);
    *slash = '/';
  }
  if (!status) status = make_one(part, error);
  base_free(part);
  return status;
}

berg_status io_make_folders_for(const char *path, berg_error *error) {
  const char *slash = strrchr(path, '/');
  if (!slash || slash == path) return BERG_OK;
  char *folder = base_copy_bytes(path, (size_t)(slash - path), error);
  if (!folder) return BERG_ELIMIT;
  berg_status status = io_make_folders(folder, error);
  base_free(folder);
  return status;
}

uint64_t io_disk_free(const char *path) {
  struct statvfs space;
  char part[PATH_MAX]; /* the longest path that the system accepts */
  if ((size_t)base_print(part, sizeof part, "%s", path) >= sizeof part) return UINT64_MAX;
  int failed = statvfs(part, &space);
  while (failed && errno == ENOENT) {
    char *slash = strrchr(part, '/');
    if (!slash) {
      failed = statvfs(".", &space);
      break;
    }
    slash[slash == part] = '\0'; /* "/" itself stays */
    failed = statvfs(part, &space);
    if (slash == part) break;
  }
  return failed ? UINT64_MAX : (uint64_t)space.f_bavail * space.f_frsize;
}
