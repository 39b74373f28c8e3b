/* What to type next: to download a published file that is missing, or to encode. */
#ifndef MODEL_COMMANDS_H
#define MODEL_COMMANDS_H

#include <stdbool.h>

#include "base/error.h"

/* A word as a shell takes it, on one line whatever it holds. base_free; NULL: ELIMIT. */
char *model_quoted(const char *text, berg_error *error);
/* "berg fetch MODEL --subject 1 --backbone --berg-dir 'my models'", to be typed as it is. Subject NULL: the backbone
 * alone; quarter 0: the model of all training data; berg_dir NULL: "models". base_free; NULL: ELIMIT. */
char *model_command_fetch(const char *model_id, const char *subject, unsigned quarter, bool backbone,
                          const char *berg_dir, berg_error *error);

/* "berg encode MODEL --subject 1 --berg-dir 'my models' photo.jpg -o responses.npy"; backbone NULL: the one that is
 * found. base_free; NULL: ELIMIT. */
char *model_command_encode(const char *model_id, const char *subject, const char *backbone, const char *berg_dir,
                           berg_error *error);

/* Whether the subject's weights (of all training data) and metadata are there. ELIMIT; EPARAMETER. */
berg_status model_has_subject(bool *has, const char *model_id, const char *berg_dir, const char *subject,
                              berg_error *error);

/* Where `error` is about `path` because nothing is there: says what is there instead, and which command downloads it.
 * `status`; ELIMIT. */
berg_status model_tell_fetch(berg_status status, const char *path, const char *model_id, const char *berg_dir,
                             const char *subject, unsigned quarter, berg_error *error);

#endif
