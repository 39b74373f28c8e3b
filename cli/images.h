/* Images of a store that a command is to use: --images FILE, a name on each line. */
#ifndef CLI_IMAGES_H
#define CLI_IMAGES_H

#include "options.h"

typedef struct cli_images {
  size_t *list; /* NULL: all of the store */
  size_t count;
} cli_images;

/* Reads the file (NULL: none) and finds each name in the store. CLI_GO_ON, or the exit status of what was said. */
int cli_images_find(cli_images *images, const berg_store *store, const char *file);
void cli_images_free(cli_images *images);

#endif
