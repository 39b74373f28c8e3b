/* Images in arrays: layouts, ranges, planes. */
#include "model/stimuli/stimuli_array.h"

#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "vit/resize_kernels.h"

#define PIXELS_MAX 178956970 /* the bound that pictures have too (io/image/image.h) */

/* As its user sees it: in the reverse of how it lies, where it is MATLAB's. */
static void describe(const model_images *images, char *text, size_t size) {
  berg_array shown = images->view;
  for (size_t d = 0; images->is_turned && d < shown.ndim; d++) shown.shape[d] = images->view.shape[shown.ndim - 1 - d];
  if (images->is_one) shown.ndim = 3;
  base_array_describe(&shown, text, size);
}

static berg_status refuse(const model_images *images, const char *what, const char *expected, berg_error *error) {
  char found[128];
  describe(images, found, sizeof found);
  return base_fail_at(error, &(base_fault){BERG_ESTIMULUS, images->name, BERG_NO_OFFSET, NULL, what, expected, found});
}

#define WHOLE "images are whole numbers 0..255; "
#define NUMPY_FLOATS \
  WHOLE "floats of 0..1 become so by (x * 255).round().astype('uint8'), floats of 0..255 by x.round().astype('uint8')"
#define MATLAB_FLOATS WHOLE "doubles of 0..1 become so by im2uint8(x), doubles of 0..255 by uint8(x)"

static berg_status check_type(const model_images *images, berg_error *error) {
  switch (images->view.dtype) {
  case BERG_U8:
  case BERG_I8:
  case BERG_U16:
  case BERG_I16:
  case BERG_U32:
  case BERG_I32:
  case BERG_U64:
  case BERG_I64: return BERG_OK;
  case BERG_F16:
  case BERG_BF16:
  case BERG_F32:
  case BERG_F64: return refuse(images, images->is_turned ? MATLAB_FLOATS : NUMPY_FLOATS, "an integer type", error);
  default: return refuse(images, "images are whole numbers 0..255", "an integer type", error);
  }
}

/* What is expected of arrays as they lie, and of MATLAB's as their users see them. */
static const char *const batches[][3] = {{"4 dimensions, (images, 3, height, width) or (images, height, width, 3)",
                                          "(images, 3, height, width)", "(images, height, width, 3)"},
                                         {"4 dimensions, in MATLAB (height, width, 3, images) or (3, height, width, "
                                          "images), or one image (height, width, 3)",
                                          "in MATLAB (height, width, 3, images)",
                                          "in MATLAB (3, height, width, images)"}};

static berg_status check_shape(const model_images *images, berg_layout layout, bool *channels_last, berg_error *error) {
  const size_t *shape = images->view.shape;
  const char *const *expected = batches[images->is_turned];
  if (images->view.ndim != 4) return refuse(images, "is not a batch of images", expected[0], error);
  if (layout == BERG_NCHW && shape[1] != 3) return refuse(images, "wrong number of channels", expected[1], error);
  if (layout == BERG_NHWC && shape[3] != 3) return refuse(images, "wrong number of channels", expected[2], error);
  if (shape[1] != 3 && shape[3] != 3) return refuse(images, "no dimension holds three channels", expected[0], error);
  *channels_last = layout == BERG_NHWC || (layout == BERG_LAYOUT_AUTO && shape[1] != 3);
  size_t height = shape[*channels_last ? 1 : 2], width = shape[*channels_last ? 2 : 3];
  if (!shape[0]) return refuse(images, "no images", "at least one", error);
  if (!height || !width) return refuse(images, "images without pixels", NULL, error);
  if (height > PIXELS_MAX || width > PIXELS_MAX || height * width > PIXELS_MAX)
    return refuse(images, "images too large", "at most 178956970 pixels", error);
  return BERG_OK;
}

static void swap_last(berg_array *view, size_t from, size_t to) {
  size_t extent = view->shape[from];
  ptrdiff_t stride = view->strides[from];
  for (size_t d = from; d > to; d--) {
    view->shape[d] = view->shape[d - 1];
    view->strides[d] = view->strides[d - 1];
  }
  view->shape[to] = extent;
  view->strides[to] = stride;
}

