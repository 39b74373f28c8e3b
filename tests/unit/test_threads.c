/* How many threads and how much memory: what the environment says, and what control groups leave, in folders laid out
 * as the kernel shows them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cgroup.h"
#include "base/machine.h"
#include "base/memory_limit.h"
#include "base/threads.h"

static void the_environment_decides(void **state) {
  (void)state;
  static const struct {
    const char *omp, *slurm;
    int count; /* 0: neither */
    const char *because;
  } cases[] = {
      {"3", "5", 3, "OMP_NUM_THREADS"},
      {"4,2", NULL, 4, "OMP_NUM_THREADS"},
      {" 7 ", NULL, 7, "OMP_NUM_THREADS"},
      {NULL, "5", 5, "SLURM_CPUS_PER_TASK"},
      {"", "5", 5, "SLURM_CPUS_PER_TASK"},
      {"0", "6", 6, "SLURM_CPUS_PER_TASK"},
      {"-2", "6", 6, "SLURM_CPUS_PER_TASK"},
      {"many", "6", 6, "SLURM_CPUS_PER_TASK"},
      {"3x", "6", 6, "SLURM_CPUS_PER_TASK"},
      {"99999999999999999999", "6", 6, "SLURM_CPUS_PER_TASK"},
      {NULL, "2(x4)", 0, NULL},
      {NULL, NULL, 0, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    unsetenv("OMP_NUM_THREADS");
    unsetenv("SLURM_CPUS_PER_TASK");
    if (cases[i].omp) setenv("OMP_NUM_THREADS", cases[i].omp, 1);
    if (cases[i].slurm) setenv("SLURM_CPUS_PER_TASK", cases[i].slurm, 1);
    const base_threads usual = base_threads_usual();
    if (cases[i].count) {
      assert_int_equal(usual.count, cases[i].count);
      assert_string_equal(usual.because, cases[i].because);
    } else {
      assert_true(usual.count >= 1 && usual.count <= base_machine_processors());
    }
    assert_int_equal(base_threads_for(0), usual.count);
    assert_int_equal(base_threads_for(-1), usual.count);
    assert_int_equal(base_threads_for(2), 2);
    assert_int_equal(base_threads_for(1 << 30), BASE_THREADS_MOST);
  }
}

static char folder[] = "/tmp/berg-cgroup-XXXXXX";

