/* What lies in the root group of an HDF5 file. */
#include "base/memory.h"
#include "io/hdf5/hdf5_handle.h"

typedef struct listing {
  char **names; /* [IO_HDF5_NAMES] */
  size_t count;
  bool no_memory;
} listing;

static herr_t take_one(hid_t group, const char *name, const H5L_info_t *info, void *user) {
  listing *list = user;
  (void)group, (void)info;
  if (list->count == IO_HDF5_NAMES) return 1;
  list->names[list->count] = base_copy_text(name, NULL);
  list->no_memory = !list->names[list->count];
  return list->no_memory || ++list->count == IO_HDF5_NAMES;
}

static berg_status take_names(listing *list, const char *path, berg_error *error) {
  io_hdf5_session session;
  hsize_t at = 0;
  io_hdf5_enter(&session);
  const hid_t file = io_hdf5_open_file(path);
  const herr_t listed = file < 0 ? -1 : H5Literate(file, H5_INDEX_NAME, H5_ITER_INC, &at, take_one, list);
  if (file >= 0) H5Fclose(file);
  io_hdf5_leave(&session);
  if (list->no_memory) return base_fail_memory(error, 0);
  if (listed >= 0) return BERG_OK;
  return base_fail(error, io_hdf5_status(&session, BERG_EINPUT), "%s: cannot be read as HDF5", path);
}

berg_status io_hdf5_names(char ***names, size_t *count, const char *path, berg_error *error) {
  listing list = {.names = base_calloc(IO_HDF5_NAMES, sizeof *list.names, error)};
  berg_status status = list.names ? take_names(&list, path, error) : BERG_ELIMIT;
  if (status) {
    base_free_texts(list.names, list.count);
    list = (listing){.names = NULL};
  }
  *names = list.names;
  *count = list.count;
  return status;
}
