/* The voxels, sensors or times that a file marks. */
#include "marks.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "value.h"

/* More than any brain has voxels: the limit ends the reading of an endless text file. */
#define MOST_MARKS ((size_t)1 << 28)

static int take_array(const char *path, const char *what, const berg_array *array, uint8_t **marks, size_t *length) {
  char shape[160];
  if (array->ndim != 1 || !cli_is_whole(array))
    return cli_fail_with(BERG_EPARAMETER, "%s: %s: expected one dimension of booleans or whole numbers, found %s %s",
                         path, what, berg_dtype_name(array->dtype), cli_shape_text(array, shape));
  size_t count = array->shape[0];
  uint8_t *list = cli_alloc(count, 1);
  if (!list) return cli_fail_with(BERG_ELIMIT, "%s: not enough memory for %zu marks", path, count);
  for (size_t i = 0; i < count; i++) {
    double mark = cli_element_number(array, i);
    if (mark != 0 && mark != 1) {
      free(list);
      return cli_fail_with(BERG_EPARAMETER, "%s: %s: element %zu: expected 0 or 1, found %.0f", path, what, i, mark);
    }
    list[i] = mark != 0;
  }
  *marks = list;
  *length = count;
  return CLI_GO_ON;
}

static int read_npy(const char *path, const char *what, uint8_t **marks, size_t *length) {
  berg_error error;
  berg_file *file;
  if (berg_file_open(&file, path, &error)) return cli_fail(&error);
  int status;
  if (berg_file_count(file) == 1)
    status = take_array(path, what, berg_file_entry(file, 0), marks, length);
  else
    status = cli_fail_with(BERG_EPARAMETER, "%s: %s: expected one array, found %zu", path, what, berg_file_count(file));
  berg_file_free(file);
  return status;
}

static int bad_text(const char *path, const char *what, size_t element, int found) {
  if (found >= 0x20 && found < 0x7f)
    return cli_fail_with(BERG_EPARAMETER, "%s: %s: element %zu: expected 0 or 1, found \"%c\"", path, what, element,
                         found);
  return cli_fail_with(BERG_EPARAMETER, "%s: %s: element %zu: expected 0 or 1, found byte %d", path, what, element,
                       found);
}

static int read_text(const char *path, const char *what, FILE *stream, uint8_t **marks, size_t *length) {
  uint8_t *list = NULL;
  size_t count = 0, capacity = 0;
  int byte, status = CLI_GO_ON;
  bool apart = true; /* "10" is ten, not two marks */
  while (status == CLI_GO_ON && (byte = fgetc(stream)) != EOF) {
    if (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n') {
      apart = true;
      continue;
    }
    if ((byte != '0' && byte != '1') || !apart) {
      status = bad_text(path, what, apart ? count : count - 1, byte);
      break;
    }
    apart = false;
    if (count == capacity) {
      capacity = capacity ? 2 * capacity : 1 << 16;
      uint8_t *larger = capacity > MOST_MARKS ? NULL : cli_grow(list, capacity);
      if (!larger) {
        status = cli_fail_with(BERG_ELIMIT, "%s: %s: not enough memory beyond %zu marks", path, what, count);
        break;
      }
      list = larger;
    }
    list[count++] = byte == '1';
  }
  if (status == CLI_GO_ON && ferror(stream)) status = cli_fail_errno(BERG_EINPUT, path, "cannot be read");
  if (status == CLI_GO_ON && !count) status = cli_fail_with(BERG_EPARAMETER, "%s: %s: holds no marks", path, what);
  if (status != CLI_GO_ON) {
    free(list);
    return status;
  }
  *marks = list;
  *length = count;
  return CLI_GO_ON;
}

int cli_read_marks(const char *path, const char *what, uint8_t **marks, size_t *length) {
  char magic[6];
  FILE *stream = fopen(path, "rb");
  if (!stream) return cli_fail_errno(BERG_EINPUT, path, "cannot be read");
  bool npy = fread(magic, 1, sizeof magic, stream) == sizeof magic && !memcmp(magic, "\x93NUMPY", sizeof magic);
  rewind(stream);
  int status = npy ? read_npy(path, what, marks, length) : read_text(path, what, stream, marks, length);
  fclose(stream);
  return status;
}
