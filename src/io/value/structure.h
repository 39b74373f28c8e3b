/* What safetensors cannot express by itself: the structure of nested dicts, Python values and text. It is kept as JSON
 * text under the key "berg.structure" of safetensors' __metadata__, so that a conversion there and back gives equal
 * values of equal types. A node is an object of one member:
 *
 *     {"dict": [key, node, ...]}   {"list": [...]}   {"tuple": [...]}   {"box": [node]}
 *     {"tensor": name}   {"scalar": name}      a tensor of the file: an ndarray, a numpy scalar
 *     {"int": "250"}   {"float": "0x1.8p+1"}   {"str": "V1"}   {"bool": true}   {"none": true}
 *     {"object": [text, ...], "shape": [n]}    an object array of text
 *     {"unicode": [text, ...], "shape": [n], "width": 24}   fixed-width text, of `width` characters
 *
 * Keys are nodes too, so that numbers stay numbers. */
#ifndef IO_STRUCTURE_H
#define IO_STRUCTURE_H

#include "io/value/value.h"

#define IO_STRUCTURE_KEY "berg.structure"

/* Whether a plain dict of arrays is all there is, and no structure needs to be stored. */
bool io_structure_is_plain(const io_value *root);
/* The JSON text (base_free); tensors are named as io_flatten names them. EINPUT: bytes cannot be held;
 * ELIMIT. */
berg_status io_structure_write(char **text, const io_value *root, berg_error *error);
/* The tree again; tensors are looked up by name among the arrays of `flat`. EINPUT: not such a text, or it names a
 * missing tensor. */
berg_status io_structure_read(io_value **root, io_arena *arena, const char *text, const io_value *flat,
                              const char *file, berg_error *error);

#endif
