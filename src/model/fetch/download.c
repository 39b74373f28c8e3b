/* One file by as many requests as it takes. */
#include "model/fetch/download.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"
#include "io/file/folders.h"
#include "io/file/journal.h"
#include "io/file/lock.h"
#include "io/file/put_at.h"
#include "io/file/whole_file.h"

#define NOTE_BYTES ((uint64_t)32 << 20) /* a power failure costs no more than these */
#define ADVANCE ((uint64_t)64 << 10)    /* what an attempt has to bring for retries to count from the start */
#define CHANGES 5                       /* of the file on the server, while it is downloaded */

typedef struct download {
  model_fetch_file *file;
  model_fetch_server *server;
  const model_fetch_progress *progress;
  char *part, *journal;
  int handle, note; /* of both; -1: not open */
  uint64_t at;      /* bytes of the part that are the file's */
  uint64_t noted;   /* those of them that the journal says are safe */
  bool is_changed;  /* what the server says now is not what it said */
  bool may_pass;    /* the answer was one of those after which to try again */
} download;

/* --- The part --- */

/* What came is safe, and the journal says so. Without a validator there is none. */
static berg_status note(download *d, berg_error *error) {
  io_ranges bytes = {.count = 0};
  if (d->note < 0 || d->at == d->noted) return BERG_OK;
  io_ranges_add(&bytes, 0, (size_t)d->at);
  if (fdatasync(d->handle) || !io_journal_note(d->note, &bytes))
    return base_fail_errno(error, BERG_EWRITE, d->part, "cannot be written", errno);
  d->noted = d->at;
  return BERG_OK;
}

/* From the first byte, of what the server has now. */
static berg_status begin_again(download *d, berg_error *error) {
  char fingerprint[IO_JOURNAL_FINGERPRINT_MAX];
  if (d->note >= 0) close(d->note);
  d->note = -1;
  d->at = d->noted = d->file->have = 0;
  if (ftruncate(d->handle, 0)) return base_fail_errno(error, BERG_EWRITE, d->part, "cannot be emptied", errno);
  if (model_fetch_fingerprint(d->file, fingerprint, sizeof fingerprint))
    return io_journal_create(&d->note, d->journal, 1, fingerprint, error);
  return io_remove_file(d->journal, error);
}

/* What another run may have added or removed before the lock was ours is looked at again. */
static berg_status take_up(download *d, berg_error *error) {
  char fingerprint[IO_JOURNAL_FINGERPRINT_MAX];
  io_ranges bytes;
  berg_status status = model_fetch_find_part(d->file, error);
  if (status) return status;
  if (!d->file->have || !model_fetch_fingerprint(d->file, fingerprint, sizeof fingerprint) ||
      io_journal_open(&d->note, d->journal, 1, fingerprint, &bytes, NULL))
    return begin_again(d, error);
  d->at = d->noted = d->file->have;
  return BERG_OK;
}

