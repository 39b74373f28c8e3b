/* Headers to bytes and back, and what they may ask for. */
#include "serve_message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

berg_status serve_refuse(berg_error *error, berg_status status, const char *format, ...) {
  va_list list;
  *error = (berg_error){.status = status, .offset = BERG_NO_OFFSET};
  va_start(list, format);
  vsnprintf(error->message, sizeof error->message, format, list);
  va_end(list);
  return status;
}

static uint64_t get(const uint8_t *bytes, size_t size) {
  uint64_t value = 0;
  while (size--) value = value << 8 | bytes[size];
  return value;
}

static void put(uint8_t *bytes, size_t size, uint64_t value) {
  for (; size--; value >>= 8) *bytes++ = (uint8_t)value;
}

berg_status serve_message_read(serve_message *message, const uint8_t bytes[SERVE_HEADER], berg_error *error) {
  *message = (serve_message){.id = get(bytes + 8, 8)};
  if (memcmp(bytes, "BERG", 4) != 0)
    return serve_refuse(error, BERG_EARGUMENT,
                        "a message begins with \"BERG\" (42 45 52 47), found %02x %02x %02x %02x", bytes[0], bytes[1],
                        bytes[2], bytes[3]);
  if (get(bytes + 4, 2) != SERVE_VERSION)
    return serve_refuse(error, BERG_EARGUMENT, "expected version %d of the protocol, found %u", SERVE_VERSION,
                        (unsigned)get(bytes + 4, 2));
  message->kind = (uint16_t)get(bytes + 6, 2);
  message->length = get(bytes + 16, 8);
  message->status = (uint32_t)get(bytes + 24, 4);
  message->layout = (uint32_t)get(bytes + 28, 4);
  for (size_t i = 0; i < 4; i++) message->sizes[i] = (uint32_t)get(bytes + 32 + 4 * i, 4);
  return BERG_OK;
}

void serve_message_write(const serve_message *message, uint8_t bytes[SERVE_HEADER]) {
  memcpy(bytes, "BERG", 4); /* NOLINT(bugprone-not-null-terminated-result): no text */
  put(bytes + 4, 2, SERVE_VERSION);
  put(bytes + 6, 2, message->kind);
  put(bytes + 8, 8, message->id);
  put(bytes + 16, 8, message->length);
  put(bytes + 24, 4, message->status);
  put(bytes + 28, 4, message->layout);
  for (size_t i = 0; i < 4; i++) put(bytes + 32 + 4 * i, 4, message->sizes[i]);
}

/* Four sizes below 2^32 and the size of an element: 128 bits, and more. */
static bool times(uint64_t *product, uint64_t factor) {
  if (factor && *product > UINT64_MAX / factor) return false;
  *product *= factor;
  return true;
}

/* `fits`: the product of `count` sizes and `bytes` fits and is what the payload has. */
static berg_status check_length(const serve_message *message, size_t count, uint64_t bytes, berg_error *error) {
  bool fits = true;
  for (size_t i = 0; i < count && fits; i++) fits = times(&bytes, message->sizes[i]);
  if (fits && bytes == message->length) return BERG_OK;
  return serve_refuse(error, BERG_EARGUMENT, "sizes %u, %u, %u, %u do not make the %llu bytes that follow",
                      message->sizes[0], message->sizes[1], message->sizes[2], message->sizes[3],
                      (unsigned long long)message->length);
}

static berg_status check_images(const serve_message *message, berg_error *error) {
  const uint32_t *sizes = message->sizes;
  if (message->layout > 1)
    return serve_refuse(error, BERG_EARGUMENT, "layout: expected 0 (n, 3, h, w) or 1 (n, h, w, 3), found %u",
                        message->layout);
  const bool last = message->layout == 1;
  if (sizes[last ? 3 : 1] != 3 || !sizes[0] || !sizes[last ? 1 : 2] || !sizes[last ? 2 : 3])
    return serve_refuse(error, BERG_ESTIMULUS,
                        "images: expected uint8 %s with at least one image, found (%u, %u, %u, "
                        "%u)",
                        last ? "(n, h, w, 3)" : "(n, 3, h, w)", sizes[0], sizes[1], sizes[2], sizes[3]);
  return check_length(message, 4, 1, error);
}

static berg_status check_scores(const serve_message *message, const serve_limits *limits, berg_error *error) {
  const uint32_t *sizes = message->sizes;
  if (!sizes[0] || sizes[1] != limits->components || sizes[2] || sizes[3])
    return serve_refuse(error, BERG_ESTIMULUS,
                        "scores: expected float32 (n, %zu) with at least one image, found (%u, %u, %u, %u)",
                        limits->components, sizes[0], sizes[1], sizes[2], sizes[3]);
  return check_length(message, 2, sizeof(float), error);
}

static berg_status check_empty(const serve_message *message, berg_error *error) {
  if (!message->length) return BERG_OK;
  return serve_refuse(error, BERG_EARGUMENT, "kind %u has no payload, found %llu bytes", message->kind,
                      (unsigned long long)message->length);
}

static berg_status check_kind(const serve_message *message, const serve_limits *limits, berg_error *error) {
  switch (message->kind) {
  case SERVE_HELLO: return check_empty(message, error);
  case SERVE_ENCODE:
  case SERVE_SCORES: return check_images(message, error);
  case SERVE_RESPOND: return check_scores(message, limits, error);
  case SERVE_STOP:
    if (limits->stop) return check_empty(message, error);
    return serve_refuse(error, BERG_EARGUMENT,
                        "this server is not stopped by clients: it was started without "
                        "--allow-stop");
  default: return serve_refuse(error, BERG_EARGUMENT, "kind: expected 1 to 5, found %u", message->kind);
  }
}

berg_status serve_message_check(const serve_message *message, const serve_limits *limits, size_t *answer,
                                berg_error *error) {
  const size_t width = message->kind == SERVE_SCORES ? limits->components : limits->columns;
  uint64_t bytes = sizeof(float);
  *answer = 0;
  if (message->status) return serve_refuse(error, BERG_EARGUMENT, "status: a request has 0, found %u", message->status);
  const berg_status status = check_kind(message, limits, error);
  if (status) return status;
  if (message->kind == SERVE_HELLO) *answer = limits->about;
  if (message->kind == SERVE_HELLO || message->kind == SERVE_STOP) return BERG_OK;
  if (!times(&bytes, message->sizes[0]) || !times(&bytes, width) || bytes > limits->most ||
      message->length > limits->most - bytes)
    return serve_refuse(error, BERG_ELIMIT,
                        "%u images: request (%llu bytes) and answer would take more than the %zu bytes of "
                        "--max-request: ask for fewer at a time",
                        message->sizes[0], (unsigned long long)message->length, limits->most);
  *answer = (size_t)bytes;
  return BERG_OK;
}
