/* The table of the stages of training: every stage says all that it has to, and ranges of its units, done in any
 * order and by plans that share nothing but the work folder, become the same bytes as berg_train's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "train/job/plan.h"
#include "train/job/set_pca.h"
#include "train/job/share.h"
#include "train/job/stages.h"
#include "train/job/work.h"

#define MODEL "fmri-things_fmri_1-vit_b_32"
#define IMAGES 9
#define VOXELS 101
#define COMPONENTS 5

static char folder[] = "/tmp/berg-stages-XXXXXX";
static char berg_dir[64], images[64];
static const int subjects[] = {1, 2};
static const char *const named[] = {"1", "2"};

static int make_data(void **state) {
  (void)state;
  char raw[64];
  berg_simulate_options data;
  berg_prepare_options prepare;
  if (!mkdtemp(folder)) return -1;
  snprintf(raw, sizeof raw, "%s/raw", folder);
  snprintf(berg_dir, sizeof berg_dir, "%s/berg", folder);
  snprintf(images, sizeof images, "%s/raw/images", folder);
  berg_simulate_options_init(&data);
  data.subjects = subjects, data.subject_count = 2, data.voxels = VOXELS;
  data.concepts = 3, data.images_per_concept = IMAGES / 3, data.test_images = 2, data.sessions = 3,
  data.image_size = 64;
  berg_error error;
  if (berg_simulate(raw, &data, NULL, &error)) return fprintf(stderr, "%s\n", error.message), -1;
  for (int i = 0; i < 2; i++) {
    berg_prepare_options_init(&prepare);
    prepare.berg_dir = berg_dir, prepare.subject = subjects[i];
    if (berg_prepare(raw, &prepare, NULL, &error)) return fprintf(stderr, "%s\n", error.message), -1;
  }
  return 0;
}

static int remove_data(void **state) {
  (void)state;
  char command[64];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

static berg_train_options options_of(size_t components, const berg_regression_options *regression, int threads) {
  berg_train_options options;
  berg_train_options_init(&options);
  options.berg_dir = berg_dir, options.images = images, options.subjects = named, options.subject_count = 2;
  options.backbone = "random:1", options.features = "class-token", options.components = components;
  options.regression = regression, options.threads = threads, options.resume = 1, options.device = "cpu";
  options.safetensors = 1;
  return options;
}

static void open_plan(train_plan *plan, const berg_train_options *options) {
  berg_error error;
  if (train_plan_open(plan, MODEL, options, &error)) fail_msg("%s", error.message);
}

/* --- What the rows say --- */

static void every_stage_says_all(void **state) {
  (void)state;
  for (size_t i = 0; i < TRAIN_STAGES; i++) {
    const train_stage_kind *kind = train_stages[i];
    assert_true(kind->name && kind->unit && kind->prefix && kind->ending);
    assert_memory_equal(kind->prefix, "berg-", 5);
    assert_true(kind->count && kind->hash && kind->memory && kind->disk && kind->cost && kind->run);
    for (size_t j = 0; j < i; j++) {
      assert_string_not_equal(kind->name, train_stages[j]->name);
      assert_int_not_equal(strncmp(kind->prefix, train_stages[j]->prefix, strlen(kind->prefix)), 0);
      assert_true(train_stages[j]->scope <= kind->scope);
      if (kind->until) assert_ptr_not_equal(kind->until, train_stages[j]); /* what reads a file comes later */
    }
  }
}

static void tasks_of_a_run(void **state) {
  (void)state;
  static const char *const expected[] = {"features",   "gram",    "eigenvectors", "components",
                                         "regression", "weights", "regression",   "weights"};
  static const size_t counts[] = {IMAGES, 12, COMPONENTS, 12, VOXELS, 2, VOXELS, 2};
  const berg_train_options options = options_of(COMPONENTS, NULL, 2),
                           other_options = options_of(COMPONENTS - 1, NULL, 1);
  train_plan plan, other;
  open_plan(&plan, &options);
  open_plan(&other, &other_options);
  assert_int_equal(plan.job.set_count, 1); /* both saw the same images */
  assert_int_equal(plan.task_count, 8);
  for (size_t i = 0; i < 8; i++) {
    const train_task *task = &plan.tasks[i];
    const train_stage_kind *kind = task->kind;
    assert_string_equal(kind->name, expected[i]);
    assert_int_equal(task->count, counts[i]);
    assert_false(task->is_whole);
    assert_int_equal(io_ranges_total(&task->done), 0);
    assert_true(task->memory > PLAN_PROGRAM / 2 && task->memory <= plan.memory_needed);
    assert_true(kind->disk(&plan, task->of) > 0);
    const train_cost whole = kind->cost(&plan, task->of, task->count);
    assert_true(whole.flop + whole.bytes_read + whole.bytes_written > 0);
    assert_memory_equal(&whole, &task->cost, sizeof whole);
    assert_true(task->hash && train_plan_hash(&plan, kind, task->of) == task->hash);
    /* features alone do not depend on the number of components; nothing here on threads */
    assert_int_equal(task->hash == other.tasks[i].hash, i == 0);
    char *path = train_stage_path(&plan, kind, task->of, NULL);
    for (size_t j = 0; j < i; j++) {
      char *before = train_stage_path(&plan, plan.tasks[j].kind, plan.tasks[j].of, NULL);
      assert_string_not_equal(path, before);
      base_free(before);
    }
    base_free(path);
  }
  train_plan_close(&plan);
  train_plan_close(&other);
}