/* Checks the view, puts its channels before its rows, and begins the hash with what it is. */
static berg_status settle(model_images *images, berg_layout layout, berg_error *error) {
  bool channels_last = false;
  berg_status status = check_type(images, error);
  if (!status) status = check_shape(images, layout, &channels_last, error);
  if (status) return status;
  if (channels_last) swap_last(&images->view, 3, 1);
  if (images->is_turned) swap_last(&images->view, 3, 2);
  images->hash = base_hash_number(images->hash, images->view.dtype);
  images->hash = base_hash_number(images->hash, channels_last);
  if (images->is_turned) images->hash = base_hash_text(images->hash, "turned");
  for (size_t d = 0; d < 4; d++) images->hash = base_hash_number(images->hash, images->view.shape[d]);
  return BERG_OK;
}

static berg_status begin(model_images *images, const char *name, berg_error *error) {
  *images = (model_images){.hash = BASE_HASH_START};
  images->name = base_copy_text(name, error);
  return images->name ? BERG_OK : BERG_ELIMIT;
}

static berg_status end(model_images *images, berg_status status) {
  if (status) model_images_release(images);
  return status;
}

static void hash_file(model_images *images, const char *path) {
  struct stat about;
  images->path_length = strlen(path);
  images->hash = base_hash_text(images->hash, path);
  if (stat(path, &about)) return;
  images->hash = base_hash_number(images->hash, (uint64_t)about.st_size);
  images->hash = base_hash_number(images->hash, (uint64_t)about.st_mtim.tv_sec);
  images->hash = base_hash_number(images->hash, (uint64_t)about.st_mtim.tv_nsec);
}

berg_status model_images_from_array(model_images *images, const berg_array *array, berg_layout layout,
                                    berg_error *error) {
  berg_status status = begin(images, array->name ? array->name : "stimuli", error);
  if (status) return status;
  if (array->ndim > BERG_MAX_DIMS || (!array->data && array->ndim && array->shape[0]))
    return end(images,
               base_fail(error, BERG_EARGUMENT, "%s: an array without data or of too many dimensions", images->name));
  images->view = *array;
  images->view.name = NULL;
  status = settle(images, layout, error);
  if (!status && array->itemsize != base_dtype_size(array->dtype))
    status = base_fail(error, BERG_EARGUMENT, "%s: elements of %zu bytes are not %s", images->name, array->itemsize,
                       berg_dtype_name(array->dtype));
  return end(images, status);
}

static void view_header(model_images *images, const io_npy_header *header) {
  images->view = (berg_array){.dtype = header->dtype, .itemsize = header->itemsize, .ndim = header->ndim};
  memcpy(images->view.shape, header->shape, sizeof header->shape);
  base_array_set_strides(&images->view, header->fortran);
  images->swapped = header->big_endian;
}

berg_status model_images_open_npy(model_images *images, const char *path, berg_layout layout, berg_error *error) {
  io_npy_header header;
  berg_status status = begin(images, path, error);
  if (!status) status = io_map_open(&images->map, path, error);
  if (!status) status = io_npy_read_header(&header, images->map.bytes, images->map.size, images->map.size, path, error);
  if (!status && header.dtype == BERG_STRING)
    status =
        base_fail(error, BERG_ESTIMULUS,
                  "%s: is an array of Python objects, of pictures of several sizes for instance: expected one array "
                  "of whole numbers, (images, 3, height, width), or picture files",
                  path);
  if (status) return end(images, status);
  view_header(images, &header);
  hash_file(images, path);
  images->row_offset = header.fortran ? 0 : header.data_offset;
  status = settle(images, layout, error);
  if (!status) images->view.data = images->map.bytes + header.data_offset;
  return end(images, status);
}

/* Which arrays there are, as many as a message holds. */
static berg_status fail_choice(const berg_file *file, const char *path, const char *name, berg_error *error) {
  const size_t count = berg_file_count(file);
  char there[200] = "none";
  for (size_t i = 0, used = 0; i < count && used + 1 < sizeof there; i++) {
    const int more = base_print(there + used, sizeof there - used, i ? ", %s" : "%s", berg_file_entry(file, i)->name);
    used = more > 0 && used + (size_t)more < sizeof there ? used + (size_t)more : sizeof there - 1;
  }
  if (*name) return base_fail(error, BERG_EINPUT, "%s: holds no array \"%s\"; there are: %s", path, name, there);
  return base_fail(error, BERG_EINPUT, "%s: holds %zu arrays: name one, as FILE:NAME; there are: %s", path, count,
                   there);
}

