/* Small requests with retries. */
#include "model/fetch/server.h"

#include <string.h>
#include <time.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"

#define LONGEST_WAIT 30 /* times the first */
#define SLICE_SECONDS 0.1

berg_status model_fetch_pause(const model_fetch_server *server, size_t retry,
                              berg_status (*going)(void *user, berg_error *error), void *user, berg_error *error) {
  const double times = retry > 5 ? LONGEST_WAIT : (double)(1u << (retry - 1));
  double left = server->retry_seconds * times;
  const struct timespec slice = {.tv_nsec = (long)(SLICE_SECONDS * 1e9)};
  berg_status status = going(user, error);
  for (; left > 0 && !status; left -= SLICE_SECONDS) {
    nanosleep(&slice, NULL);
    status = going(user, error);
  }
  return status;
}

static berg_status ask_run(void *user, berg_error *error) {
  const model_fetch_server *server = user;
  return base_ask_cancel(server->run, error);
}

berg_status model_fetch_refused(const char *url, int status, berg_error *error) {
  static const struct {
    int status;
    const char *meaning;
  } known[] = {{401, "it wants a name and a password"},
               {403, "it is not public, or not there"},
               {404, "it is not there"},
               {410, "it is not there any more"},
               {416, "it has no such part"},
               {429, "too many requests"},
               {500, "the server failed"},
               {503, "the server is busy"}};
  const char *meaning = "which is not what was asked for";
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (known[i].status == status) meaning = known[i].meaning;
  return base_fail(error, BERG_EINPUT, "%s: the server answers %d: %s", url, status, meaning);
}

/* --- One request --- */

typedef struct question {
  model_fetch_server *server;
  char *text; /* NULL: the head is asked for */
  size_t used, most;
  bool is_long;
} question;

static berg_status answered(void *user, const io_http_answer *answer, berg_error *error) {
  question *q = user;
  (void)answer;
  (void)error;
  q->server->reached = true;
  return BERG_OK;
}

/* What is too long is read no further than that; it is none of what was asked for. */
static berg_status take(void *user, const void *bytes, size_t size, berg_error *error) {
  question *q = user;
  if (size > q->most - q->used) {
    q->is_long = true;
    return base_fail(error, BERG_EINPUT, "longer than %zu bytes", q->most);
  }
  memcpy(q->text + q->used, bytes, size);
  q->used += size;
  return BERG_OK;
}

static berg_status still(void *user, berg_error *error) {
  const question *q = user;
  return ask_run(q->server, error);
}

static berg_status ask(question *q, const char *url, io_http_answer *answer, berg_error *error) {
  const io_http_request request = {.url = url,
                                   .head = !q->text,
                                   .stall_seconds = q->server->stall_seconds,
                                   .answered = answered,
                                   .body = q->text ? take : NULL,
                                   .going = still,
                                   .user = q};
  for (size_t retry = 1;; retry++) {
    io_http_end end;
    q->used = 0;
    berg_status status = io_http_get(&request, answer, &end, error);
    const bool may_pass =
        status ? status == BERG_EINPUT && end == IO_HTTP_BROKEN && !q->is_long : io_http_is_passing(answer->status);
    if (!may_pass || retry > q->server->retries) return status;
    status = model_fetch_pause(q->server, retry, ask_run, q->server, error);
    if (status) return status;
  }
}

berg_status model_fetch_head(model_fetch_server *server, const char *url, io_http_answer *answer, berg_error *error) {
  question q = {.server = server};
  return ask(&q, url, answer, error);
}

berg_status model_fetch_text(model_fetch_server *server, const char *url, size_t most, char **text, berg_error *error) {
  io_http_answer answer;
  question q = {.server = server, .text = base_alloc(most + 1, 1, error), .most = most};
  *text = NULL;
  if (!q.text) return BERG_ELIMIT;
  berg_status status = ask(&q, url, &answer, error);
  if (status && q.is_long) status = BERG_OK;
  if (!status && !q.is_long && answer.status == 200) {
    q.text[q.used] = '\0';
    *text = q.text;
  } else {
    base_free(q.text);
  }
  return status;
}
