/* Writes rows and what is known of their axes as HDF5 (the labels may call responses and images otherwise):
 *
 *     /responses             float32 (rows, columns), or (rows, axis...)
 *     /image_names           UTF-8 of fixed length (rows)            where images have names
 *     /image_sha256          64 digits (rows), "" where not known    likewise
 *     of each axis of a row, where it is known:
 *     /<axis>_names          UTF-8 of fixed length (length): channel_names, roi_names
 *     /<axis>_index          int64 (length): voxel_index
 *     /<axis>_coordinates    int64 (length, 3)
 *     /<axis>                float64 (length), with an attribute "unit": time, in s
 *     /<groups>/<name>       int64: the positions of a group, ascending: rois/V1; not for names with "/"
 *     /provenance            UTF-8, JSON: what the responses were made from
 *     attributes of /: the labels', creator (UTF-8); of /responses, where a row has several axes: axes, "image channel"
 *
 * libhdf5 lays the file out, with contiguous datasets whose space is set aside; the data are then written with pwrite
 * where it says that they lie. So a full disk in the middle of gigabytes is reported by pwrite, not found by libhdf5: a
 * file that libhdf5 1.10 fails to close stays open inside it, which then crashes where it ends. For the few kilobytes
 * that libhdf5 does write, space is tested in advance. No times are stored: the same responses give the same bytes. */
#include <errno.h>
#include <stdio.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/hdf5/hdf5_session.h"
#include "io/file/put_at.h"
#include "io/rows/row_source.h"
#include "io/file/whole_file.h"

#define CHUNK_BYTES ((size_t)1 << 22)
#define METADATA_BYTES ((size_t)1 << 16)       /* libhdf5 writes 8 kB for all datasets here but the groups' ... */
#define GROUP_METADATA_BYTES ((size_t)1 << 10) /* ... and less than this for each of those, besides its name */
#define ATTRIBUTE_MAX 1024
#define NAME_MAX_BYTES 128

_Static_assert(sizeof(size_t) == sizeof(int64_t), "voxel indices are written as they lie in memory");

/* Where each dataset's data begin; HADDR_UNDEF: it is not there, or empty. */
typedef struct axis_layout {
  haddr_t names, index, coordinates, numbers;
  haddr_t *groups; /* [group_count] */
  size_t name_bytes;
} axis_layout;

typedef struct layout {
  haddr_t responses, image_names, image_hashes, provenance;
  axis_layout axes[IO_ROW_DIMS_MAX];
  size_t image_name_bytes, metadata_bytes;
} layout;

static hid_t text_type(size_t bytes) {
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, bytes);
  H5Tset_cset(type, H5T_CSET_UTF8);
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  return type;
}

static bool add_attribute(hid_t file, const char *name, hid_t type, const void *value) {
  hid_t space = H5Screate(H5S_SCALAR);
  hid_t attribute = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  bool done = attribute >= 0 && H5Awrite(attribute, type, value) >= 0;
  if (attribute >= 0) H5Aclose(attribute);
  H5Sclose(space);
  return done;
}

static bool add_text_attribute(hid_t file, const char *name, const char *text) {
  hid_t type = text_type(*text ? strlen(text) : 1);
  bool done = add_attribute(file, name, type, text);
  H5Tclose(type);
  return done;
}

/* With an attribute, where there is a text for it. */
static bool add_described(hid_t file, const char *name, hid_t type, const hsize_t *dims, int ndim,
                          const char *attribute, const char *text, haddr_t *offset) {
  hid_t space = H5Screate_simple(ndim, dims, NULL);
  hid_t how = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_layout(how, H5D_CONTIGUOUS);
  H5Pset_alloc_time(how, H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(how, H5D_FILL_TIME_NEVER);
  H5Pset_obj_track_times(how, 0);
  hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, how, H5P_DEFAULT);
  bool done = dataset >= 0 && (!text || add_text_attribute(dataset, attribute, text));
  if (dataset >= 0) {
    *offset = dims[0] ? H5Dget_offset(dataset) : HADDR_UNDEF;
    H5Dclose(dataset);
  }
  H5Pclose(how);
  H5Sclose(space);
  return done && (!dims[0] || *offset != HADDR_UNDEF);
}

static bool add_dataset(hid_t file, const char *name, hid_t type, size_t rows, size_t columns, haddr_t *offset) {
  return add_described(file, name, type, (hsize_t[]){rows, columns}, columns ? 2 : 1, NULL, NULL, offset);
}

static bool add_names(hid_t file, const char *name, size_t bytes, size_t count, haddr_t *offset) {
  hid_t type = text_type(bytes);
  bool done = add_dataset(file, name, type, count, 0, offset);
  H5Tclose(type);
  return done;
}

