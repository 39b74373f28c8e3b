/* .npy of one matrix; HDF5 of several, or in rsatoolbox's layout. */
#include "query/similarity/rsm_file.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/container/npy.h"
#include "io/file/folders.h"
#include "io/file/put_at.h"
#include "io/file/whole_file.h"
#include "io/hdf5/hdf5_draft.h"
#include "io/hdf5/hdf5_texts.h"

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
  file->offsets[0] = length;
  berg_status status = io_set_aside(handle, length + bytes, plan->path, error);
  return status ? status : io_put_at(handle, header, length, 0, plan->path, error);
}

/* --- HDF5 --- */

static berg_status put_texts(const query_rsm_file *file, const char *const *texts, size_t count, uint64_t offset,
                             berg_error *error) {
  return io_hdf5_put_texts(io_whole_file_handle(file->whole), texts, count, io_hdf5_longest(texts, count), offset,
                           file->plan.path, error);
}

static berg_status put_counting(const query_rsm_file *file, size_t count, uint64_t offset, berg_error *error) {
  int64_t *numbers = base_alloc(count, sizeof *numbers, error);
  if (!numbers) return BERG_ELIMIT;
  for (size_t i = 0; i < count; i++) numbers[i] = (int64_t)i;
  berg_status status =
      io_put_at(io_whole_file_handle(file->whole), numbers, count * sizeof *numbers, offset, file->plan.path, error);
  base_free(numbers);
  return status;
}

static berg_status finish(const query_rsm_file *file, io_hdf5_draft *draft, berg_error *error) {
  const int handle = io_whole_file_handle(file->whole);
  uint64_t bytes;
  berg_status status = io_hdf5_draft_finish(draft, handle, &bytes);
  return status ? status : io_set_aside(handle, bytes, file->plan.path, error);
}

/* A dataset for each region, named as it is; a "/" would make groups. */
static void add_squares(const query_rsm_file *file, io_hdf5_draft *draft, char *const *names) {
  const query_rsm_plan *plan = &file->plan;
  const size_t shape[2] = {plan->images, plan->images};
  for (size_t r = 0; r < plan->region_count; r++)
    io_hdf5_add_dataset(draft, IO_HDF5_ROOT, names[r], io_hdf5_number(plan->f64 ? BERG_F64 : BERG_F32), shape, 2,
                        &file->offsets[r]);
  io_hdf5_add_text_note(draft, IO_HDF5_ROOT, "metric", plan->metric);
  io_hdf5_add_text_note(draft, IO_HDF5_ROOT, "values", plan->distance ? "distance" : "similarity");
  io_hdf5_add_text_note(draft, IO_HDF5_ROOT, "adjust", plan->adjustment);
  io_hdf5_add_text_note(draft, IO_HDF5_ROOT, "model", plan->model);
  io_hdf5_add_text_note(draft, IO_HDF5_ROOT, "subject", plan->subject);
}

static berg_status name_squares(const query_rsm_plan *plan, char **names, berg_error *error) {
  for (size_t r = 0; r < plan->region_count; r++) {
    if (!(names[r] = base_copy_text(plan->regions[r], error))) return BERG_ELIMIT;
    for (char *letter = names[r]; *letter; letter++)
      if (*letter == '/') *letter = '|';
  }
  return BERG_OK;
}

static berg_status start_squares(query_rsm_file *file, berg_error *error) {
  const query_rsm_plan *plan = &file->plan;
  const char *const *images = (const char *const *)plan->names;
  char **names = base_calloc(plan->region_count, sizeof *names, error);
  berg_status status = names ? name_squares(plan, names, error) : BERG_ELIMIT;
  if (!status) {
    io_hdf5_draft draft;
    uint64_t offset;
    io_hdf5_draft_begin(&draft, plan->path, error);
    add_squares(file, &draft, names);
    io_hdf5_add_dataset(&draft, IO_HDF5_ROOT, "image_names", io_hdf5_text(io_hdf5_longest(images, plan->images)),
                        &plan->images, 1, &offset);
    status = finish(file, &draft, error);
    if (!status) status = put_texts(file, images, plan->images, offset, error);
  }
  base_free_texts(names, plan->region_count);
  return status;
}

/* rsatoolbox's names of what its calc_rdm makes. */
static const char *measure_of(const char *metric) {
  return !strcmp(metric, "sqeuclidean") ? "squared euclidean" : metric;
}

/* Index and name of what is described; rsatoolbox has its names as bytes. */
static void add_descriptors(io_hdf5_draft *draft, const char *group, const char *name, const char *const *texts,
                            size_t count, uint64_t offsets[2]) {
  const size_t of = io_hdf5_add_group(draft, IO_HDF5_ROOT, group);
  io_hdf5_type type = io_hdf5_text(io_hdf5_longest(texts, count));
  type.is_utf8 = false;
  io_hdf5_add_dataset(draft, of, "index", io_hdf5_number(BERG_I64), &count, 1, &offsets[0]);
  io_hdf5_add_dataset(draft, of, name, type, &count, 1, &offsets[1]);
}

static berg_status put_descriptors(const query_rsm_file *file, const char *const *texts, size_t count,
                                   const uint64_t offsets[2], berg_error *error) {
  berg_status status = put_counting(file, count, offsets[0], error);
  return status ? status : put_texts(file, texts, count, offsets[1], error);
}

static berg_status start_rdms(query_rsm_file *file, berg_error *error) {
  const query_rsm_plan *plan = &file->plan;
  const char *const *names = (const char *const *)plan->names;
  const size_t shape[2] = {plan->region_count, file->pairs};
  io_hdf5_draft draft;
  uint64_t values = 0, regions[2], images[2];
  io_hdf5_draft_begin(&draft, plan->path, error);
  io_hdf5_add_string_note(&draft, IO_HDF5_ROOT, "dissimilarity_measure", measure_of(plan->metric));
  io_hdf5_add_string_note(&draft, IO_HDF5_ROOT, "rsatoolbox_version", "0.0.1");
  io_hdf5_add_dataset(&draft, IO_HDF5_ROOT, "dissimilarities", io_hdf5_number(BERG_F64), shape, 2, &values);
  const size_t descriptors = io_hdf5_add_group(&draft, IO_HDF5_ROOT, "descriptors");
  io_hdf5_add_string_note(&draft, descriptors, "subject", plan->subject);
  io_hdf5_add_string_note(&draft, descriptors, "model", plan->model);
  io_hdf5_add_string_note(&draft, descriptors, "adjust", plan->adjustment);
  add_descriptors(&draft, "rdm_descriptors", "region", plan->regions, plan->region_count, regions);
  add_descriptors(&draft, "pattern_descriptors", "image", names, plan->images, images);
  berg_status status = finish(file, &draft, error);
  for (size_t r = 0; r < plan->region_count; r++) file->offsets[r] = values + r * file->pairs * file->item;
  if (!status) status = put_descriptors(file, plan->regions, plan->region_count, regions, error);
  return status ? status : put_descriptors(file, names, plan->images, images, error);
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
