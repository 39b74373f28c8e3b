/* Opening a subject: files, selection, outputs, and what of it is multiplied. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/threads.h"
#include "model/catalog/expression.h"
#include "model/catalog/metadata.h"
#include "model/catalog/paths.h"
#include "model/encode/model.h"
#include "model/encode/packed.h"

/* --- Outputs --- */

/* The names of the units selected. */
static berg_status take_labels(model_subject *subject, size_t o, const berg_axis *all, const model_list *units,
                               berg_error *error) {
  if (!all->labels) return BERG_OK;
  char **labels = subject->labels[o] = base_calloc(units->count, sizeof *labels, error);
  for (size_t i = 0; labels && i < units->count; i++)
    if (!(labels[i] = base_copy_text(all->labels[units->items[i]], error))) return BERG_ELIMIT;
  return labels ? BERG_OK : BERG_ELIMIT;
}

/* The labels outlive what was asked for, and name the means from now on. */
static berg_status take_means(model_subject *subject, berg_output *output, berg_error *error) {
  const model_selection *selection = &subject->selection;
  char **labels = subject->labels[0] = base_calloc(selection->mean_count, sizeof *labels, error);
  for (size_t i = 0; labels && i < selection->mean_count; i++) {
    if (!(labels[i] = base_copy_text(selection->means[i].name, error))) return BERG_ELIMIT;
    selection->means[i].name = labels[i];
  }
  output->axes[output->axis_count++] =
      (berg_axis){.name = "roi", .length = selection->mean_count, .labels = (const char *const *)labels};
  return labels ? BERG_OK : BERG_ELIMIT;
}

static berg_status take_times(model_subject *subject, const berg_output *all, berg_error *error) {
  const model_list *times = &subject->selection.times;
  if (all->axis_count < 2) return BERG_OK;
  subject->times = base_alloc(times->count, sizeof *subject->times, error);
  for (size_t i = 0; subject->times && i < times->count; i++) subject->times[i] = all->axes[1].values[times->items[i]];
  return subject->times ? BERG_OK : BERG_ELIMIT;
}

/* Repetitions as the weights call them, quarters as train_splits does. */
static berg_status take_repetitions(model_subject *subject, const model_layout *layout, berg_output *output,
                                    berg_error *error) {
  const size_t count = subject->fitted.repetitions;
  if (!subject->fitted.is_repeated) return BERG_OK;
  char **names = subject->repetitions;
  if (!names) names = subject->repetitions = base_calloc(count, sizeof *names, error);
  for (size_t i = 0; names && i < count; i++)
    if (!names[i] && !(names[i] = base_format(error, layout->repeats ? "rep-%zu" : "split%zu", i + 1)))
      return BERG_ELIMIT;
  output->axes[output->axis_count++] =
      (berg_axis){.name = "repetition", .length = count, .labels = (const char *const *)names};
  return names ? BERG_OK : BERG_ELIMIT;
}

static berg_status take_axes(model_subject *subject, const model_layout *layout, size_t o, berg_output *output,
                             berg_error *error) {
  const berg_output *all = berg_metadata_output(subject->metadata, o);
  const model_list *units = &subject->selection.units[o], *times = &subject->selection.times;
  berg_status status = take_repetitions(subject, layout, output, error);
  if (status) return status;
  if (subject->selection.means) return take_means(subject, output, error);
  status = take_labels(subject, o, &all->axes[0], units, error);
  output->axes[output->axis_count++] = (berg_axis){.name = all->axes[0].name,
                                                   .length = units->count,
                                                   .labels = (const char *const *)subject->labels[o],
                                                   .indices = units->items};
  if (subject->times)
    output->axes[output->axis_count++] = (berg_axis){.name = "time",
                                                     .length = times->count,
                                                     .indices = times->items,
                                                     .values = subject->times,
                                                     .unit = all->axes[1].unit};
  return status;
}

static berg_status take_outputs(model_subject *subject, const model_layout *layout, berg_error *error) {
  subject->output_count = subject->fitted.outputs;
  berg_status status = take_times(subject, berg_metadata_output(subject->metadata, 0), error);
  for (size_t o = 0, first = 0; o < subject->output_count && !status; o++) {
    berg_output *output = &subject->outputs[o];
    *output = (berg_output){
        .name = berg_metadata_output(subject->metadata, o)->name, .first = subject->first_column + first, .columns = 1};
    status = take_axes(subject, layout, o, output, error);
    for (size_t a = 0; a < output->axis_count; a++) output->columns *= output->axes[a].length;
    first += output->columns;
  }
  return status;
}

/* --- What is multiplied --- */

