/* What is known of a file that is fetched, held against the disk. */
#include "model/fetch/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"
#include "io/file/journal.h"

#define READ_BYTES ((size_t)1 << 20)

void model_fetch_file_free(model_fetch_file *file) {
  for (size_t i = 0; i < MODEL_FETCH_NAMES; i++) base_free(file->names[i]);
  base_free(file->path);
  base_free(file->url);
  base_free(file->command);
}

/* --- What the server says --- */

const char *model_fetch_validator(const model_fetch_file *file) {
  return *file->etag ? file->etag : *file->modified ? file->modified : NULL;
}

/* MD5 sums of objects that came in one part; those of several end in "-8". */
static bool looks_like_md5(const char *etag) {
  return strlen(etag) == BASE_MD5_TEXT + 1 && strspn(etag + 1, "0123456789abcdef") == BASE_MD5_TEXT - 1;
}

void model_fetch_take_tag(model_fetch_file *file, const char *etag, bool is_s3) {
  const size_t length = strlen(etag);
  file->etag[0] = '\0';
  file->is_md5 = false;
  if (length < 3 || length >= sizeof file->etag || etag[0] != '"' || etag[length - 1] != '"') return;
  for (size_t i = 0; i < length; i++)
    if (etag[i] <= ' ' || etag[i] > '~') return;
  base_print(file->etag, sizeof file->etag, "%s", etag);
  file->is_md5 = is_s3 && looks_like_md5(etag);
}

berg_status model_fetch_take_answer(model_fetch_file *file, const io_http_answer *answer, berg_error *error) {
  if (!answer->has_length)
    return base_fail(error, BERG_EINPUT, "%s: the server does not say how large it is", file->url);
  if (answer->length > MODEL_FETCH_LARGEST)
    return base_fail(error, BERG_EINPUT, "%s: the server says that it has %llu bytes, which cannot be", file->url,
                     (unsigned long long)answer->length);
  file->size = answer->length;
  base_print(file->modified, sizeof file->modified, "%s", answer->modified);
  model_fetch_take_tag(file, answer->etag, answer->is_s3);
  return BERG_OK;
}

/* --- What is on the disk --- */

typedef struct sums {
  base_md5 md5;
  base_sha256 sha256;
} sums;

static berg_status add_bytes(sums *s, const model_fetch_file *file, int handle, const char *path, const berg_run *run,
                             berg_error *error) {
  uint8_t *block = base_alloc(READ_BYTES, 1, error);
  berg_status status = block ? BERG_OK : BERG_ELIMIT;
  while (!status) {
    const ssize_t got = read(handle, block, READ_BYTES);
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) status = base_fail_errno(error, BERG_EINPUT, path, "cannot be read", errno);
    if (got > 0 && file->is_md5) base_md5_add(&s->md5, block, (size_t)got);
    if (got > 0) base_sha256_add(&s->sha256, block, (size_t)got);
    if (!status) status = base_ask_cancel(run, error);
  }
  base_free(block);
  return status;
}

berg_status model_fetch_is_whole(model_fetch_file *file, const char *path, bool *whole, const berg_run *run,
                                 berg_error *error) {
  struct stat about;
  sums s;
  char md5[BASE_MD5_TEXT];
  *whole = false;
  const int handle = open(path, O_RDONLY | O_CLOEXEC);
  if (handle < 0) return base_fail_errno(error, BERG_EINPUT, path, "cannot be opened", errno);
  berg_status status = BERG_OK;
  if (!fstat(handle, &about) && S_ISREG(about.st_mode) && (uint64_t)about.st_size == file->size) {
    base_md5_start(&s.md5);
    base_sha256_start(&s.sha256);
    status = add_bytes(&s, file, handle, path, run, error);
    base_md5_end(&s.md5, md5);
    base_sha256_end(&s.sha256, file->sum);
    *whole = !status && (!file->is_md5 || !strncmp(md5, file->etag + 1, BASE_MD5_TEXT - 1)) &&
             (!file->sha256 || !strncmp(file->sum, file->sha256, strlen(file->sha256)));
  }
  close(handle);
  return status;
}

/* --- What an earlier run has left --- */

static char *beside(const model_fetch_file *file, const char *ending, berg_error *error) {
  const char *slash = strrchr(file->path, '/'), *name = slash ? slash + 1 : file->path;
  return base_format(error, "%.*s.%s%s", (int)(name - file->path), file->path, name, ending);
}

char *model_fetch_part_path(const model_fetch_file *file, berg_error *error) { return beside(file, ".part", error); }

char *model_fetch_journal_path(const model_fetch_file *file, berg_error *error) {
  return beside(file, ".part.journal", error);
}

bool model_fetch_fingerprint(const model_fetch_file *file, char *text, size_t size) {
  const char *validator = model_fetch_validator(file);
  base_print(text, size, "fetched %llu %s", (unsigned long long)file->size, validator ? validator : "");
  return validator != NULL;
}

berg_status model_fetch_find_part(model_fetch_file *file, berg_error *error) {
  char fingerprint[IO_JOURNAL_FINGERPRINT_MAX];
  struct stat about;
  io_ranges bytes;
  int handle = -1;
  char *part = model_fetch_part_path(file, error), *journal = part ? model_fetch_journal_path(file, error) : NULL;
  file->have = 0;
  const bool can = journal && model_fetch_fingerprint(file, fingerprint, sizeof fingerprint) && !lstat(part, &about);
  /* a journal that is damaged, or of another file, is as good as none */
  if (can && S_ISREG(about.st_mode) && !io_journal_open(&handle, journal, 1, fingerprint, &bytes, NULL)) {
    const uint64_t safe = io_ranges_before(&bytes);
    if (safe <= (uint64_t)about.st_size && safe <= file->size) file->have = safe;
  }
  if (handle >= 0) close(handle);
  const berg_status status = journal ? BERG_OK : BERG_ELIMIT;
  base_free(part);
  base_free(journal);
  return status;
}
