/* The trials of the raw data set: sessions, splits, repeats. */
#include "train/prepare/trials.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

enum { TRIAL_TYPE, SESSION, STIMULUS, CONCEPT, COLUMNS };

static const io_csv_column columns[COLUMNS] = {[TRIAL_TYPE] = {"trial_type", IO_CSV_TEXT, false},
                                               [SESSION] = {"session", IO_CSV_INTEGER, false},
                                               [STIMULUS] = {"stimulus", IO_CSV_TEXT, false},
                                               [CONCEPT] = {"concept", IO_CSV_TEXT, false}};

/* One trial on its way to being sorted. `row` is its place among the trials of its type. */
typedef struct entry {
  const char *stimulus;
  int64_t session;
  size_t trial, row;
} entry;

/* Rows are counted from 1 in messages, as io_csv does. */
static berg_status fail_row(const char *path, size_t trial, const char *what, const char *expected, const char *found,
                            berg_error *error) {
  char item[32];
  base_print(item, sizeof item, "row %zu", trial + 1);
  return base_fail_at(error, &(base_fault){BERG_EINPUT, path, BERG_NO_OFFSET, item, what, expected, found});
}

static int by_trial(const entry *a, const entry *b) { return a->trial < b->trial ? -1 : a->trial > b->trial; }

static int by_session(const void *left, const void *right) {
  const entry *a = left, *b = right;
  return a->session < b->session ? -1 : a->session > b->session ? 1 : by_trial(a, b);
}

static int by_stimulus(const void *left, const void *right) {
  const entry *a = left, *b = right;
  int order = strcmp(a->stimulus, b->stimulus);
  return order ? order : by_trial(a, b);
}

/* Trials of each type in the file's order, and each trial's row among them. */
static berg_status split(train_trials *trials, entry *entries, const char *path, berg_error *error) {
  const char *const *types = io_csv_texts(trials->csv, TRIAL_TYPE);
  for (size_t t = 0; t < trials->count; t++) {
    bool is_train = !strcmp(types[t], "train");
    if (!is_train && strcmp(types[t], "test"))
      return fail_row(path, t, "unknown trial_type", "train or test", types[t], error);
    size_t *row = is_train ? &trials->train_count : &trials->test_count;
    (is_train ? trials->train : trials->test)[*row] = t;
    entries[t].row = (*row)++;
    if (!*trials->stimuli[t] || !*trials->concepts[t])
      return fail_row(path, t, "stimulus or concept without a name", NULL, NULL, error);
  }
  if (trials->train_count && trials->test_count) return BERG_OK;
  return base_fail(error, BERG_EINPUT, "%s: no %s trials among its %zu rows", path,
                   trials->train_count ? "test" : "train", trials->count);
}

static berg_status gather_sessions(train_trials *trials, entry *entries, const char *path, berg_error *error) {
  qsort(entries, trials->count, sizeof *entries, by_session);
  for (size_t i = 0; i < trials->count; i++) {
    trials->by_session[i] = entries[i].trial;
    if (!i || entries[i].session != entries[i - 1].session) trials->session_start[trials->sessions++] = i;
  }
  trials->session_start[trials->sessions] = trials->count;
  for (size_t s = 0; s < trials->sessions; s++) {
    size_t first = trials->session_start[s];
    if (trials->session_start[s + 1] - first > 1) continue;
    char found[64];
    base_print(found, sizeof found, "session %lld", (long long)entries[first].session);
    return fail_row(path, entries[first].trial, "a session of one trial has no variance", NULL, found, error);
  }
  return BERG_OK;
}

