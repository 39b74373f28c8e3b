/* The processor time and the memory that Linux's control groups give a process.
 *
 * A line of /proc/self/cgroup says where the process is in a hierarchy,
 *     0::/user.slice/job_7                        version 2
 *     4:cpu,cpuacct:/docker/3f2a                  version 1
 * and one of /proc/self/mountinfo which part of the hierarchy is mounted where:
 *     31 23 0:27 /docker/3f2a /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
 * Each folder from there up to the mount may limit what is below it. */
#include "base/cgroup.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define LINE 4096

/* What a controller limits, and how a folder says it: 0 is no limit. */
typedef struct limited {
  const char *controller;
  double (*of)(const char *folder, bool first_version);
} limited;

/* Where the process is in one hierarchy. */
typedef struct place {
  bool first_version;
  char path[LINE];
} place;

/* Whether `list`, comma-separated up to `end`, holds `word`. */
static bool lists(const char *list, const char *end, const char *word) {
  const size_t length = strlen(word);
  for (const char *at = list; at < end;) {
    const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end;
    if ((size_t)(stop - at) == length && !memcmp(at, word, length)) return true;
    at = stop + 1;
  }
  return false;
}

/* A line of /proc/self/cgroup; false: its hierarchy does not limit what is asked for. */
static bool read_place(char *line, const char *controller, place *p) {
  line[strcspn(line, "\n")] = '\0';
  char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
  if (!path) return false;
  controllers++;
  p->first_version = path > controllers;
  if (p->first_version && !lists(controllers, path, controller)) return false;
  strcpy(p->path, path + 1); /* of the same line, so it fits */
  return true;
}

/* The first line of folder/name; false: there is no such file. */
static bool read_line(const char *folder, const char *name, char line[LINE]) {
  char path[2 * LINE + 32];
  base_print(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "re");
  const bool found = file && fgets(line, LINE, file);
  if (file) fclose(file);
  return found;
}

/* Processors of a file of version 2, "150000 100000" or "max 100000", or of version 1's two; 0: no limit. */
static double quota_of(const char *folder, bool first_version) {
  char line[LINE];
  long long time = 0, period = 0;
  if (!read_line(folder, first_version ? "cpu.cfs_quota_us" : "cpu.max", line)) return 0;
  if (base_scan(line, "%lld %lld", &time, &period) < 1 || time <= 0) return 0; /* "max", or -1 */
  if (first_version && (!read_line(folder, "cpu.cfs_period_us", line) || base_scan(line, "%lld", &period) != 1))
    return 0;
  return period > 0 ? (double)time / (double)period : 0;
}

/* Bytes of a file of version 2, "2147483648" or "max", or of version 1, which has a number of 63 bits for no limit. */
static double bytes_of(const char *folder, bool first_version) {
  char line[LINE];
  long long bytes = 0;
  if (!read_line(folder, first_version ? "memory.limit_in_bytes" : "memory.max", line)) return 0;
  return base_scan(line, "%lld", &bytes) == 1 && bytes > 0 ? (double)bytes : 0;
}

/* Of two limits, of which 0 is none. */
static double lesser(double a, double b) { return a <= 0 || (b > 0 && b < a) ? b : a; }

/* The least of folder `base`/`below` and those above it, down to `base` itself. */
static double least_of(const limited *what, const char *base, const char *below, bool first_version) {
  char folder[2 * LINE];
  double least = 0;
  if (base_print(folder, sizeof folder, "%s%s", base, below) >= LINE) return 0;
  for (const size_t stop = strlen(base);;) {
    least = lesser(least, what->of(folder, first_version));
    char *slash = strrchr(folder, '/');
    if (!slash || (size_t)(slash - folder) < stop) return least;
    *slash = '\0';
  }
}

/* A line of /proc/self/mountinfo: the limit of `p`, where its hierarchy is what is mounted. */
static double limit_by_mount(const limited *what, char *line, const place *p, const char *root) {
  char part[LINE], point[LINE], type[64], source[LINE], options[LINE], base[2 * LINE];
  const char *rest = strstr(line, " - ");
  if (!rest || base_scan(line, "%*s %*s %*s %4095s %4095s", part, point) != 2) return 0;
  if (base_scan(rest, " - %63s %4095s %4095s", type, source, options) != 3) return 0;
  if (strcmp(type, p->first_version ? "cgroup" : "cgroup2")) return 0;
  if (p->first_version && !lists(options, options + strlen(options), what->controller)) return 0;
  const size_t length = strcmp(part, "/") ? strlen(part) : 0;
  /* a container may be told the host's path and see only its own part, which then is the mount itself */
  const bool inside = !strncmp(p->path, part, length) && (!p->path[length] || p->path[length] == '/');
  const char *below = inside ? p->path + length : "";
  if (base_print(base, sizeof base, "%s%s", root, point) >= LINE) return 0;
  return least_of(what, base, strcmp(below, "/") ? below : "", p->first_version);
}

static double limit_by_mounts(const limited *what, const char *mounts_file, const place *p, const char *root) {
  char line[LINE];
  double least = 0;
  FILE *mounts = fopen(mounts_file, "re");
  while (mounts && fgets(line, sizeof line, mounts)) least = lesser(least, limit_by_mount(what, line, p, root));
  if (mounts) fclose(mounts);
  return least;
}

static double limit_of(const limited *what, const char *process_file, const char *mounts_file, const char *root) {
  char line[LINE];
  double least = 0;
  place p;
  FILE *groups = fopen(process_file, "re");
  while (groups && fgets(line, sizeof line, groups))
    if (read_place(line, what->controller, &p)) least = lesser(least, limit_by_mounts(what, mounts_file, &p, root));
  if (groups) fclose(groups);
  return least;
}

double base_cgroup_processors(const char *process_file, const char *mounts_file, const char *root) {
  return limit_of(&(limited){"cpu", quota_of}, process_file, mounts_file, root);
}

double base_cgroup_memory(const char *process_file, const char *mounts_file, const char *root) {
  return limit_of(&(limited){"memory", bytes_of}, process_file, mounts_file, root);
}
