/* .npy of one matrix; HDF5 of several, or in rsatoolbox's layout. */
#include "query/similarity/rsm_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/memory.h"
#include "base/system.h"
#include "base/text.h"
#include "io/container/npy.h"
#include "io/file/folders.h"
#include "io/file/put_at.h"
#include "io/file/whole_file.h"
#include "io/hdf5/hdf5_layout.h"

#define BLOCK_BYTES ((size_t)1 << 20)

struct query_rsm_file {
  query_rsm_plan plan;
  io_whole_file *whole;
  size_t item, pairs;
  uint64_t *offsets; /* [region_count] of each matrix */
};

static bool ends_in(const char *path, const char *ending) {
  const size_t length = strlen(path), tail = strlen(ending);
  return length > tail && base_same_word(path + length - tail, ending);
}

static bool is_hdf5(const char *path) { return ends_in(path, ".h5") || ends_in(path, ".hdf5"); }

static berg_status check_name(const query_rsm_plan *plan, berg_error *error) {
  const bool hdf5 = is_hdf5(plan->path), npy = ends_in(plan->path, ".npy");
  if (!hdf5 && !npy)
    return base_fail(error, BERG_EARGUMENT, "%s: expected a name that ends in .npy or .h5", plan->path);
  if (plan->form == QUERY_CONDENSED && hdf5)
    return base_fail(error, BERG_EARGUMENT, "%s: the form condensed is a .npy; in HDF5 it is called rdms", plan->path);
  if (plan->form == QUERY_RDMS && npy)
    return base_fail(error, BERG_EARGUMENT, "%s: the form rdms is an .h5; as .npy it is called condensed", plan->path);
  if (npy && plan->region_count != 1)
    return base_fail(error, BERG_EARGUMENT, "%s: a .npy holds the matrix of one region, not of %zu: name an .h5",
                     plan->path, plan->region_count);
  return BERG_OK;
}

/* --- .npy --- */

static berg_status start_npy(query_rsm_file *file, berg_error *error) {
  const query_rsm_plan *plan = &file->plan;
  const bool square = plan->form == QUERY_SQUARE;
  const size_t shape[2] = {square ? plan->images : file->pairs, plan->images};
  uint8_t header[256];
  const size_t length =
      io_npy_write_header(header, sizeof header, plan->f64 ? BERG_F64 : BERG_F32, file->item, shape, square ? 2 : 1);
  const int handle = io_whole_file_handle(file->whole);
  const size_t bytes = (square ? plan->images * plan->images : file->pairs) * file->item;
  const int number = base_system_reserve_or_write(handle, length + bytes);
  if (number) return base_fail_errno(error, BERG_EWRITE, plan->path, "cannot be written", number);
  file->offsets[0] = length;
  return io_put_at(handle, header, length, 0, plan->path, error);
}

/* --- HDF5 --- */

static size_t longest(const char *const *texts, size_t count) {
  size_t most = 1;
  for (size_t i = 0; i < count; i++) {
    const size_t length = strlen(texts[i]);
    if (length > most) most = length;
  }
  return most;
}

static berg_status put_texts(const query_rsm_file *file, const io_hdf5_part *part, const char *const *texts,
                             berg_error *error) {
  const size_t bytes = part->itemsize, step = bytes < BLOCK_BYTES ? BLOCK_BYTES / bytes : 1, count = part->shape[0];
  char *block = base_alloc(step, bytes, error);
  berg_status status = block ? BERG_OK : BERG_ELIMIT;
  for (size_t first = 0; first < count && !status; first += step) {
    const size_t here = count - first < step ? count - first : step;
    memset(block, 0, here * bytes);
    for (size_t i = 0; i < here; i++)
      /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): a fixed length, filled up with zeros */
      memcpy(block + i * bytes, texts[first + i], strlen(texts[first + i]));
    status = io_put_at(io_whole_file_handle(file->whole), block, here * bytes, part->offset + first * bytes,
                       file->plan.path, error);
  }
  base_free(block);
  return status;
}

