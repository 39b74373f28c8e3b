/* How many threads to use where the caller does not say: what the user's environment or the scheduler asks for, else
 * the processors that this process may use, as its affinity and its control group's quota leave them. It never changes
 * a result. */
#ifndef BASE_THREADS_H
#define BASE_THREADS_H

#include <stddef.h>

/* More than this is taken for a mistake: every thread has scratch memory. */
#define BASE_THREADS_MOST 4096

typedef struct base_threads {
  int count;           /* at least 1 */
  const char *because; /* what decided: "OMP_NUM_THREADS", "SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE", "affinity",
                        * "cgroup quota" */
} base_threads;

/* OMP_NUM_THREADS (of a list the first), else SLURM_CPUS_PER_TASK, if they are whole numbers from 1; else the
 * processors of the affinity or, if that is less, those that Slurm gave the job here (SLURM_CPUS_ON_NODE: it sets the
 * former only where it was asked for) or the processor time that the control group gives, rounded up. */
base_threads base_threads_usual(void);
/* `wanted` if positive, at most BASE_THREADS_MOST; else base_threads_usual. */
int base_threads_for(int wanted);

#endif
