/* Terms with a sign between them: a number or none, perhaps a *, and the name of a group. */
#include "query/contrast/weights.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS "0123456789"

bool query_weights_is_name(const char *name) {
  return *name && !strchr(DIGITS, *name) && strspn(name, LETTERS DIGITS) == strlen(name);
}

typedef struct reader {
  const char *text, *at;
  const char *const *names;
  size_t count;
  double *weights;
} reader;

static void pass_blanks(reader *r) { r->at += strspn(r->at, " \t"); }

static berg_status fail(const reader *r, const char *expected, berg_error *error) {
  return base_fail(error, BERG_EPARAMETER, "%s: at character %zu: expected %s", r->text, (size_t)(r->at - r->text) + 1,
                   expected);
}

/* A sign, which the first term may do without. */
static berg_status read_sign(reader *r, bool first, double *weight, berg_error *error) {
  pass_blanks(r);
  *weight = *r->at == '-' ? -1 : 1;
  if (*r->at == '+' || *r->at == '-')
    r->at++;
  else if (!first)
    return fail(r, "+ or -", error);
  pass_blanks(r);
  return BERG_OK;
}

static berg_status read_number(reader *r, double *weight, berg_error *error) {
  char *end;
  if (!*r->at || !strchr(DIGITS ".", *r->at)) return BERG_OK;
  const double number = base_read_real(r->at, &end);
  if (end == r->at || !isfinite(number)) return fail(r, "a number", error);
  *weight *= number;
  r->at = end;
  pass_blanks(r);
  if (*r->at == '*') r->at++;
  pass_blanks(r);
  return BERG_OK;
}

static berg_status read_name(reader *r, double weight, berg_error *error) {
  const size_t length = *r->at && !strchr(DIGITS, *r->at) ? strspn(r->at, LETTERS DIGITS) : 0;
  if (!length) return fail(r, "the name of a group", error);
  for (size_t g = 0; g < r->count; g++)
    if (strlen(r->names[g]) == length && !memcmp(r->names[g], r->at, length)) {
      r->weights[g] += weight;
      r->at += length;
      pass_blanks(r);
      return BERG_OK;
    }
  return base_fail(error, BERG_EPARAMETER, "%s: at character %zu: there is no group %.*s", r->text,
                   (size_t)(r->at - r->text) + 1, (int)(length < 100 ? length : 100), r->at);
}

/* Their fourth powers are summed, too (degrees of freedom). */
#define LEAST 1e-30
#define MOST 1e30

static berg_status check_sum(const reader *r, berg_error *error) {
  double sum = 0, size = 0;
  for (size_t g = 0; g < r->count; g++) {
    const double weight = fabs(r->weights[g]);
    if (weight != 0 && !(weight >= LEAST && weight <= MOST))
      return base_fail(error, BERG_EPARAMETER, "%s: expected weights of %g to %g, found %g", r->text, LEAST, MOST,
                       r->weights[g]);
    sum += r->weights[g];
    size += weight;
  }
  if (size > 0 && fabs(sum) <= 1e-9 * size) return BERG_OK;
  return base_fail(error, BERG_EPARAMETER, "%s: expected weights that sum to 0 and are not all 0, found a sum of %g",
                   r->text, sum);
}

berg_status query_weights_parse(const char *text, const char *const *names, size_t count, double *weights,
                                berg_error *error) {
  reader r = {text, text, names, count, weights};
  berg_status status = BERG_OK;
  for (size_t g = 0; g < count; g++) weights[g] = 0;
  do {
    double weight;
    status = read_sign(&r, r.at == text, &weight, error);
    if (!status) status = read_number(&r, &weight, error);
    if (!status) status = read_name(&r, weight, error);
  } while (!status && *r.at);
  return status ? status : check_sum(&r, error);
}
