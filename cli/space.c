/* Options that say where voxels are: a mask, an affine, what lies outside. */
#include "space.h"

#include <stdlib.h>
#include <string.h>

#include "value.h"

#define NUMBERS 16

static int read_npy(const char *path, double affine[NUMBERS]) {
  berg_error error;
  berg_file *file;
  char shape[160];
  if (berg_file_open(&file, path, &error)) return cli_fail(&error);
  int status = CLI_GO_ON;
  const berg_array *array = berg_file_entry(file, 0);
  if (berg_file_count(file) != 1 || array->ndim != 2 || array->shape[0] != 4 || array->shape[1] != 4 ||
      !(cli_is_real(array) || cli_is_whole(array)))
    status =
        cli_fail_with(BERG_EINPUT, "%s: affine: expected one 4x4 array of numbers, found %s %s", path,
                      array ? berg_dtype_name(array->dtype) : "nothing", array ? cli_shape_text(array, shape) : "");
  for (size_t i = 0; i < NUMBERS && status == CLI_GO_ON; i++) affine[i] = cli_element_number(array, i);
  berg_file_free(file);
  return status;
}

static int read_text(const char *path, FILE *stream, double affine[NUMBERS]) {
  char word[64];
  int count = 0;
  while (fscanf(stream, "%63s", word) == 1) {
    char *end;
    double number = strtod(word, &end);
    if (*end || count == NUMBERS)
      return *end ? cli_fail_with(BERG_EINPUT, "%s: affine: number %d: found \"%s\"", path, count, word)
                  : cli_fail_with(BERG_EINPUT, "%s: affine: expected 16 numbers, found more", path);
    affine[count++] = number;
  }
  if (ferror(stream)) return cli_fail_errno(BERG_EINPUT, path, "cannot be read");
  return count == NUMBERS ? CLI_GO_ON
                          : cli_fail_with(BERG_EINPUT, "%s: affine: expected 16 numbers, found %d", path, count);
}

int cli_space_complete(const char *command, cli_space *space) {
  const char *outside = space->options.outside, *path = space->affine_file;
  char magic[6];
  if (outside && strcmp(outside, "nan") && strcmp(outside, "0"))
    return cli_usage_error(command, "--outside: expected nan or 0, found \"%s\"", outside);
  if (!path) return CLI_GO_ON;
  if (space->options.like) return cli_usage_error(command, "--like and --affine: give one of them");
  FILE *stream = fopen(path, "rb");
  if (!stream) return cli_fail_errno(BERG_EINPUT, path, "cannot be read");
  bool npy = fread(magic, 1, sizeof magic, stream) == sizeof magic && !memcmp(magic, "\x93NUMPY", sizeof magic);
  rewind(stream);
  int status = npy ? read_npy(path, space->affine) : read_text(path, stream, space->affine);
  fclose(stream);
  space->options.affine = space->affine;
  return status;
}

void cli_space_warn(const cli_space *space) {
  if (!space->options.like && !space->options.affine)
    cli_say(
        "the space of the volume is unknown (voxel indices): --like brainmask.nii.gz or --affine FILE would give it");
}
