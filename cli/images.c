/* Lists of images by name. */
#include "images.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

static int find(cli_images *images, const berg_store *store, const char *file, size_t line, const char *name) {
  berg_error error;
  size_t image;
  if (berg_store_find(store, name, &image, &error))
    return cli_fail_with(error.status, "%s: line %zu: %s", file, line, error.message);
  size_t *list = cli_grow(images->list, (images->count + 1) * sizeof *list);
  if (!list) return cli_fail_memory();
  images->list = list;
  list[images->count++] = image;
  return CLI_GO_ON;
}

int cli_images_find(cli_images *images, const berg_store *store, const char *file) {
  char *line = NULL;
  size_t size = 0, number = 0;
  int status = CLI_GO_ON;
  ssize_t length;
  *images = (cli_images){.list = NULL};
  if (!file) return status;
  FILE *stream = fopen(file, "r");
  if (!stream) return cli_fail_errno(BERG_EINPUT, file, "cannot be read");
  while (status == CLI_GO_ON && (length = getline(&line, &size, stream)) >= 0) {
    number++;
    while (length && (line[length - 1] == '\n' || line[length - 1] == '\r')) line[--length] = '\0';
    if (length) status = find(images, store, file, number, line);
  }
  if (status == CLI_GO_ON && ferror(stream)) status = cli_fail_errno(BERG_EINPUT, file, "cannot be read");
  if (status == CLI_GO_ON && !images->count) status = cli_fail_with(BERG_EINPUT, "%s: it names no image", file);
  fclose(stream);
  free(line);
  return status;
}

void cli_images_free(cli_images *images) { free(images->list); }