static berg_status put_counting(const query_rsm_file *file, const io_hdf5_part *part, berg_error *error) {
  int64_t *numbers = base_alloc(part->shape[0], sizeof *numbers, error);
  if (!numbers) return BERG_ELIMIT;
  for (size_t i = 0; i < part->shape[0]; i++) numbers[i] = (int64_t)i;
  berg_status status = io_put_at(io_whole_file_handle(file->whole), numbers, part->shape[0] * sizeof *numbers,
                                 part->offset, file->plan.path, error);
  base_free(numbers);
  return status;
}

static berg_status lay_out(query_rsm_file *file, io_hdf5_part *parts, size_t count, const io_hdf5_note *notes,
                           size_t note_count, berg_error *error) {
  return io_hdf5_lay_out(io_whole_file_path(file->whole), io_whole_file_handle(file->whole), file->plan.path, parts,
                         count, notes, note_count, error);
}

/* A dataset for each region, named as it is; a "/" would make groups. */
static berg_status start_squares(query_rsm_file *file, berg_error *error) {
  const query_rsm_plan *plan = &file->plan;
  const size_t n = plan->images, count = plan->region_count;
  io_hdf5_part *parts = base_calloc(count + 1, sizeof *parts, error);
  char **names = base_calloc(count, sizeof *names, error);
  berg_status status = parts && names ? BERG_OK : BERG_ELIMIT;
  for (size_t r = 0; r < count && !status; r++) {
    if (!(names[r] = base_copy_text(plan->regions[r], error))) status = BERG_ELIMIT;
    for (char *letter = names[r]; letter && *letter; letter++)
      if (*letter == '/') *letter = '|';
    parts[r] = (io_hdf5_part){.name = names[r], .dtype = plan->f64 ? BERG_F64 : BERG_F32, .shape = {n, n}, .ndim = 2};
  }
  if (!status) {
    parts[count] = (io_hdf5_part){.name = "image_names",
                                  .dtype = BERG_STRING,
                                  .is_utf8 = true,
                                  .itemsize = longest((const char *const *)plan->names, n),
                                  .shape = {n},
                                  .ndim = 1};
    const io_hdf5_note notes[] = {{NULL, "metric", plan->metric, false},
                                  {NULL, "values", plan->distance ? "distance" : "similarity", false},
                                  {NULL, "adjust", plan->adjustment, false},
                                  {NULL, "model", plan->model, false},
                                  {NULL, "subject", plan->subject, false}};
    status = lay_out(file, parts, count + 1, notes, sizeof notes / sizeof *notes, error);
  }
  for (size_t r = 0; r < count && !status; r++) file->offsets[r] = parts[r].offset;
  if (!status) status = put_texts(file, &parts[count], (const char *const *)plan->names, error);
  base_free(parts);
  base_free_texts(names, count);
  return status;
}

/* rsatoolbox's names of what its calc_rdm makes. */
static const char *measure_of(const char *metric) {
  return !strcmp(metric, "sqeuclidean") ? "squared euclidean" : metric;
}

static berg_status start_rdms(query_rsm_file *file, berg_error *error) {
  const query_rsm_plan *plan = &file->plan;
  const size_t n = plan->images, count = plan->region_count;
  const char *const *names = (const char *const *)plan->names;
  io_hdf5_part parts[] = {
      {.name = "dissimilarities", .dtype = BERG_F64, .shape = {count, file->pairs}, .ndim = 2},
      {.name = "descriptors", .is_group = true},
      {.name = "rdm_descriptors", .is_group = true},
      {.name = "rdm_descriptors/index", .dtype = BERG_I64, .shape = {count}, .ndim = 1},
      {.name = "rdm_descriptors/region",
       .dtype = BERG_STRING,
       .itemsize = longest(plan->regions, count),
       .shape = {count},
       .ndim = 1},
      {.name = "pattern_descriptors", .is_group = true},
      {.name = "pattern_descriptors/index", .dtype = BERG_I64, .shape = {n}, .ndim = 1},
      {.name = "pattern_descriptors/image",
       .dtype = BERG_STRING,
       .itemsize = longest(names, n),
       .shape = {n},
       .ndim = 1},
  };
  const io_hdf5_note notes[] = {{NULL, "dissimilarity_measure", measure_of(plan->metric), true},
                                {NULL, "rsatoolbox_version", "0.0.1", true},
                                {"descriptors", "subject", plan->subject, true},
                                {"descriptors", "model", plan->model, true},
                                {"descriptors", "adjust", plan->adjustment, true}};
  berg_status status = lay_out(file, parts, sizeof parts / sizeof *parts, notes, sizeof notes / sizeof *notes, error);
  for (size_t r = 0; r < count; r++) file->offsets[r] = parts[0].offset + r * file->pairs * file->item;
  if (!status) status = put_counting(file, &parts[3], error);
  if (!status) status = put_texts(file, &parts[4], plan->regions, error);
  if (!status) status = put_counting(file, &parts[6], error);
  return status ? status : put_texts(file, &parts[7], names, error);
}

