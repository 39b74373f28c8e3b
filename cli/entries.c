/* Entries one by one, lists as arrays. */
#include "entries.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

static const berg_array *file_at(const void *handle, size_t index) { return berg_file_entry(handle, index); }
static const berg_array *metadata_at(const void *handle, size_t index) { return berg_metadata_entry(handle, index); }

cli_entries cli_entries_of_file(const berg_file *file) {
  return (cli_entries){.handle = file, .count = berg_file_count(file), .at = file_at};
}

cli_entries cli_entries_of_metadata(const berg_metadata *metadata) {
  return (cli_entries){.handle = metadata, .count = berg_metadata_count(metadata), .at = metadata_at};
}

/* Whether `array` is item `number` of the list that `first` begins; its name is the first `length` bytes. */
static bool is_item(const berg_array *array, const berg_array *first, size_t length, size_t number) {
  char digits[32];
  snprintf(digits, sizeof digits, "%zu", number);
  return array->name && !array->ndim && array->dtype == first->dtype && array->itemsize == first->itemsize &&
         !strncmp(array->name, first->name, length + 1) && !strcmp(array->name + length + 1, digits);
}

/* How many items the list has that begins at entry `index`; 0: none begins there. `length`: of its name. */
static size_t list_length(const cli_entries *entries, size_t index, size_t *length) {
  const berg_array *first = entries->at(entries->handle, index);
  const char *dot = first->name ? strrchr(first->name, '.') : NULL;
  size_t count = 0;
  if (!dot || strcmp(dot, ".0")) return 0;
  *length = (size_t)(dot - first->name);
  while (index + count < entries->count && is_item(entries->at(entries->handle, index + count), first, *length, count))
    count++;
  return count;
}

static bool gather(const cli_entries *entries, size_t index, size_t count, size_t length, cli_entry *entry) {
  const berg_array *first = entries->at(entries->handle, index);
  const size_t size = first->itemsize;
  entry->name = cli_copy(first->name, length);
  unsigned char *values = entry->values = cli_alloc(count, size ? size : 1);
  if (!entry->name || !values) return false;
  for (size_t i = 0; i < count && size; i++)
    memcpy(values + i * size, entries->at(entries->handle, index + i)->data, size);
  entry->array = (berg_array){.name = entry->name,
                              .dtype = first->dtype,
                              .itemsize = size,
                              .ndim = 1,
                              .shape = {count},
                              .strides = {(ptrdiff_t)size},
                              .data = values};
  entry->is_list = true;
  entry->taken = count;
  return true;
}

bool cli_entry_at(const cli_entries *entries, size_t index, cli_entry *entry) {
  size_t length = 0;
  const size_t count = list_length(entries, index, &length);
  *entry = (cli_entry){.array = *entries->at(entries->handle, index), .taken = 1};
  return !count || gather(entries, index, count, length, entry);
}

bool cli_entry_find(const cli_entries *entries, const char *name, cli_entry *entry) {
  const size_t length = strlen(name);
  *entry = (cli_entry){.taken = 0};
  for (size_t i = 0; i < entries->count; i++) {
    const char *own = entries->at(entries->handle, i)->name;
    if (!own || strncmp(own, name, length)) continue;
    if (!own[length]) {
      *entry = (cli_entry){.array = *entries->at(entries->handle, i), .taken = 1};
      return true;
    }
    if (!strcmp(own + length, ".0")) return cli_entry_at(entries, i, entry) && entry->is_list;
  }
  return false;
}

void cli_entry_free(cli_entry *entry) {
  free(entry->name);
  free(entry->values);
  *entry = (cli_entry){.taken = 0};
}
