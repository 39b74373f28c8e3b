/* Words of an expression to steps, by recursive descent: & binds loosest, then + and -, then !. */
#include <string.h>

#include "base/memory.h"
#include "io/nifti/nifti.h"
#include "model/catalog/expression_steps.h"

typedef struct parser {
  model_reader *reader;
  model_expression *expression;
  berg_error *error;
} parser;

/* --- Steps --- */

/* Takes the name over. */
static berg_status add(const parser *p, const model_step *step) {
  model_expression *expression = p->expression;
  void *block = expression->steps;
  const bool grown = !(step->kind <= MODEL_STEP_COMPARE && !step->name) &&
                     base_grow(&block, &expression->capacity, expression->count + 1, sizeof *step, p->error);
  expression->steps = block;
  if (grown)
    expression->steps[expression->count++] = *step;
  else
    base_free(step->name);
  return grown ? BERG_OK : BERG_ELIMIT;
}

static berg_status go_on(const parser *p) { return model_reader_go_on(p->reader, p->error); }
static berg_status expected(const parser *p, const char *what) {
  return model_reader_expected(p->reader, what, p->error);
}

/* --- Comparisons --- */

typedef struct limit {
  double value;
  const char *unit;
  size_t at;
} limit;

static berg_status take_limit(const parser *p, limit *to) {
  const bool negative = model_reader_is(p->reader, '-');
  to->at = p->reader->word.at;
  berg_status status = negative ? go_on(p) : BERG_OK;
  if (status) return status;
  const model_word *word = &p->reader->word;
  if (word->kind != MODEL_WORD_NUMBER) return expected(p, "a number");
  /* a thousandth by division, which rounds as a decimal in the text does */
  to->value = (negative ? -word->number : word->number) / (strcmp(word->unit, "ms") ? 1 : 1000);
  to->unit = word->unit;
  return go_on(p);
}

static berg_status add_comparison(const parser *p, const model_step *quantity, char sign, const limit *to) {
  model_step step = *quantity;
  if (*to->unit && strcmp(quantity->name, "time"))
    return model_point_at(p->error, p->reader->text, p->reader->what, to->at, "only time is compared with %s",
                          to->unit);
  step.kind = MODEL_STEP_COMPARE;
  step.sign = sign;
  step.number = to->value;
  step.name = base_copy_text(quantity->name, p->error);
  return add(p, &step);
}

/* `quantity` < 20. */
static berg_status take_comparison(const parser *p, const model_step *quantity) {
  const char sign = p->reader->word.sign;
  limit to;
  berg_status status = go_on(p);
  if (!status) status = take_limit(p, &to);
  return status ? status : add_comparison(p, quantity, sign, &to);
}

/* "coords x" is "x". */
static berg_status skip_coords(const parser *p) {
  if (!model_reader_is_name(p->reader, "coords")) return BERG_OK;
  berg_status status = go_on(p);
  if (status) return status;
  const bool axis = model_reader_is_name(p->reader, "x") || model_reader_is_name(p->reader, "y") ||
                    model_reader_is_name(p->reader, "z");
  return axis ? BERG_OK : expected(p, "x, y or z");
}

static char turned(char sign) {
  switch (sign) {
  case '<': return '>';
  case '>': return '<';
  case MODEL_AT_MOST: return MODEL_AT_LEAST;
  case MODEL_AT_LEAST: return MODEL_AT_MOST;
  default: return sign;
  }
}

/* What stands behind "4 >", and a second comparison: 0.1 < `quantity` < 0.2. */
static berg_status take_compared(const parser *p, char sign, const limit *to) {
  model_step quantity = {.at = p->reader->word.at};
  if (p->reader->word.kind != MODEL_WORD_NAME) return expected(p, "a quantity, such as ceiling");
  quantity.name = model_reader_name(p->reader, p->error);
  if (!quantity.name) return BERG_ELIMIT;
  berg_status status = go_on(p);
  if (!status) status = add_comparison(p, &quantity, turned(sign), to);
  if (!status && model_reader_compares(p->reader)) {
    status = take_comparison(p, &quantity);
    if (!status) status = add(p, &(model_step){.kind = MODEL_STEP_BOTH, .at = quantity.at});
  }
  base_free(quantity.name);
  return status;
}

static berg_status take_turned(const parser *p) {
  limit to;
  berg_status status = take_limit(p, &to);
  if (status) return status;
  if (!model_reader_compares(p->reader)) return expected(p, "< > <= >= == or !=");
  const char sign = p->reader->word.sign;
  status = go_on(p);
  if (!status) status = skip_coords(p);
  return status ? status : take_compared(p, sign, &to);
}

/* --- Sets --- */

static berg_status take_set(const parser *p);

