/* Batches on their way in, and what is left of one that never got its turn: a stream cannot give its images again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/container/npy.h"
#include "model/encode/load.h"
#include "model/stimuli/stimuli.h"
#include "vit/preprocess.h"

#define SIDE 256
#define IMAGES 9
#define STEPS 12

/* Image n is n everywhere, or with `bad` 300 there. */
static void open_pipe(berg_stimuli **stimuli, size_t images, size_t bad) {
  const size_t values = (size_t)3 * SIDE * SIDE;
  uint16_t *image = malloc(values * sizeof *image);
  uint8_t header[256];
  FILE *file = tmpfile();
  assert_non_null(file);
  assert_non_null(image);
  size_t length =
      io_npy_write_header(header, sizeof header, BERG_U16, sizeof *image, (size_t[]){IMAGES, 3, SIDE, SIDE}, 4);
  assert_int_equal(fwrite(header, 1, length, file), length);
  for (size_t n = 0; n < images; n++) {
    for (size_t i = 0; i < values; i++) image[i] = n == bad ? 300 : (uint16_t)n;
    assert_int_equal(fwrite(image, sizeof *image, values, file), values);
  }
  fflush(file);
  rewind(file);
  assert_int_equal(dup2(fileno(file), STDIN_FILENO), STDIN_FILENO);
  lseek(STDIN_FILENO, 0, SEEK_SET);
  fclose(file);
  free(image);
  assert_int_equal(berg_stimuli_open(stimuli, (const char *const[]){"-"}, 1, NULL, NULL), BERG_OK);
}

static void run_steps(model_load *load, size_t steps, base_team *team) {
  for (size_t step = 0; step < steps; step++)
    base_team_share(team, model_load_step(load, step, STEPS), model_load_piece, load);
}

static void expect_images(const model_load *load, const size_t *indices, size_t images, size_t first) {
  for (size_t i = 0; i < images; i++) {
    assert_int_equal(indices[i], first + i);
    for (size_t j = 0; j < VIT_PIXELS; j += 1001) assert_int_equal(load->pixels[i * VIT_PIXELS + j], first + i);
  }
}

/* A run that is cancelled while images 3 to 5 come in; another one of the same stimuli takes them up. */
static void what_was_read_ahead_is_kept(void **state) {
  (void)state;
  for (int threads = 1; threads <= 3; threads++) {
    base_team *team = base_team_begin(threads);
    berg_stimuli *stimuli;
    model_load load, other;
    size_t indices[6], images;
    berg_error error;
    open_pipe(&stimuli, IMAGES, SIZE_MAX);
    assert_int_equal(model_load_init(&load, 3, NULL), BERG_OK);
    assert_int_equal(model_load_init(&other, 6, NULL), BERG_OK);
    model_load_begin(&load, stimuli, 0, 3);
    assert_int_equal(model_load_finish(&load, team, NULL, indices, &images, &error), BERG_OK);
    assert_int_equal(images, 3);
    expect_images(&load, indices, images, 0);
    model_load_begin(&load, stimuli, 3, 3);
    run_steps(&load, STEPS, team);
    model_stimuli_ahead_end(stimuli);
    uint8_t *one = malloc(VIT_PIXELS);
    assert_int_equal(berg_stimuli_pixels(stimuli, 4, one, &error), BERG_OK);
    assert_int_equal(one[0], 4);
    free(one);
    model_load_begin(&other, stimuli, 3, 6);
    run_steps(&other, STEPS, team);
    if (model_load_finish(&other, team, NULL, indices, &images, &error)) fail_msg("%s", error.message);
    assert_int_equal(images, 6);
    expect_images(&other, indices, images, 3);
    model_load_release(&load);
    model_load_release(&other);
    berg_stimuli_free(stimuli);
    base_team_end(team);
  }
}

static int always(void *user) {
  ++*(size_t *)user;
  return 1;
}

/* Before the first of the images that have not come ahead. */
static void loading_ends_where_it_is_told(void **state) {
  base_team *team = base_team_begin(2);
  berg_stimuli *stimuli;
  model_load load;
  size_t indices[3], images, asked = 0;
  berg_error error;
  const berg_run run = {.size = sizeof run, .user = &asked, .cancel = always};
  (void)state;
  open_pipe(&stimuli, IMAGES, SIZE_MAX);
  assert_int_equal(model_load_init(&load, 3, NULL), BERG_OK);
  model_load_begin(&load, stimuli, 0, 3);
  assert_int_equal(model_load_finish(&load, team, &run, indices, &images, &error), BERG_ECANCELLED);
  assert_string_equal(error.message, "cancelled");
  assert_int_equal(asked, 1);
  assert_int_equal(images, 0);
  model_load_release(&load);
  berg_stimuli_free(stimuli);
  base_team_end(team);
}

static void failures_show_at_their_turn(void **state) {
  (void)state;
  const struct {
    size_t images, bad;
    berg_status status;
    const char *part;
  } cases[] = {{IMAGES, 4, BERG_ESTIMULUS, "image 4 (from 0): channel 0, row 0, column 0: value out of range"},
               {5, SIZE_MAX, BERG_EINPUT, "ends in the middle of its data, in row 5 of 9"}};
  for (size_t c = 0; c < 2; c++)
    for (size_t steps = 0; steps <= STEPS; steps += STEPS) {
      base_team *team = base_team_begin(2);
      berg_stimuli *stimuli;
      model_load load;
      size_t indices[3], images;
      berg_error error;
      open_pipe(&stimuli, cases[c].images, cases[c].bad);
      assert_int_equal(model_load_init(&load, 3, NULL), BERG_OK);
      model_load_begin(&load, stimuli, 0, 3);
      run_steps(&load, steps, team);
      assert_int_equal(model_load_finish(&load, team, NULL, indices, &images, &error), BERG_OK);
      model_load_begin(&load, stimuli, 3, 3);
      run_steps(&load, steps, team);
      assert_int_equal(model_load_finish(&load, team, NULL, indices, &images, &error), cases[c].status);
      if (!strstr(error.message, cases[c].part)) fail_msg("\"%s\"", error.message);
      model_load_release(&load);
      berg_stimuli_free(stimuli);
      base_team_end(team);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_read_ahead_is_kept),
      cmocka_unit_test(failures_show_at_their_turn),
      cmocka_unit_test(loading_ends_where_it_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
