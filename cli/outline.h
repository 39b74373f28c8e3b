/* JSON as the library gives it (cards, doctor, bench), for reading: an indented outline. Unknown keys are shown like
 * the others. */
#ifndef CLI_OUTLINE_H
#define CLI_OUTLINE_H

#include <cjson/cJSON.h>

#include "options.h"

/* Objects become indented blocks, lists of plain values one wrapped line, lists of plain objects tables.
 * Numbers get the unit that their key names: ...bytes, ...flops, ...seconds, ...per_second, share, and bytes
 * a second in "bandwidth". */
void cli_print_outline(const cJSON *json);
/* The tree as indented JSON on standard output. */
int cli_print_json(const cJSON *json);
/* The same as a text, cJSON_free; NULL when memory is short, or was while the tree was built, which is then
 * incomplete. */
char *cli_json_text(const cJSON *json);
/* Parses what the library returned. CLI_GO_ON, or NULL and the exit status of the failure printed. */
int cli_parse_json(const char *text, cJSON **json);

#endif
