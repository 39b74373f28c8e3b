/* Listings of an object store: pages, entities, what makes no sense; and the numbers of libcurl's ABI. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "io/http/curl.h"
#include "model/fetch/listing.h"

#if __has_include(<curl/curl.h>)
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#include <curl/curl.h>

#define SAME(ours, theirs) _Static_assert((int)IO_CURL_##ours == (int)(theirs), #ours)
#define OPTION(name) SAME(name, CURLOPT_##name)
OPTION(LOW_SPEED_LIMIT);
OPTION(LOW_SPEED_TIME);
OPTION(NOPROGRESS);
OPTION(NOBODY);
OPTION(FOLLOWLOCATION);
OPTION(MAXREDIRS);
OPTION(CONNECTTIMEOUT);
OPTION(BUFFERSIZE);
OPTION(NOSIGNAL);
OPTION(PROTOCOLS);
OPTION(REDIR_PROTOCOLS);
OPTION(WRITEDATA);
OPTION(URL);
OPTION(ERRORBUFFER);
OPTION(USERAGENT);
OPTION(HTTPHEADER);
OPTION(HEADERDATA);
OPTION(XFERINFODATA);
OPTION(CAINFO);
OPTION(CAPATH);
OPTION(WRITEFUNCTION);
OPTION(HEADERFUNCTION);
OPTION(XFERINFOFUNCTION);
SAME(GLOBAL_DEFAULT, CURL_GLOBAL_DEFAULT);
SAME(HTTP, CURLPROTO_HTTP);
SAME(HTTPS, CURLPROTO_HTTPS);
SAME(ERROR_SIZE, CURL_ERROR_SIZE);
SAME(OK, CURLE_OK);
SAME(UNSUPPORTED_PROTOCOL, CURLE_UNSUPPORTED_PROTOCOL);
SAME(PROXY_UNKNOWN, CURLE_COULDNT_RESOLVE_PROXY);
SAME(HOST_UNKNOWN, CURLE_COULDNT_RESOLVE_HOST);
SAME(NOT_CONNECTED, CURLE_COULDNT_CONNECT);
SAME(HTTP2, CURLE_HTTP2);
SAME(PARTIAL, CURLE_PARTIAL_FILE);
SAME(NO_MEMORY, CURLE_OUT_OF_MEMORY);
SAME(TIMED_OUT, CURLE_OPERATION_TIMEDOUT);
SAME(SSL_BROKEN, CURLE_SSL_CONNECT_ERROR);
SAME(TOO_MANY_REDIRECTS, CURLE_TOO_MANY_REDIRECTS);
SAME(NOTHING_CAME, CURLE_GOT_NOTHING);
SAME(SEND, CURLE_SEND_ERROR);
SAME(RECEIVE, CURLE_RECV_ERROR);
SAME(HTTP2_STREAM, CURLE_HTTP2_STREAM);
_Static_assert(sizeof(curl_off_t) == sizeof(int64_t), "what xferinfo is called with");
#endif

#define ITEM(key, size, etag) "<Contents><Key>" key "</Key><Size>" size "</Size><ETag>" etag "</ETag></Contents>"

static void pages(void **state) {
  model_listing listing = {.items = NULL};
  bool is_one;
  char *next;
  (void)state;
  assert_int_equal(model_listing_add(&listing,
                                     "<ListBucketResult xmlns=\"x\"><EncodingType>url</EncodingType><IsTruncated>true"
                                     "</IsTruncated><NextContinuationToken>a&amp;b</NextContinuationToken>" ITEM(
                                         "a/b%20c%2B", "17", "&quot;ab-3&#34;") "</ListBucketResult>",
                                     &is_one, &next, NULL),
                   BERG_OK);
  assert_true(is_one);
  assert_string_equal(next, "a&b");
  base_free(next);
  assert_int_equal(model_listing_add(&listing, "<ListBucketResult>" ITEM("d%20", "0", "") "</ListBucketResult>",
                                     &is_one, &next, NULL),
                   BERG_OK);
  assert_null(next);
  const model_listed *first = model_listing_find(&listing, "a/b c+");
  assert_non_null(first);
  assert_int_equal(first->size, 17);
  assert_string_equal(first->etag, "\"ab-3\"");
  assert_non_null(model_listing_find(&listing, "d%20")); /* not encoded, as the page does not say so */
  assert_null(model_listing_find(&listing, "a/b"));
  model_listing_free(&listing);
}

static void nonsense(void **state) {
  static const char *const texts[] = {
      "",
      "<html><body>Contents</body></html>",
      "<ListBucketResult><Contents>",
      "<ListBucketResult></ListBucketResult><Contents><Key>x</Key>",
      "<ListBucketResult>" ITEM("x", "-1", "") "</ListBucketResult>",
      "<ListBucketResult>" ITEM("x", "99999999999999999999999", "") "</ListBucketResult>",
      "<ListBucketResult>" ITEM("x", "12&amp;", "") "</ListBucketResult>",
      "<ListBucketResult><Contents></Contents><Size>3</Size></ListBucketResult>",
      "<ListBucketResult><EncodingType>url</EncodingType>%%%</ListBucketResult>"};
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    model_listing listing = {.items = NULL};
    bool is_one;
    char *next;
    assert_int_equal(model_listing_add(&listing, texts[i], &is_one, &next, NULL), BERG_OK);
    assert_int_equal(listing.count, 0);
    assert_null(next);
    assert_int_equal(is_one, i > 2);
    model_listing_free(&listing);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(pages), cmocka_unit_test(nonsense)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
