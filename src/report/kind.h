/* What distinguishes the report of one model from another's: what subjects hold, which figures are drawn, in which
 * words. */
#ifndef REPORT_KIND_H
#define REPORT_KIND_H

#include "report/subject.h"

struct report_figure;

/* Regions that belong together in a figure. */
typedef struct report_group {
  const char *name;
  const char *const *regions; /* up to NULL */
} report_group;

typedef struct report_kind {
  const char *model_id;
  const char *first_subject; /* whom the report is of when nobody is named */
  const char *responses;     /* "fMRI responses" */
  const char *step;          /* "voxel by voxel" */
  const char *unit;          /* "voxel" */
  const char *units;         /* "voxels" */
  const char *all;           /* all of them, as a place: "Whole brain" */
  const char *values;        /* what the lists of a subject have one number for: "voxels" */
  const char *regions;       /* what regions are called: "regions" */
  const char *before_region; /* in titles: "Names with "; NULL: nothing */
  const char *note;          /* what a reader has to know first; NULL: nothing */
  int colours;               /* of subjects */
  double counts_above;       /* units with times count in a mean where their best ceiling is above so many percent */
  const report_group *groups;
  size_t group_count;
  berg_status (*open)(report_subject *subject, berg_error *error);
  void (*const *draw)(struct report_figure *figure, const report_data *data); /* up to NULL; the first is the plot */
} report_kind;

/* EPARAMETER: there is no report of this model. */
berg_status report_find_kind(const report_kind **kind, const char *model_id, berg_error *error);

/* Fill a subject whose name and metadata are known. */
berg_status report_open_voxels(report_subject *subject, berg_error *error);
berg_status report_open_vertices(report_subject *subject, berg_error *error);
berg_status report_open_eeg(report_subject *subject, berg_error *error);
berg_status report_open_meg(report_subject *subject, berg_error *error);
berg_status report_open_electrodes(report_subject *subject, berg_error *error);

#endif
