/* Lists of formats, and asking for cairo before the work. */
#include "report/formats.h"

#include <string.h>

#include "base/text.h"
#include "report/cairo.h"

#define ALL "svg,png,pdf"

/* Whether a list with commas has a word of this length. */
static bool has(const char *list, const char *word, size_t length) {
  for (;; list++) {
    const size_t here = strcspn(list, ",");
    if (here == length && !strncmp(list, word, length)) return true;
    list += here;
    if (!*list) return false;
  }
}

bool report_names_format(const char *formats, const char *format) {
  return has(formats ? formats : ALL, format, strlen(format));
}

static berg_status check_words(const char *formats, berg_error *error) {
  for (const char *word = formats;; word++) {
    const size_t length = strcspn(word, ",");
    if (!has(ALL, word, length))
      return base_fail(error, BERG_EARGUMENT, "formats of figures: expected some of " ALL ", found \"%s\"", formats);
    word += length;
    if (!*word) return BERG_OK;
  }
}

berg_status report_check_formats(const char *formats, berg_error *error) {
  const report_cairo *cairo;
  const berg_status status = formats ? check_words(formats, error) : BERG_OK;
  if (status || !(report_names_format(formats, "png") || report_names_format(formats, "pdf"))) return status;
  return report_cairo_load(&cairo, error);
}

berg_status berg_check_figure(const char *path, berg_error *error) {
  const report_cairo *cairo;
  const char *ending = strrchr(path, '.');
  if (!ending || !(base_same_word(ending, ".png") || base_same_word(ending, ".pdf"))) return BERG_OK;
  return report_cairo_load(&cairo, error);
}
