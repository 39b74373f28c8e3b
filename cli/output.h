/* Where results go: folders, JSON as a file, and standard output by way of a temporary file. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "options.h"

/* Makes the folder, and those it is in. CLI_GO_ON, or the exit status of what was said. */
int cli_make_folder(const char *path);

/* Whether an output may be written to `path`, before the work; "-" and NULL may. CLI_GO_ON, or the exit status of what
 * was said. */
int cli_check_output(const char *path, bool force);
/* The same of what draws figures of that ending. */
int cli_check_figure(const char *path);

/* `text` and a newline as the file `path`, whole or not at all. CLI_GO_ON, or the exit status of the failure
 * printed. */
int cli_write_text(const char *text, const char *path, bool force);

/* A temporary folder for an output that goes to standard output. -o - is .npy, -o -.csv (or another ending) that
 * format. */
typedef struct cli_spool {
  char folder[512];
  char path[544];
} cli_spool;

bool cli_is_stdout(const char *output);
/* CLI_GO_ON, or the exit status of the failure printed. */
int cli_spool_open(cli_spool *spool, const char *output);
int cli_spool_copy(cli_spool *spool);
/* Removes whatever lies in the folder, and it. CLI_GO_ON, or the exit status of what was said where it stays. */
int cli_spool_close(cli_spool *spool);

#endif
