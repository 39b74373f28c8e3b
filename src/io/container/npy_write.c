/* Writes .npy and .npz (layouts in npy.c and npz.c). */
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/memory.h"
#include "io/container/npy.h"
#include "io/container/pickle_write.h"
#include "io/value/text_array.h"
#include "io/container/writers.h"
#include "io/container/zip_write.h"

static berg_status put_header(const io_sink *sink, berg_dtype dtype, size_t itemsize, const berg_array *array,
                              berg_error *error) {
  uint8_t header[1024];
  size_t length = io_npy_write_header(header, sizeof header, dtype, itemsize, array->shape, array->ndim);
  return length ? io_put(sink, header, length, error) : base_fail(error, BERG_EINTERNAL, "a header that is too long");
}

static berg_status refuse(const berg_array *array, const char *what, berg_error *error) {
  return base_fail_at(error,
                      &(base_fault){BERG_EINPUT, NULL, BERG_NO_OFFSET, array ? array->name : NULL, what, NULL, NULL});
}

static berg_status put_plain(const io_sink *sink, const berg_array *array, berg_error *error) {
  if (array->dtype == BERG_BF16) return refuse(array, "NumPy has no bfloat16: convert to .safetensors or .pth", error);
  berg_status status = put_header(sink, array->dtype, array->itemsize, array, error);
  return status ? status : io_put_array(sink, array, error);
}

berg_status io_write_npy(const io_sink *sink, const io_content *content, berg_error *error) {
  const io_value *root = content->root;
  if (root->kind == IO_ARRAY && root->array->dtype != BERG_STRING) return put_plain(sink, root->array, error);
  bool is_array = root->kind == IO_ARRAY;
  berg_status status = put_header(sink, BERG_STRING, sizeof(char *), is_array ? root->array : &(berg_array){0}, error);
  return status ? status : io_pickle_write_numpy(sink, root, error);
}

/* UTF-8 as UCS-4, all elements as wide as the longest. */
static berg_status put_as_unicode(const io_sink *sink, const berg_array *array, berg_error *error) {
  size_t count = io_text_count(array), width = 1;
  for (size_t i = 0; i < count; i++) {
    const char *text;
    size_t characters = 0;
    memcpy(&text, io_element_at(array, i), sizeof text);
    for (; *text; text++) characters += (*text & 0xc0) != 0x80;
    if (characters > width) width = characters;
  }
  berg_status status = width > INT32_MAX / 4 ? refuse(array, "text too long for fixed width", error)
                                             : put_header(sink, BERG_UNICODE, width * 4, array, error);
  uint8_t *element = status ? NULL : base_alloc(width, 4, error);
  if (!status && !element) status = BERG_ELIMIT;
  for (size_t i = 0; i < count && !status; i++) {
    const char *text;
    memcpy(&text, io_element_at(array, i), sizeof text);
    io_text_to_ucs4(element, width, text);
    status = io_put(sink, element, width * 4, error);
  }
  base_free(element);
  return status;
}

static berg_status produce_member(void *context, const io_sink *sink, berg_error *error) {
  const berg_array *array = context;
  return array->dtype == BERG_STRING ? put_as_unicode(sink, array, error) : put_plain(sink, array, error);
}

/* None and bytes are the values that have no entry. */
static bool all_have_entries(const io_value *value) {
  if (value->kind == IO_NONE || value->kind == IO_BYTES) return false;
  if (value->kind == IO_BOX) return all_have_entries(value->items[0]);
  if (value->kind != IO_LIST && value->kind != IO_TUPLE && value->kind != IO_DICT) return true;
  size_t step = value->kind == IO_DICT ? 2 : 1;
  for (size_t i = step - 1; i < value->count; i += step)
    if (!all_have_entries(value->items[i])) return false;
  return true;
}

berg_status io_write_npz(const io_sink *sink, const io_content *content, berg_error *error) {
  if (!all_have_entries(content->root))
    return refuse(NULL, "None and bytes cannot be held by .npz: convert to .npy", error);
  io_zip_writer zip;
  io_zip_writer_init(&zip, sink);
  berg_status status = BERG_OK;
  for (size_t i = 0; i < content->entries->count && !status; i++) {
    berg_array *array = &content->entries->arrays[i];
    /* as np.savez names what has no name */
    char *name = base_format(error, "%s.npy", *array->name ? array->name : "arr_0");
    status = name ? io_zip_writer_add(&zip, name, produce_member, array, error) : BERG_ELIMIT;
    base_free(name);
  }
  if (!status) status = io_zip_writer_finish(&zip, error);
  io_zip_writer_release(&zip);
  return status;
}
