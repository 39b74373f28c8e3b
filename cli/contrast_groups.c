/* Groups of images from lists of their names. */
#include <stdlib.h>
#include <string.h>

#include "contrast.h"
#include "memory.h"

static int add_group(cli_groups *groups, const char *name, size_t length) {
  berg_image_group *grown = cli_grow(groups->list, (groups->count + 1) * sizeof *grown);
  char *copy = cli_copy(name, length);
  if (grown) groups->list = grown;
  if (!grown || !copy) {
    free(copy);
    return cli_fail_memory();
  }
  groups->list[groups->count++] = (berg_image_group){.name = copy};
  return CLI_GO_ON;
}

/* The images of one more file, behind those that the last group has. */
static int add_list(cli_groups *groups, const berg_store *store, const char *path) {
  berg_image_group *group = &groups->list[groups->count - 1];
  size_t *found, count;
  berg_error error;
  if (berg_store_find_listed(store, path, &found, &count, &error)) return cli_fail(&error);
  size_t *grown = cli_grow((void *)(uintptr_t)group->images, (group->count + count) * sizeof *grown);
  if (grown) {
    memcpy(grown + group->count, found, count * sizeof *found);
    group->images = grown;
    group->count += count;
  }
  berg_free(found);
  return grown ? CLI_GO_ON : cli_fail_memory();
}

static int add_lettered(cli_groups *groups, const berg_store *store, const char *name, const cli_texts *lists) {
  int status = lists->count ? add_group(groups, name, strlen(name)) : CLI_GO_ON;
  for (size_t i = 0; i < lists->count && status == CLI_GO_ON; i++) status = add_list(groups, store, lists->items[i]);
  return status;
}

/* "faces=a.txt", "b.txt": a name begins a group, a file without one goes on with it. */
static int add_named(cli_groups *groups, const berg_store *store, const cli_texts *named) {
  int status = CLI_GO_ON;
  for (size_t i = 0; i < named->count && status == CLI_GO_ON; i++) {
    const char *item = named->items[i], *equals = strchr(item, '=');
    if (equals)
      status = add_group(groups, item, (size_t)(equals - item));
    else if (!i)
      status = cli_usage_error("contrast", "--group %s: expected NAME=LIST", item);
    if (status == CLI_GO_ON) status = add_list(groups, store, equals ? equals + 1 : item);
  }
  return status;
}

int cli_groups_read(cli_groups *groups, const berg_store *store, const cli_texts *a, const cli_texts *b,
                    const cli_texts *named) {
  int status = add_lettered(groups, store, "a", a);
  if (status == CLI_GO_ON) status = add_lettered(groups, store, "b", b);
  return status == CLI_GO_ON ? add_named(groups, store, named) : status;
}

void cli_groups_free(cli_groups *groups) {
  for (size_t g = 0; g < groups->count; g++) {
    free((char *)(uintptr_t)groups->list[g].name);
    free((void *)(uintptr_t)groups->list[g].images);
  }
  free(groups->list);
}
