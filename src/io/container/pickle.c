/* A pickle is a program for a stack machine: PROTO n, then opcodes of one byte with their operands, then STOP.
 *
 *   values  N None  \x88 \x89 True False  K M J \x8a \x8b int  G float  X \x8c \x8d text  C B \x8e \x96 bytes
 *   groups  ( mark  ) t \x85 \x86 \x87 tuple  ] a e list  } s u dict  0 1 2 pop and duplicate
 *   memo    q r \x94 put  h j get                 (numbers, little-endian; G alone is big-endian)
 *   objects c \x93 global  R call  \x81 new object  b set state  Q persistent id
 *   others  \x80 protocol  \x95 frame  . stop
 *
 * Opcodes that only older protocols or out-of-band buffers need are refused. Nothing here recurses; every loop
 * consumes input or stack, and the number of values is bounded. */
#include "io/container/pickle.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/container/pickle_machine.h"

berg_status pickle_fail(pickle_machine *machine, const char *what, const char *expected, const char *found) {
  return base_fail_at(machine->error,
                      &(base_fault){BERG_EINPUT, machine->source->name, machine->source->offset + machine->opcode,
                                    "pickle", what, expected, found});
}

static berg_status fail_end(pickle_machine *machine) {
  return base_fail_at(machine->error,
                      &(base_fault){BERG_EINPUT, machine->source->name, machine->source->offset + machine->source->size,
                                    "pickle", "the data are truncated", NULL, NULL});
}

io_value *pickle_new(pickle_machine *machine, io_kind kind, int tag) {
  if (machine->values++ >= IO_MAX_VALUES) {
    base_fail_at(machine->error,
                 &(base_fault){BERG_ELIMIT, machine->source->name, machine->source->offset + machine->opcode, "pickle",
                               "too many values", "at most 4,194,304", NULL});
    return NULL;
  }
  io_value *value = io_value_new(machine->arena, kind, machine->error);
  if (value) value->tag = tag;
  return value;
}

/* Results of allocations: the error record is already filled. */
static berg_status push(pickle_machine *machine, io_value *value) {
  if (machine->depth >= IO_MAX_VALUES) return pickle_fail(machine, "too many values", "at most 4,194,304", NULL);
  if (!value || !base_grow((void **)&machine->stack, &machine->stack_room, machine->depth + 1, sizeof *machine->stack,
                           machine->error))
    return BERG_ELIMIT;
  machine->stack[machine->depth++] = value;
  return BERG_OK;
}

static berg_status push_int(pickle_machine *machine, int64_t number) {
  io_value *value = pickle_new(machine, IO_INT, 0);
  if (value) value->integer = number;
  return push(machine, value);
}

static bool need(pickle_machine *machine, size_t size, const uint8_t **bytes) {
  if (size > machine->source->size - machine->at) return false;
  *bytes = machine->source->bytes + machine->at;
  machine->at += size;
  return true;
}

static bool read_number(pickle_machine *machine, size_t size, uint64_t *number) {
  const uint8_t *bytes;
  *number = 0;
  if (!need(machine, size, &bytes)) return false;
  for (size_t i = 0; i < size; i++) *number |= (uint64_t)bytes[i] << 8 * i;
  return true;
}

/* Pops a value that is not a mark; NULL with the error record filled. */
static io_value *pop(pickle_machine *machine) {
  if (!machine->depth || machine->stack[machine->depth - 1] == machine->mark) {
    pickle_fail(machine, "the stack is empty", NULL, NULL);
    return NULL;
  }
  return machine->stack[--machine->depth];
}

/* The first stack place above the newest mark. */
static bool find_mark(pickle_machine *machine, size_t *first) {
  for (size_t i = machine->depth; machine->marks && i-- > 0;)
    if (machine->stack[i] == machine->mark) {
      *first = i + 1;
      return true;
    }
  pickle_fail(machine, "no mark on the stack", NULL, NULL);
  return false;
}

static void drop_to_mark(pickle_machine *machine, size_t first) {
  machine->depth = first - 1;
  machine->marks--;
}

static berg_status read_sized(pickle_machine *machine, size_t length_size, io_kind kind) {
  uint64_t length;
  const uint8_t *bytes;
  if (!read_number(machine, length_size, &length) || !need(machine, (size_t)length, &bytes)) return fail_end(machine);
  io_value *value = pickle_new(machine, kind, 0);
  if (!value) return BERG_ELIMIT;
  if (kind == IO_BYTES) {
    value->bytes = bytes;
    value->size = (size_t)length;
  } else {
    /* zeros: protocol 2 spells bytes as text */
    if (!io_utf8_valid((const char *)bytes, (size_t)length, true))
      return pickle_fail(machine, "text that is not UTF-8", NULL, NULL);
    value->text = io_arena_text(machine->arena, (const char *)bytes, (size_t)length, machine->error);
    value->text_length = (size_t)length;
    if (!value->text) return BERG_ELIMIT;
  }
  return push(machine, value);
}

