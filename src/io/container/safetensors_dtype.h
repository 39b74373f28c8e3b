/* What safetensors calls the element types, by berg_dtype; NULL where it has none. */
#ifndef IO_SAFETENSORS_DTYPE_H
#define IO_SAFETENSORS_DTYPE_H

extern const char *const io_safetensors_dtypes[];

#endif
