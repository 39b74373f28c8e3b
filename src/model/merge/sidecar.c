/* The sidecar of the whole: the first part's, with the images of all. */
#include <string.h>

#include "io/value/json_build.h"
#include "model/merge/write.h"

static cJSON *item(const cJSON *tree, const char *key) { return cJSON_GetObjectItemCaseSensitive(tree, key); }

/* What a list of a part's images holds goes to the end of that of the whole, which is made where there is none. */
static void move_items(cJSON *to, cJSON *from, const char *key) {
  cJSON *list = item(from, key), *all = item(to, key), *first;
  if (!list) return;
  if (!all) all = io_json_add_list(to, key);
  while ((first = cJSON_DetachItemFromArray(list, 0))) io_json_add(all, NULL, first);
}

static berg_status add_images(cJSON *images, const model_merge_part *part, berg_error *error) {
  model_shard_file file;
  cJSON *tree = NULL;
  berg_status status = model_shard_file_read(&file, &tree, part->path, error);
  move_items(images, item(tree, "Images"), "Files");
  move_items(images, item(tree, "Images"), "LeftOut");
  cJSON_Delete(tree);
  model_shard_file_release(&file);
  return status;
}

/* In the order in which an encode writes them. */
static void add_lists(cJSON *images, cJSON *first, cJSON *gathered) {
  static const struct {
    const char *key;
    bool gathered; /* over the parts; else each part has them all */
  } lists[] = {{"Files", true}, {"OtherFormats", false}, {"TurnedFromMATLAB", false}, {"LeftOut", true}};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    cJSON *list = cJSON_DetachItemFromObjectCaseSensitive(lists[i].gathered ? gathered : first, lists[i].key);
    if (list) io_json_add(images, lists[i].key, list);
  }
}

berg_status model_merge_sidecar(cJSON **tree, const model_merge_task *task, berg_error *error) {
  model_shard_file file;
  berg_status status = model_shard_file_read(&file, tree, task->members[0]->path, error);
  model_shard_file_release(&file);
  if (status) return status;
  cJSON *first = cJSON_DetachItemFromObjectCaseSensitive(*tree, "Images"), *gathered = io_json_object();
  for (size_t i = 0; i < task->count && !status; i++) status = add_images(gathered, task->members[i], error);
  cJSON *images = io_json_add_object(*tree, "Images");
  io_json_add_number(images, "Count", (double)task->rows);
  add_lists(images, first, gathered);
  if (!io_json_is_whole(gathered)) io_json_spoil(*tree);
  cJSON_Delete(first);
  cJSON_Delete(gathered);
  return status;
}
