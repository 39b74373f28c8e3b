/* What an input is: told by what is there (folder, stdin), then by its ending (pictures), then by its first
 * bytes. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/image/image.h"
#include "model/stimuli/stimuli_handle.h"

#define LIST_BYTES_MAX ((size_t)1 << 28)
#define STDIN_NAME "standard input"

static berg_status add_array(berg_stimuli *stimuli, berg_error *error) {
  if (!base_grow((void **)&stimuli->arrays, &stimuli->array_capacity, stimuli->array_count + 1, sizeof *stimuli->arrays,
                 error))
    return BERG_ELIMIT;
  return BERG_OK;
}

/* A text of unknown length; `bytes` already holds the first `size` of it. */
static berg_status read_rest(int file, char **bytes, size_t *size, size_t *capacity, berg_error *error) {
  for (;;) {
    if (*size >= LIST_BYTES_MAX)
      return base_fail(error, BERG_EINPUT, STDIN_NAME ": a list of paths longer than %zu bytes", LIST_BYTES_MAX);
    if (*size == *capacity && !base_grow((void **)bytes, capacity, *size + 4096, 1, error)) return BERG_ELIMIT;
    ssize_t got = read(file, *bytes + *size, *capacity - *size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base_fail_errno(error, BERG_EINPUT, STDIN_NAME, "cannot be read", errno);
    if (!got) return BERG_OK;
    *size += (size_t)got;
  }
}

static berg_status add_stdin(berg_stimuli *stimuli, berg_layout layout, berg_error *error) {
  if (stimuli->standard_input) return base_fail(error, BERG_EARGUMENT, "standard input (-) can be given once");
  stimuli->standard_input = true;
  char *bytes = NULL;
  size_t size = 0, capacity = 0;
  if (!base_grow((void **)&bytes, &capacity, 4096, 1, error)) return BERG_ELIMIT;
  /* No more than the magic, so that a .npy can be read on from there. */
  while (size < IO_NPY_MAGIC_BYTES) {
    ssize_t got = read(STDIN_FILENO, bytes + size, IO_NPY_MAGIC_BYTES - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      base_free(bytes);
      return base_fail_errno(error, BERG_EINPUT, STDIN_NAME, "cannot be read", errno);
    }
    if (!got) break;
    size += (size_t)got;
  }
  berg_status status;
  if (size == IO_NPY_MAGIC_BYTES && !memcmp(bytes, IO_NPY_MAGIC, IO_NPY_MAGIC_BYTES)) {
    status = add_array(stimuli, error);
    if (!status)
      status =
          model_images_open_stream(&stimuli->arrays[stimuli->array_count], STDIN_FILENO, STDIN_NAME, layout, error);
    if (!status) stimuli->array_count++;
  } else {
    status = read_rest(STDIN_FILENO, &bytes, &size, &capacity, error);
    if (!status) status = model_files_add_list(&stimuli->files, bytes, size, STDIN_NAME, NULL, error);
  }
  base_free(bytes);
  return status;
}

static berg_status add_hdf5(berg_stimuli *stimuli, const char *path, const char *dataset, berg_layout layout,
                            berg_error *error) {
  berg_status status = add_array(stimuli, error);
  if (!status) status = model_images_open_hdf5(&stimuli->arrays[stimuli->array_count], path, dataset, layout, error);
  if (!status) stimuli->array_count++;
  return status;
}

static berg_status add_npz(berg_stimuli *stimuli, const char *path, const char *name, berg_layout layout,
                           berg_error *error) {
  berg_status status = add_array(stimuli, error);
  if (!status) status = model_images_open_npz(&stimuli->arrays[stimuli->array_count], path, name, layout, error);
  if (!status) stimuli->array_count++;
  return status;
}

static berg_status add_npy(berg_stimuli *stimuli, const char *path, berg_layout layout, berg_error *error) {
  berg_status status = add_array(stimuli, error);
  if (!status) status = model_images_open_npy(&stimuli->arrays[stimuli->array_count], path, layout, error);
  if (!status) stimuli->array_count++;
  return status;
}

static berg_status add_list(berg_stimuli *stimuli, const char *path, berg_error *error) {
  io_map map;
  berg_status status = io_map_open(&map, path, error);
  if (status) return status;
  const char *slash = strrchr(path, '/');
  char *folder = slash ? base_copy_bytes(path, slash == path ? 1 : (size_t)(slash - path), error) : NULL;
  if (slash && !folder)
    status = BERG_ELIMIT;
  else
    status = model_files_add_list(&stimuli->files, (const char *)map.bytes, map.size, path, folder, error);
  base_free(folder);
  io_map_close(&map);
  return status;
}

static bool has_ending(const char *path, const char *ending) {
  size_t length = strlen(path), tail = strlen(ending);
  return length >= tail && !strcmp(path + length - tail, ending);
}

/* The first bytes of a file, zeros behind its end. */
static berg_status read_start(const char *path, uint8_t start[IO_IMAGE_START], berg_error *error) {
  memset(start, 0, IO_IMAGE_START);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t got = file < 0 ? -1 : pread(file, start, IO_IMAGE_START, 0);
  int number = errno;
  if (file >= 0) close(file);
  return got < 0 ? base_fail_errno(error, BERG_EINPUT, path, "cannot be opened", number) : BERG_OK;
}

static bool is_zip(const uint8_t *start) { return !memcmp(start, "PK\3\4", 4) || !memcmp(start, "PK\5\6", 4); }

static berg_status add_file(berg_stimuli *stimuli, const char *path, berg_layout layout, berg_error *error) {
  if (io_image_is_name(path)) return model_files_add(&stimuli->files, path, error);
  uint8_t start[IO_IMAGE_START];
  berg_status status = read_start(path, start, error);
  if (status) return status;
  const char *format = io_image_foreign(start, sizeof start);
  if (format) return io_image_fail_foreign(path, format, error);
  if (is_zip(start)) return add_npz(stimuli, path, "", layout, error);
  if (!memcmp(start, "\xff\xd8\xff", 3) || !memcmp(start, "\x89PNG\r\n\x1a\n", 8))
    return model_files_add(&stimuli->files, path, error);
  if (!memcmp(start, "MATLAB 5.0", 10))
    return base_fail(error, BERG_EINPUT, "%s: is a MATLAB file of version 5: save it with -v7.3, or write pictures",
                     path);
  if (!memcmp(start, "\x89HDF\r\n\x1a\n", 8) || !memcmp(start, "MATLAB 7.3", 10))
    return add_hdf5(stimuli, path, "", layout, error);
  if (!memcmp(start, IO_NPY_MAGIC, IO_NPY_MAGIC_BYTES) || has_ending(path, ".npy"))
    return add_npy(stimuli, path, layout, error);
  return add_list(stimuli, path, error);
}

/* "file.h5:group/data", "file.npz:name". Folders and datasets may have colons in their names: the first colon behind
 * which a file ends that is there is the one. */
static berg_status add_colon(berg_stimuli *stimuli, const char *input, berg_layout layout, int number,
                             berg_error *error) {
  struct stat about;
  for (const char *colon = strchr(input, ':'); colon; colon = strchr(colon + 1, ':')) {
    char *path = base_copy_bytes(input, (size_t)(colon - input), error);
    if (!path) return BERG_ELIMIT;
    bool is_file = !stat(path, &about) && S_ISREG(about.st_mode);
    uint8_t start[IO_IMAGE_START];
    berg_status status = is_file ? read_start(path, start, error) : BERG_OK;
    if (is_file && !status) status = (is_zip(start) ? add_npz : add_hdf5)(stimuli, path, colon + 1, layout, error);
    base_free(path);
    if (is_file) return status;
  }
  return base_fail_errno(error, BERG_EINPUT, input, "cannot be opened", number);
}

berg_status model_stimuli_add_input(berg_stimuli *stimuli, const char *input, berg_layout layout, berg_error *error) {
  if (!strcmp(input, "-")) return add_stdin(stimuli, layout, error);
  struct stat about;
  if (stat(input, &about)) {
    int number = errno;
    if (number == ENOENT && stimuli->files.may_be_missing && io_image_is_name(input) && !strchr(input, ':'))
      return model_files_add(&stimuli->files, input, error);
    return add_colon(stimuli, input, layout, number, error);
  }
  if (S_ISDIR(about.st_mode)) return model_files_add_folder(&stimuli->files, input, error);
  if (!S_ISREG(about.st_mode))
    return base_fail(error, BERG_EINPUT,
                     "%s: is neither a file nor a folder; a pipe goes to standard input, given as -", input);
  return add_file(stimuli, input, layout, error);
}
