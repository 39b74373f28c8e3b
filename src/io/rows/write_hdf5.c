/* Writes responses as HDF5:
 *
 *     /responses          float32 (rows, columns)
 *     /image_names        UTF-8 of fixed length (rows)            where images have names
 *     /image_sha256       64 digits (rows), "" where not known    likewise
 *     /voxel_index        int64 (columns)                         or /roi_names, UTF-8 of fixed length (columns)
 *     /voxel_coordinates  int64 (columns, 3)
 *     /rois/<name>        int64: the columns of an ROI, ascending; not for names that no link can have (with "/")
 *     /provenance         UTF-8, JSON: what the responses were made from
 *     attributes of /: model, creator (UTF-8), subject (int64)
 *
 * libhdf5 lays the file out, with contiguous datasets whose space is set aside; the data are then written with pwrite
 * where it says that they lie. So a full disk in the middle of gigabytes is reported by pwrite, not found by libhdf5: a
 * file that libhdf5 1.10 fails to close stays open inside it and crashes the process at exit. For the few kilobytes
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
#define METADATA_BYTES ((size_t)1 << 16)     /* libhdf5 writes 8 kB for all datasets here but the ROIs ... */
#define ROI_METADATA_BYTES ((size_t)1 << 10) /* ... and less than this for each of those, besides its name */
#define MODEL_ID_MAX 1024

_Static_assert(sizeof(size_t) == sizeof(int64_t), "voxel indices are written as they lie in memory");

/* Where each dataset's data begin; HADDR_UNDEF: it is not there, or empty. */
typedef struct layout {
  haddr_t responses, image_names, image_hashes, voxel_index, roi_names, coordinates, provenance;
  haddr_t *rois; /* [roi_count] */
  size_t image_name_bytes, roi_name_bytes, metadata_bytes;
} layout;

static hid_t text_type(size_t bytes) {
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, bytes);
  H5Tset_cset(type, H5T_CSET_UTF8);
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  return type;
}

static bool add_dataset(hid_t file, const char *name, hid_t type, size_t rows, size_t columns, haddr_t *offset) {
  const hsize_t dims[2] = {rows, columns};
  hid_t space = H5Screate_simple(columns ? 2 : 1, dims, NULL);
  hid_t how = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_layout(how, H5D_CONTIGUOUS);
  H5Pset_alloc_time(how, H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(how, H5D_FILL_TIME_NEVER);
  H5Pset_obj_track_times(how, 0);
  hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, how, H5P_DEFAULT);
  if (dataset >= 0) {
    *offset = rows ? H5Dget_offset(dataset) : HADDR_UNDEF;
    H5Dclose(dataset);
  }
  H5Pclose(how);
  H5Sclose(space);
  return dataset >= 0 && (!rows || *offset != HADDR_UNDEF);
}

