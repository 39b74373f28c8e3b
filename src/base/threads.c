/* How many threads: the environment, affinity, the control group. */
#include "base/threads.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/cgroup.h"
#include "base/machine.h"

/* A whole number from 1 at the start of `text`, before its end or (of a list) a comma; 0: there is no such number. */
static int count_in(const char *text) {
  char *end;
  if (!text) return 0;
  const long count = strtol(text, &end, 10);
  while (*end == ' ') end++;
  const bool whole = end != text && (!*end || *end == ',');
  return whole && count >= 1 && count <= BASE_THREADS_MOST ? (int)count : 0;
}

base_threads base_threads_usual(void) {
  static const char *const names[] = {"OMP_NUM_THREADS", "SLURM_CPUS_PER_TASK"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const int count = count_in(getenv(names[i]));
    if (count) return (base_threads){count, names[i]};
  }
  base_threads least = {base_machine_processors(), "affinity"};
  const int job = count_in(getenv("SLURM_CPUS_ON_NODE"));
  if (job && job < least.count) least = (base_threads){job, "SLURM_CPUS_ON_NODE"};
  const double quota = base_cgroup_processors(BASE_CGROUP_PROCESS, BASE_CGROUP_MOUNTS, "");
  if (quota > 0 && ceil(quota) < least.count) least = (base_threads){(int)ceil(quota), "cgroup quota"};
  return least;
}

int base_threads_for(int wanted) {
  if (wanted <= 0) return base_threads_usual().count;
  return wanted < BASE_THREADS_MOST ? wanted : BASE_THREADS_MOST;
}
