/* The words of an expression: names, numbers and signs, and messages that point at one of them. */
#ifndef MODEL_EXPRESSION_WORDS_H
#define MODEL_EXPRESSION_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define MODEL_EXPRESSION_LONGEST 4096 /* bytes of a text */
#define MODEL_EXPRESSION_DEEPEST 64   /* parentheses within one another, and ! behind one another */

typedef enum model_word_kind { MODEL_WORD_END, MODEL_WORD_NAME, MODEL_WORD_NUMBER, MODEL_WORD_SIGN } model_word_kind;

/* <= >= == != are signs of two characters. */
#define MODEL_AT_MOST 'l'
#define MODEL_AT_LEAST 'g'
#define MODEL_EQUAL '='
#define MODEL_UNEQUAL 'n'

typedef struct model_word {
  model_word_kind kind;
  size_t at, length; /* bytes of the text; of a quoted name with its quotes */
  bool quoted;
  char sign;
  double number;
  const char *unit; /* of a number: "s", "ms" or "" */
} model_word;

typedef struct model_reader {
  const char *text, *what; /* what the text is, for messages: "selection" */
  model_word word;         /* the one to be taken next */
  size_t depth;
} model_reader;

/* Reads the first word. EPARAMETER: too long a text, or a word that none is. */
berg_status model_reader_begin(model_reader *reader, const char *text, const char *what, berg_error *error);
/* Takes the word, and reads the next one. */
berg_status model_reader_go_on(model_reader *reader, berg_error *error);
bool model_reader_is(const model_reader *reader, char sign);
bool model_reader_compares(const model_reader *reader);                  /* the word is one of < > <= >= == != */
bool model_reader_is_name(const model_reader *reader, const char *name); /* without quotes */
/* The name as it is without quotes. base_free; NULL: ELIMIT. */
char *model_reader_name(const model_reader *reader, berg_error *error);

/* EPARAMETER "selection: character 9: ...", `at` a byte of the text, which becomes the error's item. */
berg_status model_point_at(berg_error *error, const char *text, const char *what, size_t at, const char *format, ...)
    BASE_PRINTF(5, 6);
/* The same of the word to be taken next: "expected E, found F". */
berg_status model_reader_expected(const model_reader *reader, const char *expected, berg_error *error);
/* One level deeper. EPARAMETER: too deep. The caller goes back up. */
berg_status model_reader_deeper(model_reader *reader, berg_error *error);

#endif
