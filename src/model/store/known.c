/* A hash table of keys of 128 bits, by open addressing. */
#include "model/store/known.h"

#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

#define FREE SIZE_MAX

static size_t slot_of(const model_known *known, uint64_t high, uint64_t low) {
  size_t at = (size_t)(high ^ low * 0x9E3779B97F4A7C15u) & (known->capacity - 1);
  while (known->slots[at].number != FREE && (known->slots[at].high != high || known->slots[at].low != low))
    at = (at + 1) & (known->capacity - 1);
  return at;
}

/* At most half of the slots are taken. */
static berg_status make_room(model_known *known, berg_error *error) {
  if (known->capacity >= 2 * (known->count + 1)) return BERG_OK;
  model_known larger = {.capacity = known->capacity ? 2 * known->capacity : 1024};
  larger.slots = base_alloc(larger.capacity, sizeof *larger.slots, error);
  if (!larger.slots) return BERG_ELIMIT;
  for (size_t i = 0; i < larger.capacity; i++) larger.slots[i].number = FREE;
  for (size_t i = 0; i < known->capacity; i++) {
    const model_known_item *item = &known->slots[i];
    if (item->number != FREE) larger.slots[slot_of(&larger, item->high, item->low)] = *item;
  }
  larger.count = known->count;
  model_known_release(known);
  *known = larger;
  return BERG_OK;
}

berg_status model_known_add(model_known *known, const model_known_item *item, berg_error *error) {
  berg_status status = make_room(known, error);
  if (status) return status;
  model_known_item *slot = &known->slots[slot_of(known, item->high, item->low)];
  if (slot->number != FREE) return BERG_OK;
  *slot = *item;
  known->count++;
  return BERG_OK;
}

berg_status model_known_set(model_known *known, const model_known_item *item, berg_error *error) {
  berg_status status = model_known_add(known, item, error);
  if (!status) known->slots[slot_of(known, item->high, item->low)].number = item->number;
  return status;
}

size_t model_known_find(const model_known *known, uint64_t high, uint64_t low) {
  return known->capacity ? known->slots[slot_of(known, high, low)].number : FREE;
}

void model_known_release(model_known *known) {
  base_free(known->slots);
  *known = (model_known){.slots = NULL};
}

model_known_item model_known_text(const char *text, size_t number) {
  const uint64_t high = base_hash_text(BASE_HASH_START, text);
  return (model_known_item){high, base_hash_text(~high, text), number};
}
