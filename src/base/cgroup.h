/* What Linux's control groups, versions 1 and 2, leave a process. The files are /proc/self/cgroup, which says in which
 * groups it is, and /proc/self/mountinfo, which says where they are mounted; groups above it count. 0: no limit, or
 * none that can be read. `root` is prepended to the mounted paths: "" except in tests. */
#ifndef BASE_CGROUP_H
#define BASE_CGROUP_H

#define BASE_CGROUP_PROCESS "/proc/self/cgroup"
#define BASE_CGROUP_MOUNTS "/proc/self/mountinfo"

/* Processors' worth of time. */
double base_cgroup_processors(const char *process_file, const char *mounts_file, const char *root);
/* Bytes. */
double base_cgroup_memory(const char *process_file, const char *mounts_file, const char *root);

#endif
