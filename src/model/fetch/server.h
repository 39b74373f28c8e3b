/* Asking a server, more than once where that may help. */
#ifndef MODEL_FETCH_SERVER_H
#define MODEL_FETCH_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "io/http/http.h"

typedef struct model_fetch_server {
  size_t retries;       /* of what fails and may pass, one after another */
  double retry_seconds; /* before the first of them; doubled each time, up to thirty times as long */
  double stall_seconds;
  const berg_run *run;
  bool reached; /* it has answered */
} model_fetch_server;

/* Waits before the retry of that number, from 1. What `going` says. */
berg_status model_fetch_pause(const model_fetch_server *server, size_t retry,
                              berg_status (*going)(void *user, berg_error *error), void *user, berg_error *error);

/* What the server says of a file; any number of `answer->status` is OK. EINPUT: no answer. */
berg_status model_fetch_head(model_fetch_server *server, const char *url, io_http_answer *answer, berg_error *error);
/* A text of up to `most` bytes (base_free); NULL where the server has none, or none so short. EINPUT: no answer. */
berg_status model_fetch_text(model_fetch_server *server, const char *url, size_t most, char **text, berg_error *error);

/* EINPUT, with the number in words. */
berg_status model_fetch_refused(const char *url, int status, berg_error *error);

#endif
