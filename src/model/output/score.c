/* Images to scores that are kept: a pass over those images that the store does not hold yet.
 *
 * A process alone keeps them in the store; several keep each a log of their share (model/store/shares.h), which the
 * first of them takes into the store. */
#include <string.h>
#include <sys/stat.h>

#include "base/checksum.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/progress.h"
#include "base/ranks.h"
#include "base/text.h"
#include "io/container/container.h"
#include "io/file/ranges.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"
#include "model/encode/encode.h"
#include "model/encode/sources.h"
#include "model/stimuli/stimuli.h"
#include "model/output/score_about.h"
#include "model/store/held.h"
#include "model/store/shares.h"
#include "model/store/write.h"
#include "vit/preprocess.h"

void(berg_score_options_init)(berg_score_options *options, size_t size) {
  const berg_score_options defaults = {.commit = 0};
  base_options_init(options, size, &defaults, sizeof defaults);
}

/* An image of the batch at hand. */
typedef struct entry {
  model_store_image image;
  const float *known; /* its scores, which an earlier run has left in a log */
  bool is_new;        /* the network is to see it */
} entry;

/* One run of berg_score. */
typedef struct scoring {
  berg_model *const *models;
  size_t count;
  berg_stimuli *stimuli;
  berg_ranks *ranks;          /* that share the images */
  model_store_about about;    /* what is to be kept */
  model_store_writer *writer; /* NULL: another process has the store, ... */
  model_known pixels;         /* ... of which these digests are known; and those in the own log */
  model_shares *shares;
  size_t commit, uncommitted; /* images */
  size_t checked, reached;    /* of the stimuli: before this one their files were compared; before this one, read */
  entry *entries;             /* [room] of the batch at hand */
  bool *keep;                 /* [room] */
  size_t room, count_now;     /* of this batch */
  size_t held, left_out;      /* of all */
  uint64_t given;             /* images and such that were left out, in the own log; then in all */
  float **rows;               /* [parts] [room][width] */
  const float **row;          /* [parts] */
} scoring;

/* --- Which images are new --- */

static bool is_shared(const scoring *s) { return base_ranks_size(s->ranks) > 1; }

static berg_status make_room(scoring *s, size_t room, berg_error *error) {
  if (s->room >= room) return BERG_OK;
  s->entries = base_calloc(room, sizeof *s->entries, error);
  s->keep = base_alloc(room, sizeof *s->keep, error);
  s->rows = base_calloc(s->about.part_count, sizeof *s->rows, error);
  s->row = base_calloc(s->about.part_count, sizeof *s->row, error);
  if (!s->entries || !s->keep || !s->rows || !s->row) return BERG_ELIMIT;
  for (size_t p = 0; p < s->about.part_count; p++)
    if (!(s->rows[p] = base_alloc(room * s->about.parts[p].width, sizeof(float), error))) return BERG_ELIMIT;
  s->room = room;
  return BERG_OK;
}

/* The path that an image was read from, or "stimuli.npy[12]". */
static char *name_of(const berg_stimuli *stimuli, size_t index, berg_error *error) {
  const char *name = berg_stimuli_name(stimuli, index);
  if (name) return base_copy_text(name, error);
  size_t within;
  const char *array = model_stimuli_array_of(stimuli, index, &within);
  return base_format(error, "%s[%zu]", array, within);
}

static void forget_images(scoring *s) {
  for (size_t i = 0; i < s->count_now; i++) base_free(s->entries[i].image.name);
  s->count_now = 0;
}

static bool is_held(const scoring *s, const char *digest) {
  model_known_item item;
  if (s->writer && model_store_held(s->writer, digest) != SIZE_MAX) return true;
  return s->pixels.count && model_store_read_digest(digest, &item) &&
         model_known_find(&s->pixels, item.high, item.low) != SIZE_MAX;
}

/* The same pixels may come twice in a batch. */
static bool came_before(const scoring *s, const char *digest) {
  for (size_t i = 0; i < s->count_now; i++)
    if (s->entries[i].is_new && !strcmp(s->entries[i].image.digest, digest)) return true;
  return false;
}

static berg_status choose_one(scoring *s, const model_batch *batch, size_t i, berg_error *error) {
  const size_t index = batch->indices[i];
  entry *e = &s->entries[i];
  struct stat about;
  *e = (entry){.image.name = name_of(s->stimuli, index, error)};
  if (!e->image.name) return BERG_ELIMIT;
  memcpy(e->image.digest, batch->digests[i], sizeof e->image.digest);
  const bool is_known = is_held(s, batch->digests[i]) || came_before(s, batch->digests[i]);
  if (!is_known) {
    e->image.is_file = berg_stimuli_name(s->stimuli, index) && !stat(e->image.name, &about);
    e->image.bytes = e->image.is_file ? (uint64_t)about.st_size : 0;
    e->known = model_shares_find(s->shares, batch->digests[i]);
  }
  s->keep[i] = e->is_new = !is_known && !e->known;
  s->count_now = i + 1;
  return BERG_OK;
}

