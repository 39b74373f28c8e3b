/* The genetic search: each generation keeps the best of its sets, of mutants of them, and of fresh ones. */
#include "query/control/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Gifford et al. (2025): 200 sets are kept, each with five mutants, and as many fresh ones as all these join them. */
#define KEPT ((size_t)200)
#define MUTANTS ((size_t)5)
#define BRED (KEPT * (1 + MUTANTS))
#define ALL (2 * BRED)
/* Fresh sets of a generation are drawn out of so many images, which are drawn anew for each: a set is as random as one
 * of all images, and the pairs of the pool are computed once in place of those of 1,200 sets. So are the new images of
 * mutants from this one on, of which half or more is new. */
#define POOL ((size_t)400)
#define POOLED_FROM ((size_t)3)
/* Fresh sets, and rows of the pool's triangle, that a thread takes at a time. */
#define FRESH ((size_t)8)
#define ROWS ((size_t)16)

typedef struct ranked {
  double merit;
  size_t candidate; /* [0, KEPT) those of before, [KEPT, BRED) mutants, [BRED, ALL) fresh ones */
} ranked;

/* KEPT sets: their images, and the triangles of the two regions. */
typedef struct population {
  uint32_t *images;
  float *triangles;
} population;

typedef struct search {
  const query_search_asked *asked;
  size_t pairs, generation;
  size_t changes[MUTANTS];
  population now, next;
  ranked kept[KEPT];
  double scores[ALL];
  uint32_t pool[POOL];
  size_t pooled;
  float *pool_triangles; /* of both regions */
  float *work;           /* each thread: two triangles */
} search;

/* --- Drawing --- */

base_dice query_dice(uint64_t seed, size_t stream, size_t generation, size_t index) {
  return (base_dice){seed, (uint64_t)stream << 20 | generation, (uint64_t)index << 20};
}

static bool is_among(uint32_t image, const uint32_t *images, size_t count) {
  bool found = false;
  for (size_t i = 0; i < count; i++) found |= images[i] == image;
  return found;
}

void query_draw_images(base_dice *dice, size_t images, size_t before, size_t count, uint32_t *drawn) {
  for (size_t i = before; i < before + count;) {
    const uint32_t image = (uint32_t)base_dice_below(dice, images);
    if (!is_among(image, drawn, i)) drawn[i++] = image;
  }
}

/* Marks `count` of `places` places, which are at most QUERY_SETS_MOST. */
static void mark_places(base_dice *dice, size_t places, size_t count, bool *marks) {
  memset(marks, 0, places * sizeof *marks);
  while (count) {
    const size_t place = base_dice_below(dice, places);
    count -= !marks[place];
    marks[place] = true;
  }
}

static size_t list_places(const bool *marks, bool value, size_t places, uint16_t *list) {
  size_t count = 0;
  for (size_t i = 0; i < places; i++) {
    list[count] = (uint16_t)i;
    count += marks[i] == value;
  }
  return count;
}

static base_dice dice_of(const search *s, size_t candidate) {
  return query_dice(s->asked->seed, QUERY_STREAM_GOALS + s->asked->goal, s->generation, candidate);
}

/* --- Making sets --- */

/* Images of a set and its triangles. */
typedef struct set {
  uint32_t *images;
  float *triangles[2];
} set;

static set set_of(const search *s, population *of, size_t index) {
  float *triangles = of->triangles + index * 2 * s->pairs;
  return (set){of->images + index * s->asked->size, {triangles, triangles + s->pairs}};
}

static const float *pool_triangle(const search *s, size_t region) {
  return s->pool_triangles + region * query_sets_pairs(POOL);
}

/* Images of the pool that are not in the parent, at `places`, ascending. */
static void draw_pooled(const search *s, base_dice *dice, const uint32_t *parent, size_t count, uint16_t *places) {
  bool marks[POOL] = {false};
  for (size_t left = count; left;) {
    const size_t place = base_dice_below(dice, s->pooled);
    if (marks[place] || is_among(s->pool[place], parent, s->asked->size)) continue;
    marks[place] = true;
    left--;
  }
  list_places(marks, true, s->pooled, places);
}

/* Pairs of a mutant where one image or both are new, which are the last ones. */
static void add_new(const search *s, base_dice *dice, const uint32_t *parent, size_t stay, set *to) {
  const size_t size = s->asked->size;
  uint32_t drawn[2 * QUERY_SEARCH_SIZE_MOST];
  memcpy(drawn, parent, size * sizeof *drawn);
  query_draw_images(dice, s->asked->space->images, size, size - stay, drawn);
  memcpy(to->images + stay, drawn + size, (size - stay) * sizeof *drawn);
  for (size_t region = 0; region < 2; region++)
    query_sets_add(s->asked->space, region, to->images, stay, size, size, to->triangles[region]);
}