static size_t longest(const char *const *names, size_t count) {
  size_t most = 1;
  for (size_t i = 0; i < count; i++) {
    size_t length = strlen(names[i]);
    if (length > most) most = length;
  }
  return most;
}

static bool add_groups(hid_t file, const io_axis *axis, axis_layout *at) {
  hid_t how = H5Pcreate(H5P_GROUP_CREATE);
  H5Pset_obj_track_times(how, 0);
  hid_t group = H5Gcreate2(file, axis->groups_name, H5P_DEFAULT, how, H5P_DEFAULT);
  H5Pclose(how);
  bool done = group >= 0;
  for (size_t i = 0; i < axis->group_count && done; i++) {
    const char *name = axis->groups[i].name;
    if (*name && strcmp(name, ".") && !strchr(name, '/'))
      done = add_dataset(group, name, H5T_STD_I64LE, axis->groups[i].count, 0, &at->groups[i]);
  }
  if (group >= 0) H5Gclose(group);
  return done;
}

static bool add_axis(hid_t file, const io_axis *axis, axis_layout *at) {
  char name[NAME_MAX_BYTES];
  bool done = !axis->group_count || add_groups(file, axis, at);
  base_print(name, sizeof name, "%s_names", axis->name);
  if (done && axis->texts) done = add_names(file, name, at->name_bytes, axis->length, &at->names);
  base_print(name, sizeof name, "%s_index", axis->name);
  if (done && axis->indices) done = add_dataset(file, name, H5T_STD_I64LE, axis->length, 0, &at->index);
  base_print(name, sizeof name, "%s_coordinates", axis->name);
  if (done && axis->coordinates) done = add_dataset(file, name, H5T_STD_I64LE, axis->length, 3, &at->coordinates);
  if (done && axis->numbers)
    done =
        add_described(file, axis->name, H5T_IEEE_F64LE, (hsize_t[]){axis->length}, 1, "unit", axis->unit, &at->numbers);
  return done;
}

static const char *row_of(const io_labels *labels) { return labels->row ? labels->row : "image"; }

static bool add_responses(hid_t file, const io_row_source *source, const io_labels *labels, layout *at) {
  char axes[IO_ROW_DIMS_MAX * NAME_MAX_BYTES];
  hsize_t dims[IO_ROW_DIMS_MAX + 1] = {source->rows};
  size_t used = (size_t)base_print(axes, sizeof axes, "%s", row_of(labels));
  for (size_t d = 0; d < source->ndim; d++) {
    dims[d + 1] = source->shape[d];
    used += (size_t)base_print(axes + used, sizeof axes - used, " %s", labels->axes[d].name);
  }
  return add_described(file, labels->values ? labels->values : "responses", H5T_IEEE_F32LE, dims, (int)source->ndim + 1,
                       "axes", source->ndim > 1 ? axes : NULL, &at->responses);
}

static bool add_attributes(hid_t file, const io_labels *labels) {
  char creator[64];
  bool done = true;
  base_print(creator, sizeof creator, "libberg %s", berg_version());
  for (size_t i = 0; i < labels->attribute_count && done; i++) {
    const io_attribute *attribute = &labels->attributes[i];
    done = attribute->text ? add_text_attribute(file, attribute->name, attribute->text)
                           : add_attribute(file, attribute->name, H5T_NATIVE_INT64, &attribute->number);
  }
  return done && add_text_attribute(file, "creator", creator);
}

static bool lay_out(hid_t file, const io_row_source *source, const io_labels *labels, layout *at) {
  bool done = add_responses(file, source, labels, at);
  char names[NAME_MAX_BYTES];
  base_print(names, sizeof names, "%s_names", row_of(labels));
  if (done && labels->row_names) done = add_names(file, names, at->image_name_bytes, source->rows, &at->image_names);
  if (done && labels->row_hashes)
    done = add_names(file, "image_sha256", BASE_SHA256_TEXT - 1, source->rows, &at->image_hashes);
  if (done && labels->provenance) done = add_names(file, "provenance", strlen(labels->provenance), 1, &at->provenance);
  for (size_t a = 0; a < labels->axis_count && done; a++) done = add_axis(file, &labels->axes[a], &at->axes[a]);
  return done && add_attributes(file, labels);
}