static berg_status choose(void *user, model_batch *batch, berg_error *error) {
  scoring *s = user;
  berg_status status = make_room(s, batch->room, error);
  if (status) return status;
  forget_images(s);
  if (batch->images) s->reached = batch->indices[batch->images - 1] + 1;
  status = model_batch_identify(batch, error);
  for (size_t i = 0; i < batch->images && !status; i++) status = choose_one(s, batch, i, error);
  if (!status) model_batch_keep(batch, s->keep);
  return status;
}

/* --- Keeping them --- */

static void copy_rows(scoring *s, const model_batch *batch, const model_member *member, const model_subject *subject,
                      size_t part) {
  const size_t width = s->about.parts[part].width;
  size_t column = 0;
  for (size_t i = subject->first_scorer; i < subject->first_scorer + subject->scorer_count; i++) {
    const size_t components = member->model->scorers[i].basis->components;
    for (size_t row = 0; row < batch->images; row++)
      memcpy(s->rows[part] + row * width + column, member->scores->values[i] + row * member->scores->widths[i],
             components * sizeof(float));
    column += components;
  }
}

/* What is not committed goes: of images whose scores may be of two backbones none stays. */
static berg_status commit(scoring *s, berg_error *error) {
  berg_status status = model_sources_unchanged(s->models, s->count, s->stimuli, error);
  if (!status) status = model_stimuli_pictures_unchanged(s->stimuli, s->checked, s->reached, error);
  if (status) return status;
  s->checked = s->reached;
  return s->writer ? model_store_commit(s->writer, error) : BERG_OK;
}

/* Into the store. What it holds by then gets another name. */
static berg_status keep_in_store(scoring *s, const model_store_image *image, const float *const *scores,
                                 berg_error *error) {
  const size_t row = model_store_held(s->writer, image->digest);
  if (row == SIZE_MAX && !scores)
    return base_fail(error, BERG_EINPUT, "%s: its scores are missing in the logs of the shares", image->name);
  if (row == SIZE_MAX) return model_store_append(s->writer, image, 1, scores, error);
  s->held++;
  return model_store_alias(s->writer, image->name, row, model_store_images(s->writer), error);
}

static berg_status keep_one(scoring *s, const model_store_image *image, const float *const *scores, berg_error *error) {
  model_known_item item = {.number = 0};
  if (!is_shared(s)) return keep_in_store(s, image, scores, error);
  s->given++;
  berg_status status = model_shares_put(s->shares, image, scores, error);
  if (!status && model_store_read_digest(image->digest, &item)) status = model_known_add(&s->pixels, &item, error);
  return status;
}

/* The scores of an entry, of which `fresh` new ones are before it in the batch; NULL: they are held. */
static const float *const *scores_of(scoring *s, const entry *e, size_t fresh) {
  const float *next = e->known;
  for (size_t p = 0; p < s->about.part_count; next += s->about.parts[p++].width)
    s->row[p] = e->is_new ? s->rows[p] + fresh * s->about.parts[p].width : next;
  return e->is_new || e->known ? s->row : NULL;
}

static berg_status keep_batch(scoring *s, berg_error *error) {
  berg_status status = is_shared(s) ? commit(s, error) : BERG_OK; /* logs have no later moment */
  for (size_t i = 0, fresh = 0; i < s->count_now && !status; i++) {
    const entry *e = &s->entries[i];
    status = keep_one(s, &e->image, scores_of(s, e, fresh), error);
    fresh += e->is_new;
    s->uncommitted += e->is_new || e->known;
  }
  return status;
}

/* A row of the store is of all models. */
static berg_status take(void *user, model_batch *batch, berg_error *error) {
  scoring *s = user;
  size_t part = 0;
  for (size_t m = 0; m < batch->member_count; m++)
    for (size_t i = 0; i < batch->members[m].model->subject_count; i++)
      copy_rows(s, batch, &batch->members[m], &batch->members[m].model->subjects[i], part++);
  berg_status status = keep_batch(s, error);
  if (status || is_shared(s) || s->uncommitted < s->commit) return status;
  s->uncommitted = 0;
  return commit(s, error);
}

/* --- The whole --- */

