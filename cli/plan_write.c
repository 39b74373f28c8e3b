/* A plan as job scripts of Slurm, or as plain command lines. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "output.h"
#include "plan.h"

/* What is asked for beyond the estimate: nodes differ, and share disks and memory with others. */
#define TIMES_TIME 2
#define MORE_SECONDS 600
#define TIMES_MEMORY 1.25
#define MORE_MB 512

static size_t minutes_of(double seconds) { return (size_t)ceil((seconds * TIMES_TIME + MORE_SECONDS) / 60); }

static size_t mebibytes_of(double bytes) { return (size_t)ceil(bytes * TIMES_MEMORY / (1 << 20)) + MORE_MB; }

/* "about 3:20 h and 2.1 GB on 4 processors": hours and minutes. */
static void print_estimate(FILE *stream, const cli_plan *plan, const cli_plan_step *step) {
  const size_t minutes = (size_t)ceil(step->seconds / 60);
  fprintf(stream, "about %zu:%02zu h and %.1f GB on %zu processor%s", minutes / 60, minutes % 60, step->memory / 1e9,
          plan->threads, plan->threads == 1 ? "" : "s");
}

/* --- Slurm --- */

static void print_head(FILE *stream, const cli_plan *plan, const cli_plan_step *step, size_t script, bool joins) {
  const size_t minutes = minutes_of(joins ? step->join_seconds : step->seconds);
  fprintf(stream, "#!/bin/sh\n# Job %zu of %zu, written by berg plan: ", script, 2 * plan->step_count);
  if (joins)
    fprintf(stream,
            "checks the %zu part%s of %s and joins them. It fails with status 9 and\n"
            "# the indices to run again where parts are missing, damaged or of another run.\n",
            step->parts, step->parts == 1 ? "" : "s", step->name);
  else
    fprintf(stream, "%s, %s in %zu part%s. A part takes\n# ", step->name, step->what, step->parts,
            step->parts == 1 ? "" : "s");
  if (!joins) print_estimate(stream, plan, step);
  if (!joins)
    fprintf(stream,
            " like this machine's; asked for are %d times the time and %d minutes,\n"
            "# and a quarter more memory and %d MB. A part that is whole is passed over.\n",
            TIMES_TIME, MORE_SECONDS / 60, MORE_MB);
  fprintf(stream, "#SBATCH --job-name=berg-%s%s\n", step->name, joins ? "-merge" : "");
  if (!joins) fprintf(stream, "#SBATCH --array=1-%zu\n", step->parts);
  if (plan->partition) fprintf(stream, "#SBATCH --partition=%s\n", plan->partition);
  fprintf(stream, "#SBATCH --ntasks=1\n#SBATCH --cpus-per-task=%zu\n#SBATCH --mem=%zuM\n#SBATCH --time=%zu:%02zu:00\n",
          plan->threads, mebibytes_of(step->memory), minutes / 60, minutes % 60);
  fprintf(stream, "#SBATCH --output=logs/%%x-%%%s.log\n#SBATCH --open-mode=append\n#SBATCH --requeue\n",
          joins ? "j" : "A_%a");
  /* the shell becomes the program, which then finishes the unit at hand and keeps it */
  if (!joins) fputs("#SBATCH --signal=B:USR1@120\n", stream);
  fputc('\n', stream);
}

static char *script_name(const cli_plan_step *step, size_t script, bool joins, char name[64]) {
  snprintf(name, 64, "%02zu-%s%s.sh", script, step->name, joins ? "-merge" : "");
  return name;
}

/* The text as a file of the folder of jobs; frees it. */
static int write_script(const cli_plan *plan, const char *name, FILE *stream, char **text, bool replace) {
  berg_error error;
  const bool whole = cli_close_text(stream, text);
  const size_t size = strlen(plan->jobs) + strlen(name) + 2;
  char *path = cli_alloc(size, 1);
  int status = whole && path && !cli_memory_ran_out() ? CLI_GO_ON : cli_fail_memory();
  if (path) snprintf(path, size, "%s/%s", plan->jobs, name);
  berg_status failed = status == CLI_GO_ON ? berg_write_whole(path, *text, strlen(*text), replace, &error) : BERG_OK;
  if (failed) /* --force is an option of the command that is planned */
    status = failed == BERG_EEXISTS ? cli_fail_with(failed, "%s: already exists; --replace replaces it", path)
                                    : cli_fail(&error);
  free(path);
  free(*text);
  *text = NULL;
  return status;
}

