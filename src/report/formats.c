/* Lists of formats, and asking for cairo before the work. */
#include "report/formats.h"

#include <string.h>

#include "base/text.h"
#include "report/cairo.h"

static const char *const known[] = {"svg", "png", "pdf"};

static bool is_word(const char *list, size_t length, const char *word) {
  return length == strlen(word) && !strncmp(list, word, length);
}

bool report_names_format(const char *formats, const char *format) {
  if (!formats) return true;
  for (const char *word = formats;; word++) {
    const size_t length = strcspn(word, ",");
    if (is_word(word, length, format)) return true;
    word += length;
    if (!*word) return false;
  }
}

static berg_status check_words(const char *formats, berg_error *error) {
  for (const char *word = formats;; word++) {
    const size_t length = strcspn(word, ",");
    bool is_known = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) is_known |= is_word(word, length, known[i]);
    if (!is_known)
      return base_fail(error, BERG_EARGUMENT, "formats of figures: expected some of svg,png,pdf, found \"%s\"",
                       formats);
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
