/* berg plan: a command in parts, for several machines. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "system.h"

/* What the command line asked for; the rest is the command's. */
typedef struct request {
  bool slurm, shards, replace;
  size_t parts, processors;
  cli_plan plan;
  char **own, **command;                    /* [own_count], [command_count] of the arguments */
  int own_count, command_count, option_end; /* where options of the command end: at "--", or behind all */
} request;

static const struct {
  const char *name;
  bool takes_value;
} own_options[] = {{"--slurm", false},     {"--shards", false}, {"--replace", false},  {"--tasks", true},  {"-n", true},
                   {"--processors", true}, {"--jobs", true},    {"--partition", true}, {"--scratch", true}};

/* How many of the arguments from this one on are the plan's own. */
static int own_length(const char *argument) {
  const size_t word = strcspn(argument, "=");
  for (size_t i = 0; i < sizeof own_options / sizeof *own_options; i++)
    if (strlen(own_options[i].name) == word && !strncmp(own_options[i].name, argument, word))
      return own_options[i].takes_value && !argument[word] ? 2 : 1;
  return 0;
}

/* Options of the plan may stand anywhere: those of the command have other names. */
static int deal(request *asked, int argc, char **argv) {
  asked->own = cli_alloc((size_t)argc + 1, sizeof *asked->own);
  asked->command = cli_alloc((size_t)argc + 1, sizeof *asked->command);
  if (!asked->own || !asked->command) return cli_fail_memory();
  asked->own[asked->own_count++] = argv[0];
  bool options_end = false;
  for (int i = 1; i < argc; i++) {
    options_end |= !strcmp(argv[i], "--");
    const bool help = !asked->command_count && argv[i][0] == '-';
    const int own = options_end ? 0 : help ? 1 : own_length(argv[i]);
    for (int k = 0; k < own && i + k < argc; k++) asked->own[asked->own_count++] = argv[i + k];
    if (own && help && own_length(argv[i]) == 2 && i + 1 < argc) asked->own[asked->own_count++] = argv[++i];
    if (!own) asked->command[asked->command_count++] = argv[i];
    if (!options_end) asked->option_end = asked->command_count;
    if (own == 2) i++;
  }
  return CLI_GO_ON;
}

static int parse(request *asked) {
  const cli_option options[] = {
      {"slurm", 0, CLI_FLAG, &asked->slurm, NULL, "Write job scripts for Slurm, and submit.sh, which submits them."},
      {"shards", 0, CLI_FLAG, &asked->shards, NULL, "Print the command lines instead, a stage a block."},
      {"tasks", 'n', CLI_COUNT, &asked->parts, "N",
       "Parts of each stage, as far as it has so many. Default: as many that one takes about an hour."},
      {"processors", 0, CLI_COUNT, &asked->processors, "N",
       "Of a task. Default: --threads of the command, else this machine's."},
      {"jobs", 0, CLI_TEXT, &asked->plan.jobs, "DIR", "Where the scripts and their logs go. Default: jobs."},
      {"partition", 0, CLI_TEXT, &asked->plan.partition, "NAME", "Of the cluster. Default: its own choice."},
      {"scratch", 0, CLI_TEXT, &asked->plan.scratch, "DIR",
       "Of train: its tasks make features and regressions in DIR, on a disk of the node's own. $NAME in it is the "
       "node's: '$TMPDIR'."},
      {"replace", 0, CLI_FLAG, &asked->replace, NULL, "Replace scripts that are there."},
  };
  const cli_syntax syntax = {
      .command = "plan",
      .operands = "train|encode|score MODEL ...",
      .summary =
          "Shares a command out over machines: for each of its stages an array of tasks, each a part of it, and a "
          "job that checks the parts and joins them to what one process would have made, to the byte. Time and "
          "memory are estimated as berg train --dry-run does. What follows the command's name is its own "
          "command line. Nothing is submitted; the scripts are to be read, and changed where a cluster "
          "wants it.",
      .examples = "berg plan train fmri-things_fmri_1-vit_b_32 --subject 1 --images images/ --slurm -n 16\n"
                  "berg plan encode fmri-things_fmri_1-vit_b_32 --subject 1 photos/ -o responses.npy --slurm -n 8\n"
                  "berg plan score fmri-things_fmri_1-vit_b_32 --subject 1 photos/ -o photos.scores --shards -n 4",
      .options = options,
      .option_count = sizeof options / sizeof *options};
  size_t count;
  return cli_parse(&syntax, asked->own_count, asked->own, &count);
}

/* Whether the word is this option, alone or with its value behind "=". */
static bool is_option(const char *word, const char *name) {
  const size_t length = strlen(name);
  return !strncmp(word, name, length) && (!word[length] || word[length] == '=');
}

/* What the parts say themselves, or what makes no sense of a part. */
static int check_arguments(const request *asked) {
  static const char *const not [] = {"--stage", "--shard", "--merge", "--dry-run", "--report"};
  for (int i = 1; i < asked->option_end; i++)
    for (size_t k = 0; k < sizeof not / sizeof *not ; k++)
      if (is_option(asked->command[i], not [k]))
        return cli_usage_error("plan", "%s: not of a command that the plan makes parts of", not [k]);
  return CLI_GO_ON;
}

