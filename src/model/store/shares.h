/* Scores on their way into a store that several processes score for: each keeps those of its share of the images in a
 * log of its own, in the folder "<store>.shares" beside the store, and one of them takes the logs in, in the order of
 * the images, so that the store becomes what one process makes of it. Until then the logs of a run that was cut short
 * spare the next one, in however many processes, the images that are in them. */
#ifndef MODEL_SHARES_H
#define MODEL_SHARES_H

#include "model/store/write.h"

typedef struct model_shares model_shares;

/* What earlier runs have left for the store at `path` and what `about` says; nothing is made. ELIMIT, EINPUT. */
berg_status model_shares_open(model_shares **shares, const char *path, const model_store_about *about,
                              berg_error *error);
/* The scores of the image with these pixels, of all parts one after the other; NULL: in no log of an earlier run. */
const float *model_shares_find(const model_shares *shares, const char *digest);
/* Begins the log of share `number`, once all processes have opened. EWRITE. */
berg_status model_shares_begin(model_shares *shares, size_t number, berg_error *error);
/* The next image of the share, with the scores of each part; `scores` NULL: they are in the store, or came before in
 * the log. EWRITE. */
berg_status model_shares_put(model_shares *shares, const model_store_image *image, const float *const *scores,
                             berg_error *error);
/* An image that was left out, as a line. EWRITE. */
berg_status model_shares_put_left_out(model_shares *shares, const char *line, berg_error *error);
/* All of it is on the disk; a log of nothing goes. EWRITE. */
berg_status model_shares_end(model_shares *shares, berg_error *error);

/* What model_shares_replay gives: an image, or a line of one that was left out (`image` NULL). */
typedef berg_status (*model_shares_take)(void *user, const model_store_image *image, const float *const *scores,
                                         const char *left_out, berg_error *error);
/* Gives all that is in share `number` of this run, in order. EINPUT: it is damaged; and what `take` returns. */
berg_status model_shares_replay(const model_shares *shares, size_t number, model_shares_take take, void *user,
                                berg_error *error);
/* Removes all logs and their folder, where they are of what `about` says. EWRITE. */
berg_status model_shares_clear(model_shares *shares, berg_error *error);
/* NULL is fine. */
void model_shares_free(model_shares *shares);

#endif
