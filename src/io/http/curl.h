/* libcurl, loaded when something is first fetched, never before: most programs fetch nothing. What is used of it is
 * declared here, so that the build needs no header of it: names and numbers are those of its ABI, which has been the
 * same since 2006 (libcurl.so.4). */
#ifndef IO_HTTP_CURL_H
#define IO_HTTP_CURL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct io_curl_list io_curl_list;

typedef struct io_curl {
  int (*global_init)(long flags);
  void *(*easy_init)(void);
  int (*easy_setopt)(void *handle, int option, ...);
  int (*easy_perform)(void *handle);
  void (*easy_cleanup)(void *handle);
  const char *(*easy_strerror)(int code);
  io_curl_list *(*slist_append)(io_curl_list *list, const char *line);
  void (*slist_free_all)(io_curl_list *list);
} io_curl;

/* Options of easy_setopt, and results of easy_perform. */
enum {
  IO_CURL_LOW_SPEED_LIMIT = 19,
  IO_CURL_LOW_SPEED_TIME = 20,
  IO_CURL_NOPROGRESS = 43,
  IO_CURL_NOBODY = 44,
  IO_CURL_FOLLOWLOCATION = 52,
  IO_CURL_MAXREDIRS = 68,
  IO_CURL_CONNECTTIMEOUT = 78,
  IO_CURL_BUFFERSIZE = 98,
  IO_CURL_NOSIGNAL = 99,
  IO_CURL_PROTOCOLS = 181,
  IO_CURL_REDIR_PROTOCOLS = 182,
  IO_CURL_WRITEDATA = 10001,
  IO_CURL_URL = 10002,
  IO_CURL_ERRORBUFFER = 10010,
  IO_CURL_USERAGENT = 10018,
  IO_CURL_HTTPHEADER = 10023,
  IO_CURL_HEADERDATA = 10029,
  IO_CURL_XFERINFODATA = 10057,
  IO_CURL_CAINFO = 10065,
  IO_CURL_CAPATH = 10097,
  IO_CURL_WRITEFUNCTION = 20011,
  IO_CURL_HEADERFUNCTION = 20079,
  IO_CURL_XFERINFOFUNCTION = 20219,
};
enum { IO_CURL_GLOBAL_DEFAULT = 3, IO_CURL_HTTP = 1, IO_CURL_HTTPS = 2, IO_CURL_ERROR_SIZE = 256 };
enum {
  IO_CURL_OK = 0,
  IO_CURL_UNSUPPORTED_PROTOCOL = 1,
  IO_CURL_PROXY_UNKNOWN = 5,
  IO_CURL_HOST_UNKNOWN = 6,
  IO_CURL_NOT_CONNECTED = 7,
  IO_CURL_HTTP2 = 16,
  IO_CURL_PARTIAL = 18,
  IO_CURL_NO_MEMORY = 27,
  IO_CURL_TIMED_OUT = 28,
  IO_CURL_SSL_BROKEN = 35,
  IO_CURL_TOO_MANY_REDIRECTS = 47,
  IO_CURL_NOTHING_CAME = 52,
  IO_CURL_SEND = 55,
  IO_CURL_RECEIVE = 56,
  IO_CURL_HTTP2_STREAM = 92,
};

/* Loads it at the first call. EINTERNAL, and the message says what to install. */
berg_status io_curl_load(const io_curl **curl, berg_error *error);

#endif
