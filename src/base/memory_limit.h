/* How much memory this process should take where its user does not say: what the control group or the scheduler leaves
 * it, beyond which it is killed without a word. It never changes a result. */
#ifndef BASE_MEMORY_LIMIT_H
#define BASE_MEMORY_LIMIT_H

#include <stddef.h>

typedef struct base_memory_limit {
  size_t bytes;        /* 0: none below the machine's memory */
  const char *because; /* what decided: "cgroup limit", "SLURM_MEM_PER_NODE", "SLURM_MEM_PER_CPU"; "machine" */
} base_memory_limit;

/* The least of the control group's memory, SLURM_MEM_PER_NODE and SLURM_MEM_PER_CPU times SLURM_CPUS_ON_NODE. */
base_memory_limit base_memory_allowed(void);
/* `usual` bytes, or nine tenths of the limit if that is less: the rest is for the shell around, and for pages of files.
 * `usual` 0: as much as there is. */
size_t base_memory_default(size_t usual);

#endif
