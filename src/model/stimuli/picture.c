/* Each 16 rows are resized as soon as they are decoded, while they are in the caches; only what the crop keeps is. */
#include "model/stimuli/picture.h"

#include "io/image/image.h"
#include "vit/preprocess_stream.h"

typedef struct passage {
  vit_preprocess_stream stream;
  vit_transform transform;
  uint8_t *pixels;
  berg_status refused; /* by the resizing; that the file is damaged matters more, and is known at its end only */
  berg_error reason;
} passage;

static berg_status start(void *user, size_t width, size_t height, io_image_part *part, berg_error *error) {
  passage *on = user;
  const vit_preprocess_stream *stream = &on->stream;
  (void)error;
  on->refused = vit_preprocess_stream_start(&on->stream, on->transform, width, height, on->pixels, &on->reason);
  *part = (io_image_part){stream->left, stream->top, stream->columns, on->refused ? 0 : stream->rows};
  return BERG_OK;
}

static void take(void *user, const uint8_t *rgb, size_t stride, size_t count) {
  vit_preprocess_stream_take(&((passage *)user)->stream, rgb, stride, count);
}

static berg_status finish(passage *on, berg_status status, const char *name, berg_error *error) {
  if (!status && on->refused) status = base_fail(error, on->refused, "%s: %s", name, on->reason.message);
  if (!status) vit_preprocess_stream_finish(&on->stream);
  vit_preprocess_stream_release(&on->stream);
  return status;
}

berg_status model_picture_read(const char *path, vit_transform transform, uint8_t *pixels, berg_error *error) {
  passage on = {.transform = transform, .pixels = pixels};
  berg_status status = io_image_read_rows(&(io_image_taker){start, take, &on}, path, error);
  return finish(&on, status, path, error);
}

berg_status model_picture_decode(const uint8_t *bytes, size_t size, const char *name, vit_transform transform,
                                 uint8_t *pixels, berg_error *error) {
  passage on = {.transform = transform, .pixels = pixels};
  berg_status status = io_image_decode_rows(&(io_image_taker){start, take, &on}, bytes, size, name, error);
  return finish(&on, status, name, error);
}
