/* A request by libcurl's easy interface. */
#include "io/http/http.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "io/http/curl.h"
#include "io/http/header.h"

#define CONNECT_SECONDS 30L
#define SLOWEST 1000L /* bytes a second */
#define BUFFER 262144L

typedef struct transfer {
  const io_http_request *request;
  io_http_answer *answer;
  bool judged;        /* `answered` was called */
  berg_status status; /* what a callback said */
  berg_error *error;
} transfer;

static void set_status(transfer *t, berg_status status) {
  if (!t->status) t->status = status;
}

static bool judge(transfer *t) {
  if (t->judged || t->status) return !t->status;
  t->judged = true;
  set_status(t, t->request->answered(t->request->user, t->answer, t->error));
  return !t->status;
}

static size_t take_body(char *bytes, size_t one, size_t size, void *user) {
  transfer *t = user;
  (void)one; /* is 1 */
  if (judge(t) && t->request->body) set_status(t, t->request->body(t->request->user, bytes, size, t->error));
  return t->status ? 0 : size;
}

static size_t take_header(char *bytes, size_t one, size_t size, void *user) {
  const transfer *t = user;
  (void)one; /* is 1 */
  io_http_take_header(t->answer, bytes, size);
  return size;
}

static int go_on(void *user, int64_t total, int64_t now, int64_t to_send, int64_t sent) {
  transfer *t = user;
  (void)total;
  (void)now;
  (void)to_send;
  (void)sent;
  if (!t->status && t->request->going) set_status(t, t->request->going(t->request->user, t->error));
  return t->status != BERG_OK;
}

/* --- The request --- */

