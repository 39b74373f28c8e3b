/* Writes a surface file for the tests that give it names and sizes of every kind:
 *
 *     write_surface PATH VERTICES all | none | V,V,... [NAME ...]
 *
 * An image a name; each of its values is its number, at all vertices or at those chosen, NaN elsewhere. Prints the most
 * memory that was held, in kB; exit status as the program berg. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/surface/surface.h"

#define CHOSEN_MAX 100

static berg_status read_row(void *user, size_t row, float *values, berg_error *error) {
  const io_surface_rows *rows = user;
  (void)error;
  for (size_t c = 0; c < rows->columns; c++) values[c] = (float)row;
  return BERG_OK;
}

/* Of this program alone: getrusage counts what was there before exec. */
static long most_memory(void) {
  char line[128];
  long most = 0;
  FILE *file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file))
    if (!strncmp(line, "VmHWM:", 6)) most = strtol(line + 6, NULL, 10);
  if (file) fclose(file);
  return most;
}

int main(int count, char **arguments) {
  static size_t chosen[CHOSEN_MAX];
  if (count < 4) return 2;
  io_surface_rows rows = {.surface = {strtoul(arguments[2], NULL, 10), IO_LEFT},
                          .rows = (size_t)count - 4,
                          .names = (const char *const *)arguments + 4,
                          .what = "numbers",
                          .nan_outside = true,
                          .read = read_row,
                          .user = &rows};
  if (!strcmp(arguments[3], "all")) {
    rows.columns = rows.surface.vertices;
  } else {
    rows.vertices = chosen;
    for (char *next = strtok(arguments[3], ","); next && rows.columns < CHOSEN_MAX; next = strtok(NULL, ","))
      if (strcmp(next, "none")) chosen[rows.columns++] = strtoul(next, NULL, 10);
  }
  berg_error error;
  berg_status status = io_surface_write(&rows, arguments[1], false, &error);
  if (status) fprintf(stderr, "%s: %s\n", berg_status_name(status), error.message);
  printf("%ld\n", most_memory());
  return berg_status_exit(status);
}