/* Two's complement, little-endian, as many bytes as needed. */
static berg_status read_long(pickle_machine *machine, size_t length_size) {
  uint64_t length, number = 0;
  const uint8_t *bytes;
  if (!read_number(machine, length_size, &length) || !need(machine, (size_t)length, &bytes)) return fail_end(machine);
  if (length > 8) return pickle_fail(machine, "a number does not fit in 64 bits", NULL, NULL);
  for (size_t i = 0; i < length; i++) number |= (uint64_t)bytes[i] << 8 * i;
  if (length && length < 8 && bytes[length - 1] & 0x80) number |= UINT64_MAX << 8 * length;
  int64_t result;
  memcpy(&result, &number, sizeof result);
  return push_int(machine, result);
}

static berg_status read_float(pickle_machine *machine) {
  const uint8_t *bytes;
  uint64_t bits = 0;
  if (!need(machine, 8, &bytes)) return fail_end(machine);
  for (size_t i = 0; i < 8; i++) bits = bits << 8 | bytes[i];
  io_value *value = pickle_new(machine, IO_FLOAT, 0);
  if (value) memcpy(&value->real, &bits, sizeof bits);
  return push(machine, value);
}

static berg_status push_bool(pickle_machine *machine, bool truth) {
  io_value *value = pickle_new(machine, IO_BOOL, 0);
  if (value) value->truth = truth;
  return push(machine, value);
}

static berg_status put(pickle_machine *machine, uint64_t index) {
  if (!machine->depth || machine->stack[machine->depth - 1] == machine->mark)
    return pickle_fail(machine, "nothing to remember", NULL, NULL);
  /* writers number from 0, one for each put, so an index beyond the number of bytes is invalid */
  if (index > machine->source->size || index >= IO_MAX_VALUES)
    return pickle_fail(machine, "memo index out of range", NULL, NULL);
  size_t count = (size_t)index + 1;
  if (!base_grow((void **)&machine->memo, &machine->memo_room, count, sizeof *machine->memo, machine->error))
    return BERG_ELIMIT;
  for (; machine->memo_count < count; machine->memo_count++) machine->memo[machine->memo_count] = NULL;
  machine->memo[index] = machine->stack[machine->depth - 1];
  return BERG_OK;
}

static berg_status get(pickle_machine *machine, size_t size) {
  uint64_t index;
  if (!read_number(machine, size, &index)) return fail_end(machine);
  if (index >= machine->memo_count || !machine->memo[index])
    return pickle_fail(machine, "nothing in the memo there", NULL, NULL);
  return push(machine, machine->memo[index]);
}

/* The values above `first` as a tuple; the caller has dropped or kept the mark. */
static berg_status make_tuple(pickle_machine *machine, size_t first) {
  io_value *tuple = pickle_new(machine, IO_TUPLE, 0);
  if (!tuple) return BERG_ELIMIT;
  for (size_t i = first; i < machine->depth; i++) {
    if (machine->stack[i] == machine->mark) return pickle_fail(machine, "the stack is empty", NULL, NULL);
    if (!io_value_append(machine->arena, tuple, machine->stack[i], machine->error)) return BERG_ELIMIT;
  }
  machine->depth = first;
  return push(machine, tuple);
}

static berg_status make_marked_tuple(pickle_machine *machine) {
  size_t first;
  if (!find_mark(machine, &first)) return BERG_EINPUT;
  berg_status status = make_tuple(machine, first);
  if (status) return status;
  machine->stack[first - 1] = machine->stack[first];
  machine->depth = first;
  machine->marks--;
  return BERG_OK;
}

static berg_status make_short_tuple(pickle_machine *machine, size_t count) {
  if (machine->depth < count) return pickle_fail(machine, "the stack is empty", NULL, NULL);
  return make_tuple(machine, machine->depth - count);
}

