/* A context of libspng whose memory is ours. libspng says of zlib, where that finds no memory, what it says of damaged
 * data; what both allocate goes through our own, so that it is known. */
#ifndef IO_PNG_MEMORY_H
#define IO_PNG_MEMORY_H

#include <spng.h>
#include <stdbool.h>

/* Ends with spng_ctx_free; NULL without memory. */
spng_ctx *io_png_context(int flags);
/* Whether memory was lacking since this thread's last io_png_context. */
bool io_png_memory_lacked(void);

#endif