/* Whether an axis' data and libhdf5's own few kilobytes for them can be counted. */
static bool count_axis(const io_axis *axis, axis_layout *at, size_t *data, size_t *metadata) {
  size_t bytes = 0;
  if (axis->texts) at->name_bytes = longest(axis->texts, axis->length);
  bool fits = base_multiply(axis->length, 5 * sizeof(int64_t) + at->name_bytes, &bytes) && base_add(*data, bytes, data);
  for (size_t i = 0; i < axis->group_count && fits; i++)
    fits = base_add(*metadata, GROUP_METADATA_BYTES + 2 * strlen(axis->groups[i].name), metadata) &&
           base_add(*data, axis->groups[i].count * sizeof(int64_t), data);
  return fits;
}

static bool count_bytes(const io_row_source *source, const io_labels *labels, layout *at, size_t *bytes) {
  size_t names = 0, axes = labels->provenance ? strlen(labels->provenance) : 0;
  if (labels->row_names) at->image_name_bytes = longest(labels->row_names, source->rows);
  at->metadata_bytes = METADATA_BYTES;
  for (size_t a = 0; a < labels->axis_count; a++)
    if (!count_axis(&labels->axes[a], &at->axes[a], &axes, &at->metadata_bytes)) return false;
  return base_multiply(source->rows, source->columns * sizeof(float), bytes) && base_add(*bytes, axes, bytes) &&
         base_add(*bytes, at->metadata_bytes, bytes) &&
         base_multiply(source->rows, at->image_name_bytes + BASE_SHA256_TEXT, &names) &&
         base_add(*bytes, names, bytes) && *bytes <= INT64_MAX;
}

/* libhdf5 holds attributes to 64 KiB, and says so less clearly. */
static berg_status check_attributes(const char *path, const io_labels *labels, berg_error *error) {
  for (size_t i = 0; i < labels->attribute_count; i++)
    if (labels->attributes[i].text && strlen(labels->attributes[i].text) > ATTRIBUTE_MAX)
      return base_fail(error, BERG_EARGUMENT, "%s: a %s's name of more than %d bytes", path, labels->attributes[i].name,
                       ATTRIBUTE_MAX);
  return BERG_OK;
}

/* Makes sure that libhdf5 does not meet a full disk or a limit of file sizes. */
static berg_status try_room(int file, const char *path, const io_row_source *source, const io_labels *labels,
                            layout *at, berg_error *error) {
  size_t bytes = 0;
  if (!count_bytes(source, labels, at, &bytes))
    return base_fail_errno(error, BERG_EWRITE, path, "cannot be written", EFBIG);
  berg_status status = check_attributes(path, labels, error);
  if (status) return status;
  char *zeros = base_calloc(at->metadata_bytes, 1, error);
  if (!zeros) return BERG_ELIMIT;
  status = io_put_at(file, zeros, at->metadata_bytes, 0, path, error);
  if (!status && (ftruncate(file, (off_t)bytes) || fsync(file)))
    status = base_fail_errno(error, BERG_EWRITE, path, "cannot be written", errno);
  base_free(zeros);
  return status;
}

static berg_status create(const char *temporary, const char *path, const io_row_source *source, const io_labels *labels,
                          layout *at, berg_error *error) {
  io_hdf5_session session;
  io_hdf5_enter(&session);
  hid_t file = io_hdf5_create(temporary);
  bool done = file >= 0 && lay_out(file, source, labels, at);
  if (file >= 0 && H5Fclose(file) < 0) done = false;
  io_hdf5_leave(&session);
  return done ? BERG_OK
              : base_fail(error, io_hdf5_status(&session, BERG_EWRITE), "%s: cannot be written: libhdf5 says %s", path,
                          session.reason);
}

static berg_status put_responses(int file, const io_row_source *source, uint64_t offset, const char *path,
                                 berg_error *error) {
  const size_t all = source->rows * source->columns, step = CHUNK_BYTES / sizeof(float);
  float *values = base_alloc(step, sizeof *values, error);
  berg_status status = values ? BERG_OK : BERG_ELIMIT;
  for (size_t first = 0; first < all && !status; first += step) {
    size_t count = all - first < step ? all - first : step;
    status = io_row_source_read(source, first, count, values, error);
    if (!status) status = io_put_at(file, values, count * sizeof *values, offset + first * sizeof *values, path, error);
  }
  base_free(values);
  return status;
}