/* The value of --output in this word, or of -o, which may stand behind flags, "-qo"; "": it is the next word; NULL: it
 * is another option. */
static const char *output_in(const char *word) {
  if (is_option(word, "--output")) return word[8] ? word + 9 : "";
  const char *letter = word[0] == '-' && word[1] != '-' ? strchr(word, 'o') : NULL;
  return letter ? letter + 1 : NULL;
}

/* The arguments that parts share: without -o, which is each part's own, and --resume, which all have. */
static int take_arguments(request *asked) {
  cli_plan *plan = &asked->plan;
  plan->args = cli_alloc((size_t)asked->command_count, sizeof *plan->args);
  if (!plan->args) return cli_fail_memory();
  const bool to_output = strcmp(plan->command, "train") != 0;
  for (int i = 1; i < asked->command_count; i++) {
    char *word = asked->command[i];
    const bool is_option_word = i < asked->option_end;
    const char *output = to_output && is_option_word ? output_in(word) : NULL;
    if (output) plan->output = *output || i + 1 == asked->command_count ? output : asked->command[++i];
    const bool has_flags = output && word[1] != 'o' && word[1] != '-';
    if (has_flags) word[strcspn(word, "o")] = '\0';
    if ((output && !has_flags) || (is_option_word && !strcmp(word, "--resume"))) continue;
    plan->args[plan->arg_count++] = word;
    if (is_option_word) plan->option_count = plan->arg_count;
  }
  return CLI_GO_ON;
}

/* Lines of a script are lines of its comments and options too. */
static int check_names(const cli_plan *plan) {
  for (const char *c = plan->partition; c && *c; c++)
    if ((unsigned char)*c <= ' ') return cli_usage_error("plan", "--partition: expected a name, without spaces");
  return CLI_GO_ON;
}

/* Asks the library, with as many threads as a task is to have. */
static int estimate(request *asked) {
  char threads[32];
  cli_plan *plan = &asked->plan;
  char **line = cli_alloc((size_t)asked->command_count + 2, sizeof *line);
  if (!line) return cli_fail_memory();
  int count = 0;
  snprintf(threads, sizeof threads, "--threads=%zu", asked->processors);
  for (int i = 0; i <= asked->command_count; i++) {
    if (asked->processors && i == asked->option_end) line[count++] = threads;
    if (i < asked->command_count) line[count++] = asked->command[i];
  }
  int status;
  if (!strcmp(plan->command, "train"))
    status = cli_plan_train(count, line, &plan->tree);
  else if (!strcmp(plan->command, "encode"))
    status = cli_plan_encode(count, line, &plan->tree);
  else
    status = cli_plan_score(count, line, &plan->tree);
  free(line);
  return status;
}

static int complete(request *asked) {
  cli_plan *plan = &asked->plan;
  const char *command = asked->command_count ? asked->command[0] : "";
  if (strcmp(command, "train") != 0 && strcmp(command, "encode") != 0 && strcmp(command, "score") != 0)
    return cli_usage_error("plan", "of which command? Expected train, encode or score, found \"%s\"", command);
  if (asked->slurm == asked->shards) return cli_usage_error("plan", "for which scheduler? Give --slurm or --shards");
  plan->command = command;
  if (plan->scratch && strcmp(command, "train") != 0)
    return cli_usage_error("plan", "--scratch: %s writes no features and regressions", command);
  int status = check_arguments(asked);
  if (status == CLI_GO_ON) status = check_names(plan);
  if (!plan->jobs) plan->jobs = "jobs";
  if (status == CLI_GO_ON &&
      (!cli_own_program(plan->program, sizeof plan->program) || !getcwd(plan->folder, sizeof plan->folder)))
    status = cli_fail_errno(BERG_EINPUT, ".", "where the program and this folder are cannot be told");
  if (status == CLI_GO_ON) status = estimate(asked);
  if (status == CLI_GO_ON) status = take_arguments(asked); /* shortens words of the command */
  if (status == CLI_GO_ON) cli_plan_steps(plan, asked->parts);
  return status;
}

static void say(const cli_plan *plan) {
  for (size_t i = 0; i < plan->step_count; i++)
    cli_say("%s: %s, %zu task%s", plan->steps[i].name, plan->steps[i].what, plan->steps[i].parts,
            plan->steps[i].parts == 1 ? "" : "s");
  cli_say("%zu jobs in %s: sh %s/submit.sh submits them", 2 * plan->step_count, plan->jobs, plan->jobs);
}

int cli_plan_run(int argc, char **argv) {
  request asked = {0};
  int status = deal(&asked, argc, argv);
  if (status == CLI_GO_ON) status = parse(&asked);
  if (status == CLI_GO_ON) status = complete(&asked);
  if (status == CLI_GO_ON)
    status = asked.slurm ? cli_plan_slurm(&asked.plan, asked.replace) : cli_plan_shards(&asked.plan);
  if (status == CLI_GO_ON && asked.slurm) say(&asked.plan);
  cJSON_Delete(asked.plan.tree);
  free(asked.plan.args);
  free(asked.own);
  free(asked.command);
  return status == CLI_GO_ON ? 0 : status;
}
