/* Relational neural control (Gifford et al. 2025): images that drive two regions together or apart. What the parts of
 * it share: who is asked about which regions, and what was found. docs/control.md has the definitions. */
#ifndef QUERY_CONTROL_H
#define QUERY_CONTROL_H

#include <cjson/cJSON.h>

#include "query/control/search.h"
#include "query/subject/subject.h"

/* Fewer units than this make a region whose numbers mean little. */
#define QUERY_CONTROL_FEW 10

/* A region in one subject. */
typedef struct query_area {
  model_list columns; /* those kept */
  size_t whole;       /* before the ceiling was asked for */
} query_area;

/* The subjects that are asked, and the regions in each of them. */
typedef struct query_cast {
  const berg_store *store;
  size_t images;
  query_subject *subjects; /* [subject_count] */
  size_t subject_count;
  char **regions; /* [region_count] */
  size_t region_count;
  query_area *areas; /* [region_count][subject_count] */
  char **left_out;   /* [left_out_count] regions that were not named and have nothing left in some subject */
  size_t left_out_count;
  double least; /* the ceiling, or negative */
} query_cast;

/* EPARAMETER: no such model, subject or region; a region without units above the ceiling in some subject; fewer than
 * two regions. `options` are the library's own copy. */
berg_status query_cast_open(query_cast *cast, const berg_store *store, const berg_control_options *options,
                            berg_error *error);
void query_cast_close(query_cast *cast);
static inline const query_area *query_cast_area(const query_cast *cast, size_t region, size_t subject) {
  return &cast->areas[region * cast->subject_count + subject];
}

/* Pairs of regions in order: (0, 1), (0, 2), ... (1, 2), ... */
typedef struct query_pair {
  size_t regions[2];
} query_pair;

/* What a run is given. A fold chooses images by some subjects' responses: the first by all subjects, the others, where
 * subjects are cross-validated, each by all but one, who tests them. */
typedef struct query_control {
  const query_cast *cast;
  const berg_control_options *options;
  const berg_run *run;
  query_pair *pairs;
  size_t pair_count;
  size_t folds; /* 1, or 1 + the number of subjects */
  int threads;
  base_team *team;
  double start;
} query_control;

/* The subject left out of a fold, or SIZE_MAX. */
static inline size_t query_left_out(size_t fold) { return fold ? fold - 1 : SIZE_MAX; }
static inline size_t query_training(const query_control *c, size_t fold) {
  return c->cast->subject_count - (fold ? 1 : 0);
}

/* --- Univariate --- */

/* high or low of the first, high or low of the second region. */
#define QUERY_CONDITIONS ((size_t)4)
extern const char *const query_condition_names[QUERY_CONDITIONS];
/* +1: a condition drives region `side` (0, 1) up, -1: down. */
int query_condition_sign(size_t condition, size_t side);

/* Responses: means over a region's units. */
typedef struct query_means {
  size_t images, subjects, regions;
  double *u; /* [images][subjects][regions] */
} query_means;

berg_status query_means_make(query_means *means, const query_control *control, berg_error *error);
static inline double query_mean_at(const query_means *m, size_t image, size_t subject, size_t region) {
  return m->u[(image * m->subjects + subject) * m->regions + region];
}

/* What was found for a pair, fold and condition. */
typedef struct query_cell {
  size_t count;     /* images chosen */
  size_t passed;    /* images that could have been */
  double means[2];  /* responses to those chosen, of the training subjects */
  double tested[2]; /* of the subject left out */
  double p[2], q[2];
} query_cell;

typedef struct query_univariate {
  query_means means;
  double *grand;            /* [folds][regions] mean over all images, of the training subjects */
  double *baseline;         /* [folds][regions] */
  double *baseline_tested;  /* [folds][regions] of the subject left out */
  uint32_t *baseline_shown; /* [folds][regions][options->images], ascending */
  query_cell *cells;        /* [folds][pairs][QUERY_CONDITIONS] */
  uint32_t *shown;          /* the same [options->images], the strongest first */
  double *columns;          /* [regions][images] of one fold at a time; in the end of all subjects */
  double *correlation;      /* [1 + subjects][regions][regions] over all images: of the mean, and of each subject */
} query_univariate;

