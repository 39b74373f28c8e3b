/* The names of the datasets of a file, for messages. */
#include <string.h>

#include "base/text.h"
#include "io/hdf5/hdf5_objects.h"

#define NAMES_SHOWN 10

typedef struct listing {
  char *text;
  size_t size, shown;
} listing;

static berg_status show(io_h5_objects *objects, const io_h5_object *object, berg_error *error) {
  listing *list = objects->user;
  (void)error;
  if (!object->header || !io_h5_find(object->header, IO_H5_LAYOUT)) return BERG_OK;
  const size_t used = strlen(list->text);
  objects->is_done = list->shown++ == NAMES_SHOWN || used + strlen(object->name) + 8 > list->size;
  base_print(list->text + used, list->size - used, "%s%s", used ? ", " : "", objects->is_done ? "..." : object->name);
  return BERG_OK;
}

berg_status io_h5_list(io_h5_file *file, char *text, size_t size, berg_error *error) {
  listing list = {.text = text, .size = size};
  io_h5_objects objects = {.file = file, .visit = show, .user = &list, .passes_over = true};
  *text = '\0';
  berg_status status = io_h5_each_object(&objects, error);
  return status == BERG_EINPUT && !file->is_unread ? BERG_OK : status;
}
