/* A command in parts: what its stages take, and the scripts or lines that do them on several machines. */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include "encode_models.h"
#include "outline.h"

/* One array of tasks, and the job that joins what they made. */
typedef struct cli_plan_step {
  const char *name; /* of the stage: "features"; "encode" */
  char what[64];    /* "8,640 images" */
  size_t parts;
  double seconds, memory; /* of the longest task, as estimated */
  double join_seconds;
} cli_plan_step;

#define CLI_PLAN_STEPS 6

typedef struct cli_plan {
  const char *command;              /* "train", "encode", "score" */
  char **args;                      /* [arg_count] what follows it, without what the parts say themselves */
  size_t arg_count, option_count;   /* from option_count on they are "--" and operands */
  const char *output;               /* of encode and score; NULL: train */
  char program[4096], folder[4096]; /* absolute */
  const char *jobs, *partition;     /* where the scripts go; NULL: the cluster's own choice */
  const char *scratch;              /* a folder of the node's own; NULL: none */
  cli_plan_step steps[CLI_PLAN_STEPS];
  size_t step_count, threads;
  size_t memory;   /* of a training: what all of its parts are planned with, */
  const char *way; /* and how they find eigenvectors */
  cJSON *tree;     /* of the library: cli_plan_train ... */
} cli_plan;

/* What the command of these arguments would take, as the library says it: JSON of berg_train_plan or berg_encode_plan.
 * CLI_GO_ON, or the exit status of what was said. */
int cli_plan_train(int argc, char **argv, cJSON **tree);
int cli_plan_encode(int argc, char **argv, cJSON **tree);
int cli_plan_score(int argc, char **argv, cJSON **tree);
/* Of images through models. */
int cli_plan_images(cli_encode_models *models, const berg_model_options *options, const berg_stimuli *stimuli,
                    cJSON **tree);

/* Fills the steps: `parts` tasks each, as far as a stage has so many; 0: as many that a task takes about an hour. */
void cli_plan_steps(cli_plan *plan, size_t parts);

/* The command of one part of a step, or the join of all, as a shell takes it; `part` 0: the one that Slurm
 * names. */
void cli_plan_print_part(FILE *stream, const cli_plan *plan, const cli_plan_step *step, size_t part);
void cli_plan_print_merge(FILE *stream, const cli_plan *plan, const cli_plan_step *step);
/* What comes before the commands of a script: the folder, the environment. */
void cli_plan_print_start(FILE *stream, const cli_plan *plan);

/* Scripts into plan->jobs, or lines on standard output. CLI_GO_ON, or the exit status of what was said. */
int cli_plan_slurm(const cli_plan *plan, bool replace);
int cli_plan_shards(const cli_plan *plan);

#endif