/* Texts one after the other, `stride` bytes apart or (0) where `list` points, each filled up with zeros to `bytes`. */
static berg_status put_names(int file, const char *const *list, const char *texts, size_t stride, size_t count,
                             size_t bytes, uint64_t offset, const char *path, berg_error *error) {
  const size_t step = bytes < CHUNK_BYTES ? CHUNK_BYTES / bytes : 1;
  char *block = base_alloc(step, bytes, error);
  berg_status status = block ? BERG_OK : BERG_ELIMIT;
  for (size_t first = 0; first < count && !status; first += step) {
    size_t part = count - first < step ? count - first : step;
    memset(block, 0, part * bytes);
    for (size_t i = 0; i < part; i++) {
      /* cppcheck-suppress nullPointerArithmetic ; one of list and texts is there */
      const char *text = list ? list[first + i] : texts + (first + i) * stride;
      /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): a fixed length, filled up with zeros */
      memcpy(block + i * bytes, text, strlen(text));
    }
    status = io_put_at(file, block, part * bytes, offset + first * bytes, path, error);
  }
  base_free(block);
  return status;
}

static berg_status fill_axis(int file, const char *path, const io_axis *axis, const axis_layout *at,
                             berg_error *error) {
  const size_t length = axis->length;
  berg_status status = BERG_OK;
  for (size_t i = 0; i < axis->group_count && !status; i++)
    if (at->groups[i] != HADDR_UNDEF)
      status = io_put_at(file, axis->groups[i].positions, axis->groups[i].count * sizeof(int64_t), at->groups[i], path,
                         error);
  if (!status && at->names != HADDR_UNDEF)
    status = put_names(file, axis->texts, NULL, 0, length, at->name_bytes, at->names, path, error);
  if (!status && at->index != HADDR_UNDEF)
    status = io_put_at(file, axis->indices, length * sizeof(int64_t), at->index, path, error);
  if (!status && at->coordinates != HADDR_UNDEF)
    status = io_put_at(file, axis->coordinates, length * 3 * sizeof(int64_t), at->coordinates, path, error);
  if (!status && at->numbers != HADDR_UNDEF)
    status = io_put_at(file, axis->numbers, length * sizeof(double), at->numbers, path, error);
  return status;
}

static berg_status fill(int file, const char *path, const io_row_source *source, const io_labels *labels,
                        const layout *at, berg_error *error) {
  berg_status status = BERG_OK;
  if (at->responses != HADDR_UNDEF) status = put_responses(file, source, at->responses, path, error);
  if (!status && at->image_names != HADDR_UNDEF)
    status =
        put_names(file, labels->row_names, NULL, 0, source->rows, at->image_name_bytes, at->image_names, path, error);
  if (!status && at->image_hashes != HADDR_UNDEF)
    status = put_names(file, NULL, labels->row_hashes[0], BASE_SHA256_TEXT, source->rows, BASE_SHA256_TEXT - 1,
                       at->image_hashes, path, error);
  if (!status && at->provenance != HADDR_UNDEF)
    status = io_put_at(file, labels->provenance, strlen(labels->provenance), at->provenance, path, error);
  for (size_t a = 0; a < labels->axis_count && !status; a++)
    status = fill_axis(file, path, &labels->axes[a], &at->axes[a], error);
  return status;
}

static berg_status start_layout(layout *at, const io_labels *labels, berg_error *error) {
  *at = (layout){HADDR_UNDEF, HADDR_UNDEF, HADDR_UNDEF, HADDR_UNDEF, {{0}}, 0, 0};
  for (size_t a = 0; a < labels->axis_count; a++) {
    const size_t count = labels->axes[a].group_count;
    at->axes[a] = (axis_layout){HADDR_UNDEF, HADDR_UNDEF, HADDR_UNDEF, HADDR_UNDEF, NULL, 0};
    at->axes[a].groups = base_alloc(count, sizeof *at->axes[a].groups, error);
    if (!at->axes[a].groups) return BERG_ELIMIT;
    for (size_t i = 0; i < count; i++) at->axes[a].groups[i] = HADDR_UNDEF;
  }
  return BERG_OK;
}

static berg_status write_file(io_whole_file *file, const char *path, const io_row_source *source,
                              const io_labels *labels, layout *at, berg_error *error) {
  const int handle = io_whole_file_handle(file);
  berg_status status = try_room(handle, path, source, labels, at, error);
  if (!status) status = create(io_whole_file_path(file), path, source, labels, at, error);
  if (!status) status = fill(handle, path, source, labels, at, error);
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file, error);
  return status;
}

berg_status io_write_hdf5(const io_row_source *source, const char *path, bool force, const io_labels *labels,
                          berg_error *error) {
  layout at;
  io_whole_file *file;
  berg_status status = start_layout(&at, labels, error);
  if (!status) status = io_whole_file_open(&file, path, force, error);
  if (!status) status = write_file(file, path, source, labels, &at, error);
  for (size_t a = 0; a < labels->axis_count; a++) base_free(at.axes[a].groups);
  return status;
}
