/* The models of one encode, score or serve: the one named first, and those of --also, which share its pass over the
 * images. */
#ifndef CLI_ENCODE_MODELS_H
#define CLI_ENCODE_MODELS_H

#include "options.h"

typedef struct cli_encode_model {
  char *id;
  cli_texts subjects; /* as the library takes them */
  char *splits;       /* NULL: the usual ones */
  berg_model *handle;
  char *path; /* -o for it */
} cli_encode_model;

typedef struct cli_encode_models {
  const char *command;      /* whose help usage errors name */
  cli_texts subjects, also; /* as asked for, as the next two */
  const char *splits;
  size_t threads;
  cli_encode_model *list; /* [count] */
  size_t count;
} cli_encode_models;

/* `also` says what --also is for. */
#define CLI_MODELS_OPTIONS(asked, options, also_help)                                                             \
  {"subject", 0, CLI_LIST, &(asked).subjects, "N[,N...]", "Subjects, as 1, 01, sub-01, N (a monkey) or 1-4."},    \
      {"also", 0, CLI_LIST, &(asked).also, "MODEL:N[,N...]", also_help},                                          \
      {"berg-dir", 0, CLI_TEXT, &(options)->berg_dir, "DIR", "The folder of models; else $BERG_DIR."},            \
      {"train-splits",                                                                                            \
       0,                                                                                                         \
       CLI_TEXT,                                                                                                  \
       &(asked).splits,                                                                                           \
       "all|single|split1..4",                                                                                    \
       "MEG and Utah arrays: the model of all training data (the default), the four of its quarters, or one of "  \
       "these."},                                                                                                 \
      {"backbone",                                                                                                \
       0,                                                                                                         \
       CLI_TEXT,                                                                                                  \
       &(options)->backbone,                                                                                      \
       "FILE",                                                                                                    \
       "Weights of the ViT-B/32 (.pth or .safetensors), or random:SEED. Default: looked for, see berg doctor."},  \
  {                                                                                                               \
    "threads", 0, CLI_COUNT, &(asked).threads, "N",                                                               \
        "Default: OMP_NUM_THREADS, SLURM_CPUS_PER_TASK, else as many as this process may use. Never changes the " \
        "numbers."                                                                                                \
  }

/* Takes what was asked for: the model `id` with its subjects, those of --also, and into `options` the folder of models
 * and the threads. CLI_GO_ON, or the status of what was said. */
int cli_encode_models_take(cli_encode_models *models, const char *id, berg_model_options *options);

/* Opens the first with `options`, the others with them but for the selection; where `folder`, each goes to
 * "<output>/<id>_<subject>.<format>", or "<output>/<id>_single_<subject>.<format>", else the only one to `output`.
 * NULL: to no file. */
int cli_encode_models_open(cli_encode_models *models, const berg_model_options *options, const char *output,
                           bool folder, const char *format);
size_t cli_encode_models_columns(const cli_encode_models *models);
/* Calls `each` with every file of all models. */
void cli_encode_models_files(const cli_encode_models *models, void (*each)(void *user, const char *path), void *user);
void cli_encode_models_free(cli_encode_models *models);

#endif