static bool add_names(hid_t file, const char *name, size_t bytes, size_t count, haddr_t *offset) {
  hid_t type = text_type(bytes);
  bool done = add_dataset(file, name, type, count, 0, offset);
  H5Tclose(type);
  return done;
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

static size_t longest(const char *const *names, size_t count) {
  size_t most = 1;
  for (size_t i = 0; i < count; i++) {
    size_t length = strlen(names[i]);
    if (length > most) most = length;
  }
  return most;
}

static bool add_rois(hid_t file, const io_labels *labels, layout *at) {
  hid_t how = H5Pcreate(H5P_GROUP_CREATE);
  H5Pset_obj_track_times(how, 0);
  hid_t group = H5Gcreate2(file, "rois", H5P_DEFAULT, how, H5P_DEFAULT);
  H5Pclose(how);
  bool done = group >= 0;
  for (size_t i = 0; i < labels->roi_count && done; i++) {
    const char *name = labels->rois[i].name;
    if (*name && strcmp(name, ".") && !strchr(name, '/'))
      done = add_dataset(group, name, H5T_STD_I64LE, labels->rois[i].count, 0, &at->rois[i]);
  }
  if (group >= 0) H5Gclose(group);
  return done;
}

static bool lay_out(hid_t file, const io_row_source *source, const io_labels *labels, layout *at) {
  char creator[64];
  int64_t subject = labels->subject;
  base_print(creator, sizeof creator, "libberg %s", berg_version());
  bool done = add_dataset(file, "responses", H5T_IEEE_F32LE, source->rows, source->columns, &at->responses);
  if (done && labels->row_names)
    done = add_names(file, "image_names", at->image_name_bytes, source->rows, &at->image_names);
  if (done && labels->row_hashes)
    done = add_names(file, "image_sha256", BASE_SHA256_TEXT - 1, source->rows, &at->image_hashes);
  if (done && labels->provenance) done = add_names(file, "provenance", strlen(labels->provenance), 1, &at->provenance);
  if (done && labels->roi_count) done = add_rois(file, labels, at);
  if (labels->column_names) {
    done = done && add_names(file, "roi_names", at->roi_name_bytes, source->columns, &at->roi_names);
  } else {
    if (done && labels->voxels)
      done = add_dataset(file, "voxel_index", H5T_STD_I64LE, source->columns, 0, &at->voxel_index);
    if (done && labels->coordinates)
      done = add_dataset(file, "voxel_coordinates", H5T_STD_I64LE, source->columns, 3, &at->coordinates);
  }
  return done && (!labels->model_id || add_text_attribute(file, "model", labels->model_id)) &&
         add_attribute(file, "subject", H5T_NATIVE_INT64, &subject) && add_text_attribute(file, "creator", creator);
}

/* Space for libhdf5's own few kilobytes, and for the data of the ROIs. */
static bool count_metadata(const io_labels *labels, layout *at, size_t *data) {
  size_t bytes = METADATA_BYTES;
  *data = labels->provenance ? strlen(labels->provenance) : 0;
  for (size_t i = 0; i < labels->roi_count; i++)
    if (!base_add(bytes, ROI_METADATA_BYTES + 2 * strlen(labels->rois[i].name), &bytes) ||
        !base_add(*data, labels->rois[i].count * sizeof(int64_t), data))
      return false;
  at->metadata_bytes = bytes;
  return true;
}

/* Makes sure that libhdf5 does not meet a full disk or a limit of file sizes. */
static berg_status try_room(int file, const char *path, const io_row_source *source, const io_labels *labels,
                            layout *at, berg_error *error) {
  size_t bytes = 0, names = 0, more = 0;
  if (labels->row_names) at->image_name_bytes = longest(labels->row_names, source->rows);
  if (labels->column_names) at->roi_name_bytes = longest(labels->column_names, source->columns);
  bool fits = base_multiply(source->rows, source->columns * sizeof(float), &bytes) &&
              base_add(bytes, source->columns * (4 * sizeof(int64_t) + at->roi_name_bytes), &bytes) &&
              count_metadata(labels, at, &more) && base_add(bytes, more, &bytes) &&
              base_add(bytes, at->metadata_bytes, &bytes) &&
              base_multiply(source->rows, at->image_name_bytes + BASE_SHA256_TEXT, &names) &&
              base_add(bytes, names, &bytes) && bytes <= INT64_MAX;
  if (!fits) return base_fail_errno(error, BERG_EWRITE, path, "cannot be written", EFBIG);
  if (labels->model_id && strlen(labels->model_id) > MODEL_ID_MAX)
    return base_fail(error, BERG_EARGUMENT, "%s: a model's name of more than %d bytes", path, MODEL_ID_MAX);
  char *zeros = base_calloc(at->metadata_bytes, 1, error);
  if (!zeros) return BERG_ELIMIT;
  berg_status status = io_put_at(file, zeros, at->metadata_bytes, 0, path, error);
  if (!status && (ftruncate(file, (off_t)bytes) || fsync(file)))
    status = base_fail_errno(error, BERG_EWRITE, path, "cannot be written", errno);
  base_free(zeros);
  return status;
}

static berg_status create(const char *temporary, const char *path, const io_row_source *source, const io_labels *labels,
                          layout *at, berg_error *error) {
  io_hdf5_session session;
  io_hdf5_enter(&session);
  hid_t file = H5Fcreate(temporary, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
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

static berg_status fill_rois(int file, const char *path, const io_labels *labels, const layout *at, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t i = 0; i < labels->roi_count && !status; i++)
    if (at->rois[i] != HADDR_UNDEF)
      status =
          io_put_at(file, labels->rois[i].columns, labels->rois[i].count * sizeof(int64_t), at->rois[i], path, error);
  return status;
}

static berg_status fill(int file, const char *path, const io_row_source *source, const io_labels *labels,
                        const layout *at, berg_error *error) {
  const size_t columns = source->columns;
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
  if (!status) status = fill_rois(file, path, labels, at, error);
  if (!status && at->roi_names != HADDR_UNDEF)
    status = put_names(file, labels->column_names, NULL, 0, columns, at->roi_name_bytes, at->roi_names, path, error);
  if (!status && at->voxel_index != HADDR_UNDEF)
    status = io_put_at(file, labels->voxels, columns * sizeof(int64_t), at->voxel_index, path, error);
  if (!status && at->coordinates != HADDR_UNDEF)
    status = io_put_at(file, labels->coordinates, columns * 3 * sizeof(int64_t), at->coordinates, path, error);
  return status;
}

berg_status io_write_hdf5(const io_row_source *source, const char *path, bool force, const io_labels *labels,
                          berg_error *error) {
  layout at = {.responses = HADDR_UNDEF,
               .image_names = HADDR_UNDEF,
               .image_hashes = HADDR_UNDEF,
               .voxel_index = HADDR_UNDEF,
               .roi_names = HADDR_UNDEF,
               .coordinates = HADDR_UNDEF,
               .provenance = HADDR_UNDEF};
  at.rois = base_alloc(labels->roi_count, sizeof *at.rois, error);
  if (!at.rois) return BERG_ELIMIT;
  for (size_t i = 0; i < labels->roi_count; i++) at.rois[i] = HADDR_UNDEF;
  io_whole_file *file;
  berg_status status = io_whole_file_open(&file, path, force, error);
  if (!status) {
    const int handle = io_whole_file_handle(file);
    status = try_room(handle, path, source, labels, &at, error);
    if (!status) status = create(io_whole_file_path(file), path, source, labels, &at, error);
    if (!status) status = fill(handle, path, source, labels, &at, error);
    if (!status)
      status = io_whole_file_commit(file, error);
    else
      io_whole_file_abandon(file);
  }
  base_free(at.rois);
  return status;
}
