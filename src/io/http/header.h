/* What a server says before the bytes of a file. */
#ifndef IO_HTTP_HEADER_H
#define IO_HTTP_HEADER_H

#include <stddef.h>

#include "io/http/http.h"

/* Takes one line of the head of an answer, as it came; the first line of another answer starts anew. Lines of 512 bytes
 * and more hold nothing that is looked for. */
void io_http_take_header(io_http_answer *answer, const char *bytes, size_t size);

#endif
