/* The names in a folder, one after the other: a fault of the system is told, and never taken for their end. */
#ifndef IO_FILE_LISTING_H
#define IO_FILE_LISTING_H

#include <dirent.h>

#include "base/error.h"

/* A folder that holds nothing as far as this listing goes. */
enum { IO_LISTING_MAY_MISS = 1, IO_LISTING_MAY_HIDE = 2 }; /* not there; not to be looked into by this user */

typedef struct io_listing {
  DIR *folder;      /* NULL: nothing in it */
  const char *path; /* which outlives the listing */
  berg_status blame;
} io_listing;

/* `blame`: the status of a folder that cannot be read. Closed with io_listing_close in any case. */
berg_status io_listing_open(io_listing *listing, const char *path, int may, berg_status blame, berg_error *error);
/* The next name, "." and ".." among them; NULL at the end, and where *status is a failure, or becomes one here. */
const char *io_listing_next(io_listing *listing, berg_status *status, berg_error *error);
void io_listing_close(io_listing *listing);

#endif
