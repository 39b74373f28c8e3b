/* One request for a file over HTTP, followed through redirections: what the server says of it, and its bytes as they
 * come. Proxies and certificates are those that curl would use. */
#ifndef IO_HTTP_H
#define IO_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define IO_HTTP_TAG 160
#define IO_HTTP_REDIRECTIONS 5

/* The last answer; texts are empty where the server does not say so. */
typedef struct io_http_answer {
  int status;      /* 200; 0: none came */
  bool is_s3;      /* an object store, whose plain ETags are MD5 sums */
  bool has_length; /* of what follows, in `length` */
  bool has_range;  /* what follows begins at byte `first` of `total` */
  uint64_t length, first, total;
  char etag[IO_HTTP_TAG], modified[64], type[64], encoding[32];
} io_http_answer;

/* How a request ended that failed. */
typedef enum io_http_end {
  IO_HTTP_REFUSED,    /* trying again would not help */
  IO_HTTP_BROKEN,     /* the connection broke, or nothing came for too long */
  IO_HTTP_UNREACHABLE /* there was no connection */
} io_http_end;

typedef struct io_http_request {
  const char *url;
  bool head;            /* what the server says alone */
  uint64_t from;        /* the first byte wanted */
  const char *if_range; /* ... if the file is still of this ETag or date; else all of it is */
  double stall_seconds; /* the connection is given up after so long at less than 1 kB a second */
  /* Called once, before the first byte or where there are none; another status than OK ends the request. */
  berg_status (*answered)(void *user, const io_http_answer *answer, berg_error *error);
  berg_status (*body)(void *user, const void *bytes, size_t size, berg_error *error);
  /* About once a second, and more often while bytes come: whether to go on. */
  berg_status (*going)(void *user, berg_error *error);
  void *user;
} io_http_request;

/* Whether such an answer is worth another try. */
bool io_http_is_passing(int status);

/* Any answer is OK, whatever its number; `answered` judges it. Else what a callback said; EINPUT, and `end` says of
 * which kind; EINTERNAL without libcurl; ELIMIT. */
berg_status io_http_get(const io_http_request *request, io_http_answer *answer, io_http_end *end, berg_error *error);

#endif
