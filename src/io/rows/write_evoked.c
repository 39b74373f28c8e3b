/* Rows of channels over time as an evoked file: io/fif/evoked.c has the layout. */
#include <math.h>
#include <stdint.h>

#include "base/memory.h"
#include "io/fif/evoked.h"
#include "io/rows/axes.h"
#include "io/rows/row_source.h"

#define EVEN 1e-3 /* of a step: what rounding leaves of even times */

typedef struct evoked {
  const io_row_source *source;
  const io_labels *labels;
  size_t leading; /* axes before channels and times: repetitions */
  size_t parts;   /* that they have: sets in a row */
} evoked;

/* "cat.jpg"; "cat.jpg rep-1" */
static char *name_set(void *user, size_t set, berg_error *error) {
  const evoked *from = user;
  const size_t row = set / from->parts;
  const io_labels *labels = from->labels;
  char *image = labels->row_names ? base_copy_text(labels->row_names[row], error) : base_format(error, "%zu", row);
  if (!from->leading || !image) return image;
  char *part = io_axes_name(labels->axes, from->leading, set % from->parts, error);
  char *name = part ? base_format(error, "%s %s", image, part) : NULL;
  base_free(part);
  base_free(image);
  return name;
}

static berg_status read_set(void *user, size_t set, float *values, berg_error *error) {
  const evoked *from = user;
  const size_t count = from->source->columns / from->parts;
  return io_row_source_read(from->source, set * count, count, values, error);
}

static bool is_time(const io_axis *axis) {
  return axis->numbers && axis->unit && axis->unit[0] == 's' && !axis->unit[1] && axis->length > 1;
}

static bool is_even(const io_axis *time, double step) {
  for (size_t i = 0; i < time->length; i++)
    if (!(fabs(time->numbers[i] - time->numbers[0] - (double)i * step) <= EVEN * step)) return false;
  return true;
}

static berg_status take_times(io_evoked_sets *sets, const io_axis *time, const char *path, berg_error *error) {
  const double step = (time->numbers[time->length - 1] - time->numbers[0]) / (double)(time->length - 1);
  sets->times = time->length;
  sets->first = time->numbers[0];
  sets->rate = 1 / step;
  if (step > 0 && is_even(time, step)) return BERG_OK;
  return base_fail(error, BERG_EARGUMENT,
                   "%s: an evoked file needs times at even distances: others go to .npy, .h5 or .csv", path);
}

static berg_status describe(io_evoked_sets *sets, evoked *from, const io_row_source *source, const char *path,
                            const io_labels *labels, berg_error *error) {
  const size_t count = labels->axis_count;
  const io_axis *axes = labels->axes;
  if (labels->evoked == IO_EVOKED_NONE || count < 2 || !axes[count - 2].texts || !is_time(&axes[count - 1]))
    return base_fail(
        error, BERG_EARGUMENT,
        "%s: an evoked file needs channels of EEG or MEG at two times or more: all else goes to .npy, .h5 or .csv",
        path);
  *from = (evoked){source, labels, count - 2, io_axes_span(axes, count - 2)};
  *sets = (io_evoked_sets){.kind = labels->evoked,
                           .sets = source->rows * from->parts,
                           .channels = axes[count - 2].length,
                           .channel_names = axes[count - 2].texts,
                           .what = labels->what ? labels->what : "values",
                           .name = name_set,
                           .read = read_set,
                           .user = from};
  berg_status status = take_times(sets, &axes[count - 1], path, error);
  return status ? status : io_evoked_check(sets, path, error);
}

berg_status io_check_evoked(const io_row_source *source, const char *path, const io_labels *labels, berg_error *error) {
  io_evoked_sets sets;
  evoked from;
  return describe(&sets, &from, source, path, labels, error);
}

berg_status io_write_evoked(const io_row_source *source, const char *path, bool force, const io_labels *labels,
                            berg_error *error) {
  io_evoked_sets sets;
  evoked from;
  berg_status status = describe(&sets, &from, source, path, labels, error);
  return status ? status : io_evoked_write(&sets, path, force, error);
}
