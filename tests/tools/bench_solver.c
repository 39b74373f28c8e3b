/* Times the parts of the solver on made-up numbers, each beside the product rate measured between its repeats:
 *
 *     bench_solver [rows [panels [components [targets [threads]]]]]
 *
 * Panels are 3,840 columns wide. One line a part: seconds, GFLOP/s, share of the rate. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "la/eigen.h"
#include "la/gram.h"
#include "la/moments.h"
#include "la/rate.h"
#include "train/pca/pca.h"
#include "train/regress/regress.h"

#define WIDTH 3840
#define TURN_SECONDS 0.4

typedef struct bench {
  size_t rows, panels, components, targets;
  train_machine machine;
  la_rate *rate;
  float *low;     /* [panels * WIDTH][LATENT]: what the columns have in common */
  float *factors; /* [rows][LATENT] */
} bench;

#define LATENT 48

static float number(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (float)(int32_t)(*state >> 32) * 0x1p-31f;
}

static float *numbers(size_t count, uint64_t seed) {
  float *values = base_alloc_large(count, sizeof *values, NULL);
  for (size_t i = 0; i < count; i++) values[i] = number(&seed);
  return values;
}

typedef struct panel_task {
  const bench *b;
  size_t index;
  float *to;
} panel_task;

static void make_row(void *user, size_t i, size_t rank) {
  const panel_task *p = user;
  uint64_t seed = p->index * 1000003 + i;
  (void)rank;
  for (size_t j = 0; j < WIDTH; j++) {
    const float *low = p->b->low + (p->index * WIDTH + j) * LATENT, *factors = p->b->factors + i * LATENT;
    float sum = 2 * number(&seed) + 3;
    for (size_t l = 0; l < LATENT; l++) sum += low[l] * factors[l];
    p->to[i * WIDTH + j] = sum;
  }
}

/* Latent factors of falling strength and noise. */
static berg_status read_panel(void *user, size_t index, float *to, berg_error *error) {
  panel_task p = {user, index, to};
  (void)error;
  base_share(2, p.b->rows, make_row, &p);
  return BERG_OK;
}

static void say(const char *part, double seconds, double work, double rate) {
  printf("%-14s %8.3f s %8.1f GFLOP/s, share %.3f of %.1f\n", part, seconds, work / seconds / 1e9,
         work / seconds / rate, rate / 1e9);
  fflush(stdout);
}

static void bench_gram(bench *b) {
  float *panel = base_alloc_large(b->rows * WIDTH, sizeof *panel, NULL);
  double *moments = base_calloc(4 * WIDTH, sizeof *moments, NULL);
  double add = 0, standardise = 0, rate = 0;
  la_gram *gram;
  if (la_gram_new(&gram, b->machine.floats, b->machine.kernels, b->rows, WIDTH, b->machine.threads, NULL)) exit(1);
  for (size_t index = 0; index < b->panels; index++) {
    read_panel(b, index, panel, NULL);
    const la_block block = {panel, b->rows, WIDTH, WIDTH};
    const la_moments m = {moments, moments + WIDTH, moments + 2 * WIDTH, moments + 3 * WIDTH};
    rate += la_rate_products(b->rate, TURN_SECONDS / 2);
    double start = base_machine_seconds();
    la_moments_fit(b->machine.kernels, &block, NULL, true, b->machine.threads, &m);
    double middle = base_machine_seconds();
    la_gram_add(gram, panel, WIDTH, WIDTH);
    double end = base_machine_seconds();
    rate += la_rate_products(b->rate, TURN_SECONDS / 2);
    standardise += middle - start, add += end - middle;
  }
  const double work = (double)b->rows * (double)(b->rows + 1) * WIDTH;
  rate /= 2 * (double)b->panels;
  say("moments", standardise / (double)b->panels, 0, rate);
  say("gram", add / (double)b->panels, work, rate);
  say("both", (add + standardise) / (double)b->panels, work, rate);
  la_gram_free(gram);
  base_free_large(panel);
  base_free(moments);
}

typedef struct stages {
  double start;
  char name[32];
} stages;

static void stage(void *user, const char *name, const char *unit) {
  stages *s = user;
  (void)unit;
  double now = base_machine_seconds();
  if (*s->name) printf("  %-12s %8.3f s\n", s->name, now - s->start);
  snprintf(s->name, sizeof s->name, "%s", name);
  s->start = now;
}

static void bench_pca(bench *b, train_pca *pca) {
  stages s = {0};
  const berg_run run = {.size = sizeof run, .user = &s, .stage = stage};
  const train_panels panels = {b->rows, b->panels * WIDTH, WIDTH, read_panel, b, NULL};
  const train_pca_options options = {.components = b->components, .standardise = true, .products = TRAIN_PRODUCTS_F32};
  berg_error error;
  double start = base_machine_seconds();
  if (train_pca_fit(pca, &panels, &options, &b->machine, &run, &error)) {
    fprintf(stderr, "%s\n", error.message);
    exit(1);
  }
  stage(&s, "", "");
  say("pca", base_machine_seconds() - start, 0, 1);
}

static void bench_regress(bench *b, const train_pca *pca, const char *method) {
  const train_scores scores = {pca->scores, pca->rows, pca->components};
  berg_regression_options options;
  train_regression *regression;
  float *y = numbers(b->rows * b->targets, 3), *coefficients = numbers(b->targets * b->components, 4),
        *intercepts = numbers(b->targets, 5);
  berg_regression_options_init(&options);
  options.method = method;
  double start = base_machine_seconds();
  if (train_regression_new(&regression, &scores, &options, &b->machine, NULL)) exit(1);
  double middle = base_machine_seconds(), rate = la_rate_products(b->rate, TURN_SECONDS);
  double begin = base_machine_seconds();
  train_regress(regression, y, b->targets, coefficients, intercepts, NULL, NULL);
  double end = base_machine_seconds();
  rate = (rate + la_rate_products(b->rate, TURN_SECONDS)) / 2;
  printf("%s: factors %.3f s\n", method, middle - start);
  say(method, end - begin, 2.0 * (double)b->rows * (double)b->targets * (double)b->components, rate);
  train_regression_free(regression);
  base_free_large(y);
  base_free_large(coefficients);
  base_free_large(intercepts);
}

int main(int count, char **arguments) {
  size_t sizes[] = {2048, 3, 250, 2048, 2};
  for (int i = 1; i < count && i < 6; i++) sizes[i - 1] = strtoull(arguments[i], NULL, 10);
  bench b = {.rows = sizes[0], .panels = sizes[1], .components = sizes[2], .targets = sizes[3]};
  b.machine = train_machine_for(base_machine_isa(), (int)sizes[4], 0);
  if (la_rate_new(&b.rate, b.machine.floats->engine, 150, b.machine.threads, NULL)) return 1;
  b.low = numbers(b.panels * WIDTH * LATENT, 1);
  b.factors = numbers(b.rows * LATENT, 2);
  train_pca pca;
  bench_gram(&b);
  bench_pca(&b, &pca);
  bench_regress(&b, &pca, "ols");
  bench_regress(&b, &pca, "ridge");
  train_pca_release(&pca);
  base_free_large(b.low);
  base_free_large(b.factors);
  la_rate_free(b.rate);
  return 0;
}
