/* What the commands that name a model and its subjects have in common. */
#ifndef CLI_MODEL_H
#define CLI_MODEL_H

#include "options.h"

/* CLI_GO_ON when the model is known; else says which name is nearest, and returns the exit status. */
int cli_check_model(const char *model_id);

/* The berg directory: as given, else $BERG_DIR, else NULL. */
const char *cli_berg_dir(const char *given);
/* The same for commands that cannot do without one: CLI_GO_ON, or the status of the usage error said. */
int cli_need_berg_dir(const char *command, const char **berg_dir);

/* Subjects as 1, 01 or sub-01 to a new array of numbers, the caller's (free); which subjects there are, the
 * library knows. CLI_GO_ON, or the status of the usage error said: none, no number, one twice. */
int cli_subjects(const char *command, const cli_texts *texts, int **subjects);

#endif
