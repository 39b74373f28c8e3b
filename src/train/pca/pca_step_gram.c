/* The steps before the second pass: the Gram matrix in the sum of a file and in parts, and its eigenvectors. */
#include <stdint.h>

#include "base/machine.h"
#include "base/memory.h"
#include "train/pca/pca_step.h"

#define SECONDS_BETWEEN_SAVES 120

typedef struct sum {
  const train_pca_step *step;
  pca_job job;
  train_pca pca;
  la_gram *gram;
  size_t done, saved; /* panels in the sum; in its file */
  bool anew;          /* the file's sum is by other products, or cannot be read */
  double saved_at;
} sum;

static pca_piece piece_of(la_gram *gram, size_t first, size_t end) {
  return (pca_piece){.magic = PCA_GRAM, .first = first, .end = end, .visit = pca_visit_gram, .of = gram};
}

/* Panels in the sum's file; 0: there is none. */
static berg_status find_sum(const train_pca_step *step, const pca_job *job, size_t *panels, berg_error *error) {
  io_range found;
  berg_status status = pca_piece_find(job, step->fingerprint, PCA_GRAM, step->gram, &found, error);
  *panels = found.first ? 0 : found.end;
  return status;
}

/* Into memory what is done; nothing where the file has changed meanwhile. */
static berg_status read_sum(sum *s, berg_error *error) {
  const pca_piece piece = piece_of(s->gram, 0, s->done);
  bool is_read;
  if (!s->done) return BERG_OK;
  berg_status status = pca_piece_read(&s->job, s->step->fingerprint, &piece, s->step->gram, &is_read, error);
  if (status || is_read) return status;
  s->done = 0;
  s->anew = true;
  return s->gram ? la_gram_begin_total(s->gram, error) : BERG_OK;
}

static berg_status open_sum(sum *s, const train_pca_step *step, berg_error *error) {
  *s = (sum){.step = step, .saved_at = base_machine_seconds()};
  s->job = pca_step_begin(step, &s->pca);
  size_t found;
  berg_status status = find_sum(step, &s->job, &found, error);
  if (!status) status = pca_make_moments(&s->job, error);
  if (!status && !step->by_products) status = pca_gram_open(&s->job, &s->gram, error);
  s->job.adds = true;
  if (!status) status = find_sum(step, &s->job, &s->done, error);
  if (status) return status;
  s->anew = !s->done && found;
  status = read_sum(s, error);
  s->saved = s->done;
  return status;
}

static void close_sum(sum *s) {
  if (s->gram) pca_gram_close(&s->job, s->gram);
  pca_step_end(&s->job);
}

/* Parts are removed when the sum that holds them is safe. */
static berg_status save(sum *s, berg_error *error) {
  const pca_piece piece = piece_of(s->gram, 0, s->done);
  if (s->saved == s->done) return BERG_OK;
  berg_status status = pca_piece_write(&s->job, s->step->fingerprint, &piece, s->step->gram, error);
  if (!status) status = pca_parts_remove(&s->job, s->step->gram, s->done, error);
  s->saved = s->done;
  s->saved_at = base_machine_seconds();
  return status;
}

static berg_status settled(void *user, size_t done, berg_error *error) {
  sum *s = user;
  s->done = done;
  return base_machine_seconds() - s->saved_at < SECONDS_BETWEEN_SAVES ? BERG_OK : save(s, error);
}

/* Adds the parts that follow the sum. */
static berg_status add_parts(sum *s, berg_error *error) {
  const size_t count = train_panels_count(s->step->panels);
  berg_status status = BERG_OK;
  for (bool is_there = true; s->done < count && !status;) {
    status = pca_part_find(&s->job, s->step, PCA_GRAM, s->step->gram, s->done, &is_there, error);
    if (status || !is_there) break;
    const pca_piece part = piece_of(s->gram, s->done, pca_block_end(&s->job, s->done));
    status = pca_part_read(&s->job, s->step, &part, s->step->gram, true, error);
    if (!status) s->done = part.end;
  }
  return status;
}

/* The panels before the next part, `end` at most. */
static berg_status find_next(const sum *s, size_t end, size_t *next, berg_error *error) {
  bool is_there = false;
  berg_status status = BERG_OK;
  for (*next = s->done; *next < end && !status; *next = pca_block_end(&s->job, *next)) {
    status = pca_part_find(&s->job, s->step, PCA_GRAM, s->step->gram, *next, &is_there, error);
    if (is_there) break;
  }
  return status;
}

/* Also after a failure or a cancelling: blocks that are complete are not lost. */
static berg_status extend(sum *s, size_t end, berg_error *error) {
  berg_status status = add_parts(s, error);
  while (!status && s->done < end) {
    size_t next;
    status = find_next(s, end, &next, error);
    if (!status) status = pca_gram_add(&s->job, s->gram, s->done, next, &(pca_watch){settled, s}, error);
    if (!status) status = add_parts(s, error);
  }
  berg_status saved = save(s, status ? NULL : error);
  return status ? status : saved;
}