static uint64_t disk_of(const train_plan *plan, size_t first, size_t end) {
  uint64_t sum = 0;
  for (size_t i = first; i < end; i++) sum += plan->tasks[i].kind->disk(plan, plan->tasks[i].of);
  return sum;
}

static uint64_t larger(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* The disk holds, at its fullest, the store with the Gram matrix twice, or with the PCA and what it is made of; or,
 * with the store only where work is kept, the PCA and what comes after. */
static void disk_is_what_lies_there(void **state) {
  (void)state;
  for (int keep = 0; keep < 2; keep++) {
    berg_train_options options = options_of(COMPONENTS, NULL, 2);
    train_plan plan;
    options.keep_work = keep;
    open_plan(&plan, &options);
    const uint64_t gram = disk_of(&plan, 0, 2) + train_gram_stage.beside(&plan, 0),
                   components = disk_of(&plan, 0, 4) + train_components_stage.beside(&plan, 0),
                   weights = disk_of(&plan, 3, 8) + (keep ? disk_of(&plan, 0, 1) : 0);
    assert_int_equal(plan.disk_needed, larger(larger(gram, components), weights));
    train_plan_close(&plan);
  }
}

/* All tokens: panels go by tens, a layer of the network. */
static void ranges_go_by_what_belongs_together(void **state) {
  (void)state;
  berg_train_options options = options_of(COMPONENTS, NULL, 2);
  options.features = NULL;
  train_plan plan;
  open_plan(&plan, &options);
  static const size_t wrong[][2] = {{0, 5}, {5, 10}, {10, 125}, {120, 130}, {20, 10}};
  for (size_t i = 1; i < 4; i += 2) { /* Gram matrix and components */
    const train_stage_kind *kind = plan.tasks[i].kind;
    const train_step step = {.plan = &plan};
    assert_int_equal(plan.tasks[i].count, 120);
    assert_int_equal(train_stage_grain(&plan, kind, 0), 10);
    for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
      berg_error error;
      assert_int_equal(train_stage_run(&step, kind, wrong[w][0], wrong[w][1], &error), BERG_EARGUMENT);
      assert_non_null(strstr(error.message, kind->name));
    }
  }
  train_plan_close(&plan);
}

/* Every unit is in one share, none is cut in two that belong together, and shares are equal within one. */
static void shares_are_all_of_a_stage(void **state) {
  (void)state;
  const berg_train_options options = options_of(COMPONENTS, NULL, 2);
  train_plan plan;
  open_plan(&plan, &options);
  for (size_t k = 0; k < TRAIN_STAGES; k++)
    for (size_t shards = 1; shards < 20; shards++) {
      size_t ends[8] = {0}, before = SIZE_MAX;
      for (size_t shard = 0; shard < shards; shard++) {
        size_t grains = 0;
        for (size_t i = 0; i < plan.task_count; i++) {
          const train_task *task = &plan.tasks[i];
          if (task->kind != train_stages[k]) continue;
          const size_t grain = train_stage_grain(&plan, task->kind, task->of);
          const io_range units = train_share_of(&plan, task, &(train_share){train_stages[k], shard, shards});
          if (units.first == units.end) continue;
          assert_int_equal(units.first, ends[i]);
          assert_true(units.end % grain == 0 || units.end == task->count);
          grains += (units.end - units.first + grain - 1) / grain;
          ends[i] = units.end;
        }
        assert_true(grains <= before && (!shard || grains + 1 >= before));
        before = grains;
      }
      for (size_t i = 0; i < plan.task_count; i++)
        if (plan.tasks[i].kind == train_stages[k]) assert_int_equal(ends[i], plan.tasks[i].count);
    }
  train_plan_close(&plan);
}

