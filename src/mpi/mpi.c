/* The plug-in for MPI: the table of base/ranks_table.h over one communicator. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/ranks_table.h"

#define CALL_TAG 1
/* MPI's own waiting takes a processor, which a rank beside may be computing on. */
#define SHORTEST_NAP 20000L
#define LONGEST_NAP 2000000L

typedef struct group {
  MPI_Comm all;
  int rank, size;
  int has_called, is_own; /* `is_own`: MPI was begun here, and ends here */
  MPI_Request *calls;     /* [size] sent to the others */
} group;

static void nap(long *nanoseconds) {
  const struct timespec time = {0, *nanoseconds};
  nanosleep(&time, NULL);
  if (*nanoseconds < LONGEST_NAP) *nanoseconds *= 2;
}

static void wait_for(MPI_Request *request) {
  int is_done = 0;
  long time = SHORTEST_NAP;
  MPI_Test(request, &is_done, MPI_STATUS_IGNORE);
  while (!is_done) {
    nap(&time);
    MPI_Test(request, &is_done, MPI_STATUS_IGNORE);
  }
}

static void exchange(void *user, const void *own, void *all, size_t bytes) {
  group *g = user;
  MPI_Request request;
  MPI_Iallgather(own, (int)bytes, MPI_BYTE, all, (int)bytes, MPI_BYTE, g->all, &request);
  wait_for(&request);
}

static void call(void *user) {
  group *g = user;
  if (g->has_called) return;
  g->has_called = 1;
  for (int i = 0; i < g->size; i++)
    if (i != g->rank) MPI_Isend(NULL, 0, MPI_BYTE, i, CALL_TAG, g->all, &g->calls[i]);
}

static int called(void *user) {
  group *g = user;
  int is_there = 0;
  MPI_Iprobe(MPI_ANY_SOURCE, CALL_TAG, g->all, &is_there, MPI_STATUS_IGNORE);
  return is_there;
}

/* Every call is received before the end, as MPI wants it. */
static void close_group(void *user) {
  group *g = user;
  int *who = calloc((size_t)g->size, sizeof *who);
  if (!who) MPI_Abort(MPI_COMM_WORLD, 1);
  exchange(g, &g->has_called, who, sizeof *who);
  for (int i = 0; i < g->size; i++)
    if (who[i] && i != g->rank) MPI_Recv(NULL, 0, MPI_BYTE, i, CALL_TAG, g->all, MPI_STATUS_IGNORE);
  for (int i = 0; i < g->size; i++) MPI_Wait(&g->calls[i], MPI_STATUS_IGNORE);
  MPI_Comm_free(&g->all);
  if (g->is_own) MPI_Finalize();
  free(who);
  free(g->calls);
  free(g);
}

/* A program that has begun MPI itself ends it itself. */
static int begin(int *is_own, char *why, size_t room) {
  int has_begun = 0, has_ended = 0, level = MPI_THREAD_SINGLE;
  MPI_Initialized(&has_begun);
  MPI_Finalized(&has_ended);
  *is_own = !has_begun;
  if (has_ended) return snprintf(why, room, "MPI has ended in this process");
  if (has_begun)
    MPI_Query_thread(&level);
  else
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level);
  return level >= MPI_THREAD_FUNNELED ? 0 : snprintf(why, room, "this MPI allows no threads beside it");
}

static int open_group(void **out, size_t *rank, size_t *size, char *why, size_t room) {
  int is_own;
  if (begin(&is_own, why, room)) return 1;
  group *g = calloc(1, sizeof *g);
  if (!g) return snprintf(why, room, "out of memory");
  g->is_own = is_own;
  MPI_Comm_dup(MPI_COMM_WORLD, &g->all);
  MPI_Comm_rank(g->all, &g->rank);
  MPI_Comm_size(g->all, &g->size);
  g->calls = calloc((size_t)g->size, sizeof *g->calls);
  if (!g->calls) MPI_Abort(MPI_COMM_WORLD, 1);
  for (int i = 0; i < g->size; i++) g->calls[i] = MPI_REQUEST_NULL;
  *rank = (size_t)g->rank;
  *size = (size_t)g->size;
  *out = g;
  return 0;
}

static const char *build_text(void) {
#if defined(OPEN_MPI)
  static char text[64];
  snprintf(text, sizeof text, "Open MPI %d.%d.%d", OMPI_MAJOR_VERSION, OMPI_MINOR_VERSION, OMPI_RELEASE_VERSION);
  return text;
#elif defined(MPICH_VERSION)
  return "MPICH " MPICH_VERSION;
#else
  return "MPI";
#endif
}

__attribute__((visibility("default"))) const base_ranks_table *berg_ranks_plugin(void);

const base_ranks_table *berg_ranks_plugin(void) {
  static base_ranks_table table = {.abi = BASE_RANKS_ABI,
                                   .size = sizeof table,
                                   .open = open_group,
                                   .exchange = exchange,
                                   .call = call,
                                   .called = called,
                                   .close = close_group};
  table.build = build_text();
  return &table;
}