static berg_status check_readout(const model_subject *subject, const model_readout *readout, size_t output,
                                 berg_error *error) {
  const berg_output *all = berg_metadata_output(subject->metadata, output);
  if (readout->rows == all->columns) return BERG_OK;
  char expected[96], what[64];
  base_print(what, sizeof what, "%s does not fit", readout->coefficients->name);
  if (all->axis_count > 1)
    base_print(expected, sizeof expected, "%zu %ss x %zu times as in the metadata", all->axes[0].length,
               all->axes[0].name, all->axes[1].length);
  else
    base_print(expected, sizeof expected, "%zu %s as in the metadata", all->axes[0].length,
               strcmp(all->axes[0].name, "vertex") ? "voxels" : "vertices");
  return base_fail_found(error, BERG_EMODEL, readout->path, what, expected, "%zu", readout->rows);
}

static berg_status check_rows(const model_subject *subject, berg_error *error) {
  const model_fitted *fitted = &subject->fitted;
  berg_status status = BERG_OK;
  for (size_t r = 0; r < fitted->readout_count && !status; r++)
    status = check_readout(subject, &fitted->readouts[r], r / fitted->repetitions, error);
  return status;
}

static berg_status add_scorer(berg_model *model, const model_basis *basis, berg_error *error) {
  void *block = model->scorers;
  const bool grown = base_grow(&block, &model->scorer_capacity, model->scorer_count + 1, sizeof *model->scorers, error);
  model->scorers = block;
  if (!grown) return BERG_ELIMIT;
  model_scorer *scorer = &model->scorers[model->scorer_count++];
  *scorer = (model_scorer){.basis = basis};
  return model_pack_scorer(model, scorer, error);
}

static berg_status add_responder(berg_model *model, const model_subject *subject, const model_readout *readout,
                                 size_t output, berg_error *error) {
  void *block = model->responders;
  const bool grown =
      base_grow(&block, &model->responder_capacity, model->responder_count + 1, sizeof *model->responders, error);
  model->responders = block;
  if (!grown) return BERG_ELIMIT;
  model_responder *responder = &model->responders[model->responder_count++];
  *responder = (model_responder){
      .readout = readout, .scorer = subject->first_scorer + readout->basis, .first_column = model->columns};
  const model_selection *selection = &subject->selection;
  berg_status status =
      selection->means ? model_rows_average(&responder->rows, readout, selection->means, selection->mean_count, error)
                       : model_rows_take(&responder->rows, readout, &selection->units[output], &selection->times,
                                         model_metadata_times(subject->metadata), model->threads, error);
  if (!status) status = model_pack_responder(model, responder, error);
  if (!status) model->columns += responder->rows.count;
  return status;
}

static berg_status take_products(berg_model *model, model_subject *subject, berg_error *error) {
  const model_fitted *fitted = &subject->fitted;
  berg_status status = BERG_OK;
  subject->first_scorer = model->scorer_count;
  subject->first_responder = model->responder_count;
  for (size_t b = 0; b < fitted->basis_count && !status; b++) status = add_scorer(model, &fitted->bases[b], error);
  for (size_t r = 0; r < fitted->readout_count && !status; r++)
    status = add_responder(model, subject, &fitted->readouts[r], r / fitted->repetitions, error);
  subject->scorer_count = model->scorer_count - subject->first_scorer;
  subject->responder_count = model->responder_count - subject->first_responder;
  if (!status) model_pack_let_go(model, &subject->fitted);
  return status;
}

static berg_status select_columns(const berg_model *model, model_subject *subject, const berg_model_options *options,
                                  berg_error *error) {
  if (model->select) return model_expression_select(model->select, subject->metadata, &subject->selection, error);
  return model_select(&subject->selection, model->layout, subject->metadata, options, error);
}

berg_status model_subject_open(berg_model *model, model_subject *subject, const char *name,
                               const berg_model_options *options, berg_error *error) {
  model_training training;
  subject->first_column = model->columns;
  subject->name = base_copy_text(name, error);
  if (!subject->name) return BERG_ELIMIT;
  berg_status status = model_training_named(&training, model->layout, options->train_splits, error);
  if (!status) status = berg_metadata_open(&subject->metadata, model->id, options->berg_dir, name, error);
  if (!status) status = model_fitted_open(&subject->fitted, model->id, options->berg_dir, name, training, error);
  if (!status) status = check_rows(subject, error); /* a hostile number of units is no list yet */
  if (!status) status = select_columns(model, subject, options, error);
  if (!status) status = take_products(model, subject, error);
  if (!status) status = take_outputs(subject, model->layout, error);
  if (status) return status;
  subject->columns = model->columns - subject->first_column;
  subject->of_file = model_subject_name(model->layout, name, error);
  return subject->of_file ? BERG_OK : BERG_ELIMIT;
}

void model_subject_close(model_subject *subject) {
  for (size_t o = 0; o < MODEL_OUTPUTS_MAX; o++)
    base_free_texts(subject->labels[o],
                    subject->selection.means ? subject->selection.mean_count : subject->selection.units[o].count);
  base_free_texts(subject->repetitions, subject->fitted.repetitions);
  base_free(subject->times);
  model_selection_release(&subject->selection);
  model_fitted_close(&subject->fitted);
  berg_metadata_free(subject->metadata);
  base_free(subject->of_file);
  base_free(subject->name);
  memset(subject, 0, sizeof *subject);
}
