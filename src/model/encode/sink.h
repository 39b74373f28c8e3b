/* What a caller wants of the images that it has encoded: features (the blocks' outputs), scores or responses; where
 * they go, and who takes them. */
#ifndef MODEL_SINK_H
#define MODEL_SINK_H

#include <stddef.h>

#include "base/error.h"
#include "base/team.h"

struct model_batch;
struct model_member;

typedef enum model_wants { MODEL_FEATURES, MODEL_SCORES, MODEL_RESPONSES } model_wants;

/* Images that a block's outputs are of: all of a batch, or the part of it that a device computes at a time. */
typedef struct model_part {
  size_t first, images;  /* within the batch */
  const size_t *indices; /* [images] their numbers among the stimuli */
} model_part;

typedef struct model_sink {
  model_wants wants;
  size_t trials; /* of responses: simulated trials that it makes of each image; 0: it takes them as they are */
  void *user;
  /* Of features alone: takes what block `layer` gave, `tokens` [images][50][768], while it is warm; may share work
   * on the team. */
  void (*block)(void *user, base_team *team, const model_part *part, size_t layer, const float *tokens);
  /* Of responses, or NULL: where the next batch's, [images][columns], may be written while it runs, as a device
   * does. */
  float *(*place)(void *user);
  /* Takes a batch that has been run: asks it for the member's responses, reads the member's scores, or notes that
   * features have come. NULL: the pass takes it of all members (model_pass in encode.h). */
  berg_status (*take)(void *user, struct model_batch *batch, const struct model_member *member, berg_error *error);
} model_sink;

#endif
