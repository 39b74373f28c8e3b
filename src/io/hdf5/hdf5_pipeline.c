/* The filters that the chunks of a dataset went through. */
#include "base/text.h"
#include "io/hdf5/hdf5_handle.h"

#define FIRST_NAMED 256 /* from version 2 on the format's own filters are written without their names */

/* Registered by the format, and not undone here. */
static const char *name_of(uint64_t number) {
  static const char *const names[] = {"szip", "nbit", "scaleoffset"};
  return number >= 4 && number <= 6 ? names[number - 4] : "no name";
}

static berg_status refuse(const io_hdf5 *dataset, uint64_t number, const uint8_t *name, size_t size,
                          berg_error *error) {
  char found[112];
  const int shown = size < 39 ? (int)size : 39;
  base_print(found, sizeof found, "filter %u (%.*s); h5repack -f GZIP=4 rewrites the file", (unsigned)number,
             name && *name ? shown : 39, name && *name ? (const char *)name : name_of(number));
  return io_hdf5_refuse(dataset, "unsupported compression", "gzip, lzf, shuffle, fletcher32", found, error);
}

static berg_status take_one(io_hdf5 *dataset, io_h5_fields *fields, uint64_t version, berg_error *error) {
  const uint64_t number = io_h5_number(fields, 2);
  const size_t named = version == 1 || number >= FIRST_NAMED ? (size_t)io_h5_number(fields, 2) : 0;
  io_h5_number(fields, 2); /* flags */
  const uint64_t values = io_h5_number(fields, 2);
  const uint8_t *name = io_h5_bytes(fields, version == 1 ? (named + 7) / 8 * 8 : named);
  io_h5_bytes(fields, 4 * (version == 1 ? values + values % 2 : values));
  if (fields->is_short) return io_h5_damaged(&dataset->file, IO_H5_NONE, "its filters are cut short", error);
  if (!io_filters_knows((int)number)) return refuse(dataset, number, named ? name : NULL, named, error);
  dataset->filters.kinds[dataset->filters.count++] = (io_filter_kind)number;
  return BERG_OK;
}

berg_status io_hdf5_take_filters(io_hdf5 *dataset, io_h5_fields fields, berg_error *error) {
  const uint64_t version = io_h5_number(&fields, 1), count = io_h5_number(&fields, 1);
  if (version == 1) io_h5_bytes(&fields, 6);
  if (fields.is_short || version < 1 || version > 2)
    return io_h5_damaged(&dataset->file, IO_H5_NONE, "its filters are of unknown version", error);
  if (count > IO_FILTERS_MAX) return io_hdf5_refuse(dataset, "too many filters", "at most 8", NULL, error);
  berg_status status = BERG_OK;
  for (uint64_t f = 0; f < count && !status; f++) status = take_one(dataset, &fields, version, error);
  return status;
}
