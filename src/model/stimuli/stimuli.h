/* What the encoder needs of stimuli beyond berg.h.
 *
 * How a batch is read: model_stimuli_ahead_begin (optional) from one thread, as soon as it is known which images come
 * next; model_stimuli_prepare from one thread; then berg_stimuli_pixels from any number of threads, for different
 * indices. */
#ifndef MODEL_STIMULI_H
#define MODEL_STIMULI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/team.h"
#include "model/store/shard.h"
#include "vit/preprocess.h"

#define MODEL_FINGERPRINT_ROOM 64
#define MODEL_IDENTITY_TEXT 17 /* 16 hexadecimal digits and the terminating zero */

/* The store whose scores stand for the images; NULL: they have pixels, or scores in memory. */
const berg_store *model_stimuli_store(const berg_stimuli *stimuli);
/* Whether scores stand for the images, in a store or in memory. */
bool model_stimuli_scored(const berg_stimuli *stimuli);
/* Whether they do in memory: berg_stimuli_from_scores. */
bool model_stimuli_scores_given(const berg_stimuli *stimuli);
/* Those of a subject, float32 [images][components]; NULL: none were given. */
const berg_array *model_stimuli_scores_of(const berg_stimuli *stimuli, const char *model_id, const char *subject,
                                          const char *train_splits);

/* Tells of each array that was turned. */
berg_status model_stimuli_tell_turned(const berg_stimuli *stimuli, const berg_run *run, berg_error *error);
/* Leaves of all images those of one shard, numbered from 0 here; `shards` 0: all of them. EARGUMENT: no such one. */
berg_status model_stimuli_take_shard(berg_stimuli *stimuli, size_t shard, size_t shards, berg_error *error);
/* Takes back what it left. */
void model_stimuli_take_all(berg_stimuli *stimuli);
/* The shard that was taken; NULL: none was. */
const model_shard *model_stimuli_shard(const berg_stimuli *stimuli);
/* What all images are, those of other shards too, the same on every machine that sees the same: names and sizes of
 * files, the shape and type of arrays (whose bytes a hash of their file tells), the transform. */
void model_stimuli_identify(const berg_stimuli *stimuli, char text[MODEL_IDENTITY_TEXT]);

/* Whether the files of mapped arrays are still what they were. EINPUT. */
berg_status model_stimuli_unchanged(const berg_stimuli *stimuli, berg_error *error);

/* Whether the files of images [first, end) are: a stat each. EINPUT. */
berg_status model_stimuli_pictures_unchanged(const berg_stimuli *stimuli, size_t first, size_t end, berg_error *error);

/* Sets how pictures and arrays become what the network sees, in place of VIT_CROP; before anything is read. VIT_SQUARE,
 * which only training uses, resizes arrays like pictures, in 8 bits. */
void model_stimuli_set_transform(berg_stimuli *stimuli, vit_transform transform);

/* Leaves of an HDF5 dataset of images these rows, in this order, which stay the caller's: before anything is read.
 * EARGUMENT: other stimuli, a row that is not there. */
berg_status model_stimuli_pick(berg_stimuli *stimuli, const size_t *rows, size_t count, berg_error *error);

/* Reads what can be read by one thread only (HDF5, standard input) of images [first, first + count), and
 * preprocesses it by the team. Standard input goes forward only: images before `first` that were not prepared
 * are gone. EINPUT, ESTIMULUS (the first bad image of the batch), ELIMIT. */
berg_status model_stimuli_prepare(berg_stimuli *stimuli, size_t first, size_t count, base_team *team,
                                  const berg_run *run, berg_error *error);

/* Whether there is something that only one thread can read; else berg_stimuli_pixels needs no preparation. */
bool model_stimuli_read_by_one(const berg_stimuli *stimuli);
/* Whether images come from standard input, so that a second pass over them finds none. */
bool model_stimuli_read_once(const berg_stimuli *stimuli);
/* Images [first, first + count) will be prepared: the kernel is told of mapped ones. Pixels that were prepared
 * before `first` are gone. */
void model_stimuli_ahead_begin(berg_stimuli *stimuli, size_t first, size_t count);
/* How many pieces step `step` of `steps` of preparing them has, of those that model_stimuli_read_by_one: from one
 * thread, when the pieces of the step before are done. What goes wrong is what model_stimuli_prepare then says. */
size_t model_stimuli_ahead_step(berg_stimuli *stimuli, size_t step, size_t steps);
/* One of them, by any thread. */
void model_stimuli_ahead_piece(berg_stimuli *stimuli, size_t index);
/* After the last step, from one thread; model_stimuli_prepare does it too. */
void model_stimuli_ahead_end(berg_stimuli *stimuli);
/* Tells the kernel that the file of image `index` will be read soon, if there is such a file. Any thread. */
void model_stimuli_will_need(const berg_stimuli *stimuli, size_t index);

/* Whether a file that cannot be read is to be left out rather than end the run. False for arrays. */
bool model_stimuli_skips_bad(const berg_stimuli *stimuli);
/* Whether an image that gave `status` may be left out: want of memory, say, is no fault of the file. */
bool model_stimuli_may_skip(const berg_stimuli *stimuli, berg_status status);
/* Notes that image `index` is left out for `reason` (what berg_stimuli_pixels gave). Any thread; a second time changes
 * nothing. */
berg_status model_stimuli_mark_bad(berg_stimuli *stimuli, size_t index, const berg_error *reason, berg_error *error);
bool model_stimuli_is_bad(const berg_stimuli *stimuli, size_t index);
/* Looks at images from the first on until `least` are good, and notes which are bad: `*images` were looked at, of which
 * `*good` are good. As model_stimuli_prepare; ECANCELLED. */
berg_status model_stimuli_look(berg_stimuli *stimuli, size_t least, const berg_run *run, size_t *images, size_t *good,
                               berg_error *error);
/* The number of the image that is the `row`-th (from 0) of those not known as bad; SIZE_MAX: of none. */
size_t model_stimuli_of_row(const berg_stimuli *stimuli, size_t row);

/* One word that is the same for the same images in the same order. It covers the names, sizes and times of files; the
 * shape, type and file of arrays, and the pixels of those in memory; the shape and type of standard input; the shard
 * and the transform, but not skip_bad. */
berg_status model_stimuli_fingerprint(berg_stimuli *stimuli, char text[MODEL_FINGERPRINT_ROOM], berg_error *error);

/* The name of the array that image `index` is in, and its number there. */
const char *model_stimuli_array_of(const berg_stimuli *stimuli, size_t index, size_t *within);
/* Array `index` of those that the images are in: its name, and how much of it is the path of a file (0: memory,
 * standard input). NULL past the end, and where the images are files. */
const char *model_stimuli_array_name(const berg_stimuli *stimuli, size_t index, size_t *path_length);

#endif
