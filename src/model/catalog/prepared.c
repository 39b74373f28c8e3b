/* Where the prepared data of a model lie. */
#include "model/catalog/prepared.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/catalog/paths.h"
#include "model/catalog/registry.h"

/* What the names in braces stand for. */
typedef struct filling {
  const char *subject, *output, *part;
} filling;

static const char *zeros(const char *subject) { return strlen(subject) < 2 ? "0" : ""; }

/* `text` and what the word in braces at the start of `*rest` stands for, behind which `*rest` then is. */
static char *add_word(char *text, const char **rest, const filling *with, berg_error *error) {
  const struct {
    const char *word, *before, *value;
  } words[] = {{"{subject}", "", with->subject},
               {"{2}", zeros(with->subject), with->subject},
               {"{output}", "", with->output},
               {"{part}", "", with->part}};
  for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
    const size_t length = strlen(words[w].word);
    if (strncmp(*rest, words[w].word, length)) continue;
    *rest += length;
    return base_format(error, "%s%s%s", text, words[w].before, words[w].value);
  }
  return NULL;
}

static char *fill(const char *name, const filling *with, berg_error *error) {
  char *text = base_copy_text("", error);
  while (text && *name) {
    const size_t plain = strcspn(name, "{");
    char *longer = plain ? base_format(error, "%s%.*s", text, (int)plain, name) : add_word(text, &name, with, error);
    name += plain;
    base_free(text);
    text = longer;
  }
  return text;
}

void model_part_name(unsigned quarter, char text[MODEL_PART_TEXT]) {
  if (quarter)
    base_print(text, MODEL_PART_TEXT, "single_training_split_%u", quarter);
  else
    base_print(text, MODEL_PART_TEXT, "all_training_splits");
}

char *model_prepared_key(const char *key, unsigned quarter, bool flat, berg_error *error) {
  char part[MODEL_PART_TEXT];
  const char *word = strstr(key, "{part}.");
  model_part_name(quarter, part);
  if (word && flat) return base_format(error, "%.*s%s", (int)(word - key), key, word + strlen("{part}."));
  return fill(key, &(filling){"", "", part}, error);
}

/* <berg_dir>/<folder>/<name>, the last with its words filled in. */
static char *path_of(const char *berg_dir, const char *folder, const char *name, const filling *with,
                     berg_error *error) {
  char *file = fill(name, with, error), *path = file ? base_format(error, "%s/%s/%s", berg_dir, folder, file) : NULL;
  base_free(file);
  return path;
}

static berg_status check(const char *model_id, const char *berg_dir, const char *subject, berg_error *error) {
  berg_status status = model_check_subject(model_id, subject, error);
  if (status || (berg_dir && *berg_dir)) return status;
  return base_fail(error, BERG_EMODEL,
                   "no berg directory is named: it holds the model's files (--berg-dir, BERG_DIR or berg_dir)");
}

/* The newer name, unless there is a file of the older one alone. */
static berg_status find(char **path, const char *berg_dir, const char *folder, const char *name, const char *before,
                        const filling *with, berg_error *error) {
  *path = path_of(berg_dir, folder, name, with, error);
  char *older = *path && before ? path_of(berg_dir, folder, before, with, error) : NULL;
  if (!*path || (before && !older)) return BERG_ELIMIT;
  if (older && !model_path_exists(*path) && model_path_exists(older)) {
    char *newer = *path;
    *path = older;
    older = newer;
  }
  base_free(older);
  return BERG_OK;
}

berg_status model_path_prepared(char **path, const char *model_id, const char *berg_dir, const char *subject,
                                model_prepared_file file, size_t output, unsigned quarter, berg_error *error) {
  char part[MODEL_PART_TEXT];
  *path = NULL;
  berg_status status = check(model_id, berg_dir, subject, error);
  if (status) return status;
  const model_layout *layout = model_layout_of(model_id);
  const model_layout_prepared *prepared = &layout->prepared;
  const char *const names[] = {[MODEL_PREPARED_METADATA] = prepared->metadata,
                               [MODEL_PREPARED_TRAIN] = prepared->train,
                               [MODEL_PREPARED_TEST] = prepared->test,
                               [MODEL_PREPARED_AVERAGED] = prepared->averaged};
  const char *before = file == MODEL_PREPARED_TRAIN && !quarter ? prepared->train_before : NULL;
  if (!names[file]) return base_fail(error, BERG_EARGUMENT, "%s has no such prepared data", model_id);
  model_part_name(quarter, part);
  char *folder = base_format(error, "model_training_datasets/train_dataset-%s", layout->dataset);
  status = folder ? find(path, berg_dir, folder, names[file], before,
                         &(filling){subject, layout->outputs[output].name, part}, error)
                  : BERG_ELIMIT;
  base_free(folder);
  return status;
}

berg_status model_path_predictions(char **path, const char *model_id, const char *berg_dir, const char *subject,
                                   size_t output, unsigned quarter, berg_error *error) {
  char part[MODEL_PART_TEXT];
  *path = NULL;
  berg_status status = check(model_id, berg_dir, subject, error);
  if (status) return status;
  const model_layout *layout = model_layout_of(model_id);
  if (!layout->prepared.predictions) return base_fail(error, BERG_EARGUMENT, "%s has no predictions", model_id);
  model_part_name(quarter, part);
  char *folder = base_format(error, "results/test_encoding_models/modality-%s/train_dataset-%s", layout->modality,
                             layout->dataset);
  if (folder)
    *path = path_of(berg_dir, folder, layout->prepared.predictions,
                    &(filling){subject, layout->outputs[output].name, part}, error);
  base_free(folder);
  return *path ? BERG_OK : BERG_ELIMIT;
}

void model_tell_prepare(const char *path, const char *model_id, const char *subject, berg_error *error) {
  struct stat about;
  if (!error || error->status == BERG_ELIMIT || !stat(path, &about) || errno != ENOENT) return;
  char what[sizeof error->message];
  base_print(what, sizeof what, "%s", error->message);
  if (!strcmp(model_id, MODEL_FIRST))
    base_print(error->message, sizeof error->message,
               "%s; berg prepare RAW --subject %s makes it of raw data (docs/training.md)", what, subject);
  else
    base_print(error->message, sizeof error->message, "%s; upstream's programs make it (docs/training.md)", what);
}
