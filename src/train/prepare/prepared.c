/* Writing the prepared files in an order that survives a kill. Start: an old journal is removed, the matrices are
 * created, the metadata are written whole, then the journal. Each block: written, synced, noted. End: each file is
 * renamed, then the journal is removed. So with a journal that says "all voxels", a file without a partial one is
 * already renamed. */
#include "train/prepare/prepared.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/file/folders.h"
#include "io/hdf5/hdf5_matrix.h"
#include "io/file/journal.h"
#include "io/file/lock.h"
#include "io/file/whole_file.h"
#include "model/catalog/prepared.h"
#include "model/catalog/registry.h"
#include "train/prepare/voxels.h"
#include "train/run/run.h"

#define DATASET "neural_data"
#define SECONDS_BETWEEN_SYNCS 1.0

enum { TRAIN, TEST, AVERAGED, MATRICES, METADATA = MATRICES, FILES };

static const model_prepared_file kinds[FILES] = {MODEL_PREPARED_TRAIN, MODEL_PREPARED_TEST, MODEL_PREPARED_AVERAGED,
                                                 MODEL_PREPARED_METADATA};

struct train_prepared {
  char *paths[FILES], *partials[FILES], *journal_path, *lock_path;
  size_t rows[MATRICES], voxels;
  io_hdf5_matrix *matrices[MATRICES]; /* NULL: it has its name already */
  int journal, lock;
  bool force, begun;
  size_t done, safe;
  double synced_at;
};

static bool is_there(const char *path) { return !access(path, F_OK); }

static berg_status make_names(train_prepared *files, const train_prepared_options *options, berg_error *error) {
  char subject[TRAIN_SUBJECT_TEXT];
  train_subject_text(options->subject, subject);
  for (int f = 0; f < FILES; f++) {
    berg_status status =
        model_path_prepared(&files->paths[f], MODEL_FIRST, options->berg_dir, subject, kinds[f], 0, 0, error);
    if (status) return status;
    files->partials[f] = base_format(error, "%s.partial", files->paths[f]);
    if (!files->partials[f]) return BERG_ELIMIT;
  }
  files->journal_path = base_format(error, "%s.journal", files->partials[TRAIN]);
  files->lock_path = base_format(error, "%s.lock", files->paths[TRAIN]);
  return files->journal_path && files->lock_path ? BERG_OK : BERG_ELIMIT;
}

static berg_status fail_alive(const train_prepared *files, berg_error *error) {
  return base_fail(error, BERG_EEXISTS, "%s: another run is writing it", files->partials[TRAIN]);
}

static bool is_alive(const train_prepared *files) {
  const int lock = io_lock_open(files->lock_path);
  if (lock < 0) return errno == EAGAIN;
  io_lock_close(lock, files->lock_path);
  return false;
}

static berg_status check_places(const train_prepared *files, bool resume, berg_error *error) {
  for (int f = 0; f < FILES; f++) {
    berg_status status = io_check_output(files->paths[f], files->force, error);
    if (status) return status;
    if (!resume && !files->force && is_there(files->partials[f]))
      return is_alive(files) ? fail_alive(files, error)
                             : base_fail(error, BERG_EEXISTS,
                                         "%s: is there from an interrupted run: resume that, or force a new start",
                                         files->partials[f]);
  }
  return BERG_OK;
}

/* What the files will take, less what partial ones take that they replace. */
static berg_status check_disk(const train_prepared *files, berg_error *error) {
  uint64_t needed = (uint64_t)files->voxels * TRAIN_VOXEL_BYTES + (1u << 20), room = io_disk_free(files->paths[TRAIN]);
  for (int f = 0; f < MATRICES; f++) needed += (uint64_t)files->rows[f] * files->voxels * sizeof(float);
  for (int f = 0; f < FILES && room != UINT64_MAX; f++) {
    struct stat about;
    if (!stat(files->partials[f], &about)) room += (uint64_t)about.st_blocks * 512;
  }
  if (needed <= room) return BERG_OK;
  char expected[64];
  base_print(expected, sizeof expected, "%llu bytes", (unsigned long long)needed);
  return base_fail_found(error, BERG_ELIMIT, files->paths[TRAIN], "not enough room on the disk", expected, "%llu",
                         (unsigned long long)room);
}

/* For all files together, from before the first is touched until the last has its name. */
static berg_status lock(train_prepared *files, berg_error *error) {
  files->lock = io_lock_open(files->lock_path);
  if (files->lock >= 0) {
    for (int f = 0; f < FILES; f++) io_whole_file_clear(files->partials[f]);
    io_whole_file_clear(files->journal_path);
    return BERG_OK;
  }
  return errno == EAGAIN ? fail_alive(files, error)
                         : base_fail_errno(error, BERG_EWRITE, files->lock_path, "cannot be written", errno);
}

static berg_status start(train_prepared *files, const train_prepared_options *options, berg_error *error) {
  berg_status status = check_disk(files, error);
  if (!status) status = io_make_folders_for(files->paths[TRAIN], error);
  if (!status) status = lock(files, error);
  if (status) return status;
  status = io_remove_file(files->journal_path, error);
  if (!status) status = io_remove_file(files->partials[METADATA], error);
  if (status) return status;
  files->begun = true;
  for (int f = 0; f < MATRICES && !status; f++)
    status = io_hdf5_matrix_start(&files->matrices[f], files->paths[f], DATASET, files->rows[f], files->voxels, error);
  if (!status)
    status =
        train_metadata_write(files->partials[METADATA], options->voxel_table, options->trials, options->subject, error);
  if (!status)
    status = io_journal_create(&files->journal, files->journal_path, files->voxels, options->fingerprint, error);
  return status;
}

