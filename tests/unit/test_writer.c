/* The thread that writes responses: everything in order, two buffers behind at most, the first failure reported to the
 * end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "model/encode/writer.h"

#define WIDTH 3
#define PART 4

typedef struct paper {
  float rows[64 * WIDTH];
  size_t count, calls, fail_at; /* the call that fails; 0: never */
  long wait;                    /* nanoseconds a call */
  atomic_size_t begun;
} paper;

static berg_status write_rows(void *user, const float *rows, size_t count, berg_error *error) {
  paper *p = user;
  atomic_fetch_add(&p->begun, 1);
  if (p->wait) nanosleep(&(struct timespec){0, p->wait}, NULL);
  if (++p->calls == p->fail_at) return base_fail(error, BERG_EWRITE, "call %zu", p->calls);
  memcpy(p->rows + p->count * WIDTH, rows, count * WIDTH * sizeof *rows);
  p->count += count;
  return BERG_OK;
}

/* Parts of 1 to PART rows, numbered through. Returns the parts that were handed over before a failure. */
static size_t hand_all(model_writer *writer, paper *p, size_t parts, berg_status *status, berg_error *error) {
  float next = 0;
  for (size_t i = 0; i < parts; i++) {
    float *rows;
    *status = model_writer_buffer(writer, &rows, error);
    if (*status) return i;
    const size_t count = 1 + i % PART;
    for (size_t j = 0; j < count * WIDTH; j++) rows[j] = next++;
    model_writer_hand(writer, p, count);
  }
  return parts;
}

static void all_is_written_in_order(void **state) {
  (void)state;
  for (long wait = 0; wait <= 3000000; wait += 3000000) {
    paper p = {.wait = wait};
    model_writer *writer;
    berg_error error;
    berg_status status = BERG_OK;
    assert_int_equal(model_writer_open(&writer, write_rows, PART * WIDTH, true, &error), BERG_OK);
    assert_int_equal(hand_all(writer, &p, 11, &status, &error), 11);
    assert_int_equal(model_writer_close(writer, &error), BERG_OK);
    assert_int_equal(p.calls, 11);
    assert_int_equal(p.count, 10 + 10 + 6);
    for (size_t i = 0; i < p.count * WIDTH; i++) assert_true(p.rows[i] == (float)i);
  }
}

static void a_failure_is_told_and_nothing_is_written_after(void **state) {
  (void)state;
  for (size_t fail_at = 1; fail_at <= 5; fail_at++) {
    paper p = {.fail_at = fail_at, .wait = 1000000};
    model_writer *writer;
    berg_error error = {.status = BERG_OK}, last = {.status = BERG_OK};
    berg_status status = BERG_OK;
    assert_int_equal(model_writer_open(&writer, write_rows, PART * WIDTH, true, &error), BERG_OK);
    const size_t handed = hand_all(writer, &p, 5, &status, &error);
    /* the caller is two buffers ahead at most */
    assert_true(handed <= fail_at + 2);
    if (status) {
      assert_int_equal(status, BERG_EWRITE);
      assert_int_equal(error.message[5], '0' + (int)fail_at);
    }
    assert_int_equal(model_writer_close(writer, &last), BERG_EWRITE);
    assert_int_equal(last.message[5], '0' + (int)fail_at);
    assert_int_equal(p.calls, fail_at);
  }
  assert_int_equal(model_writer_close(NULL, NULL), BERG_OK);
}

static void a_writer_without_work_ends(void **state) {
  (void)state;
  paper p = {.count = 0};
  model_writer *writer;
  assert_int_equal(model_writer_open(&writer, write_rows, 1, true, NULL), BERG_OK);
  assert_int_equal(model_writer_close(writer, NULL), BERG_OK);
  assert_int_equal(p.calls, 0);
}

/* While a slow disk has one buffer, the other can be filled, and a third has to wait. */
static void two_buffers_go_round(void **state) {
  (void)state;
  paper p = {.wait = 20000000};
  model_writer *writer;
  float *first, *second, *third;
  assert_int_equal(model_writer_open(&writer, write_rows, WIDTH, true, NULL), BERG_OK);
  assert_int_equal(model_writer_buffer(writer, &first, NULL), BERG_OK);
  memset(first, 0, WIDTH * sizeof *first);
  model_writer_hand(writer, &p, 1);
  assert_int_equal(model_writer_buffer(writer, &second, NULL), BERG_OK);
  assert_true(first != second);
  memset(second, 0, WIDTH * sizeof *second);
  model_writer_hand(writer, &p, 1);
  assert_int_equal(model_writer_buffer(writer, &third, NULL), BERG_OK);
  assert_true(third == first);
  assert_true(atomic_load(&p.begun) >= 1);
  assert_int_equal(model_writer_close(writer, NULL), BERG_OK);
  assert_int_equal(p.count, 2);
}

/* One of two users, whose rows are written once the other's are being written too. */
typedef struct half {
  atomic_bool *begun, *other_begun;
} half;

static berg_status write_beside(void *user, const float *rows, size_t count, berg_error *error) {
  const half *h = user;
  (void)rows;
  (void)count;
  atomic_store(h->begun, true);
  for (int tries = 0; tries < 60000; tries++) {
    if (atomic_load(h->other_begun)) return BERG_OK;
    nanosleep(&(struct timespec){0, 1000000}, NULL);
  }
  return base_fail(error, BERG_EWRITE, "nobody writes beside");
}

static void a_caller_who_would_wait_writes_for_another_user(void **state) {
  (void)state;
  for (int at_end = 0; at_end < 2; at_end++) {
    atomic_bool begun[2] = {false, false};
    half halves[2] = {{&begun[0], &begun[1]}, {&begun[1], &begun[0]}};
    model_writer *writer;
    float *rows;
    assert_int_equal(model_writer_open(&writer, write_beside, WIDTH, true, NULL), BERG_OK);
    for (int i = 0; i < 2; i++) {
      assert_int_equal(model_writer_buffer(writer, &rows, NULL), BERG_OK);
      memset(rows, 0, WIDTH * sizeof *rows);
      model_writer_hand(writer, &halves[i], 1);
    }
    if (!at_end) assert_int_equal(model_writer_buffer(writer, &rows, NULL), BERG_OK);
    assert_int_equal(model_writer_close(writer, NULL), BERG_OK);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_is_written_in_order),
      cmocka_unit_test(a_failure_is_told_and_nothing_is_written_after),
      cmocka_unit_test(a_writer_without_work_ends),
      cmocka_unit_test(two_buffers_go_round),
      cmocka_unit_test(a_caller_who_would_wait_writes_for_another_user),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
