/* The types of elements that are read: the whole numbers and floats that a machine has, in either byte order, and text
 * of fixed length. */
#include "base/array.h"
#include "base/text.h"
#include "io/hdf5/hdf5_class.h"
#include "io/hdf5/hdf5_handle.h"

#define IS_BIG 1
#define IS_SIGNED 8
#define IS_BIG_HALFWAY 0x40 /* the VAX's order, with IS_BIG */
#define IS_CHARACTERS 1     /* a list of variable length: of these */
#define NORMED 0x30
#define IMPLIED 0x20 /* the first bit of the mantissa is not stored */

/* Where in a float its parts are, from the lowest bit. */
typedef struct parts {
  uint64_t bits, sign, exponent, exponent_bits, mantissa, mantissa_bits, bias;
} parts;

static const struct {
  berg_dtype dtype;
  parts parts;
} reals[] = {{BERG_F16, {16, 15, 10, 5, 0, 10, 15}},
             {BERG_F32, {32, 31, 23, 8, 0, 23, 127}},
             {BERG_F64, {64, 63, 52, 11, 0, 52, 1023}}};

static bool find_whole(io_h5_fields *fields, uint64_t flags, uint64_t size, berg_dtype *dtype) {
  static const berg_dtype wholes[2][4] = {{BERG_U8, BERG_U16, BERG_U32, BERG_U64},
                                          {BERG_I8, BERG_I16, BERG_I32, BERG_I64}};
  const uint64_t first_bit = io_h5_number(fields, 2), bits = io_h5_number(fields, 2);
  if (fields->is_short || first_bit || bits != 8 * size) return false;
  for (size_t i = 0; i < 4; i++)
    if (size == (uint64_t)1 << i) {
      *dtype = wholes[(flags & IS_SIGNED) != 0][i];
      return true;
    }
  return false;
}

static bool find_real(io_h5_fields *fields, uint64_t flags, uint64_t size, berg_dtype *dtype) {
  const uint64_t first_bit = io_h5_number(fields, 2);
  parts is = {.sign = flags >> 8 & 0xff};
  is.bits = io_h5_number(fields, 2);
  is.exponent = io_h5_number(fields, 1);
  is.exponent_bits = io_h5_number(fields, 1);
  is.mantissa = io_h5_number(fields, 1);
  is.mantissa_bits = io_h5_number(fields, 1);
  is.bias = io_h5_number(fields, 4);
  if (fields->is_short || first_bit || is.bits != 8 * size || flags & IS_BIG_HALFWAY || (flags & NORMED) != IMPLIED)
    return false;
  for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
    const parts *like = &reals[i].parts;
    *dtype = reals[i].dtype;
    if (is.bits == like->bits && is.sign == like->sign && is.exponent == like->exponent &&
        is.exponent_bits == like->exponent_bits && is.mantissa == like->mantissa &&
        is.mantissa_bits == like->mantissa_bits && is.bias == like->bias)
      return true;
  }
  return false;
}

const char *io_hdf5_class_name(io_h5_fields fields) {
  static const char *const classes[] = {"integers", "floats",     "times",
                                        "text",     "bits",       "opaque bytes",
                                        "records",  "references", "an enumeration (such as bool)",
                                        "lists",    "arrays",     "complex numbers"};
  const uint64_t class = io_h5_number(&fields, 1) & 0xf, flags = io_h5_number(&fields, 3);
  if (class == IO_HDF5_LIST && (flags & 0xf) == IS_CHARACTERS) return "text of variable length";
  return class < sizeof classes / sizeof *classes ? classes[class] : "an unknown type";
}

bool io_hdf5_is_text(io_h5_fields fields) { return (io_h5_number(&fields, 1) & 0xf) == IO_HDF5_TEXT; }

static berg_status refuse_type(const io_hdf5 *dataset, io_h5_fields fields, uint64_t size, berg_error *error) {
  char found[96];
  base_print(found, sizeof found, "%s of %llu bytes", io_hdf5_class_name(fields), (unsigned long long)size);
  return io_hdf5_refuse(dataset, "not a numeric dataset", "integers of 1, 2, 4, 8 bytes or floats of 2, 4, 8", found,
                        error);
}

static berg_status take_text(io_hdf5 *dataset, uint64_t class, uint64_t size, berg_error *error) {
  if (class != IO_HDF5_TEXT || !size)
    return io_hdf5_refuse(dataset, "not a dataset of text of fixed length", NULL, NULL, error);
  dataset->text_bytes = (size_t)size;
  dataset->about.dtype = BERG_U8;
  dataset->about.itemsize = 1;
  return BERG_OK;
}

berg_status io_hdf5_take_type(io_hdf5 *dataset, io_h5_fields fields, berg_error *error) {
  const io_h5_fields whole = fields;
  const uint64_t class = io_h5_number(&fields, 1) & 0xf, flags = io_h5_number(&fields, 3);
  const uint64_t size = io_h5_number(&fields, 4);
  if (fields.is_short) return io_h5_damaged(&dataset->file, IO_H5_NONE, "its type is cut short", error);
  if (dataset->is_text) return take_text(dataset, class, size, error);
  const bool is_known = class == IO_HDF5_WHOLE  ? find_whole(&fields, flags, size, &dataset->about.dtype)
                        : class == IO_HDF5_REAL ? find_real(&fields, flags, size, &dataset->about.dtype)
                                                : false;
  if (!is_known) return refuse_type(dataset, whole, size, error);
  dataset->big_endian = flags & IS_BIG && size > 1;
  dataset->about.itemsize = (size_t)size;
  return BERG_OK;
}
