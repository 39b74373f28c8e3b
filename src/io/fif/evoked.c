/* Writes evoked responses as a FIF file:
 *
 *     file id | directory: none | free list: none | MEAS { block id
 *       MEAS_INFO { description  no date  number of channels  rate  channel 0  channel 1 ...  [CH_INFO { name }] ... }
 *       PROCESSED { EVOKED { name  first and last sample
 *                            ASPECT { average  of one  float32 [channel][time] } } ... } } | end
 *
 * A channel's record has 15 bytes for its name; where one is longer, each channel gets a CH_INFO block too. Positions
 * are not known (NaN), as MNE-Python has it for channels that it makes. The id's machine and time are zero: the same
 * responses are the same bytes. */
#include "io/fif/evoked.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/fif/tags.h"
#include "io/value/big_endian.h"

enum { MEAS = 100, MEAS_INFO = 101, PROCESSED = 103, EVOKED = 104, ASPECT = 105, CH_INFO = 113 };

enum {
  FILE_ID = 100,
  DIRECTORY = 101,
  BLOCK_ID = 103,
  FREE_LIST = 106,
  CHANNEL_COUNT = 200,
  RATE = 201,
  CHANNEL = 203,
  DATE = 204,
  DESCRIPTION = 206,
  AVERAGE_OF = 207,
  FIRST_SAMPLE = 208,
  LAST_SAMPLE = 209,
  ASPECT_KIND = 210,
  SAMPLE_COUNT = 228,
  FIRST_TIME = 229,
  CHANNEL_NAME = 258,
  EPOCH = 302
};

#define FIF_VERSION (1 << 16 | 4)
#define ID_BYTES 20
#define CHANNEL_BYTES 96
#define NAME_BYTES 15
#define AVERAGE 100
#define SET_BYTES 1024 /* tags around a set's values, with a name of 800 bytes */
#define ON_SAMPLE 1e-3 /* of a sample: what rounding leaves of times that are whole multiples */
#define BLOCK 4096     /* values that are turned at a time */

/* MNE-Python tells magnetometers and gradiometers by the unit alone and knows no channel for MEG without one, so it
 * says tesla; CTF's axial gradiometers are in tesla there. */
static const struct {
  uint32_t channel, coil, unit;
} kinds[] = {[IO_EVOKED_EEG] = {2, 1, (uint32_t)-1}, [IO_EVOKED_MEG] = {1, 5001, 112}};

bool io_evoked_is_name(const char *path) {
  const size_t length = strlen(path), ending = strlen("-ave.fif");
  return length > ending && path[length - ending - 1] != '/' &&
         (base_same_word(path + length - ending, "-ave.fif") || base_same_word(path + length - ending, "_ave.fif"));
}

static long long first_sample(const io_evoked_sets *sets) { return llround(sets->first * sets->rate); }

static bool is_on_sample(const io_evoked_sets *sets) {
  return fabs(sets->first * sets->rate - (double)first_sample(sets)) < ON_SAMPLE;
}

static berg_status fail_size(const io_evoked_sets *sets, const char *path, berg_error *error) {
  return base_fail(
      error, BERG_EARGUMENT,
      "%s: %zu sets of %zu channels at %zu times: an evoked file holds 1 or more of each, and at most 2 GB", path,
      sets->sets, sets->channels, sets->times);
}

berg_status io_evoked_check(const io_evoked_sets *sets, const char *path, berg_error *error) {
  size_t bytes = 0, channels = 0;
  if (sets->kind == IO_EVOKED_NONE)
    return base_fail(error, BERG_EARGUMENT, "%s: an evoked file holds channels of EEG or MEG", path);
  bool fits = sets->sets && sets->channels && sets->times && base_multiply(sets->channels, sets->times, &bytes) &&
              base_multiply(bytes, sizeof(float), &bytes) && base_add(bytes, SET_BYTES, &bytes) &&
              base_multiply(bytes, sets->sets, &bytes) && base_multiply(sets->channels, 2 * CHANNEL_BYTES, &channels) &&
              base_add(bytes, channels, &bytes) && bytes <= IO_FIF_BYTES_MAX;
  if (!fits) return fail_size(sets, path, error);
  const double first = sets->first * sets->rate;
  if (sets->rate > 0 && isfinite(sets->rate) && fabs(first) < INT32_MAX &&
      fabs(first) + (double)sets->times < INT32_MAX)
    return BERG_OK;
  return base_fail(error, BERG_EARGUMENT, "%s: %g samples a second from %g s on cannot be counted", path, sets->rate,
                   sets->first);
}

