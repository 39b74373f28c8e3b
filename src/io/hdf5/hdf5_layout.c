/* Laying out datasets with libhdf5, which is then done with the file: a full disk is met by the system's calls, as
 * libhdf5 1.10 keeps a file open, and crashes where it is asked to end, once it could not write all of it. */
#include "io/hdf5/hdf5_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/system.h"
#include "io/file/put_at.h"
#include "io/hdf5/hdf5_session.h"

#define ABOUT_BYTES ((size_t)1 << 16)      /* more than libhdf5 writes for a dozen datasets, ... */
#define ABOUT_PART_BYTES ((size_t)1 << 12) /* ... and for each further one */

static size_t item_of(const io_hdf5_part *part) {
  return part->dtype == BERG_STRING ? part->itemsize : part->dtype == BERG_F32 ? sizeof(float) : sizeof(double);
}

static hid_t type_of(const io_hdf5_part *part) {
  if (part->dtype != BERG_STRING)
    return H5Tcopy(part->dtype == BERG_F32 ? H5T_IEEE_F32LE : part->dtype == BERG_F64 ? H5T_IEEE_F64LE : H5T_STD_I64LE);
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, part->itemsize);
  if (part->is_utf8) H5Tset_cset(type, H5T_CSET_UTF8);
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  return type;
}

static bool add_group(hid_t file, const char *name) {
  hid_t how = H5Pcreate(H5P_GROUP_CREATE);
  H5Pset_obj_track_times(how, 0);
  hid_t group = H5Gcreate2(file, name, H5P_DEFAULT, how, H5P_DEFAULT);
  H5Pclose(how);
  return group >= 0 && H5Gclose(group) >= 0;
}

static bool add_dataset(hid_t file, io_hdf5_part *part) {
  hsize_t shape[2] = {part->shape[0], part->shape[1]};
  hid_t space = part->is_empty ? H5Screate(H5S_NULL) : H5Screate_simple((int)part->ndim, shape, NULL);
  hid_t how = H5Pcreate(H5P_DATASET_CREATE), type = type_of(part);
  H5Pset_obj_track_times(how, 0);
  if (!part->is_empty) {
    H5Pset_layout(how, H5D_CONTIGUOUS);
    H5Pset_alloc_time(how, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(how, H5D_FILL_TIME_NEVER);
  }
  hid_t dataset = H5Dcreate2(file, part->name, type, space, H5P_DEFAULT, how, H5P_DEFAULT);
  haddr_t offset = dataset >= 0 && !part->is_empty ? H5Dget_offset(dataset) : 0;
  if (dataset >= 0) H5Dclose(dataset);
  H5Tclose(type);
  H5Pclose(how);
  H5Sclose(space);
  part->offset = offset;
  return dataset >= 0 && offset != HADDR_UNDEF;
}

static bool add_note(hid_t file, const io_hdf5_note *note) {
  hid_t object = H5Oopen(file, note->part ? note->part : "/", H5P_DEFAULT);
  hid_t space = H5Screate(H5S_SCALAR), type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, note->is_variable ? H5T_VARIABLE : *note->text ? strlen(note->text) : 1);
  H5Tset_cset(type, H5T_CSET_UTF8);
  H5Tset_strpad(type, note->is_variable ? H5T_STR_NULLTERM : H5T_STR_NULLPAD);
  const void *value = note->is_variable ? (const void *)&note->text : note->text;
  hid_t attribute = object >= 0 ? H5Acreate2(object, note->name, type, space, H5P_DEFAULT, H5P_DEFAULT) : -1;
  bool done = attribute >= 0 && H5Awrite(attribute, type, value) >= 0;
  if (attribute >= 0) H5Aclose(attribute);
  H5Tclose(type);
  H5Sclose(space);
  if (object >= 0) H5Oclose(object);
  return done;
}

static bool add_all(hid_t file, io_hdf5_part *parts, size_t count, const io_hdf5_note *notes, size_t note_count) {
  bool done = true;
  for (size_t i = 0; i < count && done; i++)
    done = parts[i].is_group ? add_group(file, parts[i].name) : add_dataset(file, &parts[i]);
  for (size_t i = 0; i < note_count && done; i++) done = add_note(file, &notes[i]);
  return done;
}

static bool count_bytes(const io_hdf5_part *parts, size_t count, size_t *bytes) {
  *bytes = ABOUT_BYTES + count * ABOUT_PART_BYTES;
  for (size_t i = 0; i < count; i++) {
    size_t size = item_of(&parts[i]);
    for (size_t d = 0; d < parts[i].ndim; d++)
      if (!base_multiply(size, parts[i].shape[d], &size)) return false;
    if (!parts[i].is_group && !parts[i].is_empty && !base_add(*bytes, size, bytes)) return false;
  }
  return *bytes <= INT64_MAX;
}

/* Room for all of it, before libhdf5 sees the file. */
static berg_status set_aside(int file, const char *called, const io_hdf5_part *parts, size_t count, berg_error *error) {
  size_t bytes;
  if (!count_bytes(parts, count, &bytes)) return base_fail(error, BERG_EWRITE, "%s: would be too large", called);
  const int number = base_system_reserve_or_write(file, bytes);
  return number ? base_fail_errno(error, BERG_EWRITE, called, "cannot be written", number) : BERG_OK;
}

berg_status io_hdf5_lay_out(const char *path, int file, const char *called, io_hdf5_part *parts, size_t count,
                            const io_hdf5_note *notes, size_t note_count, berg_error *error) {
  io_hdf5_session session;
  berg_status status = set_aside(file, called, parts, count, error);
  if (status) return status;
  io_hdf5_enter(&session);
  hid_t made = io_hdf5_create(path);
  bool done = made >= 0 && add_all(made, parts, count, notes, note_count);
  if (made >= 0 && H5Fclose(made) < 0) done = false;
  io_hdf5_leave(&session);
  if (done) return BERG_OK;
  return base_fail(error, io_hdf5_status(&session, BERG_EWRITE), "%s: cannot be written: libhdf5 says %s", called,
                   session.reason);
}
