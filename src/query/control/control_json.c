/* What both kinds of control say as JSON: what was asked of whom, and which images are meant. */
#include "base/memory.h"
#include "base/text.h"
#include "io/value/json_build.h"
#include "model/output/provenance.h"
#include "query/control/control.h"

static void add_options(cJSON *tree, const query_control *control) {
  const berg_control_options *o = control->options;
  cJSON *asked = io_json_add_object(tree, "options");
  io_json_add_number(asked, "images", (double)o->images);
  if (!o->multivariate) io_json_add_number(asked, "margin", o->margin);
  if (control->cast->least >= 0)
    io_json_add_number(asked, "min_ceiling", control->cast->least);
  else
    io_json_add_null(asked, "min_ceiling");
  if (!o->multivariate) io_json_add_text(asked, "baseline", o->grand_mean ? "grand mean" : "draws");
  io_json_add_number(asked, "draws", (double)o->draws);
  if (o->multivariate) io_json_add_number(asked, "generations", (double)o->generations);
  io_json_add_bool(asked, "cross_validated", o->cross_validate != 0);
  if (o->cross_validate) io_json_add_number(asked, "permutations", (double)o->permutations);
  io_json_add_number(asked, "seed", (double)o->seed);
}

void query_control_print_asked(cJSON *tree, const query_control *control) {
  const query_cast *cast = control->cast;
  io_json_add_text(tree, "control", control->options->multivariate ? "multivariate" : "univariate");
  io_json_add(tree, "store", model_provenance_text(cast->store->path));
  io_json_add_number(tree, "images", (double)cast->images);
  io_json_add_text(tree, "model", cast->subjects[0].model);
  cJSON *subjects = io_json_add_list(tree, "subjects");
  for (size_t s = 0; s < cast->subject_count; s++) io_json_add_text(subjects, NULL, cast->subjects[s].name);
  add_options(tree, control);
}

cJSON *query_control_print_regions(cJSON *tree, const query_control *control) {
  const query_cast *cast = control->cast;
  cJSON *regions = io_json_add_list(tree, "regions");
  for (size_t r = 0; r < cast->region_count; r++) {
    cJSON *region = io_json_add_object(regions, NULL);
    io_json_add(region, "name", model_provenance_text(cast->regions[r]));
    cJSON *kept = io_json_add_list(region, "kept"), *whole = io_json_add_list(region, "of");
    for (size_t s = 0; s < cast->subject_count; s++) {
      io_json_add_number(kept, NULL, (double)query_cast_area(cast, r, s)->columns.count);
      io_json_add_number(whole, NULL, (double)query_cast_area(cast, r, s)->whole);
    }
  }
  cJSON *left_out = io_json_add_list(tree, "regions_without_units");
  for (size_t i = 0; i < cast->left_out_count; i++)
    io_json_add(left_out, NULL, model_provenance_text(cast->left_out[i]));
  return regions;
}

void query_control_print_images(cJSON *to, const char *key, const uint32_t *images, size_t count, bool *used) {
  cJSON *list = io_json_add_list(to, key);
  for (size_t i = 0; i < count; i++) {
    io_json_add_number(list, NULL, (double)images[i]);
    used[images[i]] = true;
  }
}

berg_status query_control_print_names(cJSON *tree, const query_control *control, const bool *used, berg_error *error) {
  cJSON *names = io_json_add_object(tree, "names");
  berg_status status = BERG_OK;
  for (size_t i = 0; i < control->cast->images && !status; i++) {
    char *name, number[24];
    if (!used[i]) continue;
    status = berg_store_name(&name, control->cast->store, i, error);
    if (status) break;
    base_print(number, sizeof number, "%zu", i);
    io_json_add(names, number, model_provenance_text(name));
    base_free(name);
  }
  return status;
}

berg_status query_printing_open(query_printing *p, const query_control *control, berg_error *error) {
  const size_t subjects = control->cast->subject_count;
  *p = (query_printing){.control = control};
  berg_status status = query_resamples_make(&p->resamples, subjects, control->options->seed, error);
  if (status) return status;
  p->work = base_alloc(subjects + 2 * p->resamples.count, sizeof *p->work, error);
  p->used = base_calloc(control->cast->images, sizeof *p->used, error);
  if (p->work && p->used) return BERG_OK;
  query_printing_close(p);
  return BERG_ELIMIT;
}

void query_printing_close(query_printing *p) {
  base_free(p->work);
  base_free(p->used);
  query_resamples_release(&p->resamples);
}