/* --- All --- */

static berg_status check_room(const query_rsm_file *file, berg_error *error) {
  const query_rsm_plan *plan = &file->plan;
  const uint64_t there = io_disk_free(plan->path);
  const size_t values = plan->form == QUERY_SQUARE ? plan->images * plan->images : file->pairs;
  const double bytes = (double)values * (double)file->item * (double)plan->region_count;
  if (bytes < (double)there) return BERG_OK;
  char needed[BASE_BYTES_ROOM], free[BASE_BYTES_ROOM];
  return base_fail(error, BERG_ELIMIT, "%s: %s are needed on the disk, %s are there", plan->path,
                   base_bytes_text(bytes, needed), base_bytes_text((double)there, free));
}

static berg_status start(query_rsm_file *file, berg_error *error) {
  const query_rsm_plan *plan = &file->plan;
  berg_status status = io_check_output(plan->path, plan->force, error);
  if (!status) status = check_room(file, error);
  file->offsets = base_calloc(plan->region_count, sizeof *file->offsets, error);
  if (!status && !file->offsets) status = BERG_ELIMIT;
  if (!status) status = io_whole_file_open(&file->whole, plan->path, plan->force, error);
  if (status) return status;
  if (!is_hdf5(plan->path)) return start_npy(file, error);
  return plan->form == QUERY_RDMS ? start_rdms(file, error) : start_squares(file, error);
}

berg_status query_rsm_file_open(query_rsm_file **out, const query_rsm_plan *plan, berg_error *error) {
  *out = NULL;
  berg_status status = check_name(plan, error);
  if (status) return status;
  query_rsm_file *file = base_calloc(1, sizeof *file, error);
  if (!file) return BERG_ELIMIT;
  file->plan = *plan;
  file->item = plan->f64 ? sizeof(double) : sizeof(float);
  file->pairs = plan->images * (plan->images - 1) / 2;
  status = start(file, error);
  if (status)
    query_rsm_file_abandon(file, error);
  else
    *out = file;
  return status;
}

/* Where the row of values of image `row` and those from `column` on begins, in elements. */
static uint64_t place_of(const query_rsm_file *file, size_t row, size_t column) {
  const uint64_t n = file->plan.images;
  return file->plan.form == QUERY_SQUARE ? row * n + column : row * n - row * (row + 1) / 2 + column - row - 1;
}

berg_status query_rsm_file_put(const query_rsm_file *file, size_t region, size_t top, size_t rows, size_t left,
                               size_t columns, const void *values, size_t ld, berg_error *error) {
  const bool square = file->plan.form == QUERY_SQUARE;
  const int handle = io_whole_file_handle(file->whole);
  berg_status status = BERG_OK;
  for (size_t i = top; i < top + rows && !status; i++) {
    const size_t first = !square && left <= i ? i + 1 : left;
    if (first >= left + columns) break;
    status = io_put_at(handle, (const char *)values + ((i - top) * ld + first - left) * file->item,
                       (left + columns - first) * file->item,
                       file->offsets[region] + place_of(file, i, first) * file->item, file->plan.path, error);
  }
  return status;
}

berg_status query_rsm_file_commit(query_rsm_file *file, berg_error *error) {
  berg_status status = io_whole_file_commit(file->whole, error);
  file->whole = NULL;
  query_rsm_file_abandon(file, error);
  return status;
}

void query_rsm_file_abandon(query_rsm_file *file, berg_error *error) {
  if (!file) return;
  io_whole_file_abandon(file->whole, error);
  base_free(file->offsets);
  base_free(file);
}
