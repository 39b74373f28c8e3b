/* Normal numbers by counter: Philox against its published answers, the transform against the mathematical library,
 * moments and tails of some millions, and that a number depends on its stream and place alone. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/machine.h"
#include "base/philox.h"
#include "la/kernels.h"

#define PI 3.14159265358979323846

/* Of Random123's kat_vectors, philox4x32 with 10 rounds. */
static void philox_answers_as_published(void **state) {
  static const struct {
    uint32_t counter[4], key[2], expected[4];
  } known[] = {{{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
               {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                {0xffffffff, 0xffffffff},
                {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
               {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                {0xa4093822, 0x299f31d0},
                {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};
  (void)state;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    uint32_t words[4];
    memcpy(words, known[i].counter, sizeof words);
    base_philox(words, known[i].key[0], known[i].key[1]);
    assert_memory_equal(words, known[i].expected, sizeof words);
  }
}

static la_normals *normals_of(int isa) {
  const la_kernels *kernels = la_kernels_for((base_isa)isa);
  return kernels ? kernels->normals : NULL;
}

static const la_normal_stream stream = {{0x12345678, 0x9abcdef0}, {1, 2, 3}};

static double *draw(const la_normal_stream *from, uint64_t first, size_t count) {
  uint64_t *places = malloc(count * sizeof *places);
  double *numbers = malloc(count * sizeof *numbers);
  for (size_t i = 0; i < count; i++) places[i] = first + i;
  normals_of((int)base_machine_isa())(from, places, count, numbers);
  free(places);
  return numbers;
}

/* The numbers of one block, by the library: a radius from the first two words, an angle from the others. */
static void expect_block(uint32_t block, double expected[2]) {
  uint32_t words[4] = {block, stream.counter[0], stream.counter[1], stream.counter[2]};
  base_philox(words, stream.key[0], stream.key[1]);
  const uint64_t first = (uint64_t)words[1] << 32 | words[0], second = (uint64_t)words[3] << 32 | words[2];
  const double radius = sqrt(-2 * log(1 - (double)(first >> 12) * 0x1p-52));
  const double angle = ((double)(second << 2 >> 12) * 0x1p-52 - 0.5) * PI / 2;
  const int swapped = (int)(second >> 63), sign = second >> 62 & 1 ? -1 : 1;
  expected[swapped] = sign * radius * cos(angle);
  expected[!swapped] = sign * radius * sin(angle);
}

static void the_transform_is_that_of_box_and_muller(void **state) {
  enum { BLOCKS = 50000 };
  double *numbers = draw(&stream, 0, 2 * (size_t)BLOCKS);
  (void)state;
  for (uint32_t b = 0; b < BLOCKS; b++) {
    double expected[2];
    expect_block(b, expected);
    for (size_t i = 0; i < 2; i++) assert_true(fabs(numbers[2 * (size_t)b + i] - expected[i]) < 4e-15);
  }
  free(numbers);
}

/* Sums over `count` numbers; each bound is four and a half standard errors of a sample of normal numbers. */
static void moments_and_tails_are_those_of_a_normal_distribution(void **state) {
  enum { COUNT = 1 << 22, TAILS = 6 };
  const double error = 4.5 / sqrt(COUNT);
  double *numbers = draw(&stream, 0, COUNT), mean = 0, square = 0, cube = 0, fourth = 0, beside = 0, squares_beside = 0;
  size_t beyond[TAILS] = {0};
  (void)state;
  for (size_t i = 0; i < COUNT; i++) {
    const double x = numbers[i], next = numbers[(i + 1) % COUNT];
    mean += x;
    square += x * x;
    cube += x * x * x;
    fourth += x * x * x * x;
    beside += x * next;
    squares_beside += (x * x - 1) * (next * next - 1);
    for (int k = 0; k < TAILS && fabs(x) > k; k++) beyond[k]++;
  }
  assert_true(fabs(mean / COUNT) < error);
  assert_true(fabs(square / COUNT - 1) < error * sqrt(2));
  assert_true(fabs(cube / COUNT) < error * sqrt(15));
  assert_true(fabs(fourth / COUNT - 3) < error * sqrt(96));
  assert_true(fabs(beside / COUNT) < error);
  assert_true(fabs(squares_beside / COUNT) < error * 2);
  for (int k = 1; k < TAILS; k++) {
    const double expected = COUNT * erfc(k / sqrt(2));
    assert_true(fabs((double)beyond[k] - expected) < 4.5 * sqrt(expected));
  }
  free(numbers);
}

/* Streams that differ in one bit of key or counter do not correlate. */
static void streams_are_independent(void **state) {
  enum { COUNT = 1 << 16, WORDS = sizeof(la_normal_stream) / sizeof(uint32_t) };
  double *numbers = draw(&stream, 0, COUNT);
  (void)state;
  for (size_t word = 0; word < WORDS; word++) {
    la_normal_stream other = stream;
    ((uint32_t *)&other)[word] ^= 1;
    double *others = draw(&other, 0, COUNT), sum = 0;
    for (size_t i = 0; i < COUNT; i++) sum += numbers[i] * others[i];
    assert_true(fabs(sum / COUNT) < 4.5 / sqrt(COUNT));
    free(others);
  }
  free(numbers);
}

/* Places out of order, twice, apart, up to the last. */
static void a_number_depends_on_its_place_alone(void **state) {
  enum { COUNT = 1000 };
  uint64_t places[COUNT];
  double numbers[COUNT];
  (void)state;
  for (size_t i = 0; i < COUNT; i++) places[i] = i % 7 < 2 ? i / 7 : (i * UINT64_C(2654435761)) & 0x1ffffffff;
  places[COUNT - 1] = 0x1ffffffff;
  for (int isa = 0; isa <= (int)base_machine_isa(); isa++) {
    if (!normals_of(isa)) continue; /* not in this build */
    normals_of(isa)(&stream, places, COUNT, numbers);
    for (size_t i = 0; i < COUNT; i++) {
      double *alone = draw(&stream, places[i], 1);
      assert_memory_equal(alone, &numbers[i], sizeof *alone);
      free(alone);
    }
  }
}

static void every_instruction_set_gives_the_same_bits(void **state) {
  enum { COUNT = 100001 };
  static uint64_t places[COUNT];
  static double numbers[COUNT];
  double *expected = draw(&stream, 5, COUNT);
  (void)state;
  for (size_t i = 0; i < COUNT; i++) places[i] = 5 + i;
  for (int isa = 0; isa <= (int)base_machine_isa(); isa++) {
    if (!normals_of(isa)) continue;
    normals_of(isa)(&stream, places, COUNT, numbers);
    assert_memory_equal(numbers, expected, sizeof numbers);
  }
  free(expected);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(philox_answers_as_published),
                                     cmocka_unit_test(the_transform_is_that_of_box_and_muller),
                                     cmocka_unit_test(moments_and_tails_are_those_of_a_normal_distribution),
                                     cmocka_unit_test(streams_are_independent),
                                     cmocka_unit_test(a_number_depends_on_its_place_alone),
                                     cmocka_unit_test(every_instruction_set_gives_the_same_bits)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
