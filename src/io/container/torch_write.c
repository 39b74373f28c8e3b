/* Writes torch's zip form (layout in torch_zip.c). */

#include "base/memory.h"
#include "base/text.h"
#include "io/container/pickle_write.h"
#include "io/container/writers.h"
#include "io/container/zip_write.h"

static berg_status produce_pickle(void *context, const io_sink *sink, berg_error *error) {
  return io_pickle_write_torch(sink, ((const io_content *)context)->root, error);
}

static berg_status produce_storage(void *context, const io_sink *sink, berg_error *error) {
  return io_put_array(sink, context, error);
}

typedef struct note {
  const char *name, *text;
  size_t size;
} note;

static berg_status produce_note(void *context, const io_sink *sink, berg_error *error) {
  const note *about = context;
  return io_put(sink, about->text, about->size, error);
}

berg_status io_write_torch(const io_sink *sink, const io_content *content, berg_error *error) {
  static const note notes[] = {{"archive/byteorder", "little", 6}, {"archive/version", "3\n", 2}};
  io_zip_writer zip;
  io_content copy = *content;
  size_t storages = 0;
  io_zip_writer_init(&zip, sink);
  berg_status status = io_zip_writer_add(&zip, "archive/data.pkl", produce_pickle, &copy, error);
  /* entries come in the order in which the pickle met their arrays */
  for (size_t i = 0; i < content->entries->count && !status; i++) {
    io_kind kind = content->entries->values[i]->kind;
    char name[48];
    if (kind != IO_ARRAY && kind != IO_SCALAR) continue;
    base_print(name, sizeof name, "archive/data/%zu", storages++);
    status = io_zip_writer_add(&zip, name, produce_storage, &content->entries->arrays[i], error);
  }
  for (size_t i = 0; i < sizeof notes / sizeof *notes && !status; i++) {
    note about = notes[i];
    status = io_zip_writer_add(&zip, about.name, produce_note, &about, error);
  }
  if (!status) status = io_zip_writer_finish(&zip, error);
  io_zip_writer_release(&zip);
  return status;
}
