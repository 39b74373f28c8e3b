/* Journals, and the files beside them that they call safe: a journal is refused with one line, or tells ranges in
 * order, which are noted again as they were; what its file does not hold as it was written counts as not there.
 *
 * The input is the length of the journal (two bytes), then it, and what is left is lines of a regression. */
#include "io/container/npy.h"
#include "io/file/journal.h"
#include "scratch.h"
#include "train/job/regression_lines.h"
#include "train/pca/store_layout.h"
#include "train/pca/store_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define RUN "a run"
#define COLUMNS ((size_t)VIT_LAYERS * VIT_CHANNELS) /* of features of the class tokens */
#define ROWS 3
#define LINE 5

static void check_ranges(const io_ranges *ranges) {
  if (ranges->count > IO_RANGES) abort();
  for (size_t i = 0; i < ranges->count; i++)
    if (ranges->list[i].first >= ranges->list[i].end || (i && ranges->list[i].first <= ranges->list[i - 1].end))
      abort();
}

/* What was read is written and read as the same. */
static void note_again(int journal, const char *path, const io_ranges *rows, const io_placed *placed) {
  io_ranges again;
  io_placed placed_again;
  if (!io_journal_note_placed(journal, rows, placed)) abort();
  close(journal);
  if (io_journal_open_placed(&journal, path, COLUMNS, RUN, &again, &placed_again, NULL)) abort();
  close(journal);
  if (!io_ranges_same(rows, &again) || placed->size != placed_again.size || placed->time != placed_again.time) abort();
}

/* Lines are sealed where they are whole, so that those that the journal tells of are found so. */
static void keep_lines(fuzz_piece lines, const io_ranges *rows) {
  const train_lines of = {.columns = LINE, .first = 0, .run = 7};
  const size_t shape[] = {0, LINE}, bytes = LINE * sizeof(float);
  const size_t header = io_npy_write_header(NULL, 0, BERG_F32, sizeof(float), shape, 2);
  char path[FUZZ_PATH];
  io_ranges kept = *rows;
  uint8_t *copy = malloc(lines.size + 1);
  if (!copy) abort();
  memcpy(copy, lines.bytes, lines.size);
  for (size_t at = header, i = 0; at + bytes <= lines.size; at += bytes, i++) {
    float line[LINE];
    memcpy(line, copy + at, bytes);
    train_lines_seal(line, &(train_lines){of.columns, i, of.run}, 1);
    if (line[0] == line[0]) memcpy(copy + at, line, bytes); /* others stay as they are: damaged */
  }
  fuzz_put("lines", (fuzz_piece){copy, lines.size});
  free(copy);
  if (train_lines_keep(fuzz_path(path, "lines"), &of, &kept, NULL)) abort();
  if (kept.count && (!io_ranges_same(&kept, rows) || io_ranges_end(&kept) * bytes + header > lines.size)) abort();
}

/* A file of features of three images, of which the middle one is not as it was written. */
static void make_features(const train_store_file *file) {
  static uint8_t zeros[ROWS * COLUMNS * sizeof(float)];
  FILE *out = fopen(file->path, "wb");
  if (!out || fwrite(zeros, 1, sizeof zeros, out) != sizeof zeros) abort();
  for (size_t panel = 0; panel < store_panels(file->tokens); panel++)
    for (size_t row = 0; row < ROWS; row++) {
      const uint64_t sum = store_sum(file, panel, file->first + row, (const float *)(const void *)zeros) + (row == 1);
      if (fwrite(&sum, sizeof sum, 1, out) != 1) abort();
    }
  if (fclose(out)) abort();
}

static void read_features(const train_store_file *file) {
  train_store_reader *reader;
  io_ranges safe, changed;
  berg_error error, why;
  if (train_store_find(file, &safe, &why, &error)) abort();
  check_ranges(&safe);
  if (safe.count && (safe.list[0].first < file->first || io_ranges_end(&safe) > file->end)) abort();
  if (!train_store_reader_open(&reader, file, 1, ROWS, &error))
    train_store_reader_close(reader);
  else
    fuzz_check_message(&error);
  if (train_store_check(file, &changed, &error)) fuzz_check_message(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static char path[FUZZ_PATH], features[FUZZ_PATH];
  static const train_store_file file = {
      .path = features, .journal = path, .fingerprint = RUN, .end = ROWS, .tokens = 1};
  fuzz_piece pieces[2];
  io_ranges rows;
  io_placed placed;
  berg_error error;
  int journal;
  if (!fuzz_cut(pieces, 2, bytes, size)) return 0;
  if (!*fuzz_folder) {
    fuzz_begin();
    fuzz_path(path, "journal");
    fuzz_path(features, "features");
    make_features(&file);
  }
  fuzz_put("journal", pieces[0]);
  if (io_journal_open_placed(&journal, path, COLUMNS, RUN, &rows, &placed, &error)) {
    fuzz_check_message(&error);
    if (journal >= 0 || (error.status != BERG_EINPUT && error.status != BERG_EEXISTS)) abort();
    return 0;
  }
  check_ranges(&rows);
  note_again(journal, path, &rows, &placed);
  keep_lines(pieces[1], &rows);
  read_features(&file);
  return 0;
}
