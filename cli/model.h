/* What the commands that name a model and its subjects have in common. */
#ifndef CLI_MODEL_H
#define CLI_MODEL_H

#include "options.h"

/* CLI_GO_ON when the model is known; else prints the nearest name, and returns the exit status. */
int cli_check_model(const char *model_id);

/* The berg directory: as given, else $BERG_DIR, else NULL. */
const char *cli_berg_dir(const char *given);
/* The same for commands that require one: CLI_GO_ON, or the status of the usage error printed. */
int cli_need_berg_dir(const char *command, const char **berg_dir);

/* Subjects as 1, 01, sub-01 or N, and ranges of numbers as 1-4, to `subjects` as the library takes them ("1", "N");
 * which there are, the library knows. CLI_GO_ON, or the status of the usage error said: none, one twice, nothing that
 * could be one. */
int cli_subjects(const char *command, const cli_texts *texts, cli_texts *subjects);
/* The same where all are numbered, as a new array, the caller's (free). */
int cli_subject_numbers(const char *command, const cli_texts *texts, int **numbers);

/* --isa of every command that computes. */
#define CLI_ISA_HELP                                                                                                 \
  "The processor's instructions to compute with, so that processors of several kinds give the same bits: auto, the " \
  "widest there are (berg doctor lists them), portable, avx2, avx512, amx; on Arm neon, neon_dot, neon_matrix. One " \
  "that is not here is an error. Default: auto."
#define CLI_ISA_OPTION(place) \
  { "isa", 0, CLI_TEXT, place, "NAME", CLI_ISA_HELP }

/* --precision, --isa and --strict, and where converted weights are kept. */
typedef struct cli_precision {
  bool strict, no_cache;
  char *cache; /* its own copy */
} cli_precision;

#define CLI_PRECISION_OPTIONS(asked, options)                                                                     \
  {"precision",                                                                                                   \
   0,                                                                                                             \
   CLI_TEXT,                                                                                                      \
   &(options)->precision,                                                                                         \
   "f32|bf16|int8",                                                                                               \
   "Of the products: bf16 and int8 are faster and a little less exact (docs/precision.md). Default: f32."},       \
      {"strict", 0,                                                                                               \
       CLI_FLAG, &(asked).strict,                                                                                 \
       NULL,     "Fail where the processor has no instructions for the precision, instead of computing in f32."}, \
      CLI_ISA_OPTION(&(options)->isa), {                                                                          \
    "no-cache", 0, CLI_FLAG, &(asked).no_cache, NULL,                                                             \
        "Neither use nor keep converted weights. Default: kept in the user's cache folder, see berg doctor."      \
  }

/* Copies them to the model's options and prints the library's warnings; cli_precision_free after the model is
 * opened. */
void cli_precision_take(cli_precision *asked, bool quiet, berg_model_options *options);
void cli_precision_free(cli_precision *asked);

#endif
