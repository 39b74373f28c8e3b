/* What a run has done, stage by stage, for the report. It receives the progress of the stages and passes it on to the
 * caller. */
#ifndef TRAIN_REPORT_H
#define TRAIN_REPORT_H

#include <cjson/cJSON.h>

#include "train/job/job.h"
#include "train/job/stage.h"
#include "train/run/run.h"

#define REPORT_STAGES 128
#define REPORT_RATES 16

typedef struct train_record {
  const char *stage, *unit;
  const train_subject *subject; /* NULL: not about one subject */
  size_t total;
  double begin, seconds;
  train_cost cost;
  size_t peak_memory;
} train_record;

typedef struct train_report {
  const berg_run *user;
  double start;
  bool open; /* the newest record is under way */
  size_t count, rate_count;
  train_record records[REPORT_STAGES]; /* past the last, stages are added to the last */
  double rates[REPORT_RATES];          /* of products, measured between stages */
} train_report;

void train_report_init(train_report *report, const berg_run *user);
/* The berg_run to give to the stages in place of the caller's. `report` must not move. */
berg_run train_report_run(train_report *report);
/* Ends the newest stage. */
void train_report_close(train_report *report);
/* Subject (NULL: none), which outlives the report, units and cost of the newest stage. */
void train_report_describe(train_report *report, const train_subject *subject, size_t total, train_cost cost);
void train_report_rate(train_report *report, double flops);

/* The stages, with the rate of each as share of the products' rate. */
void train_report_write(const train_report *report, cJSON *tree);

#endif
