/* What elements of HDF5 datasets are, by the format's numbers. */
#ifndef IO_HDF5_CLASS_H
#define IO_HDF5_CLASS_H

typedef enum io_hdf5_class {
  IO_HDF5_WHOLE = 0,
  IO_HDF5_REAL = 1,
  IO_HDF5_TEXT = 3, /* of fixed length */
  IO_HDF5_BITS = 4,
  IO_HDF5_LIST = 9 /* of variable length; text too */
} io_hdf5_class;

#endif