/* Moves the values above `first` into the list or dict below them (below the mark, if they were marked). */
static berg_status fill(pickle_machine *machine, io_kind kind, size_t first, bool marked) {
  size_t below = marked ? first - 1 : first;
  io_value *target = below ? machine->stack[below - 1] : NULL;
  if (!target || target->kind != kind)
    return pickle_fail(machine,
                       kind == IO_LIST ? "appends to something that is not a list"
                                       : "sets items of something that is not a dict",
                       NULL, NULL);
  if (kind == IO_DICT && (machine->depth - first) % 2) return pickle_fail(machine, "a key without a value", NULL, NULL);
  for (size_t i = first; i < machine->depth; i++) {
    if (machine->stack[i] == machine->mark) return pickle_fail(machine, "the stack is empty", NULL, NULL);
    /* a few bytes can append one memoised list again and again, so places are counted as well as values */
    if (machine->places++ >= 4 * IO_MAX_VALUES)
      return pickle_fail(machine, "too many items", "at most 16,777,216", NULL);
    if (!io_value_append(machine->arena, target, machine->stack[i], machine->error)) return BERG_ELIMIT;
  }
  machine->depth = first;
  if (marked) drop_to_mark(machine, first);
  return BERG_OK;
}

static berg_status fill_marked(pickle_machine *machine, io_kind kind) {
  size_t first;
  return find_mark(machine, &first) ? fill(machine, kind, first, true) : BERG_EINPUT;
}

static berg_status fill_single(pickle_machine *machine, io_kind kind, size_t count) {
  if (machine->depth < count) return pickle_fail(machine, "the stack is empty", NULL, NULL);
  return fill(machine, kind, machine->depth - count, false);
}

static berg_status push_global(pickle_machine *machine, const char *module, size_t module_length, const char *name,
                               size_t name_length) {
  io_value *value;
  berg_status status = pickle_find_global(machine, module, module_length, name, name_length, &value);
  return status ? status : push(machine, value);
}

/* "module\nname\n" */
static berg_status read_global(pickle_machine *machine) {
  const char *line[2];
  size_t length[2];
  for (int i = 0; i < 2; i++) {
    line[i] = (const char *)machine->source->bytes + machine->at;
    const char *end = memchr(line[i], '\n', machine->source->size - machine->at);
    if (!end) return fail_end(machine);
    length[i] = (size_t)(end - line[i]);
    machine->at += length[i] + 1;
  }
  return push_global(machine, line[0], length[0], line[1], length[1]);
}

static berg_status stack_global(pickle_machine *machine) {
  io_value *name = pop(machine), *module = name ? pop(machine) : NULL;
  if (!module) return BERG_EINPUT;
  if (name->kind != IO_TEXT || module->kind != IO_TEXT)
    return pickle_fail(machine, "a name that is not text", NULL, NULL);
  return push_global(machine, module->text, module->text_length, name->text, name->text_length);
}

static berg_status call(pickle_machine *machine, pickle_call_fn make) {
  io_value *arguments = pop(machine), *callable = arguments ? pop(machine) : NULL, *result = NULL;
  if (!callable) return BERG_EINPUT;
  berg_status status = make(machine, callable, arguments, &result);
  return status ? status : push(machine, result);
}

static berg_status build(pickle_machine *machine) {
  io_value *state = pop(machine);
  if (!state) return BERG_EINPUT;
  if (!machine->depth) return pickle_fail(machine, "the stack is empty", NULL, NULL);
  return pickle_build(machine, machine->stack[machine->depth - 1], state);
}

static berg_status persistent(pickle_machine *machine) {
  io_value *id = pop(machine), *result = NULL;
  if (!id) return BERG_EINPUT;
  berg_status status = pickle_persistent(machine, id, &result);
  return status ? status : push(machine, result);
}

static berg_status read_protocol(pickle_machine *machine) {
  uint64_t protocol;
  if (!read_number(machine, 1, &protocol)) return fail_end(machine);
  if (protocol < 2 || protocol > 5) {
    char found[16];
    base_print(found, sizeof found, "%d", (int)protocol);
    return pickle_fail(machine, "unknown protocol", "2 to 5", found);
  }
  return BERG_OK;
}

static berg_status push_mark(pickle_machine *machine) {
  berg_status status = push(machine, machine->mark);
  if (!status) machine->marks++;
  return status;
}

static berg_status pop_mark(pickle_machine *machine) {
  size_t first;
  if (!find_mark(machine, &first)) return BERG_EINPUT;
  drop_to_mark(machine, first);
  return BERG_OK;
}

static berg_status duplicate(pickle_machine *machine) {
  io_value *value = pop(machine);
  if (!value) return BERG_EINPUT;
  berg_status status = push(machine, value);
  return status ? status : push(machine, value);
}