berg_status query_univariate_run(query_univariate *found, const query_control *control, berg_error *error);
void query_univariate_release(query_univariate *found);
/* The baseline of every fold and region: of random sets the one whose mean is nearest to the mean of all. */
berg_status query_baselines(query_univariate *found, const query_control *control, berg_error *error);
berg_status query_correlate_means(query_univariate *found, berg_error *error);
/* p of every cell of the folds that leave a subject out: labels of images permuted. */
berg_status query_permute_labels(query_univariate *found, const query_control *control, berg_error *error);

static inline size_t query_cell_index(const query_control *c, size_t fold, size_t pair, size_t condition) {
  return (fold * c->pair_count + pair) * QUERY_CONDITIONS + condition;
}

/* --- Multivariate --- */

typedef struct query_multivariate_goal {
  uint32_t *sets;           /* [generations][size] the best of each generation, in any order */
  double *scores, *tested;  /* [generations] its r in float32 products; of the subject left out */
  double score, test, p, q; /* of the last one, in double */
} query_multivariate_goal;

typedef struct query_multivariate_fold {
  uint32_t *baseline; /* [size] */
  double baseline_score, baseline_test;
  query_multivariate_goal goals[QUERY_GOALS];
} query_multivariate_fold;

/* [pairs][folds] */
typedef struct query_multivariate {
  query_multivariate_fold *folds;
  size_t count;
} query_multivariate;

berg_status query_multivariate_run(query_multivariate *found, const query_control *control, berg_error *error);
void query_multivariate_release(query_multivariate *found);

/* --- Over subjects --- */

/* Of every test, and what an interval leaves out. */
#define QUERY_CONTROL_LEVEL 0.05
/* P(Binomial(n, QUERY_CONTROL_LEVEL) >= k). */
double query_binomial(size_t n, size_t k);
#define QUERY_RESAMPLED 8
/* All ways to draw as many subjects again, up to QUERY_RESAMPLED of them, which are told by their weights; beyond, so
 * many drawn ones. */
typedef struct query_resamples {
  size_t subjects, count;
  double *weights; /* [count][subjects] their sum is 1 */
  double *chance;  /* [count] of each way */
} query_resamples;

berg_status query_resamples_make(query_resamples *resamples, size_t subjects, uint64_t seed, berg_error *error);
void query_resamples_release(query_resamples *resamples);
/* The 95 % bootstrap interval of the mean over subjects. `work` [2 * count]. */
void query_interval(const query_resamples *resamples, const double *values, double *work, double interval[2]);

/* --- As JSON --- */

/* An answer on its way there. */
typedef struct query_printing {
  const query_control *control;
  const query_univariate *found;        /* of mean responses, or ... */
  const query_multivariate_fold *folds; /* ... of sets: those of the pair at hand */
  query_resamples resamples;
  double *work; /* of query_interval, and [subjects] */
  bool *used;   /* [images] whose names are to be told */
} query_printing;

/* ELIMIT. */
berg_status query_printing_open(query_printing *printing, const query_control *control, berg_error *error);
void query_printing_close(query_printing *printing);

/* What was asked, of whom. */
void query_control_print_asked(cJSON *tree, const query_control *control);
/* The list "regions", whose items others add to. */
cJSON *query_control_print_regions(cJSON *tree, const query_control *control);
/* Images by their numbers, which are noted in `used` [images]. */
void query_control_print_images(cJSON *to, const char *key, const uint32_t *images, size_t count, bool *used);
/* The names of the images that are used. */
berg_status query_control_print_names(cJSON *tree, const query_control *control, const bool *used, berg_error *error);
berg_status query_control_print_means(cJSON *tree, const query_control *control, const query_univariate *found,
                                      berg_error *error);
berg_status query_control_print_sets(cJSON *tree, const query_control *control, const query_multivariate *found,
                                     berg_error *error);

#endif
