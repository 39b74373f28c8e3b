/* Processes that share a run, joined by pipes in place of MPI: what they agree upon, and one file that they write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/progress.h"
#include "base/ranks.h"
#include "io/file/ranges.h"
#include "io/rows/rows.h"

/* --- A group of children, each with a socket to every other --- */

#define MOST 4
#define CALL 'c'

static size_t group_size, own_rank;
static int between[MOST][MOST], calls[MOST][MOST]; /* [a][b]: where a writes what b reads from [b][a] */

static void make_sockets(int sockets[MOST][MOST]) {
  for (size_t a = 0; a < group_size; a++)
    for (size_t b = 0; b < a; b++) {
      int ends[2];
      assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
      sockets[a][b] = ends[0];
      sockets[b][a] = ends[1];
    }
}

static void close_sockets(int sockets[MOST][MOST]) {
  for (size_t a = 0; a < group_size; a++)
    for (size_t b = 0; b < group_size; b++)
      if (a != b) close(sockets[a][b]);
}

static int join_group(void **group, size_t *rank, size_t *size, char *why, size_t room) {
  (void)why, (void)room;
  *group = &own_rank;
  *rank = own_rank;
  *size = group_size;
  return 0;
}

static int refuse_group(void **group, size_t *rank, size_t *size, char *why, size_t room) {
  (void)group, (void)rank, (void)size;
  snprintf(why, room, "it does not want to");
  return 1;
}

/* Votes fit into a socket's room, so that all may write before they read. */
static void exchange(void *group, const void *own, void *all, size_t bytes) {
  (void)group;
  for (size_t other = 0; other < group_size; other++)
    if (other != own_rank && write(between[own_rank][other], own, bytes) != (ssize_t)bytes) _exit(101);
  for (size_t other = 0; other < group_size; other++) {
    char *to = (char *)all + other * bytes;
    if (other == own_rank)
      memcpy(to, own, bytes);
    else if (recv(between[own_rank][other], to, bytes, MSG_WAITALL) != (ssize_t)bytes)
      _exit(102);
  }
}

static void call(void *group) {
  (void)group;
  for (size_t other = 0; other < group_size; other++)
    if (other != own_rank && write(calls[own_rank][other], (char[]){CALL}, 1) != 1) _exit(103);
}

static int called(void *group) {
  (void)group;
  for (size_t other = 0; other < group_size; other++) {
    struct pollfd one = {.fd = calls[own_rank][other], .events = POLLIN};
    if (other != own_rank && poll(&one, 1, 0) == 1 && one.revents & POLLIN) return 1;
  }
  return 0;
}

static void leave_group(void *group) { (void)group; }

static const base_ranks_table by_sockets = {.abi = BASE_RANKS_ABI,
                                            .size = sizeof by_sockets,
                                            .build = "sockets",
                                            .open = join_group,
                                            .exchange = exchange,
                                            .call = call,
                                            .called = called,
                                            .close = leave_group};

/* Runs `member` in so many processes; each has to return true. */
static void run_group(size_t size, bool (*member)(berg_ranks *ranks)) {
  pid_t children[MOST];
  group_size = size;
  make_sockets(between);
  make_sockets(calls);
  for (size_t i = 0; i < size; i++) {
    children[i] = fork();
    if (children[i]) continue;
    berg_ranks *ranks;
    own_rank = i;
    const bool is_good = !base_ranks_from(&ranks, &by_sockets, NULL) && member(ranks);
    berg_ranks_free(ranks);
    _exit(is_good ? 0 : 1);
  }
  close_sockets(between);
  close_sockets(calls);
  for (size_t i = 0; i < size; i++) {
    int status;
    assert_int_equal(waitpid(children[i], &status, 0), children[i]);
    assert_int_equal(status, 0);
  }
}

/* --- Agreeing --- */

static bool all_are_well(berg_ranks *ranks) {
  uint64_t sum = base_ranks_rank(ranks) + 1, first = base_ranks_rank(ranks) + 7;
  berg_status status = base_ranks_agree(ranks, BERG_OK, NULL);
  if (!status) status = base_ranks_sum(ranks, status, &sum, NULL);
  if (!status) status = base_ranks_follow(ranks, status, &first, NULL);
  return !status && base_ranks_size(ranks) == 4 && sum == 1 + 2 + 3 + 4 && first == 7 && !base_ranks_ask(ranks, NULL);
}