static berg_status open_archive(model_images *images, const char *path, const char *name, const berg_array **array,
                                berg_error *error) {
  berg_status status = berg_file_open(&images->archive, path, error);
  if (status) return status;
  if (strcmp(berg_file_format(images->archive), "npz"))
    return base_fail(error, BERG_EINPUT, "%s: is no array of images, but a checkpoint of torch", path);
  const size_t count = berg_file_count(images->archive);
  *array = *name ? berg_file_find(images->archive, name) : count == 1 ? berg_file_entry(images->archive, 0) : NULL;
  return *array ? BERG_OK : fail_choice(images->archive, path, name, error);
}

berg_status model_images_open_npz(model_images *images, const char *path, const char *name, berg_layout layout,
                                  berg_error *error) {
  const berg_array *array = NULL;
  berg_status status = begin(images, path, error);
  if (!status) status = open_archive(images, path, name, &array, error);
  if (status) return end(images, status);
  base_free(images->name);
  images->name = base_format(error, "%s:%s", path, array->name);
  if (!images->name) return end(images, BERG_ELIMIT);
  images->view = *array;
  images->view.name = NULL;
  hash_file(images, path);
  images->hash = base_hash_text(images->hash, array->name);
  return end(images, settle(images, layout, error));
}

/* An array of one image, of which MATLAB keeps no fourth dimension. */
static void take_one(model_images *images) {
  berg_array *view = &images->view;
  memmove(view->shape + 1, view->shape, 3 * sizeof *view->shape);
  memmove(view->strides + 1, view->strides, 3 * sizeof *view->strides);
  view->shape[0] = 1;
  view->ndim = 4;
  images->is_one = true;
}

berg_status model_images_open_hdf5(model_images *images, const char *path, const char *dataset, berg_layout layout,
                                   berg_error *error) {
  berg_status status = begin(images, path, error);
  if (!status) status = io_hdf5_open(&images->hdf5, path, dataset, error);
  if (status) return end(images, status);
  base_free(images->name);
  images->name = base_format(error, "%s:%s", path, dataset);
  if (!images->name) return end(images, BERG_ELIMIT);
  images->view = *io_hdf5_about(images->hdf5);
  images->is_turned = io_hdf5_matlab_class(images->hdf5);
  if (images->is_turned && images->view.ndim == 3) take_one(images);
  hash_file(images, path);
  images->hash = base_hash_text(images->hash, dataset);
  return end(images, settle(images, layout, error));
}

berg_status model_images_open_stream(model_images *images, int file, const char *name, berg_layout layout,
                                     berg_error *error) {
  berg_status status = begin(images, name, error);
  if (!status) status = io_npy_stream_open(&images->stream, file, name, error);
  if (status) return end(images, status);
  view_header(images, io_npy_stream_header(images->stream));
  return end(images, settle(images, layout, error));
}

berg_status model_images_unchanged(const model_images *images, berg_error *error) {
  if (images->archive) return io_container_unchanged(images->archive, error);
  if (images->hdf5) return io_hdf5_unchanged(images->hdf5, error);
  return images->map.bytes ? io_stamp_unchanged(&images->map.stamp, images->name, error) : BERG_OK;
}

void model_images_release(model_images *images) {
  io_map_close(&images->map);
  io_hdf5_free(images->hdf5);
  io_npy_stream_free(images->stream);
  berg_file_free(images->archive);
  base_free(images->name);
  *images = (model_images){.name = NULL};
}

size_t model_images_row_bytes(const model_images *images) {
  const berg_array *view = &images->view;
  return view->shape[1] * view->shape[2] * view->shape[3] * view->itemsize;
}

berg_status model_images_pick(model_images *images, const size_t *rows, size_t count, berg_error *error) {
  const size_t there = images->view.shape[0];
  for (size_t i = 0; i < count; i++) {
    if (rows[i] >= there)
      return base_fail(error, BERG_EARGUMENT, "%s: there is no image %zu among %zu", images->name, rows[i], there);
    images->hash = base_hash_number(images->hash, rows[i]);
  }
  images->picked = rows;
  images->view.shape[0] = count;
  return BERG_OK;
}