/* Entries [first, end), sorted, are one stimulus's. Adds the test ones to the list of rows. */
static berg_status gather_one(train_trials *trials, const entry *entries, size_t first, size_t end, size_t *used,
                              const char *path, berg_error *error) {
  const char *const *types = io_csv_texts(trials->csv, TRIAL_TYPE);
  const char *name = entries[first].stimulus, *concept = trials->concepts[entries[first].trial];
  size_t trained = 0, tested = 0;
  char what[256], expected[64], found[64];
  for (size_t i = first; i < end; i++) {
    const size_t trial = entries[i].trial;
    base_print(what, sizeof what, "stimulus %.160s", name);
    if (strcmp(trials->concepts[trial], concept)) {
      strcat(what, " is of two concepts");
      return fail_row(path, trial, what, concept, trials->concepts[trial], error);
    }
    if (!strcmp(types[trial], "test")) {
      trials->averaged[*used + tested++] = entries[i].row;
    } else if (trained++) {
      strcat(what, " is trained on twice");
      return fail_row(path, trial, what, NULL, NULL, error);
    }
  }
  if (!tested) return BERG_OK;
  if (trials->averaged_count++ == 0) trials->repeats = tested;
  *used += tested;
  if (tested == trials->repeats) return BERG_OK;
  base_print(what, sizeof what, "test stimulus %.160s is not seen as often as the others", name);
  base_print(expected, sizeof expected, "%zu times", trials->repeats);
  base_print(found, sizeof found, "%zu", tested);
  return base_fail_at(error, &(base_fault){BERG_EINPUT, path, BERG_NO_OFFSET, NULL, what, expected, found});
}

static berg_status gather_stimuli(train_trials *trials, entry *entries, const char *path, berg_error *error) {
  qsort(entries, trials->count, sizeof *entries, by_stimulus);
  size_t used = 0;
  berg_status status = BERG_OK;
  for (size_t first = 0, end; first < trials->count && !status; first = end) {
    for (end = first + 1; end < trials->count && !strcmp(entries[end].stimulus, entries[first].stimulus);) end++;
    status = gather_one(trials, entries, first, end, &used, path, error);
  }
  return status;
}

static berg_status gather(train_trials *trials, const char *path, berg_error *error) {
  const size_t count = trials->count;
  const int64_t *sessions = io_csv_integers(trials->csv, SESSION);
  entry *entries = base_alloc(count, sizeof *entries, error);
  trials->by_session = base_alloc(count, sizeof(size_t), error);
  trials->session_start = base_alloc(count + 1, sizeof(size_t), error);
  trials->train = base_alloc(count, sizeof(size_t), error);
  trials->test = base_alloc(count, sizeof(size_t), error);
  trials->averaged = base_alloc(count, sizeof(size_t), error);
  bool is_there =
      entries && trials->by_session && trials->session_start && trials->train && trials->test && trials->averaged;
  for (size_t t = 0; is_there && t < count; t++) entries[t] = (entry){trials->stimuli[t], sessions[t], t, 0};
  berg_status status = is_there ? split(trials, entries, path, error) : BERG_ELIMIT;
  if (!status) status = gather_sessions(trials, entries, path, error);
  if (!status) status = gather_stimuli(trials, entries, path, error);
  base_free(entries);
  return status;
}

berg_status train_trials_read(train_trials *trials, const char *path, size_t expected, berg_error *error) {
  memset(trials, 0, sizeof *trials);
  berg_status status = io_csv_read(&trials->csv, path, columns, COLUMNS, error);
  if (status) return status;
  trials->count = io_csv_rows(trials->csv);
  trials->stimuli = io_csv_texts(trials->csv, STIMULUS);
  trials->concepts = io_csv_texts(trials->csv, CONCEPT);
  status = io_csv_check_rows(trials->csv, path, expected, "as the responses have trials", error);
  if (!status) status = gather(trials, path, error);
  if (status) train_trials_release(trials);
  return status;
}

void train_trials_release(train_trials *trials) {
  io_csv_free(trials->csv);
  base_free(trials->by_session);
  base_free(trials->session_start);
  base_free(trials->train);
  base_free(trials->test);
  base_free(trials->averaged);
  memset(trials, 0, sizeof *trials);
}