static berg_status put_id(io_whole_file *file, uint32_t kind, berg_error *error) {
  uint8_t id[ID_BYTES] = {0};
  io_big_endian(id, FIF_VERSION, 4);
  berg_status status = io_fif_tag(file, kind, IO_FIF_ID, sizeof id, error);
  return status ? status : io_whole_file_write(file, id, sizeof id, error);
}

/* Microseconds that no second has: how MNE-Python says that there is no date. Without the tag it takes the id's,
 * 1970. */
static berg_status put_no_date(io_whole_file *file, berg_error *error) {
  uint8_t date[8] = {0};
  io_big_endian(date + 4, INT32_MAX, 4);
  berg_status status = io_fif_tag(file, DATE, IO_FIF_INT, sizeof date, error);
  return status ? status : io_whole_file_write(file, date, sizeof date, error);
}

/* Bytes of a name that fit its record: UTF-8 is not cut within a character. */
static size_t name_kept(const char *name) {
  size_t length = strlen(name);
  if (length > NAME_BYTES)
    for (length = NAME_BYTES; length && (name[length] & 0xc0) == 0x80;) length--;
  return length;
}

/* number, number | kind | range 1 | calibration 1 | coil | place [12] | unit | its exponent 0 | name [16] */
static berg_status put_channel(io_whole_file *file, const io_evoked_sets *sets, size_t c, berg_error *error) {
  const float scale[] = {1, 1}, place[12] = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
  const char *name = sets->channel_names[c];
  uint8_t record[CHANNEL_BYTES] = {0};
  io_big_endian(record, (uint32_t)c + 1, 4);
  io_big_endian(record + 4, (uint32_t)c + 1, 4);
  io_big_endian(record + 8, kinds[sets->kind].channel, 4);
  io_big_endian_floats(record + 12, scale, 2);
  io_big_endian(record + 20, kinds[sets->kind].coil, 4);
  io_big_endian_floats(record + 24, place, 12);
  io_big_endian(record + 72, kinds[sets->kind].unit, 4);
  memcpy(record + 80, name, name_kept(name));
  berg_status status = io_fif_tag(file, CHANNEL, IO_FIF_CHANNEL, sizeof record, error);
  return status ? status : io_whole_file_write(file, record, sizeof record, error);
}

static bool has_long_names(const io_evoked_sets *sets) {
  for (size_t c = 0; c < sets->channels; c++)
    if (strlen(sets->channel_names[c]) > NAME_BYTES) return true;
  return false;
}

static berg_status put_whole_name(io_whole_file *file, const char *name, berg_error *error) {
  berg_status status = io_fif_begin(file, CH_INFO, error);
  if (!status) status = io_fif_text(file, CHANNEL_NAME, name, error);
  return status ? status : io_fif_end(file, CH_INFO, error);
}

static berg_status put_channels(io_whole_file *file, const io_evoked_sets *sets, berg_error *error) {
  const bool long_names = has_long_names(sets);
  berg_status status = BERG_OK;
  for (size_t c = 0; c < sets->channels && !status; c++) status = put_channel(file, sets, c, error);
  for (size_t c = 0; c < sets->channels && long_names && !status; c++)
    status = put_whole_name(file, sets->channel_names[c], error);
  return status;
}

static berg_status put_description(io_whole_file *file, const io_evoked_sets *sets, berg_error *error) {
  char *text = base_format(error, "libberg %s, %s", berg_version(), sets->what);
  berg_status status = text ? io_fif_text(file, DESCRIPTION, text, error) : BERG_ELIMIT;
  base_free(text);
  return status;
}

static berg_status put_head(io_whole_file *file, const io_evoked_sets *sets, berg_error *error) {
  berg_status status = put_id(file, FILE_ID, error);
  if (!status) status = io_fif_int(file, DIRECTORY, -1, error);
  if (!status) status = io_fif_int(file, FREE_LIST, -1, error);
  if (!status) status = io_fif_begin(file, MEAS, error);
  if (!status) status = put_id(file, BLOCK_ID, error);
  if (!status) status = io_fif_begin(file, MEAS_INFO, error);
  if (!status) status = put_description(file, sets, error);
  if (!status) status = put_no_date(file, error);
  if (!status) status = io_fif_int(file, CHANNEL_COUNT, (int32_t)sets->channels, error);
  if (!status) status = io_fif_float(file, RATE, (float)sets->rate, error);
  if (!status) status = put_channels(file, sets, error);
  if (!status) status = io_fif_end(file, MEAS_INFO, error);
  return status ? status : io_fif_begin(file, PROCESSED, error);
}

