/* The cards of the models known: one src/model/catalog/cards/<model_id>.json each, compiled in by cmake/cards.cmake,
 * sorted by id. */
#ifndef MODEL_CARDS_H
#define MODEL_CARDS_H

#include <stddef.h>

typedef struct model_card {
  const char *id;
  const unsigned char *json; /* UTF-8, zero-terminated */
} model_card;

extern const model_card model_cards[];
extern const size_t model_card_count;

#endif