static berg_status load_rows(const model_images *images, size_t first, size_t count, uint8_t *rows, berg_error *error) {
  if (!images->is_one) return io_hdf5_read(images->hdf5, first, count, rows, error);
  return io_hdf5_read(images->hdf5, 0, io_hdf5_about(images->hdf5)->shape[0], rows, error);
}

static berg_status load_picked(model_images *images, size_t first, size_t count, uint8_t *rows, berg_error *error) {
  const size_t row_bytes = model_images_row_bytes(images);
  berg_status status = BERG_OK;
  for (size_t i = 0; i < count && !status; i++)
    status = load_rows(images, images->picked[first + i], 1, rows + i * row_bytes, error);
  return status;
}

berg_status model_images_load(model_images *images, size_t first, size_t count, void *rows, berg_error *error) {
  if (images->picked) return load_picked(images, first, count, rows, error);
  if (images->hdf5) return load_rows(images, first, count, rows, error);
  size_t position = io_npy_stream_position(images->stream);
  if (first < position)
    return base_fail(error, BERG_EINPUT,
                     "%s: image %zu has gone by: a stream is read once, in order, and is at image %zu", images->name,
                     first, position);
  berg_status status = io_npy_stream_read(images->stream, first - position, NULL, error);
  return status ? status : io_npy_stream_read(images->stream, count, rows, error);
}

/* Side by side in this machine's order. False: one of them is not 0..255. */
static inline bool take_neighbours(const uint8_t *from, size_t count, size_t itemsize, uint8_t *to) {
  uint64_t above = 0;
  for (size_t i = 0; i < count; i++) {
    uint64_t value = 0;
    memcpy(&value, from + i * itemsize, itemsize);
    above |= value >> 8;
    to[i] = (uint8_t)value;
  }
  return !above;
}

/* take_row for the usual arrays: what is plain is done at once (int64: 0.07 ms an image of 256 x 256 instead of
 * 0.9). */
static bool take_plain(const uint8_t *from, size_t count, size_t itemsize, uint8_t *to) {
  switch (itemsize) {
  case 2: return take_neighbours(from, count, 2, to);
  case 4: return take_neighbours(from, count, 4, to);
  case 8: return take_neighbours(from, count, 8, to);
  default: return false;
  }
}

/* An integer 0..255 of any size is one byte and nothing but zeros above it; only int8 has to be told from
 * uint8. Returns the first of `count` elements for which that is not so, or `count`. */
static size_t take_row(const uint8_t *from, ptrdiff_t stride, size_t count, size_t itemsize, size_t low,
                       uint8_t ceiling, uint8_t *to) {
  if (itemsize == 1 && stride == 1 && ceiling == 255) {
    memcpy(to, from, count);
    return count;
  }
  if (stride == (ptrdiff_t)itemsize && low == 0 && take_plain(from, count, itemsize, to)) return count;
  for (size_t i = 0; i < count; i++, from += stride) {
    unsigned above = 0;
    for (size_t b = 0; b < itemsize; b++) above |= b == low ? 0u : from[b];
    if (above || from[low] > ceiling) return i;
    to[i] = from[low];
  }
  return count;
}

static berg_status fail_value(const model_images *images, size_t index, const size_t at[3], const uint8_t *element,
                              berg_error *error) {
  const berg_array *view = &images->view;
  const bool is_signed =
      view->dtype == BERG_I8 || view->dtype == BERG_I16 || view->dtype == BERG_I32 || view->dtype == BERG_I64;
  const size_t last = view->itemsize - 1;
  uint64_t value = is_signed && element[images->swapped ? 0 : last] & 0x80 ? UINT64_MAX : 0;
  for (size_t b = view->itemsize; b-- > 0;) value = value << 8 | element[images->swapped ? last - b : b];
  char what[160], found[32];
  base_print(what, sizeof what, "image %zu (from 0): channel %zu, row %zu, column %zu: value out of range", index,
             at[0], at[1], at[2]);
  base_print(found, sizeof found, is_signed ? "%lld" : "%llu", (long long)value);
  return base_fail_at(error, &(base_fault){BERG_ESTIMULUS, images->name, BERG_NO_OFFSET, NULL, what, "0..255", found});
}

