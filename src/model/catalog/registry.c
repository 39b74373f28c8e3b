/* The models known, by id. What a card says of a model is data (src/model/catalog/cards); this is the way to it. */
#include <string.h>

#include "berg.h"
#include "model/catalog/cards.h"

size_t berg_catalog_count(void) { return model_card_count; }

const char *berg_catalog_id(size_t index) { return index < model_card_count ? model_cards[index].id : NULL; }

const char *berg_catalog_card(const char *model_id) {
  for (size_t i = 0; model_id && i < model_card_count; i++)
    if (!strcmp(model_cards[i].id, model_id)) return (const char *)model_cards[i].json;
  return NULL;
}
