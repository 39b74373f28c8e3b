/* Which tasks of an array are to be run again, as --array of Slurm takes them. */
#ifndef IO_ARRAY_INDICES_H
#define IO_ARRAY_INDICES_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* "3,7-9": numbers from 1 of those whose state is at least `least`; `list` gets them too, unless NULL. base_free; NULL
 * with ELIMIT. */
char *io_array_indices(const uint8_t *states, size_t count, uint8_t least, cJSON *list, berg_error *error);

#endif
