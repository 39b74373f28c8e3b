/* The numbers that images are ranked by. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "query/subject/functional.h"
#include "query/scores/moments.h"
#include "query/rank/rank.h"

/* --- What is asked --- */

static const struct {
  const char *name;
  query_measure measure;
} measures[] = {{"norm", QUERY_NORM}, {"typicality", QUERY_TYPICALITY}, {"similarity", QUERY_SIMILARITY}};

/* Where the argument in brackets begins, if the whole text is such a call. */
static const char *argument_of(const char *text, const char *name) {
  const size_t length = strlen(name);
  text += strspn(text, " ");
  if (strncmp(text, name, length)) return NULL;
  text += length;
  text += strspn(text, " ");
  return *text == '(' ? text + 1 : NULL;
}

/* The bracket that closes the argument, if nothing is behind it. */
static const char *closing_of(const char *argument) {
  int open = 1;
  const char *at = argument;
  for (; *at; at++) {
    open += (*at == '(') - (*at == ')');
    if (!open) break;
  }
  return *at && at[1 + strspn(at + 1, " ")] == '\0' ? at : NULL;
}

static berg_status take_call(query_criterion *criterion, const char *text, const char *argument, berg_error *error) {
  const char *end = closing_of(argument), *comma = strchr(argument, ',');
  const bool named = criterion->measure == QUERY_SIMILARITY;
  if (!end || (named && (!comma || comma > end)))
    return base_fail(error, BERG_EPARAMETER, "%s: expected %s", text,
                     named ? "similarity(set, image)" : "a set in brackets and nothing behind");
  const char *set_end = named ? comma : end;
  char *set = base_copy_bytes(text, (size_t)(set_end - text), error);
  if (set) memset(set, ' ', (size_t)(argument - text)); /* messages point at characters of the whole text */
  berg_status status = set ? model_expression_parse(&criterion->set, set, error) : BERG_ELIMIT;
  base_free(set);
  if (status || !named) return status;
  comma += 1 + strspn(comma + 1, " ");
  while (end > comma && end[-1] == ' ') end--;
  criterion->image = base_copy_bytes(comma, (size_t)(end - comma), error);
  return criterion->image ? BERG_OK : BERG_ELIMIT;
}

berg_status query_criterion_parse(query_criterion *criterion, const char *text, berg_error *error) {
  *criterion = (query_criterion){.measure = QUERY_LINEAR};
  for (size_t i = 0; i < sizeof measures / sizeof *measures; i++) {
    const char *argument = argument_of(text, measures[i].name);
    if (!argument) continue;
    criterion->measure = measures[i].measure;
    berg_status status = take_call(criterion, text, argument, error);
    if (status) query_criterion_free(criterion);
    return status;
  }
  return model_functional_parse(&criterion->functional, text, error);
}

void query_criterion_free(query_criterion *criterion) {
  if (criterion->measure == QUERY_LINEAR)
    model_functional_free(&criterion->functional);
  else
    model_expression_free(criterion->set);
  base_free(criterion->image);
}

/* --- On a subject --- */

static berg_status make_linear(query_measuring *m, const query_criterion *criterion, const query_subject *subject,
                               berg_error *error) {
  m->column_count = criterion->functional.count;
  m->vector = base_alloc(m->scores + 1, sizeof *m->vector, error);
  m->columns = base_calloc(m->column_count, sizeof *m->columns, error);
  if (!m->vector || !m->columns) return BERG_ELIMIT;
  return query_functional_vector(subject, &criterion->functional, m->vector, m->columns, error);
}

/* The pattern of the mean scores, in more digits than floats have: patterns are affine in the scores. */
static berg_status mean_pattern(query_measuring *m, const double *mean, berg_error *error) {
  const size_t width = query_patterns_width(m->patterns), n = m->scores;
  float *parts = base_calloc(3, n * sizeof *parts, error); /* high, low, zero */
  double *x = base_alloc(3, width * sizeof *x, error);
  for (size_t j = 0; parts && j < n; j++) {
    parts[j] = (float)mean[j];
    parts[n + j] = (float)(mean[j] - (double)parts[j]);
  }
  if (parts && x) {
    query_patterns_of(m->patterns, parts, n, 3, x);
    for (size_t j = 0; j < width; j++) m->direction[j] = x[j] + x[width + j] - x[2 * width + j];
  }
  base_free(parts);
  base_free(x);
  return parts && x ? BERG_OK : BERG_ELIMIT;
}

static berg_status image_pattern(query_measuring *m, const query_subject *subject, const char *name,
                                 berg_error *error) {
  size_t image;
  const float *row;
  berg_status status = berg_store_find(subject->store, name, &image, error);
  if (!status) status = model_store_rows(subject->store, subject->part, image, 1, NULL, &row, error);
  if (!status) query_patterns_of(m->patterns, row, m->scores, 1, m->direction);
  return status;
}

