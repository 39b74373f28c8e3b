/* Writes an array as .npy, version 1.0:
 *
 *     0x93 "NUMPY" | 1 | 0 | header length, u16 LE | header, padded to a multiple of 64 in all | elements
 *
 * The header is a Python dictionary: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }. Elements lie in C
 * order. */
#include "npy.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "output.h"
#include "value.h"

/* One UTF-8 character to a code point; malformed bytes stand for themselves as U+FFFD. */
static uint32_t next_code(const unsigned char **at) {
  unsigned char lead = *(*at)++;
  int more = lead < 0x80 ? 0 : lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : -1;
  if (more < 0 || lead > 0xf7) return 0xfffd;
  uint32_t code = more == 0 ? lead : lead & (0x3fu >> more);
  for (; more > 0; more--) {
    if ((**at & 0xc0) != 0x80) return 0xfffd;
    code = code << 6 | (*(*at)++ & 0x3f);
  }
  return code;
}

static size_t characters(const char *text) {
  const unsigned char *at = (const unsigned char *)text;
  size_t count = 0;
  while (*at) {
    next_code(&at);
    count++;
  }
  return count;
}

static size_t widest_text(const berg_array *array, size_t count) {
  size_t widest = 1;
  for (size_t i = 0; i < count; i++) {
    char *text = cli_element_text(array, i);
    size_t length = text ? characters(text) : 0;
    if (length > widest) widest = length;
    free(text);
  }
  return widest;
}

static void write_header(FILE *stream, const berg_array *array, size_t width) {
  static const char *const codes[] = {
#define X(name, bytes, code) code,
      BERG_DTYPE_MAP(X)
#undef X
  };
  char code[32], shape[160], header[384];
  if (width)
    snprintf(code, sizeof code, "<U%zu", width);
  else
    snprintf(code, sizeof code, "%s", codes[array->dtype]);
  int length = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", code,
                        cli_shape_text(array, shape));
  int padded = (10 + length + 1 + 63) / 64 * 64 - 10;
  fputs("\x93NUMPY\x01", stream);
  fputc(0, stream);
  fputc(padded & 255, stream);
  fputc(padded >> 8, stream);
  fprintf(stream, "%s%*s\n", header, padded - length - 1, "");
}

static void write_text(FILE *stream, const char *text, size_t width) {
  const unsigned char *at = (const unsigned char *)(text ? text : "");
  for (size_t i = 0; i < width; i++) {
    uint32_t code = *at ? next_code(&at) : 0;
    fwrite(&code, sizeof code, 1, stream);
  }
}

static void write_array(FILE *stream, const berg_array *array) {
  size_t count = cli_array_count(array), width = cli_is_text(array) ? widest_text(array, count) : 0;
  write_header(stream, array, width);
  for (size_t i = 0; i < count; i++) {
    if (width) {
      char *text = cli_element_text(array, i);
      write_text(stream, text, width);
      free(text);
    } else {
      fwrite(cli_element(array, i), array->itemsize, 1, stream);
    }
  }
}

int cli_write_npy(const berg_array *array, const char *path, bool force) {
  if (!strcmp(path, "-")) {
    write_array(stdout, array);
    return CLI_GO_ON;
  }
  int status = cli_check_output(path, force);
  if (status != CLI_GO_ON) return status;
  char *bytes = NULL;
  size_t size = 0;
  berg_error error;
  FILE *stream = open_memstream(&bytes, &size);
  if (stream) write_array(stream, array);
  const bool made = stream && cli_close_text(stream, &bytes);
  if (!made || cli_memory_ran_out())
    status = cli_fail_with(BERG_ELIMIT, "not enough memory for %s", path);
  else if (berg_write_whole(path, bytes, size, force, &error))
    status = cli_fail(&error);
  free(bytes);
  return status;
}
