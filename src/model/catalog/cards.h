/* The cards of all models, sorted by id, each with its layout. cmake/cards.cmake makes the list from the files
 * cards/<model_id>.json and layouts/<model_id>.c beside this one. */
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
