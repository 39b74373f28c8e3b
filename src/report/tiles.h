/* Pictures by their names in a store, as tiles with a name and a number under them. */
#ifndef REPORT_TILES_H
#define REPORT_TILES_H

#include "report/panel.h"

#define REPORT_TILE_WORDS 24.0 /* two lines under a tile */

typedef struct report_tiles {
  const char *folder; /* where relative names lie; NULL: where the program runs */
  size_t missing;     /* pictures that could not be read */
  char *array;        /* the last array of pictures that was opened */
  berg_stimuli *stimuli;
  uint8_t *planes;
  uint32_t *pixels;
} report_tiles;

berg_status report_tiles_open(report_tiles *tiles, const char *folder, berg_error *error);
void report_tiles_close(report_tiles *tiles);

/* A tile with sides of `size`, of the network's pixels `reduce` (1, 2, 4) to one. `caption` may be NULL. A picture that
 * cannot be read is an empty tile; ELIMIT: memory. */
berg_status report_put_tile(report_tiles *tiles, report_panel *panel, double x, double y, double size, size_t reduce,
                            const char *name, const char *caption, berg_error *error);

#endif
