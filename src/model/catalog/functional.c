/* Text of a linear functional to terms, by recursive descent: numbers weigh means and sums of sets. */
#include "model/catalog/functional.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/catalog/expression_steps.h"

typedef struct parser {
  model_reader reader;
  model_functional *functional;
  berg_error *error;
} parser;

/* What a product has come to: a number, or terms from `first` on. */
typedef struct value {
  bool is_number;
  double number;
  size_t first;
} value;

static berg_status go_on(parser *p) { return model_reader_go_on(&p->reader, p->error); }

static berg_status add_term(const parser *p, model_term_kind kind, model_expression *set) {
  model_functional *functional = p->functional;
  void *block = functional->terms;
  const bool grown =
      base_grow(&block, &functional->capacity, functional->count + 1, sizeof *functional->terms, p->error);
  functional->terms = block;
  if (grown)
    functional->terms[functional->count++] = (model_term){1, kind, set};
  else
    model_expression_free(set);
  return grown ? BERG_OK : BERG_ELIMIT;
}

/* --- Products --- */

static berg_status take_sum(parser *p, value *sum);

static bool is_call(const parser *p) {
  return model_reader_is_name(&p->reader, "mean") || model_reader_is_name(&p->reader, "sum");
}

static berg_status take_closing(parser *p, size_t opened) {
  if (p->reader.word.kind == MODEL_WORD_END)
    return model_point_at(p->error, p->reader.text, p->reader.what, opened, "no ) closes this (");
  return model_reader_is(&p->reader, ')') ? go_on(p) : model_reader_expected(&p->reader, "an operator or )", p->error);
}

/* mean(set), sum(set). */
static berg_status take_call(parser *p) {
  const model_term_kind kind = model_reader_is_name(&p->reader, "mean") ? MODEL_TERM_MEAN : MODEL_TERM_SUM;
  model_expression *set = NULL;
  berg_status status = go_on(p);
  const size_t opened = p->reader.word.at;
  if (!status && !model_reader_is(&p->reader, '(')) status = model_reader_expected(&p->reader, "( and a set", p->error);
  if (!status) status = go_on(p);
  if (!status) status = model_steps_parse(&set, &p->reader, p->error);
  if (!status) status = add_term(p, kind, set);
  return status ? status : take_closing(p, opened);
}

static berg_status take_parentheses(parser *p, value *inner) {
  const size_t opened = p->reader.word.at;
  berg_status status = model_reader_deeper(&p->reader, p->error);
  if (!status) status = go_on(p);
  if (!status) status = take_sum(p, inner);
  p->reader.depth--;
  return status ? status : take_closing(p, opened);
}

static void scale(const parser *p, value *by, double factor) {
  if (by->is_number) by->number *= factor;
  for (size_t i = by->first; i < p->functional->count && !by->is_number; i++) p->functional->terms[i].weight *= factor;
}

static berg_status take_operand(parser *p, value *operand);

static berg_status take_negative(parser *p, value *operand) {
  berg_status status = model_reader_deeper(&p->reader, p->error);
  if (!status) status = go_on(p);
  if (!status) status = take_operand(p, operand);
  p->reader.depth--;
  if (!status) scale(p, operand, -1);
  return status;
}

static berg_status take_operand(parser *p, value *operand) {
  *operand = (value){.first = p->functional->count};
  if (is_call(p)) return take_call(p);
  if (model_reader_is(&p->reader, '(')) return take_parentheses(p, operand);
  if (model_reader_is(&p->reader, '-')) return take_negative(p, operand);
  const model_word *word = &p->reader.word;
  if (word->kind == MODEL_WORD_NUMBER && !*word->unit) {
    operand->is_number = true;
    operand->number = word->number;
    return go_on(p);
  }
  return model_reader_expected(&p->reader, "mean(...), sum(...) or a number", p->error);
}

static berg_status multiply(const parser *p, value *left, const value *right, size_t at) {
  if (!left->is_number && !right->is_number)
    return model_point_at(p->error, p->reader.text, p->reader.what, at, "a mean or sum is multiplied by numbers alone");
  if (right->is_number) {
    scale(p, left, right->number);
  } else {
    value terms = *right;
    scale(p, &terms, left->number);
    *left = terms;
  }
  return BERG_OK;
}

static berg_status divide(const parser *p, value *left, const value *right, size_t at) {
  if (!right->is_number || right->number == 0)
    return model_point_at(p->error, p->reader.text, p->reader.what, at, "only a number other than 0 divides");
  if (left->is_number) left->number /= right->number;
  for (size_t i = left->first; i < p->functional->count && !left->is_number; i++)
    p->functional->terms[i].weight /= right->number;
  return BERG_OK;
}

