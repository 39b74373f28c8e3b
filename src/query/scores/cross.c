/* Cross products of packed blocks: each piece of the result is one thread's, images in their order. */
#include "query/scores/cross.h"

#include <string.h>

#include "base/machine.h"
#include "base/memory.h"
#include "la/kernels.h"

#define TILE ((size_t)LA_DOUBLE_TILE)
#define STRIP ((size_t)LA_DOUBLE_STRIP)
/* Images at a time: a tile and a strip of them lie in L1 and L2. */
#define DEPTH ((size_t)256)
/* Tiles that one thread takes at a time with a strip. */
#define TILES ((size_t)8)

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t pieces(size_t count, size_t unit) { return (count + unit - 1) / unit; }

berg_status query_packed_new(query_packed *packed, size_t width, berg_error *error) {
  *packed = (query_packed){.width = width};
  packed->tiles = base_alloc(pieces(width, TILE) * TILE * QUERY_BLOCK, sizeof *packed->tiles, error);
  packed->strips = base_alloc(pieces(width, STRIP) * STRIP * QUERY_BLOCK, sizeof *packed->strips, error);
  if (packed->tiles && packed->strips) return BERG_OK;
  query_packed_release(packed);
  return BERG_ELIMIT;
}

void query_packed_release(query_packed *packed) {
  base_free(packed->tiles);
  base_free(packed->strips);
  *packed = (query_packed){.width = 0};
}

/* --- Packing --- */

typedef struct packing {
  query_packed *packed;
  const double *vectors;
} packing;

/* Elements [left, left + unit) of each vector of a range, zeros beyond the last. */
static void pack(const packing *p, size_t left, size_t unit, size_t first, size_t end, double *to) {
  const size_t width = p->packed->width, there = smaller(width - left, unit);
  for (size_t i = first; i < end; i++) {
    memcpy(to + i * unit, p->vectors + i * width + left, there * sizeof *to);
    for (size_t j = there; j < unit; j++) to[i * unit + j] = 0;
  }
}

static void pack_some(void *user, size_t index, size_t rank) {
  const packing *p = user;
  const query_packed *packed = p->packed;
  const size_t first = index * DEPTH, end = smaller(first + DEPTH, packed->count);
  (void)rank;
  for (size_t left = 0; left < packed->width; left += TILE)
    pack(p, left, TILE, first, end, packed->tiles + left * packed->count);
  for (size_t left = 0; left < packed->width; left += STRIP)
    pack(p, left, STRIP, first, end, packed->strips + left * packed->count);
}

void query_pack(query_packed *packed, const double *vectors, size_t count, base_team *team) {
  packing p = {.packed = packed, .vectors = vectors};
  packed->count = count;
  base_team_share(team, pieces(count, DEPTH), pack_some, &p);
}

/* --- Products --- */

typedef struct crossing {
  const query_packed *x, *y;
  double *c;
  size_t groups; /* of tiles */
  const la_kernels *kernels;
} crossing;

static void add_tile(const crossing *s, size_t top, size_t left, const double *sums) {
  const size_t rows = smaller(s->x->width - top, TILE), columns = smaller(s->y->width - left, STRIP);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) s->c[(top + i) * s->y->width + left + j] += sums[i * STRIP + j];
}

/* A strip of y by a group of tiles of x; of a symmetric product, those that reach the upper triangle. */
static void cross_some(void *user, size_t index, size_t rank) {
  const crossing *s = user;
  const size_t left = index / s->groups * STRIP, first = index % s->groups * TILES * TILE, count = s->x->count,
               end = smaller(first + TILES * TILE, s->x->width);
  (void)rank;
  for (size_t from = 0; from < count; from += DEPTH)
    for (size_t top = first; top < end; top += TILE) {
      double sums[LA_DOUBLE_TILE * LA_DOUBLE_STRIP] = {0};
      if (s->x == s->y && top >= left + STRIP) break;
      s->kernels->double_tile(s->x->tiles + top * count + from * TILE, s->y->strips + left * count + from * STRIP,
                              smaller(count - from, DEPTH), sums);
      add_tile(s, top, left, sums);
    }
}

void query_cross_add(const query_packed *x, const query_packed *y, double *c, base_team *team) {
  crossing s = {.x = x,
                .y = y,
                .c = c,
                .groups = pieces(pieces(x->width, TILE), TILES),
                .kernels = la_kernels_for(base_machine_isa())};
  base_team_share(team, s.groups * pieces(y->width, STRIP), cross_some, &s);
}

void query_mirror(double *c, size_t n) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < i; j++) c[i * n + j] = c[j * n + i];
}