/* uint8, channels last: nothing to check (0.02 ms an image of 256 x 256 instead of 0.2). */
static void part_colours(const berg_array *view, const void *image, uint8_t *planes) {
  const size_t height = view->shape[2], width = view->shape[3], plane = height * width;
  const vit_resize_kernels *kernels = vit_resize_kernels_for(base_machine_isa());
  for (size_t y = 0; y < height; y++, planes += width)
    kernels->part_colours((const uint8_t *)image + (ptrdiff_t)y * view->strides[2], width, planes, planes + plane,
                          planes + 2 * plane);
}

berg_status model_images_planes(const model_images *images, size_t index, const void *image, uint8_t *planes,
                                berg_error *error) {
  const berg_array *view = &images->view;
  const size_t height = view->shape[2], width = view->shape[3], low = images->swapped ? view->itemsize - 1 : 0;
  const uint8_t ceiling = view->dtype == BERG_I8 ? 127 : 255;
  if (view->dtype == BERG_U8 && view->strides[1] == 1 && view->strides[3] == 3) {
    part_colours(view, image, planes);
    return BERG_OK;
  }
  for (size_t c = 0; c < 3; c++)
    for (size_t y = 0; y < height; y++) {
      const uint8_t *row = (const uint8_t *)image + (ptrdiff_t)c * view->strides[1] + (ptrdiff_t)y * view->strides[2];
      size_t good = take_row(row, view->strides[3], width, view->itemsize, low, ceiling, planes);
      if (good < width)
        return fail_value(images, index, (size_t[3]){c, y, good}, row + (ptrdiff_t)good * view->strides[3], error);
      planes += width;
    }
  return BERG_OK;
}

/* Whether an image lies there as model_images_planes would give it. */
static bool is_planes(const berg_array *view) {
  return view->dtype == BERG_U8 && view->strides[3] == 1 && view->strides[2] == (ptrdiff_t)view->shape[3] &&
         view->strides[1] == (ptrdiff_t)(view->shape[2] * view->shape[3]);
}

/* Whether an image lies there as a decoded picture does. */
static bool is_picture(const berg_array *view) {
  return view->dtype == BERG_U8 && view->strides[1] == 1 && view->strides[3] == 3 &&
         view->strides[2] == (ptrdiff_t)(3 * view->shape[3]);
}

static void join_colours(const uint8_t *planes, size_t count, uint8_t *rgb) {
  for (size_t c = 0; c < 3; c++)
    for (size_t i = 0; i < count; i++) rgb[3 * i + c] = planes[c * count + i];
}

static berg_status square_pixels(const model_images *images, size_t index, const void *image, uint8_t *pixels,
                                 berg_error *error) {
  const size_t height = images->view.shape[2], width = images->view.shape[3], plane = height * width;
  if (is_picture(&images->view)) return vit_preprocess_square(image, width, height, pixels, error);
  uint8_t *planes = base_alloc(6, plane, error), *rgb = planes ? planes + 3 * plane : NULL;
  if (!planes) return BERG_ELIMIT;
  berg_status status = model_images_planes(images, index, image, planes, error);
  if (!status) join_colours(planes, plane, rgb);
  if (!status) status = vit_preprocess_square(rgb, width, height, pixels, error);
  base_free(planes);
  return status;
}

berg_status model_images_pixels(const model_images *images, size_t index, const void *image, uint8_t *pixels,
                                berg_error *error) {
  const size_t height = images->view.shape[2], width = images->view.shape[3];
  if (images->transform == VIT_SQUARE) return square_pixels(images, index, image, pixels, error);
  if (is_planes(&images->view)) return vit_preprocess_tensor(image, width, height, pixels, error);
  uint8_t *planes = base_alloc(3 * height, width, error);
  if (!planes) return BERG_ELIMIT;
  berg_status status = model_images_planes(images, index, image, planes, error);
  if (!status) status = vit_preprocess_tensor(planes, width, height, pixels, error);
  base_free(planes);
  return status;
}
