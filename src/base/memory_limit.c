/* How much memory: the control group, Slurm. */
#include "base/memory_limit.h"

#include <stdlib.h>

#include "base/cgroup.h"
#include "base/machine.h"

/* Slurm's numbers are MiB; 0 (--mem=0, all that the node has), or none: no limit. */
static double number_in(const char *name) {
  const char *text = getenv(name);
  char *end;
  const long number = text ? strtol(text, &end, 10) : 0;
  return text && end != text && !*end && number > 0 ? (double)number : 0;
}

static void take(base_memory_limit *least, double bytes, const char *because) {
  const double most = (double)(least->bytes ? least->bytes : base_machine_memory());
  if (bytes >= 1 && (most <= 0 || bytes < most)) *least = (base_memory_limit){(size_t)bytes, because};
}

base_memory_limit base_memory_allowed(void) {
  const double mib = 1 << 20;
  base_memory_limit least = {0, "machine"};
  take(&least, base_cgroup_memory(BASE_CGROUP_PROCESS, BASE_CGROUP_MOUNTS, ""), "cgroup limit");
  take(&least, number_in("SLURM_MEM_PER_NODE") * mib, "SLURM_MEM_PER_NODE");
  take(&least, number_in("SLURM_MEM_PER_CPU") * number_in("SLURM_CPUS_ON_NODE") * mib, "SLURM_MEM_PER_CPU");
  return least;
}

size_t base_memory_default(size_t usual) {
  const size_t limit = base_memory_allowed().bytes, share = limit - limit / 10;
  return share && (!usual || share < usual) ? share : usual;
}
