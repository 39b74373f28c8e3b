/* The models of one `berg encode`: the one named first, and those of --also, which share its pass over the images. */
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
  cli_encode_model *list; /* [count] */
  size_t count;
  const char *command; /* whose help usage errors name; NULL: encode */
} cli_encode_models;

/* Adds the model `id` with its subjects as given, "1", "01" or "1-4". CLI_GO_ON, or the status of what was said. */
int cli_encode_models_add(cli_encode_models *models, const char *id, const cli_texts *subjects, const char *splits);
/* Adds those of --also: MODEL:SUBJECT[,SUBJECT...], or with ":single" behind. */
int cli_encode_models_also(cli_encode_models *models, const cli_texts *also);

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
