/* Which images a store holds, for a process that reads it while another one adds to it. */
#ifndef MODEL_STORE_HELD_H
#define MODEL_STORE_HELD_H

#include "model/store/known.h"
#include "model/store/store.h"

/* A digest as a key; false: it is none. */
bool model_store_read_digest(const char *digest, model_known_item *item);
/* Adds the digests of all its images. EINPUT: the store is missing, damaged, or not of what is wanted. */
berg_status model_store_pixels(model_known *pixels, const char *path, const model_store_about *wanted,
                               berg_error *error);

#endif
