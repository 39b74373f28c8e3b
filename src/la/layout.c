/* Sizes of slabs and rows in each layout. */
#include "la/layout.h"

#include "base/memory.h"

static size_t round_up(size_t value, size_t to) { return (value + to - 1) / to * to; }

static size_t slab_of_floats(size_t depth) { return depth * LA_PANEL * sizeof(float); }
static size_t slab_of_pairs(size_t depth) { return round_up(depth, 2) * LA_PANEL * 2; }
static size_t slab_of_quads(size_t depth) {
  return round_up(depth, 4) * LA_PANEL + LA_PANEL * (sizeof(int32_t) + sizeof(float));
}

const la_layout la_layout_f32_slab64 = {.id = "f32-slab64", .slab_bytes = slab_of_floats};
const la_layout la_layout_bf16_slab64 = {.id = "bf16-slab64", .slab_bytes = slab_of_pairs};
const la_layout la_layout_int8_slab64 = {.id = "int8-slab64", .slab_bytes = slab_of_quads};

size_t la_row_of_floats(size_t k) { return round_up(k * sizeof(float), BASE_ALIGNMENT); }
size_t la_row_of_halves(size_t k) { return round_up(k * sizeof(uint16_t), BASE_ALIGNMENT); }
size_t la_row_of_bytes(size_t k) { return round_up(k, BASE_ALIGNMENT); }
