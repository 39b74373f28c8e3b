/* A store of scores, as berg info shows it. */
#ifndef CLI_STORE_H
#define CLI_STORE_H

#include "cli.h"

/* Whether `path` is a folder. */
bool cli_store_is(const char *path);
/* Prints what the store holds; `check`: after reading all of it. The exit status. */
int cli_store_info(const char *path, bool json, bool check);

#endif
