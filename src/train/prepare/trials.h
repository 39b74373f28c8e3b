/* sub-0N_StimulusMetadata.csv: what was shown in each trial, and what follows from it for the responses. Row i of the
 * file is trial i: column i of the responses. */
#ifndef TRAIN_TRIALS_H
#define TRAIN_TRIALS_H

#include "io/table/csv.h"

typedef struct train_trials {
  io_csv *csv; /* holds the texts */
  size_t count;
  const char *const *stimuli, *const *concepts; /* [count] file names, folder names */

  size_t sessions;
  size_t *by_session;    /* [count] trials, session after session (ascending), in the file's order within each */
  size_t *session_start; /* [sessions + 1] into by_session */

  size_t train_count, test_count;
  size_t *train, *test; /* [their count] trials in the file's order */

  /* Test stimuli, each once, in the order of their names' bytes: np.unique's. */
  size_t averaged_count, repeats;
  size_t *averaged; /* [averaged_count][repeats] rows among the test trials, in the file's order */
} train_trials;

/* `expected` is how many trials the responses have. EINPUT, beyond what io_csv_read says: another number, a trial_type
 * other than train and test, none of one of them, a session of one trial, a stimulus without a name, of two concepts,
 * trained on twice, or tested more often than another. */
berg_status train_trials_read(train_trials *trials, const char *path, size_t expected, berg_error *error);
void train_trials_release(train_trials *trials);

#endif