static void sums_and_followers(void **state) {
  (void)state;
  run_group(4, all_are_well);
}

/* Two fail, of which one was told to end, which weighs less; the third finds out while it works, the last when it is
 * done. */
static bool one_fails(berg_ranks *ranks) {
  const size_t rank = base_ranks_rank(ranks);
  berg_error error = {.status = BERG_OK};
  berg_status status = BERG_OK;
  if (rank == 1) status = base_ranks_agree(ranks, BERG_ECANCELLED, &error);
  if (rank == 2) {
    snprintf(error.message, sizeof error.message, "the disk is full");
    status = base_ranks_agree(ranks, BERG_EWRITE, &error);
  }
  if (rank == 3) {
    const berg_run run = {.size = sizeof run, .ranks = ranks};
    while (!status) status = base_ask_cancel(&run, &error);
    if (status != BERG_ECANCELLED || strcmp(error.message, "another rank has failed") != 0) return false;
  }
  if (rank != 2 && rank != 1) status = base_ranks_agree(ranks, status, &error);
  const char *expected = rank == 2 ? "the disk is full" : "rank 2: the disk is full";
  /* and nothing is waited for any more */
  return status == BERG_EWRITE && !strcmp(error.message, expected) && !base_ranks_agree(ranks, BERG_OK, NULL) &&
         base_ranks_agree(ranks, BERG_EINPUT, NULL) == BERG_EINPUT && !base_ranks_ask(ranks, NULL);
}

static void a_failure_ends_all_with_one_message(void **state) {
  (void)state;
  run_group(4, one_fails);
}

/* The lowest of those that fail alike. */
static bool all_fail(berg_ranks *ranks) {
  berg_error error = {.status = BERG_EINPUT};
  snprintf(error.message, sizeof error.message, "of rank %zu", base_ranks_rank(ranks));
  const berg_status status = base_ranks_agree(ranks, BERG_EINPUT, &error);
  return status == BERG_EINPUT && !strcmp(error.message, base_ranks_leads(ranks) ? "of rank 0" : "rank 0: of rank 0");
}

static void the_first_of_failures_is_told(void **state) {
  (void)state;
  run_group(3, all_fail);
}

static void alone(void **state) {
  (void)state;
  uint64_t number = 5;
  assert_int_equal(base_ranks_size(NULL), 1);
  assert_true(base_ranks_leads(NULL));
  assert_int_equal(base_ranks_sum(NULL, BERG_OK, &number, NULL), BERG_OK);
  assert_int_equal(number, 5);
  assert_int_equal(base_ranks_agree(NULL, BERG_EINPUT, NULL), BERG_EINPUT);
  berg_ranks_free(NULL);
}

static void a_group_that_is_refused(void **state) {
  (void)state;
  berg_ranks *ranks;
  berg_error error;
  base_ranks_table refusing = by_sockets;
  refusing.open = refuse_group;
  assert_int_equal(base_ranks_from(&ranks, &refusing, &error), BERG_EDEVICE);
  assert_string_equal(error.message, "sockets: it does not want to");
  assert_null(ranks);
  assert_int_equal(berg_ranks_open(&ranks, "/nowhere/libberg_mpi.so", &error), BERG_EDEVICE);
  assert_string_equal(error.message, "no plug-in for MPI, which `make mpi` builds: /nowhere/libberg_mpi.so: not there");
}

/* --- Sharing --- */

/* All shares together are what is missing, none twice, each as long as the others within a group. */
static void shares_cover_what_is_missing(void **state) {
  (void)state;
  for (size_t size = 1; size < 6; size++)
    for (size_t grain = 1; grain < 4; grain++) {
      io_ranges done = {.list = {{2 * grain, 3 * grain}, {7 * grain, 9 * grain}}, .count = 2};
      const size_t count = 13 * grain - (grain > 1), missing = count - 3 * grain;
      size_t given = 0, least = SIZE_MAX, most = 0;
      for (size_t rank = 0; rank < size; rank++) {
        const io_ranges share = io_ranges_share(&done, count, grain, rank, size);
        const size_t units = io_ranges_total(&share);
        for (size_t i = 0; i < share.count; i++) assert_int_equal(share.list[i].first % grain, 0);
        for (size_t i = 0; i < share.count; i++)
          assert_true(io_ranges_add(&done, share.list[i].first, share.list[i].end));
        /* taken out again, so that the next share is of the same whole */
        for (size_t i = 0; i < share.count; i++) io_ranges_remove(&done, share.list[i].first, share.list[i].end);
        given += units;
        if (units < least) least = units;
        if (units > most) most = units;
      }
      assert_int_equal(given, missing);
      assert_true(most - least <= 2 * grain);
    }
}