static berg_status run_pass(scoring *s, const berg_run *run, berg_error *error) {
  size_t pass_count = 0;
  size_t *passes = base_calloc(s->count, sizeof *passes, error);
  model_sink *sinks = base_calloc(s->count, sizeof *sinks, error);
  berg_status status =
      passes && sinks ? model_passes(s->models, s->count, s->stimuli, passes, &pass_count, error) : BERG_ELIMIT;
  if (!status && pass_count > 1)
    status =
        base_fail(error, BERG_ELIMIT,
                  "memory: %zu MB do not hold all models at once, as a store needs them: score them into stores of "
                  "their own",
                  s->models[0]->memory >> 20);
  for (size_t m = 0; m < s->count && !status; m++) sinks[m] = (model_sink){.wants = MODEL_SCORES};
  if (!status) {
    const size_t images = berg_stimuli_count(s->stimuli);
    const io_ranges share =
        io_ranges_share(&(io_ranges){.count = 0}, images, 1, base_ranks_rank(s->ranks), base_ranks_size(s->ranks));
    const model_pass pass = {.models = s->models,
                             .sinks = sinks,
                             .count = s->count,
                             .of = 1,
                             .end = io_ranges_end(&share),
                             .total = io_ranges_total(&share),
                             .choose = choose,
                             .take = take,
                             .user = s};
    if (share.count) status = model_encode(&pass, s->stimuli, share.list[0].first, run, error);
  }
  base_free(passes);
  base_free(sinks);
  return status;
}

static berg_status report_json(const scoring *s, size_t before, char **json, berg_error *error) {
  cJSON *tree = io_json_object();
  io_json_add_number(tree, "images", (double)model_store_images(s->writer));
  io_json_add_number(tree, "added", (double)(model_store_images(s->writer) - before));
  io_json_add_number(tree, "held", (double)s->held);
  io_json_add_number(tree, "left_out", (double)s->left_out);
  berg_status status = io_json_print(tree, json, error);
  cJSON_Delete(tree);
  return status;
}

static void release(scoring *s) {
  forget_images(s);
  for (size_t p = 0; p < s->about.part_count && s->rows; p++) base_free(s->rows[p]);
  base_free(s->rows);
  base_free(s->row);
  base_free(s->entries);
  base_free(s->keep);
  model_store_end(s->writer);
  model_shares_free(s->shares);
  model_known_release(&s->pixels);
  model_store_about_release(&s->about);
}

static berg_status check_models(berg_model *const *models, size_t count, const berg_stimuli *stimuli,
                                berg_error *error) {
  if (!count) return base_fail(error, BERG_EARGUMENT, "no model is to be scored with");
  if (model_stimuli_scored(stimuli)) return base_fail(error, BERG_EARGUMENT, "the images have scores already");
  for (size_t m = 0; m < count; m++)
    if (models[m]->scores_only || models[m]->device)
      return base_fail(error, BERG_EARGUMENT, "%s: scores that are kept are computed by the processor, with a backbone",
                       models[m]->id);
  return BERG_OK;
}

static berg_status check_held(const scoring *s, const char *path, const berg_run *run, berg_error *error) {
  berg_store *store;
  berg_status status = berg_store_open(&store, path, error);
  if (status) return status;
  status = berg_store_check(store, s->models[0]->threads, run, error);
  berg_store_free(store);
  return status;
}

/* A shard that is whole; what it holds is read, as nothing else would find it damaged. */
static berg_status pass_over(const scoring *s, const char *path, const berg_run *run, berg_error *error) {
  berg_status status = check_held(s, path, run, error);
  return status ? status : base_warn(run->warn, run->user, error, "%s: already whole", path);
}

/* --- Several processes --- */

/* The first has the store before the others look at it, and all have looked for logs before there are new ones. Whether
 * it is a shard that is whole, which is passed over, the first says. */
static berg_status open_all(scoring *s, const char *path, const berg_score_options *options, const berg_run *run,
                            bool *passed_over, berg_error *error) {
  const bool leads = base_ranks_leads(s->ranks);
  berg_status status = model_score_about(&s->about, s->models, s->count, s->stimuli, error);
  if (!status && leads) status = model_store_begin(&s->writer, path, &s->about, error);
  uint64_t whole = !status && leads && options->resume && model_store_is_whole(s->writer);
  if (whole)
    status = pass_over(s, path, run, error);
  else if (!status && leads && options->check)
    status = check_held(s, path, run, error);
  status = base_ranks_follow(s->ranks, status, &whole, error);
  *passed_over = whole;
  if (status || whole) return status;
  if (!leads) status = model_store_pixels(&s->pixels, path, &s->about, error);
  if (!status) status = model_shares_open(&s->shares, path, &s->about, error);
  status = base_ranks_agree(s->ranks, status, error);
  if (!status && is_shared(s)) status = model_shares_begin(s->shares, base_ranks_rank(s->ranks), error);
  return status;
}

