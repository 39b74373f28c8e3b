/* The command lines of a plan: a part of a stage, and what joins the parts. */
#include <stdlib.h>
#include <string.h>

#include "command_text.h"
#include "memory.h"
#include "model.h"
#include "plan.h"

static void print_word(FILE *stream, const char *before, const char *word) {
  char *quoted = cli_quoted(word);
  if (quoted) fprintf(stream, "%s%s", before, quoted);
  free(quoted);
}

static void print_command(FILE *stream, const cli_plan *plan, const char *command) {
  print_word(stream, "", plan->program);
  fprintf(stream, " %s", command);
}

static void print_options(FILE *stream, const cli_plan *plan) {
  for (size_t i = 0; i < plan->option_count; i++) print_word(stream, " ", plan->args[i]);
}

/* "--" and what follows it. */
static void print_operands(FILE *stream, const cli_plan *plan) {
  for (size_t i = plan->option_count; i < plan->arg_count; i++) print_word(stream, " ", plan->args[i]);
}

/* What follows from the machine unless it is said: parts of one training have to do the same on every node. */
static void print_choices(FILE *stream, const cli_plan *plan) {
  fprintf(stream, " --memory %zuK --threads %zu --eigenvectors %s", plan->memory >> 10, plan->threads, plan->way);
}

/* In double quotes, so that the node's variables are put in where it runs. */
static void print_scratch(FILE *stream, const cli_plan *plan, const cli_plan_step *step) {
  if (!plan->scratch || (strcmp(step->name, "features") != 0 && strcmp(step->name, "regression") != 0)) return;
  fputs(" --scratch \"", stream);
  for (const char *c = plan->scratch; *c; c++) {
    if (strchr("\"\\`", *c)) fputc('\\', stream);
    fputc(*c, stream);
  }
  fputc('"', stream);
}

/* The folder beside the output that its parts are in; no command takes its name for an option. */
static void print_parts_folder(FILE *stream, const cli_plan *plan) {
  const char *before = plan->output[0] == '-' ? "./" : "";
  const size_t size = strlen(before) + strlen(plan->output) + sizeof ".parts";
  char *folder = cli_alloc(size, 1);
  if (folder) {
    const size_t length = (size_t)snprintf(folder, size, "%s%s", before, plan->output);
    snprintf(folder + length - (folder[length - 1] == '/'), sizeof ".parts", ".parts");
  }
  if (folder) print_word(stream, "", folder);
  free(folder);
}

/* Parts are what the output is: a store, a folder, or a file of the same format. */
static const char *ending_of(const cli_plan *plan) {
  const char *slash = strrchr(plan->output, '/'), *ending = strrchr(slash ? slash : plan->output, '.');
  if (!strcmp(plan->command, "score")) return ".scores";
  return ending ? ending : "/";
}

void cli_plan_print_start(FILE *stream, const cli_plan *plan) {
  const char *berg_dir = cli_berg_dir(NULL);
  print_word(stream, "cd -- ", plan->folder);
  fputs(" || exit 1\n", stream);
  if (berg_dir) print_word(stream, "export BERG_DIR=", berg_dir);
  if (berg_dir) fputc('\n', stream);
  if (!plan->output) return;
  fputs("mkdir -p ", stream);
  print_parts_folder(stream, plan);
  fputc('\n', stream);
}

static void print_shard(FILE *stream, const cli_plan_step *step, size_t part) {
  if (part)
    fprintf(stream, " --shard %zu/%zu", part, step->parts);
  else
    fprintf(stream, " --shard \"$SLURM_ARRAY_TASK_ID\"/%zu", step->parts);
}

static void print_part_name(FILE *stream, const cli_plan *plan, size_t part) {
  print_parts_folder(stream, plan);
  fputs("/part-", stream);
  if (part)
    fprintf(stream, "%03zu", part);
  else
    fputs("\"$(printf %03d \"$SLURM_ARRAY_TASK_ID\")\"", stream);
  print_word(stream, "", ending_of(plan));
}

void cli_plan_print_part(FILE *stream, const cli_plan *plan, const cli_plan_step *step, size_t part) {
  print_command(stream, plan, plan->command);
  print_options(stream, plan);
  if (plan->output) {
    print_shard(stream, step, part);
    fputs(strcmp(plan->command, "score") != 0 ? " --resume -o " : " -o ", stream);
    print_part_name(stream, plan, part);
  } else {
    fprintf(stream, " --stage %s", step->name);
    print_shard(stream, step, part);
    fputs(" --resume", stream);
    print_choices(stream, plan);
    print_scratch(stream, plan, step);
  }
  print_operands(stream, plan);
}

void cli_plan_print_merge(FILE *stream, const cli_plan *plan, const cli_plan_step *step) {
  print_command(stream, plan, plan->output ? "merge " : plan->command);
  if (!plan->output) {
    print_options(stream, plan);
    fprintf(stream, " --merge %s --shards %zu", step->name, step->parts);
    print_choices(stream, plan);
    print_operands(stream, plan);
    return;
  }
  print_parts_folder(stream, plan);
  fputs("/part-*", stream);
  print_word(stream, "", ending_of(plan));
  print_word(stream, " -o ", plan->output);
}
