/* Where a subject's metadata have what `berg metadata` shows: by model, and by how old the file is. */
#ifndef CLI_METADATA_KEYS_H
#define CLI_METADATA_KEYS_H

#include "cli.h"

/* "lh" and "rh" at most. */
#define CLI_OUTPUTS 2

/* A number for each unit, or for each unit and time. */
typedef struct cli_quantity {
  const char *key; /* '%' in it stands for the output's name; NULL ends a list */
  const char *label, *unit;
} cli_quantity;

/* All that the files have, the newest names first. */
extern const cli_quantity cli_quantities[];
#define CLI_CEILING "noise ceiling"
#define CLI_ACCURACY "accuracy r"

/* The array of `quantity` for output `o`, where it is there and has a number for each unit (and time). */
const berg_array *cli_quantity_of(const berg_metadata *metadata, const cli_quantity *quantity, size_t o);
/* The first of that label that the metadata have, or NULL. */
const cli_quantity *cli_quantity_find(const berg_metadata *metadata, const char *label);

/* "vertices" of "vertex". */
const char *cli_units_name(const berg_metadata *metadata);
size_t cli_units_of(const berg_metadata *metadata, size_t o);
/* 0: no axis of time. */
size_t cli_times_of(const berg_metadata *metadata);

/* The mean over `units` ([count]; NULL: all) of those that are not NaN; with times, the greatest of the means at each
 * time, and which it is. NaN where there is none. */
double cli_mean_or_peak(const berg_metadata *metadata, const berg_array *const arrays[CLI_OUTPUTS],
                        size_t *const units[CLI_OUTPUTS], const size_t counts[CLI_OUTPUTS], size_t *peak);

#endif