static void add_new_of_pool(const search *s, base_dice *dice, const uint32_t *parent, size_t stay, set *to) {
  const size_t size = s->asked->size;
  uint16_t places[POOL + 1];
  draw_pooled(s, dice, parent, size - stay, places);
  for (size_t i = stay; i < size; i++) to->images[i] = s->pool[places[i - stay]];
  for (size_t region = 0; region < 2; region++) {
    query_sets_add(s->asked->space, region, to->images, stay, size, stay, to->triangles[region]);
    query_sets_pick(pool_triangle(s, region), places, size - stay, stay, to->triangles[region]);
  }
}

/* Some images of a set stay, in order, and new ones follow. */
static void make_mutant(search *s, size_t candidate, set *to) {
  const size_t size = s->asked->size, index = candidate - KEPT, changed = s->changes[index % MUTANTS];
  const set parent = set_of(s, &s->now, index / MUTANTS);
  base_dice dice = dice_of(s, candidate);
  bool marks[QUERY_SEARCH_SIZE_MOST];
  uint16_t places[QUERY_SEARCH_SIZE_MOST + 1];
  mark_places(&dice, size, changed, marks);
  const size_t stay = list_places(marks, false, size, places);
  for (size_t i = 0; i < stay; i++) to->images[i] = parent.images[places[i]];
  for (size_t region = 0; region < 2; region++)
    query_sets_pick(parent.triangles[region], places, stay, 0, to->triangles[region]);
  if (index % MUTANTS < POOLED_FROM)
    add_new(s, &dice, parent.images, stay, to);
  else
    add_new_of_pool(s, &dice, parent.images, stay, to);
}

static void make_fresh(search *s, size_t candidate, set *to) {
  base_dice dice = dice_of(s, candidate);
  bool marks[POOL];
  uint16_t places[POOL + 1];
  mark_places(&dice, s->pooled, s->asked->size, marks);
  const size_t size = list_places(marks, true, s->pooled, places);
  for (size_t i = 0; i < size; i++) to->images[i] = s->pool[places[i]];
  for (size_t region = 0; region < 2; region++)
    query_sets_pick(pool_triangle(s, region), places, size, 0, to->triangles[region]);
}

static void make(search *s, size_t candidate, set *to) {
  if (candidate < BRED)
    make_mutant(s, candidate, to);
  else
    make_fresh(s, candidate, to);
}

static double score(const search *s, const set *of) {
  return s->asked->space->kernels->list_correlation(of->triangles[0], of->triangles[1], s->pairs);
}

/* --- A generation --- */

static void pool_some(void *user, size_t index, size_t rank) {
  search *s = user;
  const size_t pieces = (s->pooled + ROWS - 1) / ROWS, first = (pieces - 1 - index) * ROWS; /* the long ones first */
  const size_t last = first + ROWS < s->pooled ? first + ROWS : s->pooled;
  (void)rank;
  for (size_t region = 0; region < 2; region++)
    query_sets_add(s->asked->space, region, s->pool, first, last, last,
                   s->pool_triangles + region * query_sets_pairs(POOL));
}

static void draw_pool(search *s) {
  const size_t images = s->asked->space->images;
  base_dice dice = dice_of(s, 0); /* a candidate that draws nothing */
  s->pooled = images < POOL ? images : POOL;
  if (s->pooled < images)
    query_draw_images(&dice, images, 0, POOL, s->pool);
  else
    for (size_t i = 0; i < images; i++) s->pool[i] = (uint32_t)i;
  base_team_share(s->asked->team, (s->pooled + ROWS - 1) / ROWS, pool_some, s);
}

/* The mutants of one set, whose vectors they share, or some fresh sets. */
static void score_some(void *user, size_t index, size_t rank) {
  search *s = user;
  uint32_t images[QUERY_SEARCH_SIZE_MOST];
  float *work = s->work + rank * 2 * s->pairs;
  set one = {images, {work, work + s->pairs}};
  const size_t first = index < KEPT ? KEPT + index * MUTANTS : BRED + (index - KEPT) * FRESH;
  const size_t count = index < KEPT ? MUTANTS : FRESH;
  for (size_t candidate = first; candidate < first + count; candidate++) {
    make(s, candidate, &one);
    s->scores[candidate] = score(s, &one);
  }
}

static double merit_of(const search *s, double r) {
  if (isnan(r)) return -INFINITY;
  return s->asked->goal == QUERY_ALIGN ? r : -fabs(r);
}

/* The better one first, of equals the older. */
static int by_merit(const void *a, const void *b) {
  const ranked *one = a, *other = b;
  if (one->merit != other->merit) return one->merit > other->merit ? -1 : 1;
  return one->candidate < other->candidate ? -1 : one->candidate > other->candidate;
}

static void select_best(search *s) {
  ranked all[ALL];
  size_t count = KEPT;
  const double least = s->kept[KEPT - 1].merit;
  for (size_t i = 0; i < KEPT; i++) all[i] = (ranked){s->kept[i].merit, i};
  for (size_t c = KEPT; c < ALL; c++) {
    const double merit = merit_of(s, s->scores[c]);
    if (merit > least) all[count++] = (ranked){merit, c};
  }
  qsort(all, count, sizeof *all, by_merit);
  memcpy(s->kept, all, sizeof s->kept);
}

