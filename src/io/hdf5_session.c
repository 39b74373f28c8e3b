#include "io/hdf5_session.h"

#include <pthread.h>
#include <stdio.h>

/* The one mutable global of this library: libhdf5's own state is global, so its guard must be. */
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

void io_hdf5_enter(io_hdf5_session *session) {
  pthread_mutex_lock(&guard);
  H5Eget_auto2(H5E_DEFAULT, &session->print, &session->print_data);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

void io_hdf5_leave(const io_hdf5_session *session) {
  H5Eclear2(H5E_DEFAULT);
  H5Eset_auto2(H5E_DEFAULT, session->print, session->print_data);
  pthread_mutex_unlock(&guard);
}

typedef struct reason {
  char *text;
  size_t room;
} reason;

static herr_t take_first(unsigned n, const H5E_error2_t *entry, void *user) {
  const reason *to = user;
  if (n == 0) snprintf(to->text, to->room, "%s", entry->desc ? entry->desc : "unknown");
  return 0;
}

void io_hdf5_reason(char *text, size_t room) {
  reason to = {text, room};
  snprintf(text, room, "unknown");
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, &to);
}
