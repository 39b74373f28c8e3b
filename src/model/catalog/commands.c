/* What to type next: the command that downloads a published file that is missing, what the folder has instead, and how
 * to encode with it. */
#include "model/catalog/commands.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/catalog/paths.h"
#include "model/catalog/registry.h"

static bool is_control(char c) { return (unsigned char)c < 0x20 || c == 0x7f; }

static bool has_control(const char *text) {
  while (*text && !is_control(*text)) text++;
  return *text;
}

/* As bash and its like take it: control characters, which messages show as spaces, by their digits. */
static char *quoted_by_digits(const char *text, berg_error *error) {
  char *word = base_alloc(4 * strlen(text) + 4, 1, error), *to = word;
  if (!word) return NULL;
  *to++ = '$';
  for (*to++ = '\''; *text; text++) {
    if (is_control(*text) || *text == '\'' || *text == '\\')
      to += base_print(to, 5, "\\%03o", (unsigned char)*text);
    else
      *to++ = *text;
  }
  memcpy(to, "'", 2);
  return word;
}

char *model_quoted(const char *text, berg_error *error) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_";
  const size_t length = strlen(text);
  if (length && strspn(text, plain) == length) return base_copy_text(text, error);
  if (has_control(text)) return quoted_by_digits(text, error);
  char *word = base_alloc(4 * length + 3, 1, error), *to = word;
  if (!word) return NULL;
  for (*to++ = '\''; *text; text++) {
    if (*text == '\'') {
      memcpy(to, "'\\'", 3); /* NOLINT(bugprone-not-null-terminated-result): the quote itself follows */
      to += 3;
    }
    *to++ = *text;
  }
  *to++ = '\'';
  *to = '\0';
  return word;
}

char *model_command_fetch(const char *model_id, const char *subject, unsigned quarter, bool backbone,
                          const char *berg_dir, berg_error *error) {
  char splits[32] = "", *folder = model_quoted(berg_dir ? berg_dir : "models", error);
  if (!folder) return NULL;
  if (quarter) base_print(splits, sizeof splits, " --train-splits split%u", quarter);
  char *command = base_format(error, "berg fetch %s%s%s%s%s --berg-dir %s", model_id, subject ? " --subject " : "",
                              subject ? subject : "", splits, backbone ? " --backbone" : "", folder);
  base_free(folder);
  return command;
}

char *model_command_encode(const char *model_id, const char *subject, const char *backbone, const char *berg_dir,
                           berg_error *error) {
  char *folder = model_quoted(berg_dir, error), *file = folder && backbone ? model_quoted(backbone, error) : NULL,
       *command = NULL;
  if (folder && (file || !backbone))
    command = base_format(error, "berg encode %s --subject %s --berg-dir %s%s%s photo.jpg -o responses.npy", model_id,
                          subject, folder, file ? " --backbone " : "", file ? file : "");
  base_free(file);
  base_free(folder);
  return command;
}

berg_status model_has_subject(bool *has, const char *model_id, const char *berg_dir, const char *subject,
                              berg_error *error) {
  char *metadata, *weights = NULL;
  berg_status status = model_path_metadata(&metadata, model_id, berg_dir, subject, error);
  if (!status) status = model_path_weights(&weights, model_id, berg_dir, subject, 0, error);
  *has = !status && model_path_exists(metadata) && model_path_exists(weights);
  base_free(weights);
  base_free(metadata);
  return status;
}

/* "; of this model's subjects there are 1, 3", or "". base_free. */
static berg_status tell_subjects(char **text, const char *model_id, const char *berg_dir, berg_error *error) {
  char **subjects;
  size_t count, found = 0;
  berg_status status = model_subjects(model_id, &subjects, &count, error);
  *text = status ? NULL : base_copy_text("", error);
  for (size_t i = 0; i < count && !status && *text; i++) {
    bool has;
    status = model_has_subject(&has, model_id, berg_dir, subjects[i], error);
    if (status || !has) continue;
    char *longer =
        base_format(error, "%s%s%s", *text, found++ ? ", " : "; of this model's subjects there are ", subjects[i]);
    base_free(*text);
    *text = longer;
  }
  base_free_texts(subjects, count);
  return status ? status : *text ? BERG_OK : BERG_ELIMIT;
}

/* What a wrong folder shows at once, else the subjects that it has. */
static berg_status tell_folder(char **text, const char *model_id, const char *berg_dir, berg_error *error) {
  struct stat about;
  *text = NULL;
  if (stat(berg_dir, &about))
    *text = base_format(error, "; there is no folder %s", berg_dir);
  else if (!S_ISDIR(about.st_mode))
    *text = base_format(error, "; %s is not a folder", berg_dir);
  else
    return tell_subjects(text, model_id, berg_dir, error);
  return *text ? BERG_OK : BERG_ELIMIT;
}

static berg_status is_backbone_missing(bool *missing, const char *berg_dir, berg_error *error) {
  char *path;
  berg_status status = BERG_OK;
  *missing = true;
  for (size_t i = 0; !status && *missing; i++) {
    status = model_path_backbone(&path, berg_dir, i, error);
    if (!path) break;
    *missing = !model_path_exists(path);
    base_free(path);
  }
  return status;
}

berg_status model_tell_fetch(berg_status status, const char *path, const char *model_id, const char *berg_dir,
                             const char *subject, unsigned quarter, berg_error *error) {
  struct stat about;
  if (status != BERG_EMODEL || !error || !stat(path, &about) || (errno != ENOENT && errno != ENOTDIR)) return status;
  const char *into = errno == ENOENT ? berg_dir : NULL;
  const berg_error told = *error;
  char *folder = NULL, *command = NULL;
  bool backbone = false;
  berg_status failed = tell_folder(&folder, model_id, berg_dir, error);
  if (!failed) failed = is_backbone_missing(&backbone, berg_dir, error);
  if (!failed) command = model_command_fetch(model_id, subject, quarter, backbone, into, error);
  if (command) {
    base_fail(error, status, "%s%s; download it: %s", told.message, folder, command);
    char message[sizeof error->message];
    memcpy(message, error->message, sizeof message);
    *error = told;
    memcpy(error->message, message, sizeof message);
  }
  base_free(command);
  base_free(folder);
  return command ? status : BERG_ELIMIT;
}
