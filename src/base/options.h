/* Options structs of callers that were compiled against an older or a newer header: each begins with its own size. */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "base/error.h"

/* What an _init does: `options`, of the caller's `size`, gets the `defaults` of `known` bytes as far as it reaches, and
 * zeros beyond. */
void base_options_init(void *options, size_t size, const void *defaults, size_t known);

/* Copies what the caller has set (NULL: nothing) to `own`, which its _init has filled. EARGUMENT: the size is invalid,
 * or the caller is newer and has set an option that is unknown here. */
berg_status base_options_take(void *own, const void *given, const char *type, berg_error *error);

/* What a public function does first with a struct of the caller's: `own` becomes the library's copy. */
#define BASE_TAKE(type, own, given, error) (type##_init(own), base_options_take(own, given, #type, error))

#endif
