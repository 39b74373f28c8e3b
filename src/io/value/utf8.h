/* Text taken apart into code points. */
#ifndef IO_UTF8_H
#define IO_UTF8_H

#include <stdint.h>

/* The code point at `*at`, before `end`, and `*at` moves behind it; -1, and a byte further, where there is no UTF-8:
 * surrogates and longer forms than needed are none. */
int32_t io_utf8_next(const char **at, const char *end);

#endif
