/* What a container holds, as a tree: Python's plain values, arrays, and dicts of them. Every reader makes
 * one, every writer takes one; the flat list of named arrays that berg.h shows is derived from it. All memory
 * is the arena's, so that values may be shared and even contain themselves (a pickle can say so): walkers
 * bound their depth. */
#ifndef IO_VALUE_H
#define IO_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "io/value/arena.h"

typedef enum io_kind {
  IO_NONE,
  IO_BOOL,
  IO_INT,
  IO_FLOAT,
  IO_TEXT,  /* UTF-8; in a finished tree without zero bytes */
  IO_BYTES, /* view of the file */
  IO_LIST,
  IO_TUPLE,
  IO_DICT,   /* items alternate: key, value */
  IO_ARRAY,  /* ndarray or tensor */
  IO_SCALAR, /* a numpy scalar: an array of no dimension, of another Python type */
  IO_BOX,    /* an object array of no dimension: items[0] is what it holds */
  IO_OTHER   /* a reader's own, never in a finished tree */
} io_kind;

typedef struct io_value {
  io_kind kind;
  int tag; /* for IO_OTHER: which */
  union {
    uint8_t truth;
    int64_t integer;
    double real;
    struct {
      const char *text; /* first, so that its address is a STRING element */
      size_t text_length;
    };
    struct {
      const uint8_t *bytes;
      size_t size;
    };
    struct {
      struct io_value **items;
      size_t count, capacity;
    };
    berg_array *array;
    void *other;
  };
} io_value;

/* A file as its reader leaves it. */
typedef struct io_document {
  io_arena arena;
  io_value *root;
  io_value *metadata; /* safetensors' __metadata__: dict of text; NULL: none */
  bool is_flat;       /* names with dots are all that is known of nesting (safetensors, npz) */
  const char *format;
} io_document;

/* Deepest nesting that is read, and the most values and entries. */
#define IO_MAX_DEPTH 64
#define IO_MAX_VALUES ((size_t)4 << 20)
#define IO_MAX_ENTRIES ((size_t)1 << 20)

/* NULL with ELIMIT. */
io_value *io_value_new(io_arena *arena, io_kind kind, berg_error *error);
io_value *io_value_text(io_arena *arena, const char *text, size_t length, berg_error *error);
io_value *io_value_array(io_arena *arena, const berg_array *array, berg_error *error);
/* Appends to a list, tuple or dict. False with ELIMIT. */
bool io_value_append(io_arena *arena, io_value *list, io_value *item, berg_error *error);
/* Adds an array to a dict under `name`. */
bool io_value_add_array(io_arena *arena, io_value *dict, const char *name, size_t length, const berg_array *array,
                        berg_error *error);
/* The value of a text key, or NULL. Linear. */
io_value *io_value_get(const io_value *dict, const char *key);

/* Whether `text` is UTF-8 without surrogates or longer forms than needed; with zero bytes only where `zeros`
 * says so. */
bool io_utf8_valid(const char *text, size_t length, bool zeros);

#endif