static berg_status go_on(train_prepared *files, const train_prepared_options *options, berg_error *error) {
  io_ranges done;
  berg_status status = lock(files, error);
  if (!status)
    status = io_journal_open(&files->journal, files->journal_path, files->voxels, options->fingerprint, &done, error);
  if (status) return status;
  files->done = io_ranges_before(&done);
  if (io_ranges_end(&done) > files->voxels)
    return base_fail(error, BERG_EINPUT, "%s: says more voxels than there are", files->journal_path);
  const bool is_complete = files->done == files->voxels;
  for (int f = 0; f < FILES; f++) {
    if (is_complete && !is_there(files->partials[f]) && is_there(files->paths[f])) continue;
    if (!is_there(files->partials[f]))
      return base_fail(error, BERG_EINPUT, "%s: is missing, so the run cannot be resumed: force a new start",
                       files->partials[f]);
    if (f < MATRICES)
      status =
          io_hdf5_matrix_resume(&files->matrices[f], files->paths[f], DATASET, files->rows[f], files->voxels, error);
    if (status) return status;
  }
  files->safe = files->done;
  files->begun = true;
  return is_complete ? BERG_OK : check_places(files, true, error);
}

static berg_status begin(train_prepared *files, const train_prepared_options *options, berg_error *error) {
  berg_status status = make_names(files, options, error);
  if (status) return status;
  if (options->resume && is_there(files->journal_path)) return go_on(files, options, error);
  status = check_places(files, options->resume, error);
  return status ? status : start(files, options, error);
}

berg_status train_prepared_open(train_prepared **out, const train_prepared_options *options, size_t *done,
                                berg_error *error) {
  *out = NULL;
  train_prepared *files = base_calloc(1, sizeof *files, error);
  if (!files) return BERG_ELIMIT;
  files->journal = files->lock = -1;
  files->force = options->force;
  files->voxels = options->voxels;
  files->rows[TRAIN] = options->trials->train_count;
  files->rows[TEST] = options->trials->test_count;
  files->rows[AVERAGED] = options->trials->averaged_count;
  berg_status status = begin(files, options, error);
  if (status) {
    train_prepared_free(files, false, error);
    return status;
  }
  *done = files->done;
  *out = files;
  return BERG_OK;
}

static berg_status sync_all(train_prepared *files, berg_error *error) {
  io_ranges done = {.count = 0};
  files->synced_at = base_machine_seconds();
  if (files->safe == files->done) return BERG_OK;
  for (int f = 0; f < MATRICES; f++) {
    berg_status status = io_hdf5_matrix_sync(files->matrices[f], error);
    if (status) return status;
  }
  io_ranges_add(&done, 0, files->done);
  if (!io_journal_note(files->journal, &done))
    return base_fail_errno(error, BERG_EWRITE, files->journal_path, "cannot be written", errno);
  files->safe = files->done;
  return BERG_OK;
}

berg_status train_prepared_append(train_prepared *files, const train_block *block, berg_error *error) {
  const float *data[MATRICES] = {[TRAIN] = block->train, [TEST] = block->test, [AVERAGED] = block->averaged};
  for (int f = 0; f < MATRICES; f++) {
    berg_status status = io_hdf5_matrix_write(files->matrices[f], 0, files->rows[f], files->done, block->voxels,
                                              data[f], block->voxels, error);
    if (status) return status;
  }
  files->done += block->voxels;
  bool is_due = !files->safe || files->done == files->voxels ||
                base_machine_seconds() - files->synced_at >= SECONDS_BETWEEN_SYNCS;
  return is_due ? sync_all(files, error) : BERG_OK;
}

berg_status train_prepared_finish(train_prepared *files, berg_error *error) {
  for (int f = 0; f < MATRICES; f++) {
    berg_status status = files->matrices[f] ? io_hdf5_matrix_finish(files->matrices[f], files->force, error) : BERG_OK;
    if (status) return status;
  }
  if (is_there(files->partials[METADATA])) {
    berg_status status = io_place_file(files->partials[METADATA], files->paths[METADATA], files->force, error);
    if (status) return status;
  }
  files->begun = false;
  return io_remove_file(files->journal_path, error);
}

/* An interrupted run that had its last voxel done keeps it: `done` is not 0. */
void train_prepared_free(train_prepared *files, bool discard, berg_error *error) {
  if (!files) return;
  const bool remove = files->begun && (discard || !files->done);
  if (files->begun && !remove && files->safe < files->done) sync_all(files, NULL);
  if (remove) {
    io_remove_left(files->journal_path, error);
    io_remove_left(files->partials[METADATA], error);
  }
  if (files->journal >= 0) close(files->journal);
  for (int f = 0; f < MATRICES; f++) io_hdf5_matrix_free(files->matrices[f], remove, error);
  for (int f = 0; f < FILES; f++) {
    base_free(files->paths[f]);
    base_free(files->partials[f]);
  }
  io_lock_close(files->lock, files->lock_path);
  base_free(files->journal_path);
  base_free(files->lock_path);
  base_free(files);
}
