/* Reading the names in a folder. */
#include "io/file/listing.h"

#include <errno.h>

static berg_status fail(const io_listing *listing, int number, berg_error *error) {
  return base_fail_errno(error, listing->blame, listing->path, "this folder cannot be read", number);
}

berg_status io_listing_open(io_listing *listing, const char *path, int may, berg_status blame, berg_error *error) {
  *listing = (io_listing){.folder = opendir(path), .path = path, .blame = blame};
  if (listing->folder) return BERG_OK;
  const int number = errno;
  if ((number == ENOENT && may & IO_LISTING_MAY_MISS) || (number == EACCES && may & IO_LISTING_MAY_HIDE))
    return BERG_OK;
  return fail(listing, number, error);
}

const char *io_listing_next(io_listing *listing, berg_status *status, berg_error *error) {
  if (!listing->folder || *status) return NULL;
  errno = 0; /* which readdir leaves as it is at the end */
  const struct dirent *entry = readdir(listing->folder);
  if (!entry && errno) *status = fail(listing, errno, error);
  return entry ? entry->d_name : NULL;
}

void io_listing_close(io_listing *listing) {
  if (listing->folder) closedir(listing->folder);
  listing->folder = NULL;
}
