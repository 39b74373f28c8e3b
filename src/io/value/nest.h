/* Nested dicts from dotted names. */
#ifndef IO_NEST_H
#define IO_NEST_H

#include "io/value/value.h"

/* {"a.b": 1, "a.c": 2} becomes {"a": {"b": 1, "c": 2}}, in the order of first mention. Where that cannot be
 * ("a" is itself a value) or there are more than 65,536 names, `*nested` is `flat`. ELIMIT. */
berg_status io_nest(io_value **nested, io_arena *arena, io_value *flat, berg_error *error);

#endif
