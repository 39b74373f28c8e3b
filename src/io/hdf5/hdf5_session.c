/* One thread at a time in libhdf5, whose errors are collected instead of printed. */
#include "io/hdf5/hdf5_session.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/text.h"

/* libhdf5's own state is global, so its guard must be. A fork waits for it, so that the child finds both in a
 * consistent state. */
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* No error was met in it so far. */
static bool is_sound = true;

static void before_fork(void) { pthread_mutex_lock(&guard); }
static void after_fork(void) { pthread_mutex_unlock(&guard); }

/* A program that writes with libhdf5 too may count on its files being closed when it ends. libhdf5 1.10 crashes there
 * on what it could not write before, be it for a full disk or for want of memory, and an exit status would be lost. */
static void end(void) {
  if (is_sound) H5close();
}

/* Refused where libhdf5 runs already, or the program does without its end: then neither is ours to say. */
static void start(void) {
  pthread_atfork(before_fork, after_fork, after_fork);
  if (H5dont_atexit() >= 0) atexit(end);
}

static herr_t take_innermost(unsigned n, const H5E_error2_t *entry, void *user) {
  io_hdf5_session *session = user;
  is_sound = false;
  session->no_memory |=
      entry->maj_num == H5E_RESOURCE && (entry->min_num == H5E_NOSPACE || entry->min_num == H5E_CANTALLOC);
  if (n == 0) base_print(session->reason, sizeof session->reason, "%s", entry->desc ? entry->desc : "unknown");
  return 0;
}

/* libhdf5 calls this where it would print. Later calls, if only to close what is open, clear its record of
 * errors. */
static herr_t note(hid_t stack, void *user) {
  H5Ewalk2(stack, H5E_WALK_UPWARD, take_innermost, user);
  return 0;
}

void io_hdf5_enter(io_hdf5_session *session) {
  pthread_once(&once, start);
  pthread_mutex_lock(&guard);
  base_print(session->reason, sizeof session->reason, "unknown");
  session->no_memory = H5open() < 0; /* nothing else can go wrong there */
  is_sound &= !session->no_memory;
  H5Eget_auto2(H5E_DEFAULT, &session->print, &session->print_data);
  H5Eset_auto2(H5E_DEFAULT, note, session);
}

void io_hdf5_leave(const io_hdf5_session *session) {
  H5Eclear2(H5E_DEFAULT);
  H5Eset_auto2(H5E_DEFAULT, session->print, session->print_data);
  pthread_mutex_unlock(&guard);
}

hid_t io_hdf5_create(const char *path) {
  hid_t how = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_file_locking(how, false, true);
  /* libhdf5 2 would take newer formats by itself, whose groups store the time */
  H5Pset_libver_bounds(how, H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST);
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, how);
  H5Pclose(how);
  return file;
}

berg_status io_hdf5_status(const io_hdf5_session *session, berg_status status) {
  return session->no_memory ? BERG_ELIMIT : status;
}
