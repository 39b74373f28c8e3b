/* The genetic search of neural control: sets of images in which two regions agree about similarity, or do not. */
#ifndef QUERY_SEARCH_H
#define QUERY_SEARCH_H

#include "base/random.h"
#include "base/team.h"
#include "query/control/sets.h"

#define QUERY_SEARCH_SIZE_LEAST 4
#define QUERY_SEARCH_SIZE_MOST 128
#define QUERY_SEARCH_GENERATIONS_MOST ((size_t)1 << 20)

/* Streams of random numbers: one for each use, and of a search one a generation. */
typedef enum query_stream { QUERY_STREAM_DRAWS, QUERY_STREAM_LABELS, QUERY_STREAM_GOALS } query_stream;
/* Object `index` of a stream, and of a search its generation: each may draw a million times. */
base_dice query_dice(uint64_t seed, size_t stream, size_t generation, size_t index);
/* `count` images of `images`, none of them twice or among the `before` that `drawn` begins with. */
void query_draw_images(base_dice *dice, size_t images, size_t before, size_t count, uint32_t *drawn);

/* align: the largest r between the regions; disentangle: the smallest |r|. */
typedef enum query_goal { QUERY_ALIGN, QUERY_DISENTANGLE, QUERY_GOALS } query_goal;

typedef struct query_search_asked {
  const query_space *space;
  query_goal goal;
  size_t size; /* images of a set */
  size_t generations;
  uint64_t seed;
  base_team *team;
} query_search_asked;

/* The least number of images that sets of `size` can be searched among. */
size_t query_search_least(size_t size);

typedef berg_status (*query_search_tick)(void *user, size_t generation, berg_error *error);

/* The best set of each generation: `sets` [generations][size], and its r in float32 products, `scores` [generations].
 * `tick` is called after each; what it returns, unless it is BERG_OK, ends the search. Threads change no bit. */
berg_status query_search(const query_search_asked *asked, uint32_t *sets, double *scores, query_search_tick tick,
                         void *user, berg_error *error);

#endif
