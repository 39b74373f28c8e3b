/* Where a command writes: files, standard output through a spool, names of several subjects. */
#include "output.h"
#include "memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int cli_make_folder(const char *path) {
  char *part = cli_copy(path, strlen(path));
  if (!part) return cli_fail_with(BERG_ELIMIT, "not enough memory for %s", path);
  int status = CLI_GO_ON;
  for (char *slash = part; slash && status == CLI_GO_ON;) {
    slash = strchr(slash + 1, '/');
    if (slash) *slash = '\0';
    if (mkdir(part, 0777) && errno != EEXIST) status = cli_fail_errno(BERG_EWRITE, part, "cannot be made");
    if (slash) *slash = '/';
  }
  free(part);
  return status;
}

int cli_check_output(const char *path, bool force) {
  berg_error error;
  if (!path || !strcmp(path, "-")) return CLI_GO_ON;
  const berg_status failed = berg_check_output(path, force, &error);
  if (failed == BERG_EEXISTS) return cli_fail_with(failed, "%s: already exists; use --force to replace it", path);
  return failed ? cli_fail(&error) : CLI_GO_ON;
}

int cli_check_figure(const char *path) {
  berg_error error;
  return berg_check_figure(path, &error) ? cli_fail(&error) : CLI_GO_ON;
}

int cli_write_text(const char *text, const char *path, bool force) {
  berg_error error;
  size_t length = strlen(text);
  char *line = cli_alloc(length + 2, 1);
  if (!line) return cli_fail_with(BERG_ELIMIT, "not enough memory for %s", path);
  snprintf(line, length + 2, "%s\n", text);
  berg_status failed = berg_write_whole(path, line, length + 1, force, &error);
  free(line);
  return failed ? cli_fail(&error) : CLI_GO_ON;
}

bool cli_is_stdout(const char *output) { return output[0] == '-' && (!output[1] || output[1] == '.'); }

int cli_spool_open(cli_spool *spool, const char *output) {
  const char *place = getenv("TMPDIR");
  int length = snprintf(spool->folder, sizeof spool->folder, "%s/berg-XXXXXX", place && *place ? place : "/tmp");
  if (length < 0 || (size_t)length >= sizeof spool->folder)
    return cli_fail_with(BERG_EWRITE, "TMPDIR is longer than %zu characters", sizeof spool->folder);
  if (!mkdtemp(spool->folder)) return cli_fail_errno(BERG_EWRITE, spool->folder, "cannot be made");
  length = snprintf(spool->path, sizeof spool->path, "%s/out%s", spool->folder, output[1] ? output + 1 : ".npy");
  if (length > 0 && (size_t)length < sizeof spool->path) return CLI_GO_ON;
  rmdir(spool->folder);
  return cli_usage_error("encode", "-o %s: too long", output);
}

int cli_spool_copy(cli_spool *spool) {
  static char bytes[1 << 16];
  size_t count;
  FILE *stream = fopen(spool->path, "rb");
  if (!stream) {
    int failed = cli_fail_errno(BERG_EWRITE, spool->path, "cannot be read back");
    cli_spool_close(spool);
    return failed;
  }
  const int closed = cli_spool_close(spool); /* before the copy: a reader that closes the pipe ends this process */
  bool good = true;
  while (good && (count = fread(bytes, 1, sizeof bytes, stream)) > 0) good = fwrite(bytes, 1, count, stdout) == count;
  good = good && !ferror(stream) && !fflush(stdout);
  fclose(stream);
  return good ? closed : cli_fail_with(BERG_EWRITE, "standard output cannot be written: %s", strerror(errno));
}

/* A failed run may leave several files; the folder is the program's own, so all of them go. */
int cli_spool_close(cli_spool *spool) {
  DIR *folder = opendir(spool->folder);
  int number = folder ? 0 : errno;
  const struct dirent *entry;
  while (folder && (entry = readdir(folder)))
    if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") && unlinkat(dirfd(folder), entry->d_name, 0))
      number = errno;
  if (folder) closedir(folder);
  if (!rmdir(spool->folder)) return CLI_GO_ON;
  if (number) errno = number; /* why it is not empty */
  return cli_fail_errno(BERG_EWRITE, spool->folder, "cannot be removed");
}
