/* Which images there are, what they are called, and when each subject sees which. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "train/simulate/simulate.h"

/* 0 .. count - 1 in an order that the dice give (Fisher and Yates). */
static void shuffle(size_t *numbers, size_t count, base_dice *dice) {
  for (size_t i = count; i > 1; i--) {
    size_t j = base_dice_below(dice, i), held = numbers[i - 1];
    numbers[i - 1] = numbers[j];
    numbers[j] = held;
  }
}

/* By name, which is how test stimuli are ordered everywhere downstream (np.unique of the file names). */
static int compare(const void *a, const void *b) {
  char first[SIMULATE_NAME_ROOM + 1], second[SIMULATE_NAME_ROOM + 1];
  simulate_concept_name(*(const size_t *)a, first);
  simulate_concept_name(*(const size_t *)b, second);
  return strcmp(strcat(first, "_"), strcat(second, "_"));
}

/* Different concepts as long as there are enough, then all of them again. */
static berg_status choose_tests(simulate_design *design, berg_error *error) {
  size_t *order = base_alloc(design->concepts, sizeof *order, error);
  design->test_concepts = order ? base_alloc(design->tests, sizeof *order, error) : NULL;
  if (design->test_concepts) {
    base_dice dice = {design->seed, SIMULATE_TEST_CONCEPTS, 0};
    for (size_t i = 0; i < design->concepts; i++) order[i] = i;
    shuffle(order, design->concepts, &dice);
    for (size_t i = 0; i < design->tests; i++) design->test_concepts[i] = order[i % design->concepts];
    qsort(design->test_concepts, design->tests, sizeof *order, compare);
  }
  base_free(order);
  return design->test_concepts ? BERG_OK : BERG_ELIMIT;
}

berg_status simulate_design_init(simulate_design *design, const berg_simulate_options *options, berg_error *error) {
  *design = (simulate_design){.seed = options->seed,
                              .concepts = options->concepts,
                              .per_concept = options->images_per_concept,
                              .tests = options->test_images,
                              .sessions = options->sessions};
  design->trainings = design->concepts * design->per_concept;
  design->images = design->trainings + design->tests;
  design->trials = design->trainings + design->tests * design->sessions;
  return choose_tests(design, error);
}

void simulate_design_release(simulate_design *design) {
  base_free(design->test_concepts);
  *design = (simulate_design){.test_concepts = NULL};
}

size_t simulate_concept_of(const simulate_design *design, size_t image) {
  return image < design->trainings ? image / design->per_concept : design->test_concepts[image - design->trainings];
}

/* Made-up words of two or three syllables, numbered after the first 720. */
void simulate_concept_name(size_t concept, char name[SIMULATE_NAME_ROOM]) {
  static const char *const heads[24] = {"ba", "co", "du", "fe",  "gi", "ha",  "ju", "ki", "lo", "me", "no", "pa",
                                        "qu", "ro", "sa", "ska", "te", "tro", "u",  "vi", "wo", "xe", "ya", "zo"};
  static const char *const bodies[6] = {"lam", "mer", "nik", "pol", "run", "sal"};
  static const char *const ends[5] = {"", "a", "en", "it", "os"};
  size_t round = concept / 720, word = concept % 720;
  int length = base_print(name, SIMULATE_NAME_ROOM, "%s%s%s", heads[word / 30], bodies[word % 30 / 5], ends[word % 5]);
  if (round) base_print(name + length, SIMULATE_NAME_ROOM - (size_t)length, "%zu", round + 1);
}

void simulate_image_name(const simulate_design *design, size_t image, char name[SIMULATE_NAME_ROOM]) {
  char concept[SIMULATE_NAME_ROOM];
  size_t number = image % design->per_concept;
  if (image >= design->trainings) { /* the test images of one concept stand side by side */
    size_t test = image - design->trainings, first = test;
    while (first && design->test_concepts[first - 1] == design->test_concepts[test]) first--;
    number = design->per_concept + test - first;
  }
  simulate_concept_name(simulate_concept_of(design, image), concept);
  base_print(name, SIMULATE_NAME_ROOM, "%.20s_%02zu%c.jpg", concept, (number + 1) % 1000, number ? 's' : 'b');
}

/* Part `part` of `count` things in `parts` nearly equal parts begins here. */
static size_t share(size_t count, size_t part, size_t parts) { return count * part / parts; }

/* The trials of one run: its share of the session's training and test images, shuffled. */
static size_t fill_run(simulate_trials *trials, const size_t *own, size_t count, const size_t *tests,
                       const simulate_design *design, size_t session, size_t run, size_t at, base_dice *dice) {
  const size_t start = at;
  for (size_t i = share(count, run, SIMULATE_RUNS); i < share(count, run + 1, SIMULATE_RUNS); i++)
    trials->image[at++] = own[i];
  for (size_t i = share(design->tests, run, SIMULATE_RUNS); i < share(design->tests, run + 1, SIMULATE_RUNS); i++)
    trials->image[at++] = design->trainings + tests[i];
  shuffle(trials->image + start, at - start, dice);
  for (size_t i = start; i < at; i++) {
    trials->session[i] = session;
    trials->run[i] = run;
    if (trials->image[i] >= design->trainings)
      trials->of_test[session * design->tests + trials->image[i] - design->trainings] = i;
  }
  return at;
}

static void order_trials(simulate_trials *trials, const simulate_design *design, size_t *order, size_t *tests,
                         int subject) {
  base_dice dice = {design->seed, simulate_subject_stream(SIMULATE_ORDER, subject), 0};
  size_t at = 0;
  for (size_t i = 0; i < design->trainings; i++) order[i] = i;
  for (size_t i = 0; i < design->tests; i++) tests[i] = i;
  shuffle(order, design->trainings, &dice);
  for (size_t s = 0; s < design->sessions; s++) {
    size_t first = share(design->trainings, s, design->sessions);
    size_t count = share(design->trainings, s + 1, design->sessions) - first;
    trials->first[s] = at;
    shuffle(tests, design->tests, &dice);
    for (size_t r = 0; r < SIMULATE_RUNS; r++)
      at = fill_run(trials, order + first, count, tests, design, s, r, at, &dice);
  }
  trials->first[design->sessions] = at;
}

berg_status simulate_trials_init(simulate_trials *trials, const simulate_design *design, int subject,
                                 berg_error *error) {
  const size_t count = design->trials;
  size_t *order = base_alloc(design->trainings, sizeof *order, error);
  size_t *tests = base_alloc(design->tests, sizeof *tests, error);
  trials->image = base_alloc(count, sizeof *trials->image, error);
  trials->session = base_alloc(count, sizeof *trials->session, error);
  trials->run = base_alloc(count, sizeof *trials->run, error);
  trials->first = base_alloc(design->sessions + 1, sizeof *trials->first, error);
  trials->of_test = base_alloc(design->sessions * design->tests, sizeof *trials->of_test, error);
  bool all = order && tests && trials->image && trials->session && trials->run && trials->first && trials->of_test;
  if (all) order_trials(trials, design, order, tests, subject);
  base_free(order);
  base_free(tests);
  if (!all) simulate_trials_release(trials);
  return all ? BERG_OK : BERG_ELIMIT;
}

void simulate_trials_release(simulate_trials *trials) {
  base_free(trials->image);
  base_free(trials->session);
  base_free(trials->run);
  base_free(trials->first);
  base_free(trials->of_test);
  memset(trials, 0, sizeof *trials);
}
