/* The program's own memory, cJSON's included: that there was none is remembered, so that no answer that went short
 * of it can end as a success, whoever did not look. */
#ifndef CLI_MEMORY_H
#define CLI_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* cJSON allocates through here from now on: the first thing that main does. The process is the program's own; the
 * library never touches such hooks, which a host program may share. */
void cli_memory_watch(void);
bool cli_memory_ran_out(void);
/* Says so and returns the exit status. */
int cli_fail_memory(void);

/* NULL when there is none; free(). */
void *cli_alloc(size_t count, size_t size);
/* realloc. */
void *cli_grow(void *block, size_t bytes);
/* The first `length` bytes of a text, zero-terminated. */
char *cli_copy(const char *text, size_t length);

#endif
