/* Between pickle.c (the opcodes) and pickle_objects.c (the callables): the machine that both work on. */
#ifndef IO_PICKLE_MACHINE_H
#define IO_PICKLE_MACHINE_H

#include "io/container/pickle.h"

/* Tags of IO_OTHER values. */
enum { PICKLE_MARK, PICKLE_GLOBAL, PICKLE_DTYPE, PICKLE_STORAGE, PICKLE_BLANK_ARRAY, PICKLE_BLANK_OBJECT };

typedef struct pickle_global pickle_global;

typedef struct pickle_dtype {
  berg_dtype dtype;
  size_t itemsize;
  bool big_endian;
} pickle_dtype;

typedef struct pickle_storage {
  berg_dtype dtype;
  const uint8_t *bytes;
  size_t count; /* elements */
} pickle_storage;

typedef struct pickle_machine {
  const io_pickle_source *source;
  io_arena *arena;
  berg_error *error;
  size_t at;     /* next byte */
  size_t opcode; /* where the current opcode began */
  io_value **stack;
  size_t depth, stack_room;
  size_t marks;
  io_value **memo;
  size_t memo_count, memo_room;
  size_t values, places;
  io_value *mark;
} pickle_machine;

/* EINPUT at the current opcode. */
berg_status pickle_fail(pickle_machine *machine, const char *what, const char *expected, const char *found);
io_value *pickle_new(pickle_machine *machine, io_kind kind, int tag);

/* The callable of that name, or EINPUT naming it. */
berg_status pickle_find_global(pickle_machine *machine, const char *module, size_t module_length, const char *name,
                               size_t name_length, io_value **value);
/* callable(*arguments), class.__new__(class, *arguments), object.__setstate__(state), and the object behind a
 * persistent id. */
typedef berg_status (*pickle_call_fn)(pickle_machine *machine, const io_value *callable, const io_value *arguments,
                                      io_value **result);
berg_status pickle_reduce(pickle_machine *machine, const io_value *callable, const io_value *arguments,
                          io_value **result);
berg_status pickle_new_object(pickle_machine *machine, const io_value *class, const io_value *arguments,
                              io_value **result);
berg_status pickle_build(pickle_machine *machine, io_value *object, const io_value *state);
berg_status pickle_persistent(pickle_machine *machine, const io_value *id, io_value **result);

#endif