static berg_status push_int_of(pickle_machine *machine, size_t size) {
  uint64_t number;
  if (!read_number(machine, size, &number)) return fail_end(machine);
  return push_int(machine, size == 4 ? (int32_t)(uint32_t)number : (int64_t)number);
}

static berg_status put_at(pickle_machine *machine, size_t size) {
  uint64_t index;
  return read_number(machine, size, &index) ? put(machine, index) : fail_end(machine);
}

static berg_status refuse(pickle_machine *machine, uint8_t opcode) {
  char found[16];
  base_print(found, sizeof found, "0x%02x", opcode);
  return pickle_fail(machine, "unsupported opcode", "those of protocols 2 to 5 for arrays and plain values", found);
}

static berg_status step(pickle_machine *machine, uint8_t opcode) {
  uint64_t ignored;
  /* one line an opcode */
  // clang-format off
  switch (opcode) {
  case 0x80: return read_protocol(machine);
  case 0x95: return read_number(machine, 8, &ignored) ? BERG_OK : fail_end(machine);
  case 'N': return push(machine, pickle_new(machine, IO_NONE, 0));
  case 0x88: return push_bool(machine, true);
  case 0x89: return push_bool(machine, false);
  case 'K': return push_int_of(machine, 1);
  case 'M': return push_int_of(machine, 2);
  case 'J': return push_int_of(machine, 4);
  case 0x8a: return read_long(machine, 1);
  case 0x8b: return read_long(machine, 4);
  case 'G': return read_float(machine);
  case 0x8c: return read_sized(machine, 1, IO_TEXT);
  case 'X': return read_sized(machine, 4, IO_TEXT);
  case 0x8d: return read_sized(machine, 8, IO_TEXT);
  case 'C': return read_sized(machine, 1, IO_BYTES);
  case 'B': return read_sized(machine, 4, IO_BYTES);
  case 0x8e:
  case 0x96: return read_sized(machine, 8, IO_BYTES);
  case '(': return push_mark(machine);
  case ')': return push(machine, pickle_new(machine, IO_TUPLE, 0));
  case 't': return make_marked_tuple(machine);
  case 0x85: return make_short_tuple(machine, 1);
  case 0x86: return make_short_tuple(machine, 2);
  case 0x87: return make_short_tuple(machine, 3);
  case ']': return push(machine, pickle_new(machine, IO_LIST, 0));
  case 'a': return fill_single(machine, IO_LIST, 1);
  case 'e': return fill_marked(machine, IO_LIST);
  case '}': return push(machine, pickle_new(machine, IO_DICT, 0));
  case 's': return fill_single(machine, IO_DICT, 2);
  case 'u': return fill_marked(machine, IO_DICT);
  case 'q': return put_at(machine, 1);
  case 'r': return put_at(machine, 4);
  case 0x94: return put(machine, machine->memo_count);
  case 'h': return get(machine, 1);
  case 'j': return get(machine, 4);
  case 'c': return read_global(machine);
  case 0x93: return stack_global(machine);
  case 'R': return call(machine, pickle_reduce);
  case 0x81: return call(machine, pickle_new_object);
  case 'b': return build(machine);
  case 'Q': return persistent(machine);
  case '0': return pop(machine) ? BERG_OK : BERG_EINPUT;
  case '1': return pop_mark(machine);
  case '2': return duplicate(machine);
  default: return refuse(machine, opcode);
  }
  // clang-format on
}

static berg_status run(pickle_machine *machine, io_value **root) {
  const io_pickle_source *source = machine->source;
  if (!source->size) return fail_end(machine);
  if (source->bytes[0] != 0x80) return pickle_fail(machine, "not a pickle of protocol 2 to 5", "0x80", NULL);
  for (;;) {
    machine->opcode = machine->at;
    if (machine->at >= source->size) return fail_end(machine);
    uint8_t opcode = source->bytes[machine->at++];
    if (opcode == '.') {
      *root = pop(machine);
      if (*root && machine->depth) return pickle_fail(machine, "more than one value at the end", NULL, NULL);
      return *root ? BERG_OK : BERG_EINPUT;
    }
    berg_status status = step(machine, opcode);
    if (status) return status;
  }
}

berg_status io_pickle_read(io_value **root, io_arena *arena, const io_pickle_source *source, berg_error *error) {
  io_value mark = {.kind = IO_OTHER, .tag = PICKLE_MARK};
  pickle_machine machine = {.source = source, .arena = arena, .error = error, .mark = &mark};
  *root = NULL;
  berg_status status = run(&machine, root);
  if (status) *root = NULL;
  base_free(machine.stack);
  base_free(machine.memo);
  return status;
}
