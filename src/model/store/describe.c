/* What a store is, as JSON, and whether all of it is whole. */
#include "base/machine.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/progress.h"
#include "base/threads.h"
#include "model/store/store.h"

berg_status berg_store_describe(char **json, const berg_store *store, berg_error *error) {
  *json = NULL;
  return model_store_about_print(&store->about, json, error);
}

/* Rows that are looked at between two calls of progress. */
#define TOGETHER ((size_t)16384)

static berg_status check_part(const berg_store *store, size_t part, base_team *team, const berg_run *run, double start,
                              berg_error *error) {
  const size_t images = store->about.images, all = images * store->about.part_count;
  berg_status status = BERG_OK;
  for (size_t first = 0; first < images && !status; first += TOGETHER) {
    const size_t count = images - first < TOGETHER ? images - first : TOGETHER;
    const float *rows;
    status = base_progress(run, part * images + first, all, start, "rows", error);
    if (!status) status = model_store_rows(store, part, first, count, team, &rows, error);
    model_store_drop(store, part, first, count);
  }
  return status;
}

berg_status berg_store_check(const berg_store *store, int threads, const berg_run *given, berg_error *error) {
  berg_run run;
  berg_status status = BASE_TAKE(berg_run, &run, given, error);
  if (status) return status;
  const double start = base_machine_seconds();
  base_team *team = base_team_begin(base_threads_for(threads));
  for (size_t p = 0; p < store->about.part_count && !status; p++)
    status = check_part(store, p, team, &run, start, error);
  base_team_end(team);
  return status;
}
