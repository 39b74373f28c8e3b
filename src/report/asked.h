/* What was asked of scores, on the page: what berg rank, contrast, rsm, rsa and control wrote, as figures. */
#ifndef REPORT_ASKED_H
#define REPORT_ASKED_H

#include <cjson/cJSON.h>

#include "report/figure.h"
#include "report/tiles.h"

/* One file on its way to figures. */
typedef struct report_asked {
  report_figures *figures;
  size_t first; /* of the figures, that is of a file that was added */
  const report_data *data;
  const char *path;
  report_tiles *tiles;
} report_asked;

/* A figure for each file that data->added names, or several. EINPUT: a file that is missing, or none of those. */
berg_status report_asked_draw(report_figures *figures, const report_data *data, berg_error *error);

/* --- For those that draw --- */

/* The next figure, started with an id of its own that ends in `kind`, and this title; NULL with ELIMIT. */
report_figure *report_asked_figure(const report_asked *asked, const char *kind, size_t sheet_columns, berg_error *error,
                                   const char *title, ...) BASE_PRINTF(5, 6);
/* Members of an object: NULL, "" and NaN where there is none of that type. */
const cJSON *report_member(const cJSON *object, const char *key);
const char *report_member_text(const cJSON *object, const char *key);
double report_member_number(const cJSON *object, const char *key);
/* An item of a list as a number, NaN where it is none. */
double report_item_number(const cJSON *list, int index);
/* The file's name without its folder. */
const char *report_asked_name(const report_asked *asked);

typedef struct report_asked_picture {
  const char *name;
  char caption[32];
} report_asked_picture;
#define REPORT_ASKED_PICTURES 24
/* A block of pictures as a panel of the figure, as many as fit a page; the missing ones are counted by the tiles. */
berg_status report_asked_pictures(const report_asked *asked, report_figure *figure, const char *title,
                                  const report_asked_picture *pictures, size_t count, berg_error *error);
/* Says in `missing` how many pictures were not found since `before`. */
void report_asked_count_missing(const report_asked *asked, report_figure *figure, size_t before);

berg_status report_asked_ranking(const report_asked *asked, const cJSON *ranking, berg_error *error);
berg_status report_asked_contrasts(const report_asked *asked, const cJSON *contrasts, berg_error *error);
berg_status report_asked_comparisons(const report_asked *asked, const cJSON *rsa, berg_error *error);
berg_status report_asked_control(const report_asked *asked, const cJSON *control, berg_error *error);
/* Values of a subject's columns: takes a .npy (one number a column) or a NIfTI. EINPUT: fits no subject, or several. */
berg_status report_asked_map(const report_asked *asked, const berg_array *values, berg_error *error);
berg_status report_asked_volume(const report_asked *asked, berg_error *error);
/* A matrix images x images, or all those of an HDF5 file. */
berg_status report_asked_matrix(const report_asked *asked, const berg_array *matrix, berg_error *error);
berg_status report_asked_matrices(const report_asked *asked, berg_error *error);

#endif
