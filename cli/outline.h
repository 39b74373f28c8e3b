/* JSON as the library gives it (cards, doctor, bench), for reading: an indented outline. Keys that the
 * program has never heard of are shown like the others. */
#ifndef CLI_OUTLINE_H
#define CLI_OUTLINE_H

#include <cjson/cJSON.h>

#include "cli.h"

/* Objects become indented blocks, lists of plain values one wrapped line, lists of plain objects tables.
 * Numbers get the unit that their key names: ...bytes, ...flops, ...seconds, ...per_second, share, and bytes
 * a second in "bandwidth". */
void cli_print_outline(const cJSON *json);
/* The tree as indented JSON on standard output. */
int cli_print_json(const cJSON *json);
/* Parses what the library returned; says so and returns NULL when it is no JSON. */
cJSON *cli_parse_json(const char *text);

#endif
