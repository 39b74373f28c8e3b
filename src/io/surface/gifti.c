/* GIfTI, functional: <GIFTI> <MetaData: the hemisphere> <DataArray: image 0> <DataArray: image 1> ... </GIFTI>
 *
 * Each DataArray has the image's name and a float32 for each vertex, little-endian, zlib's stream in base64. Its
 * intent is none: images are not times, and a viewer that is told of a time series would play them as one. */
#include <string.h>

#include "io/file/deflate.h"
#include "io/surface/base64.h"
#include "io/surface/formats.h"
#include "io/value/utf8.h"

typedef struct gifti {
  io_whole_file *file;
  const io_surface_rows *rows;
  io_base64 base64;
  io_deflate *deflate;
} gifti;

static berg_status put_text(io_whole_file *file, const char *text, berg_error *error) {
  return io_whole_file_write(file, text, strlen(text), error);
}

/* What XML writes otherwise, NULL where it does not. A name of bytes that are no text, or that XML cannot hold, is
 * shown by question marks, as in a sidecar. */
static const char *instead_of(int32_t point) {
  switch (point) {
  case '&': return "&amp;";
  case '<': return "&lt;";
  case '>': return "&gt;";
  case '\t': return "&#9;";
  case '\n': return "&#10;";
  case '\r': return "&#13;";
  case 0xfffe:
  case 0xffff: return "?";
  default: return point < 0x20 ? "?" : NULL;
  }
}

static berg_status put_escaped(io_whole_file *file, const char *text, berg_error *error) {
  const char *const end = text + strlen(text);
  berg_status status = BERG_OK;
  while (text < end && !status) {
    const char *from = text, *other = instead_of(io_utf8_next(&text, end));
    status = other ? put_text(file, other, error) : io_whole_file_write(file, from, (size_t)(text - from), error);
  }
  return status;
}

static berg_status put_metadata(io_whole_file *file, const char *name, const char *value, berg_error *error) {
  berg_status status = io_whole_file_print(file, error, "<MD><Name>%s</Name><Value>", name);
  if (!status) status = put_escaped(file, value, error);
  return status ? status : put_text(file, "</Value></MD>\n", error);
}

static berg_status put_name(const gifti *out, size_t row, berg_error *error) {
  if (out->rows->names) return put_metadata(out->file, "Name", out->rows->names[row], error);
  return io_whole_file_print(out->file, error, "<MD><Name>Name</Name><Value>%zu</Value></MD>\n", row);
}

static berg_status put_letters(void *user, const char *text, size_t size, berg_error *error) {
  return io_whole_file_write(user, text, size, error);
}

static berg_status put_deflated(void *user, const void *bytes, size_t size, berg_error *error) {
  return io_base64_write(user, bytes, size, error);
}

static berg_status put_array(void *user, size_t row, const float *values, berg_error *error) {
  gifti *out = user;
  const size_t vertices = out->rows->surface.vertices;
  berg_status status =
      io_whole_file_print(out->file, error,
                          "<DataArray Intent=\"NIFTI_INTENT_NONE\" DataType=\"NIFTI_TYPE_FLOAT32\" "
                          "ArrayIndexingOrder=\"RowMajorOrder\" Dimensionality=\"1\" Dim0=\"%zu\" "
                          "Encoding=\"GZipBase64Binary\" Endian=\"LittleEndian\" ExternalFileName=\"\" "
                          "ExternalFileOffset=\"0\">\n<MetaData>\n",
                          vertices);
  if (!status) status = put_name(out, row, error);
  if (!status) status = put_text(out->file, "</MetaData>\n<Data>", error);
  if (!status) status = io_deflate_write(out->deflate, values, vertices * sizeof *values, error);
  if (!status) status = io_deflate_end(out->deflate, error);
  if (!status) status = io_base64_end(&out->base64, error);
  return status ? status : put_text(out->file, "</Data>\n</DataArray>\n", error);
}

static berg_status put_head(const gifti *out, berg_error *error) {
  const bool is_left = out->rows->surface.hemisphere == IO_LEFT;
  berg_status status =
      io_whole_file_print(out->file, error,
                          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                          "<!DOCTYPE GIFTI SYSTEM \"http://www.nitrc.org/frs/download.php/115/gifti.dtd\">\n"
                          "<GIFTI Version=\"1.0\" NumberOfDataArrays=\"%zu\">\n<MetaData>\n",
                          out->rows->rows);
  if (!status)
    status = put_metadata(out->file, "AnatomicalStructurePrimary", is_left ? "CortexLeft" : "CortexRight", error);
  if (!status) status = put_metadata(out->file, "Description", out->rows->what, error);
  if (!status)
    status = io_whole_file_print(out->file, error, "<MD><Name>GeneratedBy</Name><Value>libberg %s</Value></MD>\n",
                                 berg_version());
  return status ? status : put_text(out->file, "</MetaData>\n<LabelTable/>\n", error);
}

berg_status io_gifti_put(io_whole_file *file, const io_surface_rows *rows, berg_error *error) {
  gifti out = {.file = file, .rows = rows, .base64 = {.put = put_letters, .user = file}};
  berg_status status = io_deflate_open(&out.deflate, IO_ZLIB, put_deflated, &out.base64, error);
  if (!status) status = put_head(&out, error);
  if (!status) status = io_surface_each(rows, put_array, &out, error);
  if (!status) status = put_text(file, "</GIFTI>\n", error);
  io_deflate_free(out.deflate);
  return status;
}