static int write_job(const cli_plan *plan, size_t number, bool joins, bool replace) {
  const cli_plan_step *step = &plan->steps[number];
  const size_t script = 2 * number + (joins ? 2 : 1);
  char *text = NULL, name[64];
  size_t length;
  FILE *stream = open_memstream(&text, &length);
  if (!stream) return cli_fail_memory();
  print_head(stream, plan, step, script, joins);
  if (joins) fputs("set -e\n", stream);
  cli_plan_print_start(stream, plan);
  if (joins)
    cli_plan_print_merge(stream, plan, step);
  else {
    fputs("exec ", stream);
    cli_plan_print_part(stream, plan, step, 0);
  }
  fputc('\n', stream);
  return write_script(plan, script_name(step, script, joins, name), stream, &text, replace);
}

static int write_submit(const cli_plan *plan, bool replace) {
  char *text = NULL, name[64];
  size_t length;
  FILE *stream = open_memstream(&text, &length);
  if (!stream) return cli_fail_memory();
  fputs("#!/bin/sh\n"
        "# Submits the jobs in their order; `sh submit.sh 3` those from the third on. Written by berg plan.\n"
        "# Where a job that joins parts failed, it says which to run again: sbatch --array=3,7 01-....sh, in this\n"
        "# folder, and then `sh submit.sh 2`, its own number. All again is right too: what is whole is passed over.\n"
        "set -eu\n"
        "cd -- \"$(dirname -- \"$0\")\"\n"
        "first=${1:-1} job=\n"
        "submit() { # NUMBER SCRIPT DEPENDENCY: on the job before\n"
        "  [ \"$1\" -ge \"$first\" ] || return 0\n"
        "  if [ -z \"$job\" ]; then\n"
        "    job=$(sbatch --parsable \"$2\")\n"
        "  else # what waits for a job that failed goes, instead of waiting for ever\n"
        "    job=$(sbatch --parsable --kill-on-invalid-dep=yes --dependency=\"$3:$job\" \"$2\")\n"
        "  fi\n"
        "  job=${job%%;*}\n"
        "  echo \"$job $2\"\n"
        "}\n",
        stream);
  for (size_t i = 0; i < plan->step_count; i++) {
    const size_t script = 2 * i + 1;
    fprintf(stream, "submit %zu %s afterok\n", script, script_name(&plan->steps[i], script, false, name));
    fprintf(stream, "submit %zu %s afterany\n", script + 1, script_name(&plan->steps[i], script + 1, true, name));
  }
  return write_script(plan, "submit.sh", stream, &text, replace);
}

/* Where Slurm writes what the jobs say, which it does not make. */
static int make_logs(const cli_plan *plan) {
  const size_t size = strlen(plan->jobs) + sizeof "/logs";
  char *logs = cli_alloc(size, 1);
  if (!logs) return cli_fail_memory();
  snprintf(logs, size, "%s/logs", plan->jobs);
  const int status = cli_make_folder(logs);
  free(logs);
  return status;
}

int cli_plan_slurm(const cli_plan *plan, bool replace) {
  int status = make_logs(plan);
  for (size_t i = 0; i < plan->step_count; i++) {
    if (status == CLI_GO_ON) status = write_job(plan, i, false, replace);
    if (status == CLI_GO_ON) status = write_job(plan, i, true, replace);
  }
  return status == CLI_GO_ON ? write_submit(plan, replace) : status;
}

/* --- Any other scheduler --- */

int cli_plan_shards(const cli_plan *plan) {
  cli_plan_print_start(stdout, plan);
  for (size_t i = 0; i < plan->step_count; i++) {
    const cli_plan_step *step = &plan->steps[i];
    printf("\n# %s, %s: %zu part%s side by side, each ", step->name, step->what, step->parts,
           step->parts == 1 ? "" : "s");
    print_estimate(stdout, plan, step);
    putchar('\n');
    for (size_t part = 1; part <= step->parts; part++) {
      cli_plan_print_part(stdout, plan, step, part);
      putchar('\n');
    }
    puts("# then");
    cli_plan_print_merge(stdout, plan, step);
    putchar('\n');
  }
  return CLI_GO_ON;
}