/* --- Ranges --- */

static int never(void *user, size_t done, size_t total, double seconds) {
  (void)user, (void)seconds;
  return done > total;
}

static bool beside_others;
static io_range at_share;

static berg_status step_of(train_plan *plan, size_t index,
                           berg_status (*do_it)(const train_step *, const size_t *, berg_error *), const size_t *range,
                           berg_error *error) {
  const berg_run run = {.size = sizeof run, .progress = never};
  const train_task *task = &plan->tasks[index];
  train_stage stage;
  train_stage_begin(&stage, &run, task->kind->name, task->kind->unit, task->count);
  return do_it(&(train_step){.plan = plan, .of = task->of, .run = &run, .stage = &stage, .share = at_share}, range,
               error);
}

static const train_stage_kind *at_hand;

static berg_status run_range(const train_step *step, const size_t *range, berg_error *error) {
  return train_stage_run(step, at_hand, range[0], range[1], error);
}

static berg_status merge_ranges(const train_step *step, const size_t *range, berg_error *error) {
  (void)range;
  return at_hand->merge ? at_hand->merge(step, error) : BERG_OK;
}

static void expect_range(const train_plan *plan, size_t of, size_t first, size_t end, bool expected_whole) {
  io_ranges done = {.count = 0};
  bool is_whole = false;
  if (!at_hand->done) return;
  assert_int_equal(at_hand->done(plan, of, &done, &is_whole, NULL), BERG_OK);
  assert_int_equal(is_whole, expected_whole);
  if (expected_whole) return;
  assert_int_equal(done.count, 1);
  assert_true(done.list[0].first == first && done.list[0].end == end);
}

/* One half by one plan, the other by another plan with more threads; `late`: the later half comes first. */
static void do_in_ranges(train_plan *one, train_plan *other, size_t index, bool late) {
  const train_task *task = &one->tasks[index];
  const size_t grain = train_stage_grain(one, task->kind, task->of);
  const size_t cut = task->count > grain ? (task->count / 2 + 1) / grain * grain : 0;
  const size_t halves[2][2] = {{0, cut}, {cut, task->count}};
  berg_error error;
  at_hand = task->kind;
  if (cut) {
    const size_t *half = halves[late];
    if (beside_others) at_share = (io_range){half[0], half[1]};
    if (step_of(one, index, run_range, half, &error)) fail_msg("%s", error.message);
    at_share = (io_range){0, 0};
    expect_range(other, task->of, half[0], half[1], false);
    if (at_hand->merge && step_of(other, index, merge_ranges, NULL, &error) != BERG_EINPUT)
      fail_msg("%s: %s", at_hand->name, error.message);
    expect_range(one, task->of, half[0], half[1], false);
  }
  const size_t *rest = halves[!(cut && late)];
  if (beside_others) at_share = (io_range){rest[0], rest[1]};
  if (step_of(other, index, run_range, rest, &error)) fail_msg("%s", error.message);
  at_share = (io_range){0, 0};
  if (step_of(one, index, merge_ranges, NULL, &error)) fail_msg("%s", error.message);
  expect_range(other, task->of, 0, task->count, true);
}

typedef struct bytes {
  char *data;
  size_t size;
} bytes;

static bytes take_file(const char *name) {
  char path[256];
  snprintf(path, sizeof path,
           "%s/encoding_models/modality-fmri/train_dataset-things_fmri_1/model-vit_b_32/"
           "encoding_models_weights/%s",
           berg_dir, name);
  FILE *file = fopen(path, "rb");
  if (!file) fail_msg("%s is missing", path);
  fseek(file, 0, SEEK_END);
  bytes taken = {NULL, (size_t)ftell(file)};
  rewind(file);
  taken.data = base_alloc(taken.size, 1, NULL);
  assert_int_equal(fread(taken.data, 1, taken.size, file), taken.size);
  fclose(file);
  unlink(path);
  return taken;
}

