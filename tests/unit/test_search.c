/* Sets of images: their dissimilarities, and the search among them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/machine.h"
#include "base/memory.h"
#include "query/control/search.h"

#define IMAGES ((size_t)700)
#define LD ((size_t)32)
#define WIDTH ((size_t)21)
#define SIZE ((size_t)20)
#define GENERATIONS ((size_t)150)
/* Images that both regions see alike. */
#define PLANTED ((size_t)30)

typedef struct scene {
  float *x[2], *half[2];
  query_space space;
} scene;

static double noise(size_t stream, size_t index) {
  base_dice dice = {7, stream, index << 8};
  return base_dice_normal(&dice);
}

/* Unit vectors without anything in common, but those of the first PLANTED images: the same in both regions. */
static void make_scene(scene *s, base_isa isa) {
  for (size_t r = 0; r < 2; r++) {
    s->x[r] = base_calloc(IMAGES * LD, sizeof(float), NULL);
    s->half[r] = base_calloc(IMAGES, sizeof(float), NULL);
    for (size_t i = 0; i < IMAGES; i++) {
      double row[WIDTH], square = 0;
      for (size_t j = 0; j < WIDTH; j++) {
        row[j] = noise(i < PLANTED ? 0 : r, i * WIDTH + j) + (j == 0);
        square += row[j] * row[j];
      }
      for (size_t j = 0; j < WIDTH; j++) s->x[r][i * LD + j] = (float)(row[j] / sqrt(square));
      s->half[r][i] = 0.5f;
    }
    s->space.of[r] = (query_vectors){s->x[r], s->half[r], LD};
  }
  s->space.images = IMAGES;
  s->space.kernels = la_kernels_for(isa);
}

static void free_scene(scene *s) {
  for (size_t r = 0; r < 2; r++) {
    base_free(s->x[r]);
    base_free(s->half[r]);
  }
}

static double distance(const scene *s, size_t r, uint32_t a, uint32_t b) {
  double sum = 0;
  for (size_t j = 0; j < WIDTH; j++) {
    const double apart = (double)s->x[r][a * LD + j] - (double)s->x[r][b * LD + j];
    sum += apart * apart;
  }
  return sum / 2;
}

/* r in double. */
static double exact_score(const scene *s, const uint32_t *images, size_t count) {
  double n = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < i; j++) {
      const double x = distance(s, 0, images[i], images[j]), y = distance(s, 1, images[i], images[j]);
      n++;
      a += x;
      b += y;
      aa += x * x;
      bb += y * y;
      ab += x * y;
    }
  return (ab - a * b / n) / sqrt((aa - a * a / n) * (bb - b * b / n));
}

static void test_triangles_are_half_squared_distances(void **state) {
  (void)state;
  static float triangle[2 * 128 * 127 / 2];
  for (int isa = BASE_ISA_PORTABLE; isa <= (int)base_machine_isa(); isa++) {
    scene s;
    make_scene(&s, isa);
    for (size_t count = 2; count < 71; count += 3) {
      uint32_t images[71];
      for (size_t i = 0; i < count; i++) images[i] = (uint32_t)(i * 37 % IMAGES);
      const size_t first = count / 3;
      query_sets_add(&s.space, 1, images, 0, first, first, triangle);
      query_sets_add(&s.space, 1, images, first, count, count, triangle);
      for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
          assert_true(fabs((double)triangle[i * (i - 1) / 2 + j] - distance(&s, 1, images[i], images[j])) < 1e-6);
      if (count > 4)
        assert_true(fabs(query_sets_score(&s.space, images, count, triangle) - exact_score(&s, images, count)) < 1e-5);
    }
    free_scene(&s);
  }
}

static void test_picking_keeps_pairs(void **state) {
  (void)state;
  float from[40 * 39 / 2], to[40 * 39 / 2], behind[40 * 39 / 2];
  const uint16_t places[] = {0, 3, 4, 11, 29, 39};
  for (size_t i = 0; i < 40; i++)
    for (size_t j = 0; j < i; j++) from[i * (i - 1) / 2 + j] = (float)(100 * i + j);
  query_sets_pick(from, places, 6, 0, to);
  query_sets_pick(from, places, 6, 7, behind);
  for (size_t i = 0; i < 6; i++)
    for (size_t j = 0; j < i; j++) {
      assert_true(to[i * (i - 1) / 2 + j] == (float)(100 * places[i] + places[j]));
      assert_true(behind[(i + 7) * (i + 6) / 2 + j + 7] == (float)(100 * places[i] + places[j]));
    }
}