/* --- One file of all --- */

#define ROWS 23
#define COLUMNS 5
#define RUN "a run"

static char folder[] = "/tmp/berg-ranks-XXXXXX", path[64];
static size_t enough; /* rows that each process writes before it gives up; 0: all of its share */

static void fill(float *row, size_t number) {
  for (size_t c = 0; c < COLUMNS; c++) row[c] = (float)(number * COLUMNS + c);
}

static bool write_share(berg_ranks *ranks, io_rows *rows) {
  const io_ranges share = io_ranges_share(io_rows_done(rows), ROWS, 1, base_ranks_rank(ranks), base_ranks_size(ranks));
  size_t left = enough ? enough : ROWS;
  float row[COLUMNS];
  if (share.count && io_rows_begin_share(rows, share.list[0].first, NULL)) return false;
  for (size_t i = 0; i < share.count; i++)
    for (size_t r = share.list[i].first; r < share.list[i].end && left; r++, left--) {
      fill(row, r);
      if (io_rows_put(rows, r, row, 1, NULL)) return false;
    }
  return !io_rows_end_share(rows, NULL) && (!enough || left == 0 || io_ranges_total(&share) < enough);
}

static bool write_together(berg_ranks *ranks) {
  const size_t shape[] = {COLUMNS};
  const bool leads = base_ranks_leads(ranks);
  io_rows *rows = NULL;
  size_t done;
  berg_status status = leads ? io_rows_open_shaped(&rows, path, shape, 1, RUN, false, true, &done, NULL) : BERG_OK;
  status = base_ranks_agree(ranks, status, NULL);
  if (!status && !leads) status = io_rows_join(&rows, path, shape, 1, RUN, NULL);
  status = base_ranks_agree(ranks, status, NULL);
  bool is_good = !status && write_share(ranks, rows);
  if (base_ranks_agree(ranks, is_good ? BERG_OK : BERG_EINTERNAL, NULL)) is_good = false;
  if (is_good && leads && !enough)
    is_good = !io_rows_unite(rows, NULL) && !io_rows_finish(rows, &(io_labels){.axis_count = 0}, NULL);
  io_rows_free(rows, NULL);
  return is_good;
}

static void check_file(void) {
  float found[ROWS][COLUMNS], row[COLUMNS];
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  assert_int_equal(fseek(file, -(long)sizeof found, SEEK_END), 0);
  assert_int_equal(fread(found, sizeof found, 1, file), 1);
  fclose(file);
  for (size_t r = 0; r < ROWS; r++) {
    fill(row, r);
    assert_memory_equal(found[r], row, sizeof row);
  }
}

/* Nothing but the file. */
static void check_folder(void) {
  char command[128];
  snprintf(command, sizeof command, "test \"$(ls -A %s)\" = rows.npy", folder);
  assert_int_equal(system(command), 0);
  assert_int_equal(unlink(path), 0);
}

static void one_file_by_many(void **state) {
  (void)state;
  for (size_t size = 1; size <= MOST; size++) {
    enough = 0;
    run_group(size, write_together);
    check_file();
    check_folder();
  }
}

/* In four processes, three, two, which all give up, and one: none writes what another has. */
static void gone_on_with_by_fewer(void **state) {
  (void)state;
  for (size_t size = MOST; size; size--) {
    enough = size > 1 ? 2 : 0;
    run_group(size, write_together);
  }
  check_file();
  check_folder();
}

static int make_folder(void **state) {
  (void)state;
  if (!mkdtemp(folder)) return -1;
  snprintf(path, sizeof path, "%s/rows.npy", folder);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  return rmdir(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_and_followers),
      cmocka_unit_test(a_failure_ends_all_with_one_message),
      cmocka_unit_test(the_first_of_failures_is_told),
      cmocka_unit_test(alone),
      cmocka_unit_test(a_group_that_is_refused),
      cmocka_unit_test(shares_cover_what_is_missing),
      cmocka_unit_test(one_file_by_many),
      cmocka_unit_test(gone_on_with_by_fewer),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