static void ranges_are_the_whole(const berg_regression_options *regression, const char *eigenvectors, bool late) {
  static const char *const names[] = {"weights_sub-01.npy", "weights_sub-01.safetensors", "weights_sub-02.npy",
                                      "weights_sub-02.safetensors"};
  berg_train_options options = options_of(COMPONENTS, regression, 2);
  options.eigenvectors = eigenvectors;
  bytes whole[4];
  berg_error error;
  train_work work;
  if (berg_train(MODEL, &options, NULL, NULL, &error)) fail_msg("%s", error.message);
  for (size_t i = 0; i < 4; i++) whole[i] = take_file(names[i]);
  train_plan one, other;
  options.threads = 1;
  open_plan(&one, &options);
  options.threads = 3;
  open_plan(&other, &options);
  assert_int_equal(train_work_open(&work, one.job.work, NULL), BERG_OK);
  for (size_t i = 0; i < one.task_count; i++) do_in_ranges(&one, &other, i, late);
  train_plan_close(&one);
  train_plan_close(&other);
  for (size_t i = 0; i < 4; i++) {
    bytes ranges = take_file(names[i]);
    assert_int_equal(ranges.size, whole[i].size);
    assert_memory_equal(ranges.data, whole[i].data, ranges.size);
    base_free(ranges.data), base_free(whole[i].data);
  }
  assert_int_equal(train_work_clear(&work, NULL), BERG_OK);
  train_work_close(&work);
  char path[80];
  snprintf(path, sizeof path, "%s/work", berg_dir);
  assert_int_not_equal(access(path, F_OK), 0); /* nothing was left under a name that is not known */
}

static void ranges_of_least_squares(void **state) {
  (void)state;
  ranges_are_the_whole(NULL, NULL, true);
}

static void ranges_by_products(void **state) {
  (void)state;
  ranges_are_the_whole(NULL, "products", true);
}

/* What decides is the memory, and who asks for a way; the hash says which it is. */
static void eigenvectors_are_found_as_memory_allows(void **state) {
  (void)state;
  static const struct {
    size_t images, memory;
    const char *asked, *expected;
  } cases[] = {{8640, (size_t)4 << 30, NULL, "gram"},
               {73000, (size_t)4 << 30, NULL, "products"},
               {73000, (size_t)96 << 30, NULL, "gram"},
               {73000, (size_t)96 << 30, "products", "products"},
               {8640, (size_t)4 << 30, "products", "products"},
               {73000, (size_t)4 << 30, "gram", "gram"},
               {300, 1, NULL, "gram"}};
  size_t *rows = base_calloc(73000, sizeof *rows, NULL);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    train_set set = {.rows = rows, .count = cases[i].images};
    berg_train_options options = options_of(250, NULL, 2);
    options.eigenvectors = cases[i].asked;
    train_plan plan = {.job = {.options = &options,
                               .threads = 2,
                               .memory = cases[i].memory,
                               .tokens = 50,
                               .features = 460800,
                               .components = 250,
                               .sets = &set,
                               .set_count = 1}};
    train_set_choose(&plan);
    assert_string_equal(train_set_way(&plan), cases[i].expected);
    const uint64_t hash = train_set_hash(&plan, 0);
    const size_t memory = train_eigenvectors_stage.memory(&plan, 0);
    const double flop = train_gram_stage.cost(&plan, 0, 120).flop;
    assert_int_equal(flop == 0, plan.job.by_products);
    plan.job.by_products = !plan.job.by_products;
    assert_true(train_set_hash(&plan, 0) != hash && train_eigenvectors_stage.memory(&plan, 0) != memory);
  }
  base_free(rows);
}

/* Each leaves files of its own. */
static void ranges_of_processes_beside_others(void **state) {
  (void)state;
  beside_others = true;
  ranges_are_the_whole(NULL, NULL, false);
  beside_others = false;
}

/* An alpha for each chunk: ranges that cut a chunk find the alpha of all of it. */
static void ranges_of_ridge(void **state) {
  (void)state;
  berg_regression_options regression;
  berg_regression_options_init(&regression);
  regression.method = "ridge", regression.chunks = 3, regression.folds = 3;
  double alphas[40] = {1}; /* so close that half a chunk would choose another */
  for (int i = 1; i < 40; i++) alphas[i] = 1.4 * alphas[i - 1];
  regression.alphas = alphas, regression.alpha_count = 40;
  ranges_are_the_whole(&regression, NULL, false);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_stage_says_all),
      cmocka_unit_test(tasks_of_a_run),
      cmocka_unit_test(disk_is_what_lies_there),
      cmocka_unit_test(ranges_of_least_squares),
      cmocka_unit_test(ranges_of_ridge),
      cmocka_unit_test(ranges_go_by_what_belongs_together),
      cmocka_unit_test(ranges_of_processes_beside_others),
      cmocka_unit_test(shares_are_all_of_a_stage),
      cmocka_unit_test(ranges_by_products),
      cmocka_unit_test(eigenvectors_are_found_as_memory_allows),
  };
  return cmocka_run_group_tests(tests, make_data, remove_data);
}