/* Set `index` of the next population: moved, or made again as it was when it was scored. */
static void settle_one(void *user, size_t index, size_t rank) {
  search *s = user;
  const size_t candidate = s->kept[index].candidate;
  set to = set_of(s, &s->next, index);
  (void)rank;
  if (candidate >= KEPT) {
    make(s, candidate, &to);
    return;
  }
  const set from = set_of(s, &s->now, candidate);
  memcpy(to.images, from.images, s->asked->size * sizeof *to.images);
  memcpy(to.triangles[0], from.triangles[0], 2 * s->pairs * sizeof(float));
}

static void advance(search *s) {
  draw_pool(s);
  base_team_share(s->asked->team, KEPT + BRED / FRESH, score_some, s);
  select_best(s);
  base_team_share(s->asked->team, KEPT, settle_one, s);
  const population before = s->now;
  s->now = s->next;
  s->next = before;
}

/* --- The first sets, and the way --- */

static void draw_one(void *user, size_t index, size_t rank) {
  search *s = user;
  set to = set_of(s, &s->next, index);
  base_dice dice = dice_of(s, index);
  (void)rank;
  query_draw_images(&dice, s->asked->space->images, 0, s->asked->size, to.images);
  for (size_t region = 0; region < 2; region++)
    query_sets_add(s->asked->space, region, to.images, 0, s->asked->size, s->asked->size, to.triangles[region]);
  s->scores[index] = score(s, &to);
}

static void begin(search *s) {
  base_team_share(s->asked->team, KEPT, draw_one, s);
  for (size_t i = 0; i < KEPT; i++) s->kept[i] = (ranked){merit_of(s, s->scores[i]), i};
  qsort(s->kept, KEPT, sizeof *s->kept, by_merit);
  const population drawn = s->next;
  s->next = s->now;
  s->now = drawn;
  base_team_share(s->asked->team, KEPT, settle_one, s);
  s->now = s->next;
  s->next = drawn;
}

/* Shares of a set that mutants replace: one image, a tenth, a quarter, half, three quarters, halves rounded to even. */
static size_t change_of(size_t size, size_t mutant) {
  static const size_t percent[MUTANTS] = {0, 10, 25, 50, 75};
  const size_t hundredths = size * percent[mutant], whole = hundredths / 100, rest = hundredths % 100;
  const size_t rounded = whole + (rest > 50 || (rest == 50 && whole % 2));
  return rounded ? rounded : 1;
}

size_t query_search_least(size_t size) { return size + change_of(size, MUTANTS - 1); }

static berg_status allocate(search *s, int threads, berg_error *error) {
  const size_t size = s->asked->size;
  population *const both[] = {&s->now, &s->next};
  s->pool_triangles = base_alloc(2 * query_sets_pairs(POOL), sizeof(float), error);
  s->work = base_alloc((size_t)threads * 2 * s->pairs, sizeof(float), error);
  bool whole = s->pool_triangles && s->work;
  for (size_t i = 0; i < 2; i++) {
    both[i]->images = base_alloc(KEPT * size, sizeof(uint32_t), error);
    both[i]->triangles = base_alloc(KEPT * 2 * s->pairs, sizeof(float), error);
    whole = whole && both[i]->images && both[i]->triangles;
  }
  return whole ? BERG_OK : BERG_ELIMIT;
}

static void release(search *s) {
  base_free(s->pool_triangles);
  base_free(s->work);
  base_free(s->now.images);
  base_free(s->now.triangles);
  base_free(s->next.images);
  base_free(s->next.triangles);
  base_free(s);
}

/* r of the best set: that of the population's first. */
static void record(const search *s, size_t generation, uint32_t *sets, double *scores) {
  const size_t size = s->asked->size;
  const float *triangles = s->now.triangles;
  memcpy(sets + generation * size, s->now.images, size * sizeof *sets);
  scores[generation] = s->asked->space->kernels->list_correlation(triangles, triangles + s->pairs, s->pairs);
}

berg_status query_search(const query_search_asked *asked, uint32_t *sets, double *scores, query_search_tick tick,
                         void *user, berg_error *error) {
  search *s = base_calloc(1, sizeof *s, error);
  if (!s) return BERG_ELIMIT;
  s->asked = asked;
  s->pairs = query_sets_pairs(asked->size);
  for (size_t i = 0; i < MUTANTS; i++) s->changes[i] = change_of(asked->size, i);
  berg_status status = allocate(s, (int)base_team_size(asked->team), error);
  if (!status) begin(s);
  for (size_t g = 0; g < asked->generations && !status; g++) {
    s->generation = g + 1;
    advance(s);
    record(s, g, sets, scores);
    status = tick(user, g, error);
  }
  release(s);
  return status;
}