static void write_file(const char *path, const char *text) {
  char whole[512];
  snprintf(whole, sizeof whole, "%s%s", folder, path);
  for (char *slash = whole + strlen(folder) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
    *slash = '\0';
    if (mkdir(whole, 0777) && errno != EEXIST) fail_msg("%s: %s", whole, strerror(errno));
  }
  FILE *file = fopen(whole, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static void a_job_of_slurm_has_its_processors(void **state) {
  (void)state;
  unsetenv("OMP_NUM_THREADS");
  unsetenv("SLURM_CPUS_PER_TASK");
  setenv("SLURM_CPUS_ON_NODE", "1", 1);
  assert_int_equal(base_threads_usual().count, 1);
  if (base_machine_processors() > 1) assert_string_equal(base_threads_usual().because, "SLURM_CPUS_ON_NODE");
  setenv("SLURM_CPUS_ON_NODE", "4000", 1); /* of which this process may use only its own */
  assert_true(base_threads_usual().count <= base_machine_processors());
  setenv("SLURM_CPUS_PER_TASK", "3", 1);
  assert_int_equal(base_threads_usual().count, 3);
  unsetenv("SLURM_CPUS_PER_TASK");
  unsetenv("SLURM_CPUS_ON_NODE");
}

static void slurm_limits_memory(void **state) {
  (void)state;
  static const struct {
    const char *node, *cpu, *cpus;
    size_t mib; /* 0: as without */
    const char *because;
  } cases[] = {
      {"100", NULL, NULL, 100, "SLURM_MEM_PER_NODE"},
      {NULL, "30", "3", 90, "SLURM_MEM_PER_CPU"},
      {"100", "30", "3", 90, "SLURM_MEM_PER_CPU"},
      {NULL, "30", NULL, 0, NULL},
      {"0", NULL, NULL, 0, NULL}, /* --mem=0: all that the node has */
      {"-5", NULL, NULL, 0, NULL},
      {"2G", NULL, NULL, 0, NULL},
      {"999999999999", NULL, NULL, 0, NULL},
      {NULL, NULL, NULL, 0, NULL},
  };
  static const char *const names[] = {"SLURM_MEM_PER_NODE", "SLURM_MEM_PER_CPU", "SLURM_CPUS_ON_NODE"};
  for (size_t n = 0; n < 3; n++) unsetenv(names[n]);
  const base_memory_limit without = base_memory_allowed();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *const values[] = {cases[i].node, cases[i].cpu, cases[i].cpus};
    for (size_t n = 0; n < 3; n++)
      if (values[n]) setenv(names[n], values[n], 1);
    const base_memory_limit limit = base_memory_allowed();
    assert_int_equal(limit.bytes, cases[i].mib ? cases[i].mib << 20 : without.bytes);
    assert_string_equal(limit.because, cases[i].mib ? cases[i].because : without.because);
    if (cases[i].mib) {
      assert_int_equal(base_memory_default(0), limit.bytes - limit.bytes / 10);
      assert_int_equal(base_memory_default((size_t)4 << 30), limit.bytes - limit.bytes / 10);
      assert_int_equal(base_memory_default(1000), 1000);
    }
    for (size_t n = 0; n < 3; n++) unsetenv(names[n]);
  }
}

typedef double of_group(const char *process_file, const char *mounts_file, const char *root);

static double limit_of(of_group *of, const char *process, const char *mounts) {
  char process_file[512], mounts_file[512];
  write_file("/process", process);
  write_file("/mounts", mounts);
  snprintf(process_file, sizeof process_file, "%s/process", folder);
  snprintf(mounts_file, sizeof mounts_file, "%s/mounts", folder);
  return of(process_file, mounts_file, folder);
}

static double limit(const char *process, const char *mounts) {
  return limit_of(base_cgroup_processors, process, mounts);
}

static double memory(const char *process, const char *mounts) { return limit_of(base_cgroup_memory, process, mounts); }

static void control_groups_limit(void **state) {
  (void)state;
  assert_non_null(mkdtemp(folder));
  static const char v2[] = "24 30 0:22 / /proc rw shared:5 - proc proc rw\n"
                           "31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
  write_file("/sys/fs/cgroup/job/step/cpu.max", "150000 100000\n");
  write_file("/sys/fs/cgroup/job/cpu.max", "max 100000\n");
  write_file("/sys/fs/cgroup/wide/narrow/cpu.max", "800000 100000\n");
  write_file("/sys/fs/cgroup/wide/cpu.max", "50000 100000\n");
  write_file("/sys/fs/cgroup/odd/cpu.max", "gibberish\n");
  write_file("/sys/fs/cgroup/nothing/cpu.max", "1000 0\n");
  assert_true(limit("0::/job/step\n", v2) == 1.5);
  assert_true(limit("0::/job\n", v2) == 0);
  assert_true(limit("0::/job/step/below\n", v2) == 1.5); /* without a file of its own */
  assert_true(limit("0::/wide/narrow\n", v2) == 0.5);    /* the least of those above it */
  assert_true(limit("0::/odd\n", v2) == 0);
  assert_true(limit("0::/nothing\n", v2) == 0);
  assert_true(limit("0::/\n", v2) == 0);
  assert_true(limit("0::/elsewhere\n", v2) == 0);
  assert_true(limit("", v2) == 0);
  assert_true(limit("no colons\n:\n::\n", v2) == 0);
  assert_true(limit("0::/job/step\n", "") == 0);
  assert_true(limit("0::/job/step\n", "short line\n - cgroup2\n31 23 0:27 / /sys - cgroup2\n") == 0);

  /* a container: its own part alone is mounted, and the path is the host's, or is seen from inside */
  static const char part[] = "31 23 0:27 /docker/3f2a /sys/fs/cgroup rw - cgroup2 cgroup rw\n";
  write_file("/sys/fs/cgroup/cpu.max", "250000 100000\n");
  assert_true(limit("0::/docker/3f2a\n", part) == 2.5);
  assert_true(limit("0::/docker/3f2a/job/step\n", part) == 1.5);
  assert_true(limit("0::/docker/3f2ab\n", part) == 2.5);
  assert_true(limit("0::/\n", part) == 2.5);

  static const char v1[] = "32 23 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                           "33 23 0:29 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n";
  write_file("/sys/fs/cgroup/cpu,cpuacct/slurm/job_7/cpu.cfs_quota_us", "300000\n");
  write_file("/sys/fs/cgroup/cpu,cpuacct/slurm/job_7/cpu.cfs_period_us", "100000\n");
  write_file("/sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_quota_us", "-1\n");
  write_file("/sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_period_us", "100000\n");
  write_file("/sys/fs/cgroup/cpuset/slurm/job_7/cpu.cfs_quota_us", "100000\n");
  write_file("/sys/fs/cgroup/cpuset/slurm/job_7/cpu.cfs_period_us", "100000\n");
  assert_true(limit("9:cpuset:/slurm/job_7\n4:cpu,cpuacct:/slurm/job_7\n0::/\n", v1) == 3);
  assert_true(limit("4:cpu,cpuacct:/slurm\n", v1) == 0);
  assert_true(limit("9:cpuset:/slurm/job_7\n", v1) == 0);
  assert_true(base_cgroup_processors("/nowhere", "/nowhere", "") == 0);

  write_file("/sys/fs/cgroup/job/step/memory.max", "max\n");
  write_file("/sys/fs/cgroup/job/memory.max", "2147483648\n");
  write_file("/sys/fs/cgroup/odd/memory.max", "gibberish\n");
  write_file("/sys/fs/cgroup/wide/memory.max", "3000000000\n");
  write_file("/sys/fs/cgroup/wide/narrow/memory.max", "4000000000\n");
  assert_true(memory("0::/job/step\n", v2) == 2147483648.0);
  assert_true(memory("0::/wide/narrow\n", v2) == 3e9);
  assert_true(memory("0::/odd\n", v2) == 0);
  assert_true(memory("0::/elsewhere\n", v2) == 0);
  static const char memory_v1[] = "32 23 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                                  "34 23 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
  write_file("/sys/fs/cgroup/memory/slurm/memory.limit_in_bytes", "9223372036854771712\n");
  write_file("/sys/fs/cgroup/memory/slurm/job_7/memory.limit_in_bytes", "1073741824\n");
  assert_true(memory("5:memory:/slurm/job_7\n4:cpu,cpuacct:/slurm/job_7\n0::/\n", memory_v1) == 1073741824.0);
  assert_true(memory("5:memory:/slurm\n", memory_v1) == 9223372036854771712.0); /* no limit, as version 1 writes it */
  assert_true(memory("4:cpu,cpuacct:/slurm/job_7\n", memory_v1) == 0);
  char command[64];
  snprintf(command, sizeof command, "rm -r %s", folder);
  assert_int_equal(system(command), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_environment_decides),
      cmocka_unit_test(a_job_of_slurm_has_its_processors),
      cmocka_unit_test(slurm_limits_memory),
      cmocka_unit_test(control_groups_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
