/* The cards of the models known, each with its layout: src/model/catalog/cards/<model_id>.json and layouts/<model_id>.c, joined by
 * cmake/cards.cmake, sorted by id. */
#ifndef MODEL_CARDS_H
#define MODEL_CARDS_H

#include <stddef.h>

struct model_layout;

typedef struct model_card {
  const char *id;
  const unsigned char *json; /* UTF-8, zero-terminated */
  const struct model_layout *layout;
} model_card;

extern const model_card model_cards[];
extern const size_t model_card_count;

#endif
