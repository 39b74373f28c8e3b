/* Building a tree of values, such as metadata: when there is no memory for a part, the tree itself remembers it, so
 * that callers need not check each step. Values given are borrowed until the tree is released, texts copied. */
#ifndef IO_TREE_BUILD_H
#define IO_TREE_BUILD_H

#include "io/value/value.h"

typedef struct io_tree {
  io_arena arena;
  berg_error *error;
  bool failed; /* ELIMIT: nothing more is added */
} io_tree;

/* `room`: bytes that are likely to be needed. */
void io_tree_begin(io_tree *tree, size_t room, berg_error *error);
void io_tree_release(io_tree *tree);

/* NULL after a failure, which all that follows takes for `dict`, `value` and data. */
io_value *io_tree_new(io_tree *tree, io_kind kind);
void *io_tree_take(io_tree *tree, size_t count, size_t size);

void io_tree_add(io_tree *tree, io_value *dict, const char *key, io_value *value);
io_value *io_tree_add_dict(io_tree *tree, io_value *dict, const char *key);
void io_tree_add_text(io_tree *tree, io_value *dict, const char *key, const char *text);
void io_tree_add_integer(io_tree *tree, io_value *dict, const char *key, int64_t number);
/* An array whose elements are not copied. */
void io_tree_add_array(io_tree *tree, io_value *dict, const char *key, berg_dtype dtype, size_t itemsize,
                       const size_t *shape, size_t ndim, const void *data);
/* Texts as a list, and as an array of fixed width: what np.array makes of a list of str. */
void io_tree_add_list(io_tree *tree, io_value *dict, const char *key, const char *const *texts, size_t count);
void io_tree_add_texts(io_tree *tree, io_value *dict, const char *key, const char *const *texts, size_t count);

#endif
