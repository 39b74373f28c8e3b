/* The plan and the report of a training as tables for people. */
#include "train_table.h"

#include <string.h>

static double number(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static const char *text(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  return cJSON_IsString(item) ? item->valuestring : "";
}

static const cJSON *part(const cJSON *object, const char *key) { return cJSON_GetObjectItemCaseSensitive(object, key); }

/* "15.9 GB", in decimal units; empty for 0. */
static char *bytes_text(double bytes, char to[24]) {
  static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
  int unit = 0;
  for (; bytes >= 999.5 && unit < 4; unit++) bytes /= 1000;
  snprintf(to, 24, bytes < 10 && unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
  if (bytes == 0) to[0] = '\0';
  return to;
}

static char *flop_text(double flop, char to[24]) {
  if (flop >= 1e12)
    snprintf(to, 24, "%.1f TFLOP", flop / 1e12);
  else if (flop >= 1e8)
    snprintf(to, 24, "%.1f GFLOP", flop / 1e9);
  else if (flop > 0)
    snprintf(to, 24, "%.2f MFLOP", flop / 1e6);
  else
    to[0] = '\0';
  return to;
}

static char *time_text(double seconds, char to[24]) {
  long whole = (long)(seconds + 0.5);
  if (seconds < 10)
    snprintf(to, 24, "%.1f s", seconds);
  else if (whole >= 3600)
    snprintf(to, 24, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  else
    snprintf(to, 24, "%ld:%02ld", whole / 60, whole % 60);
  return to;
}

static char *stage_text(const cJSON *stage, char to[48]) {
  const char *label = text(stage, "label");
  snprintf(to, 48, "%s%s%s", text(stage, "stage"), *label ? " " : "", label);
  return to;
}

/* Of the column of names. */
static int width_of(const cJSON *stages) {
  char name[48];
  const cJSON *stage;
  int width = 18;
  cJSON_ArrayForEach(stage, stages) {
    const int length = (int)strlen(stage_text(stage, name));
    if (length > width) width = length;
  }
  return width;
}

static void print_missing(const cJSON *images) {
  const cJSON *missing = part(images, "missing"), *path;
  if (!cJSON_GetArraySize(missing)) return;
  cli_say("%d training images are missing:", cJSON_GetArraySize(missing));
  cJSON_ArrayForEach(path, missing) {
    fputs("  ", stderr);
    cli_print_safe(stderr, cJSON_IsString(path) ? path->valuestring : "");
    fputc('\n', stderr);
  }
}

static void print_sizes(const cJSON *plan) {
  char a[32], b[32];
  const cJSON *subject;
  const char *targets = part(part(plan, "subjects")->child, "voxels") ? "voxels" : "targets";
  cJSON_ArrayForEach(subject, part(plan, "subjects"))
      cli_say("%s: %s trials, %s %s, regressed in %.0f chunk%s", text(subject, "label"),
              cli_grouped((size_t)number(subject, "trials"), a), cli_grouped((size_t)number(subject, targets), b),
              targets, number(subject, "chunks"), number(subject, "chunks") == 1 ? "" : "s");
  cli_say("%s images, %s features (%s), %.0f components, %s",
          cli_grouped((size_t)number(part(plan, "images"), "count"), a),
          cli_grouped((size_t)number(part(plan, "features"), "count"), b), text(part(plan, "features"), "kind"),
          number(plan, "components"), text(part(plan, "regression"), "method"));
  if (!strcmp(text(plan, "eigenvectors"), "products")) cli_say("eigenvectors: by products");
}

static void print_plan_stage(const cJSON *stage, int width) {
  char name[48], amount[64], done[32], total[32], flop[24], read[24], written[24], memory[24], time[24];
  const double earlier = number(stage, "done"), all = number(stage, "total");
  cli_grouped((size_t)all, total);
  if (earlier > 0)
    snprintf(amount, sizeof amount, "%s %s, %s done", total, text(stage, "unit"), cli_grouped((size_t)earlier, done));
  else
    snprintf(amount, sizeof amount, "%s %s", total, text(stage, "unit"));
  fprintf(stderr, "  %-*s %-24s %12s %9s %9s %9s %9s\n", width, stage_text(stage, name), amount,
          flop_text(number(stage, "flop"), flop), bytes_text(number(stage, "read_bytes"), read),
          bytes_text(number(stage, "written_bytes"), written), bytes_text(number(stage, "memory_bytes"), memory),
          time_text(number(stage, "seconds"), time));
}

void cli_print_plan(const cJSON *plan) {
  char a[24], b[24], c[24];
  const cJSON *stage, *memory = part(plan, "memory"), *disk = part(plan, "disk");
  print_missing(part(plan, "images"));
  print_sizes(plan);
  const int width = width_of(part(plan, "stages"));
  fprintf(stderr, "  %-*s %-24s %12s %9s %9s %9s %9s\n", width, "stage", "", "arithmetic", "reads", "writes", "memory",
          "time");
  cJSON_ArrayForEach(stage, part(plan, "stages")) print_plan_stage(stage, width);
  cli_say("about %s at the %.0f GFLOP/s that products reach here", time_text(number(plan, "seconds"), a),
          number(plan, "product_flops") / 1e9);
  cli_say("memory: %s of %s; disk: %s more, %s free", bytes_text(number(memory, "needed_bytes"), a),
          bytes_text(number(memory, "limit_bytes"), b), bytes_text(number(disk, "needed_bytes"), c),
          bytes_text(number(disk, "free_bytes"), (char[24]){""}));
}

void cli_print_report(const cJSON *report) {
  char name[48], flop[24], time[24], read[24], written[24], memory[24];
  const cJSON *stage;
  const int width = width_of(part(report, "stages"));
  fprintf(stderr, "  %-*s %9s %12s %10s %6s %9s %9s\n", width, "stage", "time", "arithmetic", "GFLOP/s", "share",
          "read", "written");
  cJSON_ArrayForEach(stage, part(report, "stages")) {
    char rate[24] = "", share[24] = "";
    if (number(stage, "flop") > 0) {
      snprintf(rate, sizeof rate, "%.0f", number(stage, "flops") / 1e9);
      snprintf(share, sizeof share, "%.0f %%", 100 * number(stage, "share"));
    }
    fprintf(stderr, "  %-*s %9s %12s %10s %6s %9s %9s\n", width, stage_text(stage, name),
            time_text(number(stage, "seconds"), time), flop_text(number(stage, "flop"), flop), rate, share,
            bytes_text(number(stage, "read_bytes"), read), bytes_text(number(stage, "written_bytes"), written));
  }
  cli_say("trained in %s, at most %s of memory; products alone reach %.0f GFLOP/s here",
          time_text(number(report, "seconds"), time), bytes_text(number(report, "peak_memory_bytes"), memory),
          number(report, "product_flops") / 1e9);
  cJSON_ArrayForEach(stage, part(report, "subjects")) cli_say("%s: %s", text(stage, "label"), text(stage, "weights"));
}

static void print_share(const cJSON *share) {
  const char *stage = text(share, "stage");
  const double shard = number(share, "shard"), shards = number(share, "shards"), units = number(share, "units"),
               computed = number(share, "computed");
  if (!units)
    cli_say("stage %s, shard %.0f/%.0f: nothing to do, it cannot be cut into so many", stage, shard, shards);
  else if (!computed)
    cli_say("stage %s, shard %.0f/%.0f: already whole", stage, shard, shards);
  else
    cli_say("stage %s, shard %.0f/%.0f: done, %.0f of %.0f units now", stage, shard, shards, computed, units);
}

void cli_print_stage(const cJSON *report) {
  const cJSON *share = part(report, "shard"), *merge = part(report, "merge"), *fault;
  if (share) print_share(share);
  cJSON_ArrayForEach(fault, part(merge, "faults")) cli_say("%s", cJSON_IsString(fault) ? fault->valuestring : "");
  if (merge) cli_say("stage %s is whole", text(merge, "stage"));
}