static berg_status open_part(download *d, berg_error *error) {
  berg_status status = io_make_folders_for(d->file->path, error);
  if (status) return status;
  d->part = model_fetch_part_path(d->file, error);
  if (d->part) d->journal = model_fetch_journal_path(d->file, error);
  if (!d->journal) return BERG_ELIMIT;
  d->handle = open(d->part, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (d->handle < 0) return base_fail_errno(error, BERG_EWRITE, d->part, "cannot be written", errno);
  if (!io_lock(d->handle, d->part))
    return base_fail(error, BERG_EWRITE, "%s: another process downloads it", d->file->path);
  return take_up(d, error);
}

static void close_part(download *d) {
  if (d->handle >= 0) close(d->handle);
  if (d->note >= 0) close(d->note);
  base_free(d->part);
  base_free(d->journal);
}

/* --- One attempt --- */

static bool differs(const char *a, const char *b) { return *a && *b && strcmp(a, b); }

/* Whether an answer is of another file than the one that the server told of before. */
static bool is_other(const model_fetch_file *file, const io_http_answer *answer, bool has_size, uint64_t size) {
  if (has_size && size != file->size) return true;
  return *file->etag && *answer->etag ? differs(file->etag, answer->etag) : differs(file->modified, answer->modified);
}

static berg_status look_again(download *d, berg_error *error) {
  d->is_changed = true;
  return base_fail(error, BERG_EINPUT, "%s: the file on the server has changed", d->file->url);
}

static berg_status refuse_content(const download *d, const io_http_answer *answer, berg_error *error) {
  if (*answer->encoding && !base_same_word(answer->encoding, "identity"))
    return base_fail(error, BERG_EINPUT, "%s: the server sends it as %s, which was not asked for", d->file->url,
                     answer->encoding);
  if (!strncmp(answer->type, "text/html", 9))
    return base_fail(error, BERG_EINPUT,
                     "%s: the server sends a page (%s) in place of the file, as networks do that want one to log in",
                     d->file->url, answer->type);
  return BERG_OK;
}

/* What the head of an answer means for the bytes behind it. */
static berg_status answered(void *user, const io_http_answer *answer, berg_error *error) {
  download *d = user;
  d->server->reached = true;
  if (answer->status == 206 && d->at) {
    if (!answer->has_range || answer->first != d->at || is_other(d->file, answer, true, answer->total))
      return look_again(d, error);
    return refuse_content(d, answer, error);
  }
  if (answer->status == 416 && d->at) return look_again(d, error);
  if (answer->status != 200) {
    d->may_pass = io_http_is_passing(answer->status);
    return model_fetch_refused(d->file->url, answer->status, error);
  }
  berg_status status = refuse_content(d, answer, error);
  if (status) return status;
  if (is_other(d->file, answer, answer->has_length, answer->length)) return look_again(d, error);
  return d->at ? begin_again(d, error) : BERG_OK; /* it sends no parts */
}

static berg_status take(void *user, const void *bytes, size_t size, berg_error *error) {
  download *d = user;
  if (size > d->file->size - d->at)
    return base_fail(error, BERG_EINPUT, "%s: the server sends more than the %llu bytes that it said", d->file->url,
                     (unsigned long long)d->file->size);
  berg_status status = io_put_at(d->handle, bytes, size, d->at, d->part, error);
  if (!status) d->at += size;
  return !status && d->at - d->noted >= NOTE_BYTES ? note(d, error) : status;
}

static berg_status going(void *user, berg_error *error) {
  const download *d = user;
  const model_fetch_progress *p = d->progress;
  berg_status status = base_ask_cancel(p->run, error);
  if (status) return status;
  return base_progress(p->run, (size_t)(p->before + d->at), (size_t)p->total, p->start, "bytes", error);
}

static berg_status attempt(download *d, io_http_end *end, berg_error *error) {
  io_http_answer answer;
  const io_http_request request = {.url = d->file->url,
                                   .from = d->at,
                                   .if_range = model_fetch_validator(d->file),
                                   .stall_seconds = d->server->stall_seconds,
                                   .answered = answered,
                                   .body = take,
                                   .going = going,
                                   .user = d};
  d->is_changed = d->may_pass = false;
  *end = IO_HTTP_REFUSED;
  if (d->at == d->file->size) return BERG_OK; /* an earlier run had all of it */
  berg_status status = io_http_get(&request, &answer, end, error);
  if (!status && d->at < d->file->size) {
    *end = IO_HTTP_BROKEN;
    status = base_fail(error, BERG_EINPUT, "%s: the server ends after %llu of %llu bytes", d->file->url,
                       (unsigned long long)d->at, (unsigned long long)d->file->size);
  }
  if (status == BERG_EINPUT) d->may_pass |= *end != IO_HTTP_REFUSED;
  return status;
}

/* --- Attempts --- */

/* What the server has now in place of the file that was begun. */
static berg_status ask_again(download *d, berg_error *error) {
  io_http_answer answer;
  berg_status status = model_fetch_head(d->server, d->file->url, &answer, error);
  if (!status && answer.status != 200) status = model_fetch_refused(d->file->url, answer.status, error);
  if (!status) status = model_fetch_take_answer(d->file, &answer, error);
  if (!status && io_disk_free(d->part) < d->file->size)
    status = base_fail(error, BERG_ELIMIT, "%s: the file on the server has grown to %llu bytes, more than the disk has",
                       d->file->path, (unsigned long long)d->file->size);
  return status ? status : begin_again(d, error);
}

static berg_status fail_at_last(const download *d, size_t retries, berg_error *error) {
  char why[sizeof error->message] = "";
  if (error) base_print(why, sizeof why, "%s", error->message);
  return base_fail(error, BERG_EINPUT, "%s (given up after %zu retries, with %llu of %llu bytes)", why, retries,
                   (unsigned long long)d->at, (unsigned long long)d->file->size);
}

static berg_status all_attempts(download *d, berg_error *error) {
  size_t retry = 0, changes = 0;
  uint64_t farthest = d->at; /* retries count from the start only where an attempt came beyond it */
  for (;;) {
    io_http_end end;
    berg_status status = attempt(d, &end, error);
    if (!status) return BERG_OK;
    if (d->is_changed && changes++ < CHANGES) {
      status = ask_again(d, error);
      if (status) return status;
      continue;
    }
    if (d->is_changed)
      return base_fail(error, BERG_EINPUT, "%s: the server says of it now this, now that", d->file->url);
    if (!d->may_pass) return status;
    if (d->at >= farthest + ADVANCE) {
      farthest = d->at;
      retry = 0;
    }
    if (retry++ == d->server->retries) return fail_at_last(d, retry - 1, error);
    status = model_fetch_pause(d->server, retry, going, d, error);
    if (status) return status;
  }
}

/* Without a journal no later run could go on. */
static void leave_nothing(const download *d, berg_error *error) {
  io_remove_left(d->part, error);
  io_remove_left(d->journal, error);
}

/* All bytes are here; are they the right ones? Else none of them is kept. */
static berg_status finish(download *d, bool force, berg_error *error) {
  bool whole;
  if (fsync(d->handle)) return base_fail_errno(error, BERG_EWRITE, d->part, "cannot be written", errno);
  berg_status status = model_fetch_is_whole(d->file, d->part, &whole, d->progress->run, error);
  if (status) return status;
  if (!whole) {
    status = base_fail(
        error, BERG_EINPUT, "%s: what came is not what is published: its %s differs; it was removed", d->file->url,
        d->file->sha256 && strncmp(d->file->sum, d->file->sha256, strlen(d->file->sha256)) ? "SHA-256" : "MD5 sum");
    leave_nothing(d, error);
    return status;
  }
  status = io_place_file(d->part, d->file->path, force, error);
  if (!status) status = io_remove_file(d->journal, error);
  if (!status) d->file->state = MODEL_FETCH_DONE;
  return status;
}

berg_status model_fetch_download(model_fetch_file *file, model_fetch_server *server,
                                 const model_fetch_progress *progress, bool force, berg_error *error) {
  download d = {.file = file, .server = server, .progress = progress, .handle = -1, .note = -1};
  berg_status status = open_part(&d, error);
  if (!status) {
    status = all_attempts(&d, error);
    const berg_status kept = note(&d, status ? NULL : error);
    if (!status) status = kept;
    if (status && !d.noted) leave_nothing(&d, error);
  }
  if (!status) status = finish(&d, force, error);
  close_part(&d);
  return status;
}
