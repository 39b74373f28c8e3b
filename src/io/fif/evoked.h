/* Responses of channels over time as MNE-Python's evoked file: -ave.fif, a set an image. */
#ifndef IO_EVOKED_H
#define IO_EVOKED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef enum io_evoked_kind {
  IO_EVOKED_NONE, /* no channels that the format has a kind for */
  IO_EVOKED_EEG,
  IO_EVOKED_MEG /* CTF's axial gradiometers */
} io_evoked_kind;

typedef struct io_evoked_sets {
  io_evoked_kind kind;
  size_t sets, channels, times;
  const char *const *channel_names; /* [channels] UTF-8 */
  double first, rate;               /* time of the first sample in s, samples in a second */
  const char *what;                 /* the values, in a few words */
  /* What a set is called: a new string. base_free; NULL: ELIMIT. */
  char *(*name)(void *user, size_t set, berg_error *error);
  /* Set `set` as [channels][times]. */
  berg_status (*read)(void *user, size_t set, float *values, berg_error *error);
  void *user;
} io_evoked_sets;

/* Whether `path` ends as MNE-Python has it: -ave.fif or _ave.fif. */
bool io_evoked_is_name(const char *path);

/* What the writer asks of sizes, for messages before there are sets. EARGUMENT: there is nothing, or more than the
 * format's 2 GB. */
berg_status io_evoked_check(const io_evoked_sets *sets, const char *path, berg_error *error);

/* Holds one set at a time. The same sets give the same bytes. EWRITE, EEXISTS, what the check, `name` and `read`
 * say. */
berg_status io_evoked_write(const io_evoked_sets *sets, const char *path, bool force, berg_error *error);

#endif