bool io_http_is_passing(int status) {
  return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

/* As the program curl does; libcurl alone knows the place that it was built for. */
static void set_certificates(const io_curl *curl, void *handle) {
  const char *bundle = getenv("CURL_CA_BUNDLE"), *folder = getenv("SSL_CERT_DIR");
  if (!bundle || !*bundle) bundle = getenv("SSL_CERT_FILE");
  if (bundle && *bundle) curl->easy_setopt(handle, IO_CURL_CAINFO, bundle);
  if (folder && *folder) curl->easy_setopt(handle, IO_CURL_CAPATH, folder);
}

/* Whoever is asked over https is not to be answered over http. */
static void set_protocols(const io_curl *curl, void *handle, const char *url) {
  const bool is_safe = !strncmp(url, "https:", 6);
  curl->easy_setopt(handle, IO_CURL_PROTOCOLS, (long)(IO_CURL_HTTP | IO_CURL_HTTPS));
  curl->easy_setopt(handle, IO_CURL_REDIR_PROTOCOLS, (long)(is_safe ? IO_CURL_HTTPS : IO_CURL_HTTP | IO_CURL_HTTPS));
  curl->easy_setopt(handle, IO_CURL_FOLLOWLOCATION, 1L);
  curl->easy_setopt(handle, IO_CURL_MAXREDIRS, (long)IO_HTTP_REDIRECTIONS);
}

static void set_callbacks(const io_curl *curl, void *handle, transfer *t) {
  curl->easy_setopt(handle, IO_CURL_WRITEFUNCTION, take_body);
  curl->easy_setopt(handle, IO_CURL_WRITEDATA, t);
  curl->easy_setopt(handle, IO_CURL_HEADERFUNCTION, take_header);
  curl->easy_setopt(handle, IO_CURL_HEADERDATA, t);
  curl->easy_setopt(handle, IO_CURL_XFERINFOFUNCTION, go_on);
  curl->easy_setopt(handle, IO_CURL_XFERINFODATA, t);
  curl->easy_setopt(handle, IO_CURL_NOPROGRESS, 0L);
}

static void set_limits(const io_curl *curl, void *handle, double stall_seconds) {
  curl->easy_setopt(handle, IO_CURL_NOSIGNAL, 1L); /* signals are the process's */
  curl->easy_setopt(handle, IO_CURL_CONNECTTIMEOUT, CONNECT_SECONDS);
  curl->easy_setopt(handle, IO_CURL_LOW_SPEED_LIMIT, SLOWEST);
  curl->easy_setopt(handle, IO_CURL_LOW_SPEED_TIME, (long)(stall_seconds < 1 ? 1 : stall_seconds));
  curl->easy_setopt(handle, IO_CURL_BUFFERSIZE, BUFFER);
}

/* Takes `list`; NULL where memory is short. */
static io_curl_list *with_line(const io_curl *curl, io_curl_list *list, const char *line) {
  io_curl_list *longer = list ? curl->slist_append(list, line) : NULL;
  if (!longer) curl->slist_free_all(list);
  return longer;
}

static io_curl_list *headers_of(const io_curl *curl, const io_http_request *request) {
  char line[IO_HTTP_TAG + 32];
  io_curl_list *list = curl->slist_append(NULL, "Accept-Encoding: identity");
  if (!request->from || !request->if_range) return list;
  base_print(line, sizeof line, "Range: bytes=%llu-", (unsigned long long)request->from);
  list = with_line(curl, list, line);
  base_print(line, sizeof line, "If-Range: %s", request->if_range);
  return with_line(curl, list, line);
}

static io_http_end end_of(int code) {
  switch (code) {
  case IO_CURL_PROXY_UNKNOWN:
  case IO_CURL_HOST_UNKNOWN:
  case IO_CURL_NOT_CONNECTED: return IO_HTTP_UNREACHABLE;
  case IO_CURL_HTTP2:
  case IO_CURL_PARTIAL:
  case IO_CURL_TIMED_OUT:
  case IO_CURL_SSL_BROKEN:
  case IO_CURL_NOTHING_CAME:
  case IO_CURL_SEND:
  case IO_CURL_RECEIVE:
  case IO_CURL_HTTP2_STREAM: return IO_HTTP_BROKEN;
  default: return IO_HTTP_REFUSED;
  }
}

static berg_status fail(const io_curl *curl, const transfer *t, int code, const char *said, berg_error *error) {
  const char *url = t->request->url, *why = *said ? said : curl->easy_strerror(code);
  if (code == IO_CURL_NO_MEMORY) return base_fail_memory(error, 0);
  if (code == IO_CURL_TOO_MANY_REDIRECTS)
    return base_fail(error, BERG_EINPUT, "%s: redirected more than %d times", url, IO_HTTP_REDIRECTIONS);
  if (code == IO_CURL_UNSUPPORTED_PROTOCOL && t->answer->status / 100 == 3)
    return base_fail(error, BERG_EINPUT, "%s: redirected to something else than %s, which is not followed", url,
                     strncmp(url, "https:", 6) ? "http and https" : "https");
  if (end_of(code) == IO_HTTP_UNREACHABLE) return base_fail(error, BERG_EINPUT, "%s: cannot be reached: %s", url, why);
  return base_fail(error, BERG_EINPUT, "%s: %s", url, why);
}

static int perform(const io_curl *curl, void *handle, transfer *t, io_curl_list *headers, char *said) {
  char agent[32];
  base_print(agent, sizeof agent, "berg/%s", berg_version());
  set_protocols(curl, handle, t->request->url);
  set_certificates(curl, handle);
  set_callbacks(curl, handle, t);
  set_limits(curl, handle, t->request->stall_seconds);
  curl->easy_setopt(handle, IO_CURL_URL, t->request->url);
  curl->easy_setopt(handle, IO_CURL_NOBODY, t->request->head ? 1L : 0L);
  curl->easy_setopt(handle, IO_CURL_HTTPHEADER, headers);
  curl->easy_setopt(handle, IO_CURL_USERAGENT, agent);
  curl->easy_setopt(handle, IO_CURL_ERRORBUFFER, said);
  return curl->easy_perform(handle);
}

berg_status io_http_get(const io_http_request *request, io_http_answer *answer, io_http_end *end, berg_error *error) {
  const io_curl *curl;
  char said[IO_CURL_ERROR_SIZE] = "";
  transfer t = {.request = request, .answer = answer, .error = error};
  *answer = (io_http_answer){.status = 0};
  *end = IO_HTTP_REFUSED;
  berg_status status = io_curl_load(&curl, error);
  if (status) return status;
  void *handle = curl->easy_init();
  io_curl_list *headers = handle ? headers_of(curl, request) : NULL;
  const int code = headers ? perform(curl, handle, &t, headers, said) : IO_CURL_NO_MEMORY;
  if (code == IO_CURL_OK) judge(&t);
  if (t.status) {
    status = t.status;
  } else if (code != IO_CURL_OK) {
    *end = end_of(code);
    status = fail(curl, &t, code, said, error);
  }
  curl->slist_free_all(headers);
  if (handle) curl->easy_cleanup(handle);
  return status;
}