/* What this process left out is told by the first. */
static berg_status end_share(scoring *s, berg_status status, berg_error *error) {
  const size_t count = berg_stimuli_skipped_count(s->stimuli);
  for (size_t i = 0; i < count && !status; i++, s->given++)
    status = model_shares_put_left_out(s->shares, berg_stimuli_skipped(s->stimuli, i), error);
  const berg_status ended = model_shares_end(s->shares, status ? NULL : error);
  return base_ranks_sum(s->ranks, status ? status : ended, &s->given, error);
}

typedef struct taking {
  scoring *s;
  const berg_run *run;
  bool is_own;
  uint64_t taken;
} taking;

static berg_status take_in(void *user, const model_store_image *image, const float *const *scores, const char *left_out,
                           berg_error *error) {
  taking *t = user;
  t->taken++;
  if (image) return keep_in_store(t->s, image, scores, error);
  t->s->left_out++;
  return t->is_own ? BERG_OK : base_warn(t->run->warn, t->run->user, error, "left out: %s", left_out);
}

/* All shares in their order, as one process would have come to the images. */
static berg_status take_shares_in(scoring *s, const berg_run *run, berg_error *error) {
  taking t = {.s = s, .run = run};
  berg_status status = BERG_OK;
  for (size_t rank = 0; rank < base_ranks_size(s->ranks) && !status; rank++) {
    t.is_own = !rank;
    status = model_shares_replay(s->shares, rank, take_in, &t, error);
    if (!status) status = model_store_commit(s->writer, error);
  }
  if (!status && t.taken != s->given)
    status = base_fail(error, BERG_EINTERNAL, "the logs of the shares have %llu images of %llu",
                       (unsigned long long)t.taken, (unsigned long long)s->given);
  return status;
}

static berg_status share_pass(scoring *s, const berg_run *run, berg_error *error) {
  berg_status status = end_share(s, run_pass(s, run, error), error);
  return status || !base_ranks_leads(s->ranks) ? status : take_shares_in(s, run, error);
}

/* --- Alone, and all --- */

/* What was appended before a failure is kept: it is right, and a next run would compute it again. */
static berg_status pass_alone(scoring *s, const berg_run *run, berg_error *error) {
  berg_error late;
  berg_status status = run_pass(s, run, error);
  const berg_status kept = status == BERG_EWRITE ? BERG_OK : commit(s, status ? &late : error);
  s->left_out = berg_stimuli_skipped_count(s->stimuli);
  return status ? status : kept;
}

static berg_status score(scoring *s, const char *path, const berg_score_options *options, const berg_run *run,
                         char **report, berg_error *error) {
  bool passed_over;
  berg_status status = open_all(s, path, options, run, &passed_over, error);
  if (status) return status;
  const size_t before = s->writer ? model_store_images(s->writer) : 0;
  if (!passed_over) status = is_shared(s) ? share_pass(s, run, error) : pass_alone(s, run, error);
  if (status || !s->writer) return status;
  if (!passed_over) status = model_store_finish(s->writer, error);
  if (!status && !model_store_images(s->writer) && !s->about.shard.shard.of)
    return base_fail(error, BERG_EINPUT, "none of the %zu images could be read", berg_stimuli_count(s->stimuli));
  if (!status && !passed_over) status = model_shares_clear(s->shares, error);
  return status || !report ? status : report_json(s, before, report, error);
}

static berg_status check_stimuli(const berg_stimuli *stimuli, const berg_run *run, berg_error *error) {
  if (base_ranks_size(run->ranks) == 1 || !model_stimuli_read_once(stimuli)) return BERG_OK;
  return base_fail(error, BERG_EINPUT, "standard input comes to one process alone: give the images as a file");
}

berg_status berg_score(berg_model *const *models, size_t count, berg_stimuli *stimuli, const char *path,
                       const berg_score_options *given, const berg_run *given_run, char **report, berg_error *error) {
  berg_score_options options;
  berg_run run;
  if (report) *report = NULL;
  berg_status status = BASE_TAKE(berg_run, &run, given_run, error);
  if (status) return status;
  status = BASE_TAKE(berg_score_options, &options, given, error);
  if (!status) status = check_models(models, count, stimuli, error);
  if (!status) status = check_stimuli(stimuli, &run, error);
  scoring s = {.models = models, .count = count, .stimuli = stimuli, .ranks = run.ranks, .commit = options.commit};
  if (!status) status = score(&s, path, &options, &run, report, error);
  status = base_ranks_agree(run.ranks, status, error);
  release(&s);
  return status;
}