static void test_drawn_images_are_distinct(void **state) {
  (void)state;
  uint32_t drawn[120];
  for (size_t object = 0; object < 50; object++) {
    base_dice dice = query_dice(3, QUERY_STREAM_DRAWS, 0, object);
    for (uint32_t i = 0; i < 20; i++) drawn[i] = 5 * i;
    query_draw_images(&dice, 120, 20, 100, drawn); /* all that there are */
    for (size_t i = 0; i < 120; i++) {
      assert_true(drawn[i] < 120);
      for (size_t j = 0; j < i; j++) assert_int_not_equal(drawn[i], drawn[j]);
    }
  }
}

static berg_status go_on(void *user, size_t generation, berg_error *error) {
  (void)user;
  (void)generation;
  (void)error;
  return BERG_OK;
}

static void search(const scene *s, query_goal goal, int threads, uint64_t seed, uint32_t *sets, double *scores) {
  base_team *team = base_team_begin(threads);
  const query_search_asked asked = {&s->space, goal, SIZE, GENERATIONS, seed, team};
  assert_int_equal(query_search(&asked, sets, scores, go_on, NULL, NULL), BERG_OK);
  base_team_end(team);
}

static void test_threads_change_nothing_and_seeds_do(void **state) {
  (void)state;
  scene s;
  static uint32_t sets[3][GENERATIONS * SIZE];
  static double scores[3][GENERATIONS];
  make_scene(&s, base_machine_isa());
  for (query_goal goal = 0; goal < QUERY_GOALS; goal++) {
    search(&s, goal, 1, 1, sets[0], scores[0]);
    search(&s, goal, 3, 1, sets[1], scores[1]);
    search(&s, goal, 3, 2, sets[2], scores[2]);
    assert_memory_equal(sets[0], sets[1], sizeof sets[0]);
    assert_memory_equal(scores[0], scores[1], sizeof scores[0]);
    assert_memory_not_equal(sets[0], sets[2], sizeof sets[0]);
  }
  free_scene(&s);
}

/* No generation is worse than the one before, no set has an image twice, and scores are those of the sets. */
static void test_the_search_only_improves(void **state) {
  (void)state;
  scene s;
  static uint32_t sets[GENERATIONS * SIZE];
  static double scores[GENERATIONS];
  make_scene(&s, base_machine_isa());
  for (query_goal goal = 0; goal < QUERY_GOALS; goal++) {
    search(&s, goal, 2, 5, sets, scores);
    for (size_t g = 0; g < GENERATIONS; g++) {
      const uint32_t *set = sets + g * SIZE;
      assert_true(fabs(scores[g] - exact_score(&s, set, SIZE)) < 1e-5);
      for (size_t i = 0; i < SIZE; i++)
        for (size_t j = 0; j < i; j++) assert_int_not_equal(set[i], set[j]);
      if (g && goal == QUERY_ALIGN) assert_true(scores[g] >= scores[g - 1]);
      if (g && goal == QUERY_DISENTANGLE) assert_true(fabs(scores[g]) <= fabs(scores[g - 1]));
    }
    if (goal == QUERY_DISENTANGLE) assert_true(fabs(scores[GENERATIONS - 1]) < 1e-5);
  }
  free_scene(&s);
}

/* Sets of the planted images have r = 1; a random set has hardly one of them, and the best of as many as the search
 * looks at in ten generations stays far below. */
static void test_what_is_planted_is_found(void **state) {
  (void)state;
  scene s;
  static uint32_t sets[GENERATIONS * SIZE];
  static double scores[GENERATIONS];
  static float work[SIZE * SIZE];
  double best = -1;
  make_scene(&s, base_machine_isa());
  for (size_t draw = 0; draw < 24000; draw++) {
    uint32_t images[SIZE];
    base_dice dice = query_dice(1, QUERY_STREAM_DRAWS, 0, draw);
    query_draw_images(&dice, IMAGES, 0, SIZE, images);
    best = fmax(best, query_sets_score(&s.space, images, SIZE, work));
  }
  search(&s, QUERY_ALIGN, 2, 1, sets, scores);
  size_t planted = 0;
  for (size_t i = 0; i < SIZE; i++) planted += sets[(GENERATIONS - 1) * SIZE + i] < PLANTED;
  assert_true(best < 0.4);
  assert_true(scores[GENERATIONS - 1] > 0.85);
  assert_true(planted >= SIZE * 3 / 4);
  free_scene(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_triangles_are_half_squared_distances),
      cmocka_unit_test(test_picking_keeps_pairs),
      cmocka_unit_test(test_drawn_images_are_distinct),
      cmocka_unit_test(test_threads_change_nothing_and_seeds_do),
      cmocka_unit_test(test_the_search_only_improves),
      cmocka_unit_test(test_what_is_planted_is_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
