/* PNG files by libspng. */
#include "io/image/png_write.h"

#include "base/memory.h"
#include "io/image/png_memory.h"

typedef struct receiver {
  io_png_taker take;
  void *context;
} receiver;

static int pass_on(spng_ctx *context, void *to, void *bytes, size_t size) {
  const receiver *of = to;
  (void)context;
  return of->take(of->context, bytes, size) ? 0 : SPNG_EMEM;
}

static void to_bytes(uint8_t *bytes, const uint32_t *pixels, size_t columns) {
  for (size_t x = 0; x < columns; x++) {
    bytes[4 * x] = (uint8_t)(pixels[x] >> 16);
    bytes[4 * x + 1] = (uint8_t)(pixels[x] >> 8);
    bytes[4 * x + 2] = (uint8_t)pixels[x];
    bytes[4 * x + 3] = (uint8_t)(pixels[x] >> 24);
  }
}

static int encode_rows(spng_ctx *context, uint8_t *row, const uint32_t *pixels, size_t columns, size_t rows) {
  int code = spng_encode_image(context, NULL, 0, SPNG_FMT_PNG, SPNG_ENCODE_PROGRESSIVE | SPNG_ENCODE_FINALIZE);
  for (size_t y = 0; y < rows && !code; y++) {
    to_bytes(row, pixels + y * columns, columns);
    code = spng_encode_row(context, row, 4 * columns);
  }
  return code == SPNG_EOI ? 0 : code;
}

berg_status io_png_encode(io_png_taker take, void *taker, const uint32_t *pixels, size_t columns, size_t rows,
                          berg_error *error) {
  receiver to = {take, taker};
  struct spng_ihdr header = {.width = (uint32_t)columns,
                             .height = (uint32_t)rows,
                             .bit_depth = 8,
                             .color_type = SPNG_COLOR_TYPE_TRUECOLOR_ALPHA};
  uint8_t *row = base_alloc(columns, 4, error);
  if (!row) return BERG_ELIMIT;
  spng_ctx *context = io_png_context(SPNG_CTX_ENCODER);
  int code = context ? spng_set_png_stream(context, pass_on, &to) : SPNG_EMEM;
  if (!code) code = spng_set_ihdr(context, &header);
  if (!code) code = encode_rows(context, row, pixels, columns, rows);
  spng_ctx_free(context);
  base_free(row);
  if (!code) return BERG_OK;
  return io_png_memory_lacked() || code == SPNG_EMEM
             ? base_fail_memory(error, 0)
             : base_fail(error, BERG_EINTERNAL, "a picture cannot be made a PNG: %s", spng_strerror(code));
}
