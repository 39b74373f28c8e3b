/* The program's own memory, cJSON's included: a failed allocation is remembered, so that no incomplete output can end
 * as a success, even where a caller did not check. */
#ifndef CLI_MEMORY_H
#define CLI_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* From now on cJSON allocates through here: the first thing that main does. The hooks are global to the process, which
 * the program owns; the library never touches them. */
void cli_memory_watch(void);
bool cli_memory_ran_out(void);
/* Prints the message and returns the exit status. */
int cli_fail_memory(void);

/* NULL when memory is exhausted; free(). */
void *cli_alloc(size_t count, size_t size);
/* realloc. */
void *cli_grow(void *block, size_t bytes);
/* Closes what open_memstream opened, whose text is `*text`; false: memory ran out, and there is no text. Where glibc
 * has no memory for the last copy, it closes without a failure. */
bool cli_close_text(FILE *stream, char **text);
/* The first `length` bytes of a text, zero-terminated. */
char *cli_copy(const char *text, size_t length);

#endif
