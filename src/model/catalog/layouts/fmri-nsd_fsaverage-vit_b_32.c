/* The Natural Scenes Dataset on fsaverage: vertices of two hemispheres, chosen by regions or by marks. */
#include <string.h>

#include "base/memory.h"
#include "model/catalog/metadata.h"
#include "model/catalog/selection.h"

static const model_layout_key keys[] = {{"roi", false}, {"lh_vertices", true}, {"rh_vertices", true}, {NULL, false}};

/* Upstream's card spells one region as no metadata do. */
static const model_layout_alias aliases[] = {{"OVWFA", "OWFA"}, {NULL, NULL}};
static const char *spelt(const char *roi) { return strcmp(roi, aliases[0].name) ? roi : aliases[0].of_file; }

static berg_status add_roi(model_choice *choice, size_t hemisphere, const char *roi, berg_error *error) {
  size_t *vertices = NULL, count = 0;
  char *name = base_format(error, "fmri.%s_fsaverage_rois.%s", choice->layout->outputs[hemisphere].name, spelt(roi));
  if (!name) return BERG_ELIMIT;
  berg_status status = model_metadata_indices(choice->metadata, name, roi, model_unit_count(choice, hemisphere), true,
                                              &vertices, &count, error);
  if (!status) status = model_list_add(&choice->selection->units[hemisphere], vertices, count, error);
  base_free(vertices);
  base_free(name);
  return status;
}

/* Vertices ascending, each once. A region may have none in a hemisphere. */
static berg_status select_rois(model_choice *choice, const berg_selection *rois, berg_error *error) {
  berg_status status = BERG_OK;
  if (!rois->count) return base_fail(error, BERG_EPARAMETER, "roi: expected a region, found none");
  for (size_t h = 0; h < MODEL_OUTPUTS_MAX; h++) {
    for (size_t i = 0; i < rois->count && !status; i++) status = add_roi(choice, h, rois->names[i], error);
    model_list_sort(&choice->selection->units[h]);
  }
  return status;
}

/* A hemisphere without marks is whole, and regions go before marks: as upstream has both. */
static berg_status select(model_choice *choice, berg_error *error) {
  static const char *const marks[MODEL_OUTPUTS_MAX] = {"lh_vertices", "rh_vertices"};
  const berg_selection *rois = model_asked(choice, "roi");
  berg_status status = model_select_times(choice, error);
  if (!status && rois) return select_rois(choice, rois, error);
  for (size_t h = 0; h < MODEL_OUTPUTS_MAX && !status; h++) {
    const berg_selection *asked = model_asked(choice, marks[h]);
    model_list *units = &choice->selection->units[h];
    const size_t vertices = model_unit_count(choice, h);
    status =
        asked ? model_add_marked(units, asked, vertices, "vertex", error) : model_list_add_all(units, vertices, error);
  }
  return status;
}

static const model_layout_kept kept[] = {{"fmri", "lh_ncsnr"},
                                         {"fmri", "rh_ncsnr"},
                                         {"fmri", "lh_fsaverage_rois"},
                                         {"fmri", "rh_fsaverage_rois"},
                                         {"encoding_models", "train_img_num"},
                                         {"encoding_models", "val_img_num"},
                                         {"encoding_models", "test_img_num"},
                                         {NULL, NULL}};

static const model_layout_number numbers[] = {
    {"ceiling", "encoding_models.%_noise_ceiling_nsdcore", MODEL_SCALE_FRACTION, 0},
    {"ceiling", "encoding_models.%_noise_ceiling", MODEL_SCALE_FRACTION, 0},
    {"ceiling1", "fmri.%_ncsnr", MODEL_SCALE_NCSNR, 0},
    {"accuracy", "encoding_models.%_correlation_nsdcore", MODEL_SCALE_PLAIN, 0},
    {"accuracy", "encoding_models.%_correlation", MODEL_SCALE_PLAIN, 0},
    {"r2", "encoding_models.%_r2_nsdcore", MODEL_SCALE_PLAIN, 0},
    {"r2", "encoding_models.%_r2", MODEL_SCALE_PLAIN, 0},
    {NULL, NULL, MODEL_SCALE_PLAIN, 0}};

const model_layout model_layout_fmri_nsd_fsaverage_vit_b_32 = {
    .modality = "fmri",
    .dataset = "nsd_fsaverage",
    .subject_prefix = "subject-",
    .subject_digits = 2,
    .unit = "vertex",
    .outputs = {{"lh", "lh_reg_param", "fmri.lh_ncsnr", "float32 (vertices,)", "fmri.lh_fsaverage_rois."},
                {"rh", "rh_reg_param", "fmri.rh_ncsnr", "float32 (vertices,)", "fmri.rh_fsaverage_rois."}},
    .prepared = {.metadata = "metadata_subject-{subject}.npy",
                 .train = "{output}_betas_subject-{subject}.h5",
                 .dataset = "betas",
                 .predictions = "model-vit_b_32/{output}_betas_test_pred_subject-{subject}.npy",
                 .numbers = "train_img_num",
                 .order = "img_presentation_order",
                 .array = "imgBrick",
                 .square = true,
                 .kept = kept},
    .tested = {.measures = MODEL_MEASURES_VERTICES, .numbers = "test_img_num"},
    .named = "region",
    .aliases = aliases,
    .numbers = numbers,
    .measured = "z-scores within a session, averaged over the presentations of an image",
    .measured_briefly = "session z-scores",
    .keys = keys,
    .select = select,
};
