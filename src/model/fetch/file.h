/* A file that is fetched: where it comes from, what the server says of it, where it goes, how much of it is there. */
#ifndef MODEL_FETCH_FILE_H
#define MODEL_FETCH_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/md5.h"
#include "base/sha256.h"
#include "io/http/http.h"

typedef enum model_fetch_state {
  MODEL_FETCH_UNKNOWN, /* the server was not asked, or did not answer */
  MODEL_FETCH_MISSING,
  MODEL_FETCH_PARTIAL, /* an earlier run has left its beginning */
  MODEL_FETCH_OTHER,   /* another file has its place */
  MODEL_FETCH_THERE,   /* before this run */
  MODEL_FETCH_DONE     /* by this run */
} model_fetch_state;

#define MODEL_FETCH_NAMES 4
/* No file is larger, so that sizes can be added up. */
#define MODEL_FETCH_LARGEST ((uint64_t)1 << 50)

typedef struct model_fetch_file {
  char *names[MODEL_FETCH_NAMES]; /* in the layout, that it may have, newest first; NULL where there are no more */
  char *path, *url;
  char *command; /* to get it without us */
  model_fetch_state state;
  uint64_t size, have; /* bytes in all, and those that an earlier run has left */
  char etag[IO_HTTP_TAG], modified[64];
  bool is_md5;        /* the ETag is one of the content */
  const char *sha256; /* how its SHA-256 begins; NULL: not known */
  char sum[BASE_SHA256_TEXT];
} model_fetch_file;

/* NULL is fine for what it points at. */
void model_fetch_file_free(model_fetch_file *file);

/* What by which a request says that it goes on with the same file: a strong ETag, else a date; NULL: there is none, and
 * it cannot be gone on with. */
const char *model_fetch_validator(const model_fetch_file *file);
/* Takes over what the server says of a whole file. EINPUT: no size, or none that can be. */
berg_status model_fetch_take_answer(model_fetch_file *file, const io_http_answer *answer, berg_error *error);
/* Takes an ETag, with its quotes, if it is one that can be sent back. */
void model_fetch_take_tag(model_fetch_file *file, const char *etag, bool is_s3);

/* Whether the file `path` is it, as far as size and checksums are known; its SHA-256 goes to `sum`. */
berg_status model_fetch_is_whole(model_fetch_file *file, const char *path, bool *whole, const berg_run *run,
                                 berg_error *error);

/* "folder/.name.part", while it comes, and the journal beside it. base_free; NULL with ELIMIT. */
char *model_fetch_part_path(const model_fetch_file *file, berg_error *error);
char *model_fetch_journal_path(const model_fetch_file *file, berg_error *error);
/* What a journal says of which file the part is; false: it cannot be told. */
bool model_fetch_fingerprint(const model_fetch_file *file, char *text, size_t size);
/* How many bytes of this very file an earlier run has left safely. */
berg_status model_fetch_find_part(model_fetch_file *file, berg_error *error);

#endif