static berg_status make_direction(query_measuring *m, const query_criterion *criterion, const query_subject *subject,
                                  const double *mean, berg_error *error) {
  if (m->measure == QUERY_NORM) return BERG_OK;
  m->direction = base_alloc(query_patterns_width(m->patterns), sizeof *m->direction, error);
  if (!m->direction) return BERG_ELIMIT;
  berg_status status = m->measure == QUERY_TYPICALITY ? mean_pattern(m, mean, error)
                                                      : image_pattern(m, subject, criterion->image, error);
  if (!status) query_patterns_normalise(m->patterns, 1, m->direction);
  return status;
}

static berg_status make_pattern(query_measuring *m, const query_criterion *criterion, const query_subject *subject,
                                query_images images, int threads, berg_error *error) {
  double *mean = base_alloc(2 * m->scores, sizeof *mean, error), *rows = NULL;
  size_t units = 0;
  m->column_count = 1;
  m->columns = base_alloc(1, sizeof *m->columns, error);
  berg_status status = mean && m->columns ? BERG_OK : BERG_ELIMIT;
  if (!status)
    status = query_moments(subject->store, subject->part, images.items, images.count, threads, subject->run, mean,
                           mean + m->scores, NULL, error);
  if (!status) status = query_functional_rows(subject, criterion->set, &rows, &units, error);
  if (!status) status = query_patterns_new(&m->patterns, rows, units, m->scores, mean + m->scores, threads, error);
  if (!status) {
    m->columns[0] = units;
    m->scale = 1 / sqrt((double)units);
    m->x = base_alloc(QUERY_TILE, query_patterns_width(m->patterns) * sizeof *m->x, error);
    status = m->x ? make_direction(m, criterion, subject, mean, error) : BERG_ELIMIT;
  }
  base_free(mean);
  base_free(rows);
  return status;
}

berg_status query_measuring_make(query_measuring *m, const query_criterion *criterion, const query_subject *subject,
                                 query_images images, int threads, berg_error *error) {
  *m = (query_measuring){.measure = criterion->measure, .scores = subject->scores};
  berg_status status = m->measure == QUERY_LINEAR ? make_linear(m, criterion, subject, error)
                                                  : make_pattern(m, criterion, subject, images, threads, error);
  if (status) query_measuring_release(m);
  return status;
}

void query_measuring_release(query_measuring *m) {
  base_free(m->vector);
  base_free(m->columns);
  base_free(m->direction);
  base_free(m->x);
  query_patterns_free(m->patterns);
  *m = (query_measuring){.measure = QUERY_LINEAR};
}

/* --- On images --- */

#define TOGETHER ((size_t)64)
#define LANES ((size_t)8)

typedef struct tile {
  const query_measuring *m;
  const float *rows;
  size_t count;
  double *values;
} tile;

/* In eight sums, of which the compiler makes vectors. */
static double dot(const double *a, const float *b, size_t n) {
  double sums[LANES] = {0}, sum = 0;
  size_t j = 0;
  for (; j + LANES <= n; j += LANES)
    for (size_t l = 0; l < LANES; l++) sums[l] += a[j + l] * (double)b[j + l];
  for (; j < n; j++) sum += a[j] * (double)b[j];
  for (size_t l = 0; l < LANES; l++) sum += sums[l];
  return sum;
}

static double pattern_value(const query_measuring *m, double *x) {
  const size_t width = query_patterns_width(m->patterns);
  double sum = 0;
  if (m->measure != QUERY_NORM && query_patterns_normalise(m->patterns, 1, x)) return NAN;
  const double *with = m->direction ? m->direction : x;
  for (size_t j = 0; j < width; j++) sum += x[j] * with[j];
  return m->measure == QUERY_NORM ? sqrt(sum) * m->scale : fmin(fmax(sum, -1), 1);
}

static void measure_some(void *user, size_t index, size_t rank) {
  const tile *t = user;
  const query_measuring *m = t->m;
  const size_t end = (index + 1) * TOGETHER;
  (void)rank;
  for (size_t i = index * TOGETHER; i < end && i < t->count; i++)
    t->values[i] = m->vector ? dot(m->vector, t->rows + i * m->scores, m->scores) + m->vector[m->scores]
                             : pattern_value(m, m->x + i * query_patterns_width(m->patterns));
}

void query_measure_tile(const query_measuring *measuring, const float *rows, size_t count, base_team *team,
                        double *values) {
  tile t = {measuring, rows, count, values};
  if (measuring->patterns) query_patterns_of(measuring->patterns, rows, measuring->scores, count, measuring->x);
  base_team_share(team, (count + TOGETHER - 1) / TOGETHER, measure_some, &t);
}
