/* One writer a format. EINPUT for values that the format cannot hold; EWRITE and what else the sink says. */
#ifndef IO_WRITERS_H
#define IO_WRITERS_H

#include "io/value/flatten.h"
#include "io/container/sink.h"

/* What is written: the tree, and the entries that io_flatten made of it. */
typedef struct io_content {
  const io_value *root;
  const io_entries *entries;
  const io_value *metadata; /* of .safetensors; NULL: none */
  size_t alignment;         /* of .safetensors: its data begin at a multiple of it; 0: 8 */
} io_content;

/* Plain where the root is one array of numbers or fixed-width text, else a pickle: np.load(path,
 * allow_pickle=True). */
berg_status io_write_npy(const io_sink *sink, const io_content *content, berg_error *error);
/* One member an entry. Text becomes fixed-width unicode, so that no member needs a pickle. */
berg_status io_write_npz(const io_sink *sink, const io_content *content, berg_error *error);
/* torch's zip form, for torch.load(path, weights_only=True). */
berg_status io_write_torch(const io_sink *sink, const io_content *content, berg_error *error);
/* Tensors in the canonical order (dtype, then name); all else as the structure in __metadata__ (structure.h).
 */
berg_status io_write_safetensors(const io_sink *sink, const io_content *content, berg_error *error);
/* Nested objects; arrays of up to 1,000 elements as lists, larger ones as {"dtype", "shape"}; what JSON has
 * no number for as "NaN", "Infinity", "-Infinity". */
berg_status io_write_json(const io_sink *sink, const io_content *content, berg_error *error);

#endif