/* Blocks that do not follow the sum, each from zero. */
static berg_status make_parts(sum *s, size_t first, size_t end, berg_error *error) {
  berg_status status = BERG_OK;
  for (; first < end && !status; first = pca_block_end(&s->job, first)) {
    const pca_piece part = piece_of(s->gram, first, pca_block_end(&s->job, first));
    bool is_there;
    status = pca_part_find(&s->job, s->step, PCA_GRAM, s->step->gram, first, &is_there, error);
    if (status || is_there) continue;
    if (s->gram) status = la_gram_begin_total(s->gram, error);
    if (!status) status = pca_gram_add(&s->job, s->gram, first, part.end, NULL, error);
    if (!status) status = pca_part_write(&s->job, s->step, &part, s->step->gram, error);
  }
  return status;
}

berg_status train_pca_step_gram(const train_pca_step *step, size_t first, size_t end, berg_error *error) {
  sum s;
  berg_status status = open_sum(&s, step, error);
  if (!status) status = first <= s.done || s.anew ? extend(&s, end, error) : make_parts(&s, first, end, error);
  close_sum(&s);
  return status;
}

berg_status train_pca_step_gram_parts(const train_pca_step *step, size_t first, size_t end, berg_error *error) {
  sum s;
  berg_status status = open_sum(&s, step, error);
  if (!status) status = make_parts(&s, first, end, error);
  close_sum(&s);
  return status;
}

berg_status train_pca_merge_gram(const train_pca_step *step, berg_error *error) {
  const size_t count = train_panels_count(step->panels);
  train_pca pca;
  pca_job job = pca_step_begin(step, &pca);
  size_t done;
  berg_status status = find_sum(step, &job, &done, error);
  if (status || done == count) return status;
  sum s;
  status = open_sum(&s, step, error);
  if (!status) status = add_parts(&s, error);
  if (!status) status = save(&s, error);
  if (!status && s.done < count)
    status =
        base_fail(error, BERG_EINPUT, "%s: panel %zu of %zu, and its part, are missing", step->gram, s.done, count);
  close_sum(&s);
  return status;
}

berg_status train_pca_gram_done(const train_pca_step *step, io_ranges *done, bool *is_whole, berg_error *error) {
  const size_t count = train_panels_count(step->panels);
  train_pca pca;
  const pca_job job = pca_step_begin(step, &pca);
  size_t first;
  berg_status status = find_sum(step, &job, &first, error);
  *done = (io_ranges){.count = 0};
  *is_whole = first == count;
  io_ranges_add(done, 0, first);
  for (; first < count && !status; first = pca_block_end(&job, first)) {
    bool is_there = false;
    status = pca_part_find(&job, step, PCA_GRAM, step->gram, first, &is_there, error);
    if (is_there) io_ranges_add(done, first, pca_block_end(&job, first));
  }
  return status;
}

/* --- Eigenvectors --- */

static const pca_piece vectors = {.magic = PCA_VECTORS, .end = 1, .visit = pca_visit_vectors};

static berg_status read_gram(const train_pca_step *step, pca_job *job, la_gram *gram, berg_error *error) {
  const pca_piece whole = piece_of(gram, 0, train_panels_count(step->panels));
  berg_status status = pca_piece_need(job, step->fingerprint, &whole, step->gram, PCA_LACKS_PANELS, error);
  return status ? status : pca_gram_finish(job, gram, error);
}

berg_status train_pca_step_eigenvectors(const train_pca_step *step, berg_error *error) {
  if (step->by_products) return pca_search(step, error);
  const train_machine *machine = step->machine;
  train_pca pca;
  pca_job job = pca_step_begin(step, &pca);
  la_gram *gram = NULL;
  const size_t n = step->panels->rows;
  berg_status status = pca_make_moments(&job, error);
  if (!status) status = la_gram_new(&gram, machine->floats, machine->kernels, n, LA_PANEL, machine->threads, error);
  if (!status) status = la_gram_begin_total(gram, error);
  if (!status) status = read_gram(step, &job, gram, error);
  if (!status) status = pca_eigenvectors(&job, la_gram_values(gram), n, error);
  la_gram_free(gram);
  if (!status) status = pca_piece_write(&job, step->fingerprint, &vectors, step->vectors, error);
  pca_step_end(&job);
  return status;
}

berg_status train_pca_eigenvectors_done(const train_pca_step *step, bool *is_done, berg_error *error) {
  train_pca pca;
  const pca_job job = pca_step_begin(step, &pca);
  io_range found;
  berg_status status = pca_piece_find(&job, step->fingerprint, PCA_VECTORS, step->vectors, &found, error);
  *is_done = found.end;
  return status;
}
