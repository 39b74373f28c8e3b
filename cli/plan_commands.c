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

static void print_args(FILE *stream, const cli_plan *plan) {
  for (size_t i = 0; i < plan->arg_count; i++) print_word(stream, " ", plan->args[i]);
}

/* The folder beside the output that its parts are in. */
static void print_parts_folder(FILE *stream, const cli_plan *plan) {
  const size_t length = strlen(plan->output);
  char *folder = cli_alloc(length + 8, 1);
  if (folder) snprintf(folder, length + 8, "%s.parts", plan->output);
  if (folder && length && folder[length - 1] == '/') memcpy(folder + length - 1, ".parts", 7);
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

void cli_plan_print_part(FILE *stream, const cli_plan *plan, const cli_plan_step *step, size_t part) {
  print_command(stream, plan, plan->command);
  print_args(stream, plan);
  if (!plan->output) {
    fprintf(stream, " --stage %s", step->name);
    print_shard(stream, step, part);
    fprintf(stream, " --resume --memory %zuK", plan->memory >> 10);
    return;
  }
  print_shard(stream, step, part);
  fputs(strcmp(plan->command, "score") != 0 ? " --resume -o " : " -o ", stream);
  print_parts_folder(stream, plan);
  if (part)
    fprintf(stream, "/part-%03zu%s", part, ending_of(plan));
  else
    fprintf(stream, "/part-\"$(printf %%03d \"$SLURM_ARRAY_TASK_ID\")\"%s", ending_of(plan));
}

void cli_plan_print_merge(FILE *stream, const cli_plan *plan, const cli_plan_step *step) {
  print_command(stream, plan, plan->output ? "merge " : plan->command);
  if (!plan->output) {
    print_args(stream, plan);
    fprintf(stream, " --merge %s --shards %zu --memory %zuK", step->name, step->parts, plan->memory >> 10);
    return;
  }
  print_parts_folder(stream, plan);
  fprintf(stream, "/part-*%s", ending_of(plan));
  print_word(stream, " -o ", plan->output);
}
