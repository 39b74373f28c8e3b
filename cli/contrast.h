/* The parts of berg contrast: groups of images, and where maps go. */
#ifndef CLI_CONTRAST_H
#define CLI_CONTRAST_H

#include "parts.h"
#include "space.h"

/* --- Groups --- */

typedef struct cli_groups {
  berg_image_group *list; /* [count]; names and images are its own */
  size_t count;
} cli_groups;

/* Those of --a and --b, and of --group NAME=LIST[,LIST...], read from the text files. CLI_GO_ON, or the exit status. */
int cli_groups_read(cli_groups *groups, const berg_store *store, const cli_texts *a, const cli_texts *b,
                    const cli_texts *named);
void cli_groups_free(cli_groups *groups);

/* --- Maps --- */

#define CLI_MAPS 9

/* Names of all maps, in order: "e", "t", ... */
extern const char *const cli_map_names[CLI_MAPS];
/* The number of the map of that name, or -1. */
int cli_map_of(const char *name);

/* Whether the files of contrasts of these names would be the same: of a name letters and digits count. */
bool cli_maps_alike(const char *a, const char *b);

typedef struct cli_maps {
  cli_texts wanted;      /* names */
  const char *output;    /* -o */
  const char *json;      /* a further output, which no sidecar may be; NULL: none */
  const char *above_map; /* its name */
  double above;          /* NaN: no region is asked for */
  bool force, no_sidecar, quiet;
  const char *command;
  cli_texts sources; /* files that the maps are made from */
  cli_space *space;
} cli_maps;

/* Writes the maps of one contrast: `values` [CLI_MAPS][columns]. `label` is of the subject, or NULL where there is one;
 * `contrast` its name, or NULL likewise. With `check` writes nothing, but finds what is there already. */
int cli_maps_write(const cli_maps *maps, const berg_metadata *metadata, const double *values, size_t columns,
                   const char *label, const char *contrast, bool check);

#endif