static berg_status take_product(parser *p, value *product) {
  berg_status status = take_operand(p, product);
  while (!status && (model_reader_is(&p->reader, '*') || model_reader_is(&p->reader, '/'))) {
    const bool divides = model_reader_is(&p->reader, '/');
    value right;
    status = go_on(p);
    const size_t at = p->reader.word.at;
    if (!status) status = take_operand(p, &right);
    if (!status) status = divides ? divide(p, product, &right, at) : multiply(p, product, &right, at);
  }
  return status;
}

/* --- Sums --- */

static berg_status add_up(const parser *p, value *sum, const value *next, size_t at) {
  if (sum->is_number != next->is_number)
    return model_point_at(p->error, p->reader.text, p->reader.what, at,
                          "a number is added to no mean or sum: numbers multiply and divide");
  sum->number += next->number;
  return BERG_OK;
}

static berg_status take_sum(parser *p, value *sum) {
  berg_status status = take_product(p, sum);
  while (!status && (model_reader_is(&p->reader, '+') || model_reader_is(&p->reader, '-'))) {
    const bool subtracts = model_reader_is(&p->reader, '-');
    value next;
    status = go_on(p);
    const size_t at = p->reader.word.at;
    if (!status) status = take_product(p, &next);
    if (!status && subtracts) scale(p, &next, -1);
    if (!status) status = add_up(p, sum, &next, at);
  }
  return status;
}

/* --- The whole --- */

/* Whether there is a mean( or sum( at all. */
static berg_status find_call(const parser *p, bool *found) {
  model_reader reader = p->reader;
  berg_status status = BERG_OK;
  *found = false;
  while (!status && !*found && reader.word.kind != MODEL_WORD_END) {
    const bool named = model_reader_is_name(&reader, "mean") || model_reader_is_name(&reader, "sum");
    status = model_reader_go_on(&reader, p->error);
    *found = !status && named && model_reader_is(&reader, '(');
  }
  return status;
}

static berg_status at_end(const parser *p, const char *expected) {
  if (p->reader.word.kind == MODEL_WORD_END) return BERG_OK;
  if (model_reader_is(&p->reader, ')'))
    return model_point_at(p->error, p->reader.text, p->reader.what, p->reader.word.at, "no ( opens this )");
  return model_reader_expected(&p->reader, expected, p->error);
}

/* Of "lFFA - lPPA" nobody can tell whether the mean of a difference is meant or the difference of means. */
static berg_status take_one_set(parser *p) {
  model_expression *set;
  berg_status status = model_steps_parse(&set, &p->reader, p->error);
  if (!status) status = at_end(p, "+, -, & or the end");
  if (!status && set->adds_up)
    status = model_point_at(p->error, p->reader.text, p->reader.what, set->adds_at,
                            "a mean of sets joined, mean(a + b), or a sum of means, mean(a) + mean(b)? Write which");
  if (!status) return add_term(p, MODEL_TERM_MEAN, set);
  model_expression_free(set);
  return status;
}

static berg_status take_whole(parser *p) {
  value sum;
  berg_status status = take_sum(p, &sum);
  if (!status) status = at_end(p, "+, -, *, / or the end");
  if (!status && sum.is_number)
    status = model_point_at(p->error, p->reader.text, p->reader.what, 0, "expected a mean or sum, found a number");
  for (size_t i = 0; i < p->functional->count && !status; i++)
    if (!isfinite(p->functional->terms[i].weight))
      status = model_point_at(p->error, p->reader.text, p->reader.what, 0, "a weight is not finite");
  return status;
}

berg_status model_functional_parse(model_functional *functional, const char *text, berg_error *error) {
  *functional = (model_functional){.text = base_copy_text(text, error)};
  if (!functional->text) return BERG_ELIMIT;
  parser p = {.functional = functional, .error = error};
  bool calls;
  berg_status status = model_reader_begin(&p.reader, functional->text, "functional", error);
  if (!status) status = find_call(&p, &calls);
  if (!status) status = calls ? take_whole(&p) : take_one_set(&p);
  if (status) model_functional_free(functional);
  return status;
}

void model_functional_free(model_functional *functional) {
  for (size_t i = 0; i < functional->count; i++) model_expression_free(functional->terms[i].set);
  base_free(functional->terms);
  base_free(functional->text);
  *functional = (model_functional){.terms = NULL};
}
