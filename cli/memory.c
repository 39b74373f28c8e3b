/* The program's allocations, which remember that one failed. */
#include "memory.h"

#include <cjson/cJSON.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* The library's threads may use cJSON too. */
static atomic_bool ran_out;

static void *note(void *block) {
  if (!block) ran_out = true;
  return block;
}

static void *allocate(size_t bytes) { return note(malloc(bytes ? bytes : 1)); }

void cli_memory_watch(void) { cJSON_InitHooks(&(cJSON_Hooks){allocate, free}); }

bool cli_memory_ran_out(void) { return ran_out; }

int cli_fail_memory(void) { return cli_fail_with(BERG_ELIMIT, "out of memory"); }

void *cli_alloc(size_t count, size_t size) { return note(calloc(count ? count : 1, size)); }

void *cli_grow(void *block, size_t bytes) { return note(realloc(block, bytes)); }

bool cli_close_text(FILE *stream, char **text) {
  const bool failed = ferror(stream);
  if (!fclose(stream) && !failed && note(*text)) return true;
  free(*text);
  *text = note(NULL);
  return false;
}

char *cli_copy(const char *text, size_t length) {
  char *copy = length < SIZE_MAX ? allocate(length + 1) : NULL;
  if (!copy) return NULL;
  memcpy(copy, text, length);
  copy[length] = '\0';
  return copy;
}
