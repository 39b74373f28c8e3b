/* Teams: every piece once, whichever threads join in; callers side by side, inside pieces, and in the child of a
 * fork. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fork.h"
#include "base/team.h"

#define MOST 17

typedef struct tally {
  size_t count;
  atomic_uint *done;      /* [count] */
  atomic_bool busy[MOST]; /* whether a thread of this rank is in a piece */
  size_t threads;
  atomic_uint wrong;
} tally;

static void tick(void *user, size_t index, size_t rank) {
  tally *t = user;
  if (index >= t->count || rank >= t->threads || atomic_exchange(&t->busy[rank], true)) {
    atomic_fetch_add(&t->wrong, 1);
    return;
  }
  atomic_fetch_add(&t->done[index], 1);
  atomic_store(&t->busy[rank], false);
}

/* Whether each of `count` pieces was done once, and no rank was shared by two threads. */
static bool shares(base_team *team, size_t threads, size_t count) {
  tally t = {.count = count, .threads = threads, .done = calloc(count + 1, sizeof *t.done)};
  base_team_share(team, count, tick, &t);
  bool right = !t.wrong;
  for (size_t i = 0; i < count; i++) right = right && t.done[i] == 1;
  free(t.done);
  return right;
}

static void every_piece_is_done_once(void **state) {
  (void)state;
  static const int threads[] = {-1, 0, 1, 2, 3, 8, MOST};
  static const size_t counts[] = {0, 1, 2, 3, 7, 16, 1000, 4096};
  for (size_t t = 0; t < sizeof threads / sizeof *threads; t++)
    for (int most = 0; most <= 3; most++) { /* more are asked for than can be started */
      base_team_limit(most);
      base_team *team = base_team_begin(threads[t]);
      assert_true(base_team_size(team) <= (size_t)(threads[t] < 1 ? 1 : threads[t]));
      if (most) assert_true(base_team_size(team) <= (size_t)most);
      for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        assert_true(shares(team, (size_t)(threads[t] < 1 ? 1 : threads[t]), counts[c]));
      base_team_end(team);
      base_team_limit(0);
    }
}

/* Loops that follow one another, with and without time to fall asleep between. */
static void loops_follow_one_another(void **state) {
  (void)state;
  base_team *team = base_team_begin(4);
  for (int i = 0; i < 20000; i++) {
    assert_true(shares(team, 4, 1 + (size_t)i % 9));
    if (i % 1000 == 0) nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL);
  }
  base_team_end(team);
}

static void *call(void *user) {
  (void)user;
  for (int i = 0; i < 200; i++) {
    base_team *team = base_team_begin(3);
    for (size_t count = 1; count < 20; count++)
      if (!shares(team, 3, count)) return NULL;
    base_team_end(team);
  }
  return user;
}

static void callers_run_side_by_side(void **state) {
  (void)state;
  pthread_t threads[6];
  int well;
  for (size_t i = 0; i < 6; i++) assert_int_equal(pthread_create(&threads[i], NULL, call, &well), 0);
  for (size_t i = 0; i < 6; i++) {
    void *result;
    pthread_join(threads[i], &result);
    assert_ptr_equal(result, &well);
  }
}

static void share_inside(void *user, size_t index, size_t rank) {
  atomic_uint *well = user;
  (void)index, (void)rank;
  base_team *team = base_team_begin(2);
  if (shares(team, 2, 50)) atomic_fetch_add(well, 1);
  base_team_end(team);
}

static void pieces_share_themselves(void **state) {
  (void)state;
  atomic_uint well = 0;
  for (int i = 0; i < 50; i++) base_share(3, 20, share_inside, &well);
  assert_int_equal(well, 1000);
}

/* In the child: a team of its own, one that was begun before, and another fork. */
static int in_the_child(base_team *before, bool again) {
  base_team *team = base_team_begin(4);
  if (!shares(team, 4, 100) || !shares(before, 4, 100)) return 1;
  base_team_end(before);
  base_team_end(team);
  pid_t child = again ? fork() : 0;
  if (again && !child) _exit(in_the_child(team, false));
  int status = 0;
  if (again && (waitpid(child, &status, 0) != child || status)) return 2;
  return 0;
}

/* qemu-user 7.2 ends a child that starts a thread where its parent had some at the fork. */
static void a_child_has_threads_of_its_own(void **state) {
  (void)state;
  if (IS_EMULATED) skip();
  base_team *team = base_team_begin(4);
  for (int i = 0; i < 50; i++) {
    assert_true(shares(team, 4, 100));
    pid_t child = fork();
    if (!child) _exit(in_the_child(team, true));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
  }
  base_team_end(team);
}

/* While other threads are in the middle of their loops. */
static void a_fork_disturbs_nobody(void **state) {
  (void)state;
  if (IS_EMULATED) skip(); /* as above */
  pthread_t threads[3];
  int well;
  for (size_t i = 0; i < 3; i++) assert_int_equal(pthread_create(&threads[i], NULL, call, &well), 0);
  for (int i = 0; i < 50; i++) {
    pid_t child = fork();
    if (!child) _exit(in_the_child(NULL, false));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
  }
  for (size_t i = 0; i < 3; i++) {
    void *result;
    pthread_join(threads[i], &result);
    assert_ptr_equal(result, &well);
  }
}

static void a_fork_is_noticed(void **state) {
  (void)state;
  const unsigned forks = base_forks();
  assert_int_equal(base_check_fork(forks, NULL), BERG_OK);
  pid_t child = fork();
  if (!child) {
    berg_error error;
    _exit(base_check_fork(forks, &error) != BERG_EINTERNAL || !strstr(error.message, "forked"));
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_int_equal(base_check_fork(forks, NULL), BERG_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_piece_is_done_once),
      cmocka_unit_test(loops_follow_one_another),
      cmocka_unit_test(callers_run_side_by_side),
      cmocka_unit_test(pieces_share_themselves),
      cmocka_unit_test(a_child_has_threads_of_its_own),
      cmocka_unit_test(a_fork_disturbs_nobody),
      cmocka_unit_test(a_fork_is_noticed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
