/* Building JSON: when an item cannot be added for lack of memory the tree itself remembers it, so that it cannot be
 * taken for a complete one and callers need not check each step. io_json_print refuses such a tree.
 *
 * `to` is an object, and `key` the member's name, or a list, and `key` is NULL; NULL where it could not be made, which
 * the tree above remembers. */
#ifndef IO_JSON_BUILD_H
#define IO_JSON_BUILD_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* NULL when memory is short, and any tree that NULL is added to counts as incomplete. cJSON_Delete. */
cJSON *io_json_object(void);
cJSON *io_json_list(void);
cJSON *io_json_text(const char *text);
/* Text from somewhere else: where it is no UTF-8, what is not ASCII becomes "?". */
cJSON *io_json_text_from(const char *text);
/* Of an incomplete tree, an incomplete copy. */
cJSON *io_json_copy(const cJSON *tree);

/* Takes `item`. */
void io_json_add(cJSON *to, const char *key, cJSON *item);
/* Return what they added, to be filled. */
cJSON *io_json_add_object(cJSON *to, const char *key);
cJSON *io_json_add_list(cJSON *to, const char *key);
void io_json_add_text(cJSON *to, const char *key, const char *text);
/* NaN and infinities become null. */
void io_json_add_number(cJSON *to, const char *key, double number);
void io_json_add_numbers(cJSON *to, const char *key, const double *numbers, size_t count);
void io_json_add_bool(cJSON *to, const char *key, bool truth);
void io_json_add_null(cJSON *to, const char *key);
/* JSON that is text already. */
void io_json_add_raw(cJSON *to, const char *key, const char *json);

/* Something that was to be added to `node` is missing: for what the caller could not make. */
void io_json_spoil(cJSON *node);
/* Whether all that was added is there; NULL is not. */
bool io_json_is_whole(const cJSON *tree);

#endif
