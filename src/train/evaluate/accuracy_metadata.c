/* Accuracy into the model's metadata. */
#include <string.h>

#include "io/container/container.h"
#include "train/evaluate/accuracy.h"
#include "train/evaluate/results.h"

#define DEFINITION                                                            \
  "100 * max(correlation_results, 0)**2 / (noise_ceiling_testset / 100), NaN" \
  " where the ceiling is 0; libberg's definition, not upstream's"

/* The tree with what was measured in it. NULL with ELIMIT. */
static io_value *merge(io_arena *arena, const train_accuracy *accuracy, const io_value *root, const io_value *old,
                       berg_error *error) {
  io_value *all = train_copy_dict(arena, root, error), *own = all ? train_copy_dict(arena, old, error) : NULL;
  bool good = own && train_set_value(arena, all, "encoding_model", own, error);
  for (size_t i = 0; i < 4 && good; i++)
    good = train_set_array(arena, own, train_reliability_key(i), train_reliability_values(accuracy, i),
                           &accuracy->voxels, 1, error);
  good = good && train_set_array(arena, own, "correlation_results", accuracy->r, &accuracy->voxels, 1, error) &&
         train_set_array(arena, own, "percent_noise_ceiling", accuracy->percent_noise_ceiling, &accuracy->voxels, 1,
                         error) &&
         train_set_value(arena, own, "percent_noise_ceiling_definition",
                         io_value_text(arena, DEFINITION, strlen(DEFINITION), error), error);
  return good ? all : NULL;
}

berg_status train_accuracy_write(const train_accuracy *accuracy, const berg_file *prepared, const char *path,
                                 berg_error *error) {
  const io_value *root = io_container_document(prepared)->root;
  const io_value *old = root->kind == IO_DICT ? io_value_get(root, "encoding_model") : NULL;
  if (!old || old->kind != IO_DICT)
    return base_fail(error, BERG_EINPUT, "the prepared metadata are no dict with encoding_model in it");
  io_arena arena;
  io_arena_init(&arena, 0);
  io_value *tree = merge(&arena, accuracy, root, old, error);
  berg_status status = tree ? train_write_metadata(tree, path, error) : BERG_ELIMIT;
  io_arena_release(&arena);
  return status;
}
