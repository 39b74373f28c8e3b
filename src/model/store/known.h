/* Which pixels and names a store holds already, to be asked for each image that comes. */
#ifndef MODEL_STORE_KNOWN_H
#define MODEL_STORE_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* 128 bits that stand for a key, and a number. */
typedef struct model_known_item {
  uint64_t high, low;
  size_t number;
} model_known_item;

typedef struct model_known {
  model_known_item *slots; /* [capacity], a power of two; `number` SIZE_MAX: free */
  size_t count, capacity;
} model_known;

/* A key seen before keeps its first number. ELIMIT. */
berg_status model_known_add(model_known *known, const model_known_item *item, berg_error *error);
/* A key seen before gets the new number. ELIMIT. */
berg_status model_known_set(model_known *known, const model_known_item *item, berg_error *error);
/* The number, or SIZE_MAX. */
size_t model_known_find(const model_known *known, uint64_t high, uint64_t low);
void model_known_release(model_known *known);

/* The key of a text of any length. */
model_known_item model_known_text(const char *text, size_t number);

#endif