/* Samples are counted from time 0; a first time between two of them is said besides, as float32. */
static berg_status put_times(io_whole_file *file, const io_evoked_sets *sets, berg_error *error) {
  const int32_t first = (int32_t)first_sample(sets), count = (int32_t)sets->times;
  berg_status status = BERG_OK;
  if (!is_on_sample(sets)) {
    status = io_fif_float(file, FIRST_TIME, (float)sets->first, error);
    if (!status) status = io_fif_int(file, SAMPLE_COUNT, count, error);
  }
  if (!status) status = io_fif_int(file, FIRST_SAMPLE, first, error);
  return status ? status : io_fif_int(file, LAST_SAMPLE, first + count - 1, error);
}

/* A matrix: values, then its sizes from the last, then how many there are. */
static berg_status put_values(io_whole_file *file, const io_evoked_sets *sets, const float *values, berg_error *error) {
  const size_t all = sets->channels * sets->times;
  uint8_t block[4 * BLOCK], sizes[12];
  io_big_endian(sizes, (uint32_t)sets->times, 4);
  io_big_endian(sizes + 4, (uint32_t)sets->channels, 4);
  io_big_endian(sizes + 8, 2, 4);
  berg_status status = io_fif_tag(file, EPOCH, IO_FIF_FLOAT_MATRIX, 4 * all + sizeof sizes, error);
  for (size_t first = 0; first < all && !status; first += BLOCK) {
    const size_t count = all - first < BLOCK ? all - first : BLOCK;
    io_big_endian_floats(block, values + first, count);
    status = io_whole_file_write(file, block, 4 * count, error);
  }
  return status ? status : io_whole_file_write(file, sizes, sizeof sizes, error);
}

static berg_status put_aspect(io_whole_file *file, const io_evoked_sets *sets, const float *values, berg_error *error) {
  berg_status status = io_fif_begin(file, ASPECT, error);
  if (!status) status = io_fif_int(file, ASPECT_KIND, AVERAGE, error);
  if (!status) status = io_fif_int(file, AVERAGE_OF, 1, error);
  if (!status) status = put_values(file, sets, values, error);
  return status ? status : io_fif_end(file, ASPECT, error);
}

static berg_status put_set(io_whole_file *file, const io_evoked_sets *sets, size_t set, float *values,
                           berg_error *error) {
  char *name = sets->name(sets->user, set, error);
  berg_status status = name ? sets->read(sets->user, set, values, error) : BERG_ELIMIT;
  if (!status) status = io_fif_begin(file, EVOKED, error);
  if (!status) status = io_fif_text(file, DESCRIPTION, name, error);
  if (!status) status = put_times(file, sets, error);
  if (!status) status = put_aspect(file, sets, values, error);
  if (!status) status = io_fif_end(file, EVOKED, error);
  base_free(name);
  return status;
}

static berg_status put_all(io_whole_file *file, const io_evoked_sets *sets, berg_error *error) {
  float *values = base_alloc(sets->channels * sets->times, sizeof *values, error);
  berg_status status = values ? put_head(file, sets, error) : BERG_ELIMIT;
  for (size_t s = 0; s < sets->sets && !status; s++) status = put_set(file, sets, s, values, error);
  if (!status) status = io_fif_end(file, PROCESSED, error);
  if (!status) status = io_fif_end(file, MEAS, error);
  if (!status) status = io_fif_last(file, error);
  base_free(values);
  return status;
}

berg_status io_evoked_write(const io_evoked_sets *sets, const char *path, bool force, berg_error *error) {
  io_whole_file *file;
  if (!io_evoked_is_name(path))
    return base_fail(error, BERG_EARGUMENT, "%s: expected a name that ends in -ave.fif or _ave.fif", path);
  berg_status status = io_evoked_check(sets, path, error);
  if (!status) status = io_whole_file_open(&file, path, force, error);
  if (status) return status;
  status = put_all(file, sets, error);
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file, error);
  return status;
}
