/* What a report was made from, by what, where and when. */
#ifndef REPORT_PROVENANCE_H
#define REPORT_PROVENANCE_H

#include "base/sha256.h"
#include "report/subject.h"
#include "report/text.h"

typedef struct report_file {
  char *path;
  uint64_t size;
  char modified[24];
  char digest[BASE_SHA256_TEXT]; /* empty: not computed */
} report_file;

typedef struct report_provenance {
  const char *model_id, *command; /* command may be NULL */
  char date[24];                  /* "2026-11-22T19:00:00Z" */
  char processor[128];
  int threads;
  size_t memory;
  report_file *files; /* metadata, weights where they are there, surfaces, what was added */
  size_t file_count;
} report_provenance;

/* The metadata are hashed; the weights, which the report does not read, only when asked: 690 MB a subject. */
berg_status report_provenance_make(report_provenance *made, const report_data *data, const char *model_id,
                                   const berg_report_options *options, berg_error *error);
void report_provenance_free(report_provenance *made);
void report_provenance_html(report_text *text, const report_provenance *made);
void report_provenance_json(report_text *text, const report_provenance *made);

#endif
