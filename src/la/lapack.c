/* Entering and calling LAPACK. */
#include "la/lapack.h"

#include <pthread.h>
#include <stdbool.h>

#include "base/loader.h"
#include "base/machine.h"
#include "la/lapack_load.h"

static la_lapack loaded;
static bool is_loaded;
static char reason[256];
static int threads_before; /* the host's number of threads */
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) { is_loaded = la_lapack_load(&loaded, reason, sizeof reason); }

/* A fork waits until no thread is in LAPACK. */
static void before_fork(void) { pthread_mutex_lock(&guard); }
static void after_fork(void) { pthread_mutex_unlock(&guard); }
static void watch_forks(void) { pthread_atfork(before_fork, after_fork, after_fork); }

berg_status la_lapack_enter(const la_lapack **lapack, berg_error *error) {
  pthread_once(&once, watch_forks);
  pthread_mutex_lock(&guard);
  *lapack = &loaded;
  /* on one processor, because OpenBLAS makes a thread for each when it is loaded, and ends the process where it cannot;
   * an earlier failure may have been a lack of memory that has passed */
  if (!is_loaded) base_machine_on_one_processor(load);
  if (is_loaded) {
    threads_before = loaded.get_threads();
    loaded.set_threads(1);
    return BERG_OK;
  }
  berg_status status = base_fail_loading(error, "LAPACK, which training needs,", reason,
                                         "install it (Debian: liblapacke and libopenblas0; pip: numpy beside libberg)");
  pthread_mutex_unlock(&guard);
  return status;
}

void la_lapack_leave(const la_lapack *lapack) {
  lapack->set_threads(threads_before);
  pthread_mutex_unlock(&guard);
}

berg_status la_lapack_check(berg_error *error) {
  const la_lapack *lapack;
  berg_status status = la_lapack_enter(&lapack, error);
  if (!status) la_lapack_leave(lapack);
  return status;
}

int64_t la_dsyevd(const la_lapack *lapack, double *matrix, int64_t n, double *values, double *work, int64_t size,
                  int64_t *whole, int64_t whole_size) {
  if (lapack->is_wide)
    return lapack->wide.dsyevd(LA_LAPACK_COLUMNS, 'V', 'U', n, matrix, n, values, work, size, whole, whole_size);
  int32_t asked = 0;
  const int32_t info =
      lapack->narrow.dsyevd(LA_LAPACK_COLUMNS, 'V', 'U', (int32_t)n, matrix, (int32_t)n, values, work, (int32_t)size,
                            whole_size < 0 ? &asked : (int32_t *)(void *)whole, (int32_t)whole_size);
  if (whole_size < 0) *whole = asked;
  return info;
}

int64_t la_dgeqrf(const la_lapack *lapack, int64_t rows, int64_t columns, double *matrix, double *factors, double *work,
                  int64_t size) {
  if (lapack->is_wide) return lapack->wide.dgeqrf(LA_LAPACK_COLUMNS, rows, columns, matrix, rows, factors, work, size);
  return lapack->narrow.dgeqrf(LA_LAPACK_COLUMNS, (int32_t)rows, (int32_t)columns, matrix, (int32_t)rows, factors, work,
                               (int32_t)size);
}

int64_t la_dorgqr(const la_lapack *lapack, int64_t rows, int64_t columns, double *matrix, double *factors, double *work,
                  int64_t size) {
  if (lapack->is_wide)
    return lapack->wide.dorgqr(LA_LAPACK_COLUMNS, rows, columns, columns, matrix, rows, factors, work, size);
  return lapack->narrow.dorgqr(LA_LAPACK_COLUMNS, (int32_t)rows, (int32_t)columns, (int32_t)columns, matrix,
                               (int32_t)rows, factors, work, (int32_t)size);
}
