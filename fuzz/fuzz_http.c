/* Heads of answers: whatever a server says, texts that end, a file of a size and name that can be, or a line that says
 * why not. */
#include <ctype.h>

#include "model/fetch/file.h"
#include "io/http/header.h"
#include "scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* As a download uses it. */
static void use(const io_http_answer *answer) {
  char url[] = "http://localhost/file";
  model_fetch_file file = {.url = url};
  char text[IO_HTTP_TAG + 64];
  berg_error error;
  if (model_fetch_take_answer(&file, answer, &error)) {
    fuzz_check_message(&error);
    return;
  }
  if (file.size > MODEL_FETCH_LARGEST) abort();
  if (!model_fetch_fingerprint(&file, text, sizeof text)) return;
  for (const char *c = text; *c; c++) /* it is sent back, and stands in a line of a journal */
    if (iscntrl((unsigned char)*c)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  io_http_answer answer = {.status = 0};
  for (size_t at = 0, end; at < size; at = end) {
    const uint8_t *line_end = memchr(bytes + at, '\n', size - at);
    end = line_end ? (size_t)(line_end - bytes) + 1 : size;
    io_http_take_header(&answer, (const char *)bytes + at, end - at);
  }
  if (!memchr(answer.etag, 0, sizeof answer.etag) || !memchr(answer.modified, 0, sizeof answer.modified) ||
      !memchr(answer.type, 0, sizeof answer.type) || !memchr(answer.encoding, 0, sizeof answer.encoding))
    abort();
  use(&answer);
  return 0;
}
