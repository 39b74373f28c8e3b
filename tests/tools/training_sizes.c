/* What principal components of many images take, by the plan's own cost model (docs/scaling.md):
 *
 *     training_sizes [images [GFLOP/s of a node [GB/s of its disk [threads]]]]
 *
 * Both ways to find eigenvectors: memory, disk, arithmetic and traffic of each stage, its hours on one node, and those
 * of all on 1, 4 and 16. Nodes share images, blocks of panels (twelve at the most) and voxels; eigenvectors are found
 * by one. */
#include <stdio.h>
#include <stdlib.h>

#include "train/job/plan.h"
#include "train/job/set_pca.h"
#include "train/job/stages.h"
#include "vit/shape.h"

#define VOXELS 211339
/* An image through the network. */
#define IMAGE_FLOP 8.82e9
/* As in plan.c. */
#define SHARE 0.85

typedef struct node {
  double flops, bytes; /* a second */
} node;

static size_t whole(const train_plan *plan, size_t of) { return train_set_panels(plan, of); }

static double hours(const node *n, train_cost cost) {
  const double computing = cost.flop / n->flops / SHARE, moving = (cost.bytes_read + cost.bytes_written) / n->bytes;
  return (computing > moving ? computing : moving) / 3600;
}

static void print(const char *name, size_t memory, double disk, train_cost cost, const node *n) {
  printf("  %-14s %9.1f GB %9.1f GB %9.1f TFLOP %9.1f GB read %9.1f GB written %8.2f h\n", name, (double)memory / 1e9,
         disk / 1e9, cost.flop / 1e12, cost.bytes_read / 1e9, cost.bytes_written / 1e9, hours(n, cost));
}

static void print_way(train_plan *plan, const node *n) {
  static const train_stage_kind *const kinds[] = {&train_gram_stage, &train_eigenvectors_stage,
                                                  &train_components_stage};
  const double images = (double)plan->job.sets->count;
  const double store = (double)train_store_bytes(plan->job.sets->count, plan->job.tokens);
  const train_cost features = {images * IMAGE_FLOP, images * 20e3, store},
                   regression = train_regression_stage.cost(plan, 0, VOXELS);
  double shared[2] = {hours(n, features) + hours(n, regression), 0}, alone = 0;
  printf("eigenvectors by %s\n  %-14s %12s %12s\n", train_set_way(plan), "", "memory", "disk");
  print("features", 0, store, features, n);
  for (size_t i = 0; i < 3; i++) {
    const size_t units = i == 1 ? plan->job.components : whole(plan, 0);
    const double beside = kinds[i]->beside ? (double)kinds[i]->beside(plan, 0) : 0;
    const train_cost cost = kinds[i]->cost(plan, 0, units);
    print(kinds[i]->name, kinds[i]->memory(plan, 0), (double)kinds[i]->disk(plan, 0) + beside, cost, n);
    *(i == 1 ? &alone : &shared[1]) += hours(n, cost);
  }
  print("regression", train_regression_stage.least(plan, 0), (double)train_regression_stage.disk(plan, 0), regression,
        n);
  for (int nodes = 1; nodes <= 16; nodes *= 4)
    printf("  on %2d nodes %8.2f h; with passes shared %8.2f h\n", nodes,
           shared[0] / nodes + shared[1] / (nodes < 12 ? nodes : 12) + alone,
           shared[0] / nodes + (shared[1] + (plan->job.by_products ? alone : 0)) / (nodes < 12 ? nodes : 12) +
               (plan->job.by_products ? 0 : alone));
}

int main(int argc, char **argv) {
  const node n = {argc > 2 ? atof(argv[2]) * 1e9 : 2e12, argc > 3 ? atof(argv[3]) * 1e9 : 2e9};
  train_subject subject = {.targets = VOXELS, .dtype = BERG_F32};
  train_set set = {.count = argc > 1 ? (size_t)atol(argv[1]) : 8640};
  berg_train_options options = {.eigenvectors = "gram"};
  train_plan plan = {.job = {.options = &options,
                             .threads = argc > 4 ? atoi(argv[4]) : 16,
                             .tokens = VIT_TOKENS,
                             .features = VIT_LAYERS * VIT_TOKENS * VIT_CHANNELS,
                             .components = 250,
                             .subjects = &subject,
                             .subject_count = 1,
                             .sets = &set,
                             .set_count = 1}};
  subject.trials = subject.stored = set.count;
  train_set_choose(&plan);
  print_way(&plan, &n);
  options.eigenvectors = "products";
  train_set_choose(&plan);
  print_way(&plan, &n);
  return 0;
}
