/* A new HDF5 file as a description says, for tests.
 *
 *   draft_hdf5 FILE < DESCRIPTION
 *
 * Lines of fields with tabs between them. Objects are named by their number: 0 is the root, then as they were added.
 *
 *   group GROUP NAME
 *   dataset GROUP NAME TYPE SHAPE DATA      SHAPE: 2,3; DATA: its last bytes, as hexadecimal digits
 *   list GROUP NAME DATA
 *   note OBJECT NAME TYPE DATA              "-": no value
 *   text OBJECT NAME TEXT
 *   string OBJECT NAME TEXT
 *
 * TYPE: u1, i8, f4, f8, b1, or for text of 5 bytes s5, a5 (ASCII), t5 (ended by a zero). Prints where the data of each
 * dataset begin. Ends with the exit status of the first call that fails, its message on standard error. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "io/file/put_at.h"
#include "io/hdf5/hdf5_draft.h"

#define FIELDS 6
#define DATASETS_MAX 6000

typedef struct dataset {
  uint64_t offset;
  size_t bytes;
  unsigned char *data;
  size_t size; /* of data */
} dataset;

static dataset datasets[DATASETS_MAX];
static size_t dataset_count;

static size_t number_of(const char *text) { return strtoull(text, NULL, 10); }

/* malloc'd. */
static unsigned char *bytes_of(const char *digits, size_t *size) {
  unsigned char *bytes = malloc(strlen(digits) / 2 + 1);
  *size = strlen(digits) / 2;
  if (!bytes) exit(100);
  for (size_t i = 0; i < *size; i++) {
    const char two[3] = {digits[2 * i], digits[2 * i + 1], 0};
    bytes[i] = (unsigned char)strtoul(two, NULL, 16);
  }
  return bytes;
}

static io_hdf5_type type_of(const char *name) {
  const size_t size = number_of(name + 1);
  if (*name == 'u') return io_hdf5_number(BERG_U8);
  if (*name == 'i') return io_hdf5_number(BERG_I64);
  if (*name == 'f') return io_hdf5_number(size == 4 ? BERG_F32 : BERG_F64);
  if (*name == 'b') return (io_hdf5_type){.class = IO_HDF5_BITS, .size = size};
  io_hdf5_type type = io_hdf5_text(size);
  type.is_utf8 = *name != 'a';
  type.is_terminated = *name == 't';
  return type;
}

static void add_dataset(io_hdf5_draft *draft, char *const *fields) {
  size_t shape[BERG_MAX_DIMS], ndim = 0;
  const io_hdf5_type type = type_of(fields[3]);
  if (dataset_count == DATASETS_MAX) exit(100);
  dataset *made = &datasets[dataset_count++];
  made->bytes = type.size;
  for (const char *at = *fields[4] ? fields[4] : NULL; at && ndim < BERG_MAX_DIMS; at = strchr(at, ',')) {
    at += *at == ',';
    shape[ndim] = number_of(at);
    made->bytes *= shape[ndim++];
  }
  made->data = bytes_of(fields[5], &made->size);
  io_hdf5_add_dataset(draft, number_of(fields[1]), fields[2], type, shape, ndim, &made->offset);
}

static void add_bytes(io_hdf5_draft *draft, char *const *fields) {
  const bool is_list = !strcmp(fields[0], "list");
  size_t size;
  unsigned char *bytes = bytes_of(fields[is_list ? 3 : 4], &size);
  if (is_list)
    io_hdf5_add_list(draft, number_of(fields[1]), fields[2], bytes, size);
  else
    io_hdf5_add_note(draft, number_of(fields[1]), fields[2], type_of(fields[3]), *fields[4] == '-' ? NULL : bytes);
  free(bytes);
}

static void add(io_hdf5_draft *draft, char *line) {
  char *fields[FIELDS] = {NULL}, none[1] = "";
  for (size_t f = 0; f < FIELDS; f++) {
    fields[f] = line ? line : none;
    line = line ? strchr(line, '\t') : NULL;
    if (line) *line++ = 0;
  }
  if (!strcmp(fields[0], "group")) io_hdf5_add_group(draft, number_of(fields[1]), fields[2]);
  if (!strcmp(fields[0], "dataset")) add_dataset(draft, fields);
  if (!strcmp(fields[0], "list") || !strcmp(fields[0], "note")) add_bytes(draft, fields);
  if (!strcmp(fields[0], "text")) io_hdf5_add_text_note(draft, number_of(fields[1]), fields[2], fields[3]);
  if (!strcmp(fields[0], "string")) io_hdf5_add_string_note(draft, number_of(fields[1]), fields[2], fields[3]);
}

static berg_status put_data(int file, const char *path, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t i = 0; i < dataset_count && !status; i++) {
    const dataset *d = &datasets[i];
    printf("%lld\n", d->offset == IO_HDF5_NOWHERE ? -1 : (long long)d->offset);
    if (d->size) status = io_put_at(file, d->data, d->size, d->offset + d->bytes - d->size, path, error);
  }
  return status;
}

int main(int argc, char **argv) {
  io_hdf5_draft draft;
  berg_error error;
  uint64_t bytes;
  char *line = NULL;
  size_t room = 0;
  ssize_t length;
  const int file = argc == 2 ? open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0666) : -1;
  if (file < 0) return 100;
  io_hdf5_draft_begin(&draft, argv[1], &error);
  while ((length = getline(&line, &room, stdin)) > 0) {
    line[length - 1] = 0;
    add(&draft, line);
  }
  free(line);
  berg_status status = io_hdf5_draft_finish(&draft, file, &bytes);
  if (!status) status = put_data(file, argv[1], &error);
  for (size_t i = 0; i < dataset_count; i++) free(datasets[i].data);
  close(file);
  if (status) fprintf(stderr, "%s\n", error.message);
  return berg_status_exit(status);
}
