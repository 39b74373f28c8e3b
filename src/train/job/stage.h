/* What a stage of training is: all that plan, walk, report and resuming need to know of it. stages.c lists them. */
#ifndef TRAIN_STAGE_H
#define TRAIN_STAGE_H

#include <cjson/cJSON.h>

#include "io/file/ranges.h"
#include "train/run/run.h"

typedef struct train_plan train_plan;

typedef struct train_cost {
  double flop; /* multiplications and additions of the products and of the eigensolver */
  double bytes_read, bytes_written;
} train_cost;

/* What a stage is done once for. */
typedef enum train_scope { TRAIN_OF_RUN, TRAIN_OF_SET, TRAIN_OF_SUBJECT } train_scope;

/* What a stage is run with. */
typedef struct train_step {
  train_plan *plan;
  size_t of; /* the number of the set or subject; 0 for what is of the run */
  const berg_run *run;
  const train_stage *stage; /* for its progress, in units */
  io_range share;           /* units that are this process's, beside others in the folder; end 0: there are none */
} train_step;

/* One row of the table. `of` as above. Functions that may be NULL say what that means. */
typedef struct train_stage_kind {
  const char *name, *unit;
  train_scope scope;
  const char *prefix, *ending; /* of its file in the work folder (train_stage_path) */
  const struct train_stage_kind
      *until;       /* its file is removed when this later stage is done; NULL: at the end of the run */
  bool is_kept;     /* unless work is kept */
  bool has_network; /* the network is in memory */
  bool has_lapack;  /* LAPACK computes it */

  size_t (*count)(const train_plan *plan, size_t of);    /* of units */
  size_t (*grain)(const train_plan *plan, size_t of);    /* ranges of units begin and end at multiples; NULL: of 1 */
  uint64_t (*hash)(const train_plan *plan, size_t of);   /* of all that decides the bytes of its file */
  size_t (*memory)(const train_plan *plan, size_t of);   /* peak bytes of the process */
  size_t (*least)(const train_plan *plan, size_t of);    /* the same with the smallest batch or chunk; NULL: the same */
  uint64_t (*disk)(const train_plan *plan, size_t of);   /* bytes of the file that it leaves */
  uint64_t (*beside)(const train_plan *plan, size_t of); /* the most that lies beside it meanwhile; NULL: 0 */
  train_cost (*cost)(const train_plan *plan, size_t of, size_t units);

  /* What an earlier run left: units, and whether the file is there, with nothing left to do. NULL: nothing ever.
   * ELIMIT. */
  berg_status (*done)(const train_plan *plan, size_t of, io_ranges *done, bool *is_whole, berg_error *error);
  /* Looks into what `done` counts, names what is not as it was written, and takes that out of what `done` counts. NULL:
   * `done` does. ELIMIT, EINPUT, EWRITE. */
  berg_status (*check)(const train_plan *plan, size_t of, cJSON *faults, berg_error *error);
  /* Does units [first, end), and leaves them on the disk. */
  berg_status (*run)(const train_step *step, size_t first, size_t end, berg_error *error);
  /* Makes the file of what all ranges left. NULL: `run` did. */
  berg_status (*merge)(const train_step *step, berg_error *error);
  /* Removes what the file was made of, also where a kill came before it was; the file is there. NULL: `merge` did. */
  berg_status (*tidy)(const train_plan *plan, size_t of, berg_error *error);
  /* Removes the file. NULL: it is unlinked. */
  berg_status (*remove)(const train_plan *plan, size_t of, berg_error *error);
} train_stage_kind;

/* A stage of a run that is about one set or subject. */
typedef struct train_task {
  const train_stage_kind *kind;
  size_t of;
  uint64_t hash;
  size_t count;
  io_ranges done;  /* by an earlier run */
  bool is_whole;   /* its file is there, or no longer needed */
  bool is_past;    /* all that reads its file is done */
  train_cost cost; /* of what is not done */
  double seconds;  /* of that, estimated */
  size_t memory;
} train_task;

#endif
