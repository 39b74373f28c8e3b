/* Listening to the stages for the report. */
#include "train/job/report.h"

#include <string.h>

#include "base/machine.h"
#include "io/value/json_build.h"

void train_report_init(train_report *report, const berg_run *user) {
  memset(report, 0, sizeof *report);
  report->user = user;
  report->start = base_machine_seconds();
}

static train_record *newest(train_report *report) { return &report->records[report->count - 1]; }

void train_report_close(train_report *report) {
  if (!report->open) return;
  newest(report)->seconds += base_machine_seconds() - newest(report)->begin;
  newest(report)->peak_memory = base_machine_peak_memory();
  report->open = false;
}

static void stage_begins(void *user, const char *stage, const char *unit) {
  train_report *report = user;
  train_report_close(report);
  if (report->count < REPORT_STAGES) report->records[report->count++] = (train_record){.stage = stage, .unit = unit};
  newest(report)->begin = base_machine_seconds();
  report->open = true;
  if (report->user->stage) report->user->stage(report->user->user, stage, unit);
}

static int progressed(void *user, size_t done, size_t total, double seconds) {
  train_report *report = user;
  if (!report->user->progress) return 0;
  return report->user->progress(report->user->user, done, total, seconds);
}

static void warned(void *user, const char *message) {
  const train_report *report = user;
  if (report->user->warn) report->user->warn(report->user->user, message);
}

berg_run train_report_run(train_report *report) {
  return (berg_run){.size = sizeof(berg_run),
                    .progress = progressed,
                    .user = report,
                    .stage = stage_begins,
                    .warn = warned,
                    .ranks = report->user->ranks};
}

void train_report_describe(train_report *report, const train_subject *subject, size_t total, train_cost cost) {
  train_record *record = newest(report);
  record->subject = subject;
  record->total = total;
  record->cost = cost;
}

void train_report_rate(train_report *report, double flops) {
  if (flops > 0 && report->rate_count < REPORT_RATES) report->rates[report->rate_count++] = flops;
}

/* The mean over the run, because the machine's rate drifts from stage to stage. */
static double product_rate(const train_report *report) {
  double sum = 0;
  for (size_t i = 0; i < report->rate_count; i++) sum += report->rates[i];
  return report->rate_count ? sum / (double)report->rate_count : 0;
}

void train_report_write(const train_report *report, cJSON *tree) {
  const double rate = product_rate(report);
  double flop = 0, read = 0, written = 0;
  cJSON *stages = io_json_add_list(tree, "stages");
  for (size_t i = 0; i < report->count; i++) {
    const train_record *record = &report->records[i];
    const double flops = record->seconds > 0 ? record->cost.flop / record->seconds : 0;
    cJSON *stage = io_json_add_object(stages, NULL);
    io_json_add_text(stage, "stage", record->stage);
    if (record->subject) {
      model_add_subject(stage, "subject", record->subject->name);
      io_json_add_text(stage, "label", record->subject->label);
    }
    io_json_add_number(stage, "seconds", record->seconds);
    io_json_add_number(stage, record->unit, (double)record->total);
    io_json_add_number(stage, "flop", record->cost.flop);
    io_json_add_number(stage, "flops", flops);
    io_json_add_number(stage, "share", rate > 0 ? flops / rate : 0);
    io_json_add_number(stage, "read_bytes", record->cost.bytes_read);
    io_json_add_number(stage, "written_bytes", record->cost.bytes_written);
    io_json_add_number(stage, "peak_memory_bytes", (double)record->peak_memory);
    flop += record->cost.flop;
    read += record->cost.bytes_read;
    written += record->cost.bytes_written;
  }
  const double seconds = base_machine_seconds() - report->start;
  io_json_add_number(tree, "seconds", seconds);
  io_json_add_number(tree, "flop", flop);
  io_json_add_number(tree, "product_flops", rate);
  io_json_add_number(tree, "share", rate > 0 && seconds > 0 ? flop / seconds / rate : 0);
  io_json_add_number(tree, "read_bytes", read);
  io_json_add_number(tree, "written_bytes", written);
  io_json_add_number(tree, "peak_memory_bytes", (double)base_machine_peak_memory());
}