static berg_status take_name(const parser *p) {
  berg_status status = skip_coords(p);
  if (status) return status;
  model_step step = {.kind = MODEL_STEP_NAME, .at = p->reader->word.at, .quoted = p->reader->word.quoted};
  step.name = model_reader_name(p->reader, p->error);
  if (!step.name) return BERG_ELIMIT;
  status = go_on(p);
  if (status || model_reader_compares(p->reader)) {
    if (!status) status = take_comparison(p, &step);
    base_free(step.name);
    return status;
  }
  if (io_nifti_is_name(step.name)) step.kind = MODEL_STEP_MASK;
  return add(p, &step);
}

static berg_status take_parentheses(const parser *p) {
  const size_t at = p->reader->word.at;
  berg_status status = go_on(p);
  if (!status) status = take_set(p);
  if (status) return status;
  if (p->reader->word.kind == MODEL_WORD_END)
    return model_point_at(p->error, p->reader->text, p->reader->what, at, "no ) closes this (");
  if (!model_reader_is(p->reader, ')')) return expected(p, "+, -, & or )");
  return go_on(p);
}

static berg_status take_complement(const parser *p);

static berg_status take_operand(const parser *p) {
  const model_word *word = &p->reader->word;
  if (model_reader_is(p->reader, '(') || model_reader_is(p->reader, '!')) {
    berg_status status = model_reader_deeper(p->reader, p->error);
    if (!status) status = model_reader_is(p->reader, '(') ? take_parentheses(p) : take_complement(p);
    p->reader->depth--;
    return status;
  }
  if (word->kind == MODEL_WORD_NUMBER || model_reader_is(p->reader, '-')) return take_turned(p);
  return word->kind == MODEL_WORD_NAME ? take_name(p) : expected(p, "a set, such as a region or all");
}

static berg_status take_complement(const parser *p) {
  const size_t at = p->reader->word.at;
  berg_status status = go_on(p);
  if (!status) status = take_operand(p);
  return status ? status : add(p, &(model_step){.kind = MODEL_STEP_NOT, .at = at});
}

static berg_status take_sum(const parser *p) {
  berg_status status = take_operand(p);
  while (!status && (model_reader_is(p->reader, '+') || model_reader_is(p->reader, '-'))) {
    const model_step step = {.kind = model_reader_is(p->reader, '+') ? MODEL_STEP_UNION : MODEL_STEP_DIFFERENCE,
                             .at = p->reader->word.at};
    if (!p->reader->depth && !p->expression->adds_up) p->expression->adds_at = step.at;
    if (!p->reader->depth) p->expression->adds_up = true;
    status = go_on(p);
    if (!status) status = take_operand(p);
    if (!status) status = add(p, &step);
  }
  return status;
}

static berg_status take_set(const parser *p) {
  berg_status status = take_sum(p);
  while (!status && model_reader_is(p->reader, '&')) {
    const model_step step = {.kind = MODEL_STEP_BOTH, .at = p->reader->word.at};
    status = go_on(p);
    if (!status) status = take_sum(p);
    if (!status) status = add(p, &step);
  }
  return status;
}

/* --- The whole --- */

berg_status model_steps_parse(model_expression **out, model_reader *reader, berg_error *error) {
  *out = NULL;
  model_expression *expression = base_calloc(1, sizeof *expression, error);
  if (!expression) return BERG_ELIMIT;
  expression->text = base_copy_text(reader->text, error);
  expression->what = base_copy_text(reader->what, error);
  const parser p = {reader, expression, error};
  berg_status status = expression->text && expression->what ? take_set(&p) : BERG_ELIMIT;
  if (status)
    model_expression_free(expression);
  else
    *out = expression;
  return status;
}

berg_status model_expression_parse(model_expression **out, const char *text, berg_error *error) {
  model_reader reader;
  *out = NULL;
  berg_status status = model_reader_begin(&reader, text, "selection", error);
  if (!status) status = model_steps_parse(out, &reader, error);
  if (!status && reader.word.kind != MODEL_WORD_END)
    status = model_reader_is(&reader, ')')
                 ? model_point_at(error, text, reader.what, reader.word.at, "no ( opens this )")
                 : model_reader_expected(&reader, "+, -, & or the end", error);
  if (status) {
    model_expression_free(*out);
    *out = NULL;
  }
  return status;
}

void model_expression_free(model_expression *expression) {
  if (!expression) return;
  for (size_t i = 0; i < expression->count; i++) base_free(expression->steps[i].name);
  base_free(expression->steps);
  base_free(expression->text);
  base_free(expression->what);
  base_free(expression);
}

const char *model_expression_text(const model_expression *expression) { return expression->text; }

const char *model_expression_mask(const model_expression *expression, size_t index) {
  for (size_t i = 0; i < expression->count; i++)
    if (expression->steps[i].kind == MODEL_STEP_MASK && index-- == 0) return expression->steps[i].name;
  return NULL;
}
