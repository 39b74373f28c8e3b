/* Bytes as text of 64 letters (RFC 4648), a part at a time. */
#ifndef IO_BASE64_H
#define IO_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct io_base64 {
  berg_status (*put)(void *user, const char *text, size_t size, berg_error *error);
  void *user;
  uint8_t kept[3]; /* bytes that wait for the third one */
  size_t count;
} io_base64;

berg_status io_base64_write(io_base64 *base64, const void *bytes, size_t size, berg_error *error);
/* The last bytes and their padding; what is written next begins another text. */
berg_status io_base64_end(io_base64 *base64, berg_error *error);

#endif
