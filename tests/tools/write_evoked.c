/* Writes an evoked file for the tests that give it names, times and sizes of every kind:
 *
 *     write_evoked PATH eeg | meg | none FIRST RATE TIMES CHANNEL... -- NAME...
 *
 * A set a name; value t of channel c in set s is s + c / 64 + t / 4096. Prints nothing; exit status as the program
 * berg. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/fif/evoked.h"

typedef struct task {
  io_evoked_sets sets;
  char **names;
} task;

static char *name_set(void *user, size_t set, berg_error *error) {
  return base_copy_text(((task *)user)->names[set], error);
}

static berg_status read_set(void *user, size_t set, float *values, berg_error *error) {
  const io_evoked_sets *sets = &((task *)user)->sets;
  (void)error;
  for (size_t c = 0; c < sets->channels; c++)
    for (size_t t = 0; t < sets->times; t++) values[c * sets->times + t] = (float)set + (float)c / 64 + (float)t / 4096;
  return BERG_OK;
}

int main(int count, char **arguments) {
  if (count < 7) return 2;
  int dashes = 6;
  while (dashes < count && strcmp(arguments[dashes], "--")) dashes++;
  task job = {.sets = {.kind = !strcmp(arguments[2], "eeg")   ? IO_EVOKED_EEG
                               : !strcmp(arguments[2], "meg") ? IO_EVOKED_MEG
                                                              : IO_EVOKED_NONE,
                       .first = strtod(arguments[3], NULL),
                       .rate = strtod(arguments[4], NULL),
                       .times = strtoul(arguments[5], NULL, 10),
                       .channels = (size_t)dashes - 6,
                       .channel_names = (const char *const *)arguments + 6,
                       .sets = dashes < count ? (size_t)(count - dashes - 1) : 0,
                       .what = "numbers",
                       .name = name_set,
                       .read = read_set,
                       .user = &job},
              .names = arguments + dashes + 1};
  berg_error error;
  berg_status status = io_evoked_write(&job.sets, arguments[1], false, &error);
  if (status) fprintf(stderr, "%s: %s\n", berg_status_name(status), error.message);
  return berg_status_exit(status);
}
