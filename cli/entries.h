/* Entries of a file or of metadata, with Python's lists put together again: the library gives the items of a list "a"
 * as entries "a.0", "a.1", ... of their own. */
#ifndef CLI_ENTRIES_H
#define CLI_ENTRIES_H

#include "cli.h"

typedef struct cli_entries {
  const void *handle;
  size_t count;
  const berg_array *(*at)(const void *handle, size_t index);
} cli_entries;

cli_entries cli_entries_of_file(const berg_file *file);
cli_entries cli_entries_of_metadata(const berg_metadata *metadata);

/* An entry, or a list of scalars of one type as one array. */
typedef struct cli_entry {
  berg_array array;
  bool is_list;
  size_t taken; /* entries that it is made of: the next one begins behind them */
  char *name;   /* its own, as `values`: of a list */
  void *values;
} cli_entry;

/* What begins at entry `index`. False when there is no memory. cli_entry_free in either case. */
bool cli_entry_at(const cli_entries *entries, size_t index, cli_entry *entry);
/* The entry or list of that name; false also where there is none. cli_entry_free in either case. */
bool cli_entry_find(const cli_entries *entries, const char *name, cli_entry *entry);
void cli_entry_free(cli_entry *entry);

#endif
