/* Bytes that are compressed while they are written. */
#ifndef IO_DEFLATE_H
#define IO_DEFLATE_H

#include <stddef.h>

#include "base/error.h"

typedef struct io_deflate io_deflate;

typedef enum io_deflate_form { IO_ZLIB, IO_GZIP } io_deflate_form;

/* Takes what comes out. */
typedef berg_status (*io_deflate_put_fn)(void *user, const void *bytes, size_t size, berg_error *error);

/* ELIMIT. */
berg_status io_deflate_open(io_deflate **deflate, io_deflate_form form, io_deflate_put_fn put, void *user,
                            berg_error *error);
/* What `put` says. */
berg_status io_deflate_write(io_deflate *deflate, const void *bytes, size_t size, berg_error *error);
/* Puts the rest and the checksum; what is written next begins another stream. */
berg_status io_deflate_end(io_deflate *deflate, berg_error *error);
/* NULL is fine. */
void io_deflate_free(io_deflate *deflate);

#endif
