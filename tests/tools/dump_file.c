/* dump_file FILE: what berg.h shows of a file, one line an entry, for tests that compare it with NumPy:
 *
 *     FORMAT
 *     NAME <tab> DTYPE <tab> ITEMSIZE <tab> SHAPE, comma-separated <tab> elements in C order, hexadecimal
 * (text: in quotes)
 *
 * dump_file --convert SOURCE TARGET converts. The exit status is the library's.
 *
 * dump_file --each FILE... shows one after the other, and on standard error "status N" behind what is said of each. */
#include <stdio.h>
#include <string.h>

#include "berg.h"

static void print_elements(const berg_array *array, size_t dimension, const unsigned char *at) {
  if (dimension < array->ndim) {
    for (size_t i = 0; i < array->shape[dimension]; i++)
      print_elements(array, dimension + 1, at + (ptrdiff_t)i * array->strides[dimension]);
    return;
  }
  if (array->dtype == BERG_STRING) {
    const char *text;
    memcpy(&text, at, sizeof text);
    printf("\"%s\"", text);
    return;
  }
  for (size_t b = 0; b < array->itemsize; b++) printf("%02x", at[b]);
}

static int report(berg_status status, const berg_error *error) {
  if (status) fprintf(stderr, "%s\n", error->message);
  return berg_status_exit(status);
}

static int dump(const char *path) {
  berg_error error;
  berg_file *file;
  berg_status status = berg_file_open(&file, path, &error);
  if (status) return report(status, &error);
  printf("%s\n", berg_file_format(file));
  for (size_t i = 0; i < berg_file_count(file); i++) {
    const berg_array *entry = berg_file_entry(file, i);
    if (berg_file_find(file, entry->name) != entry) return 1;
    printf("%s\t%s\t%zu\t", entry->name, berg_dtype_name(entry->dtype), entry->itemsize);
    for (size_t d = 0; d < entry->ndim; d++) printf("%s%zu", d ? "," : "", entry->shape[d]);
    printf("\t");
    print_elements(entry, 0, entry->data);
    printf("\n");
  }
  berg_file_free(file);
  return 0;
}

int main(int count, char **arguments) {
  berg_error error;
  if (count == 4 && !strcmp(arguments[1], "--convert"))
    return report(berg_convert(arguments[2], arguments[3], 0, NULL, &error), &error);
  if (count > 2 && !strcmp(arguments[1], "--each")) {
    for (int i = 2; i < count; i++) fprintf(stderr, "status %d\n", dump(arguments[i]));
    return 0;
  }
  return count == 2 ? dump(arguments[1]) : 2;
}
