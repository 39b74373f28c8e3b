/* The reports that there are, one for each model. */
#include "report/kind.h"

#include <string.h>

#include "model/catalog/registry.h"
#include "report/figure.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* --- Voxels: upstream's seven groups, in its plotting order --- */

static const report_group voxel_groups[] = {
    {"Early and ventral visual", (const char *const[]){"V1", "V2", "V3", "hV4", "VO1", "VO2", NULL}},
    {"Lateral and dorsal visual", (const char *const[]){"LO1_prf", "LO2_prf", "TO1", "TO2", "V3a", "V3b", NULL}},
    {"Faces", (const char *const[]){"lFFA", "rFFA", "lOFA", "rOFA", NULL}},
    {"Bodies", (const char *const[]){"lEBA", "rEBA", NULL}},
    {"Scenes", (const char *const[]){"lPPA", "rPPA", "lRSC", "rRSC", "lTOS", "rTOS", NULL}},
    {"Objects", (const char *const[]){"lLOC", "rLOC", "IT", NULL}},
    {"Superior temporal sulcus", (const char *const[]){"lSTS", "rSTS", NULL}},
};

static void (*const voxel_figures[])(report_figure *, const report_data *) = {
    report_draw_regions,     report_draw_density,   report_draw_distributions,    report_draw_accuracy_map,
    report_draw_ceiling_map, report_draw_share_map, report_draw_receptive_fields, NULL};

/* --- Vertices: the label files that the regions are from --- */

static const report_group vertex_groups[] = {
    {"Early visual", (const char *const[]){"V1v", "V1d", "V2v", "V2d", "V3v", "V3d", "hV4", NULL}},
    {"Bodies", (const char *const[]){"EBA", "FBA-1", "FBA-2", "mTL-bodies", NULL}},
    {"Faces", (const char *const[]){"OFA", "FFA-1", "FFA-2", "mTL-faces", "aTL-faces", NULL}},
    {"Places", (const char *const[]){"OPA", "PPA", "RSC", NULL}},
    {"Words", (const char *const[]){"OWFA", "VWFA-1", "VWFA-2", "mfs-words", "mTL-words", NULL}},
    {"Streams", (const char *const[]){"early", "midventral", "midlateral", "midparietal", "ventral", "lateral",
                                      "parietal", "nsdgeneral", NULL}},
};

static void (*const vertex_figures[])(report_figure *, const report_data *) = {
    report_draw_vertex_regions, report_draw_synthetic_regions, report_draw_density,
    report_draw_hemispheres,    report_draw_accuracy_surface,  report_draw_ceiling_surface,
    report_draw_share_surface,  report_draw_synthetic_surface, NULL};

/* --- Times: upstream's plotting order --- */

static const report_group channel_groups[] = {{"Groups", (const char *const[]){"O", "P", "T", "C", "F", NULL}}};
static const report_group sensor_groups[] = {
    {"Regions", (const char *const[]){"Frontal", "Central", "Parietal", "Temporal", "Occipital", NULL}}};
static const report_group electrode_groups[] = {{"Areas", (const char *const[]){"V1", "V4", "IT", NULL}}};

static void (*const correlation_figures[])(report_figure *, const report_data *) = {report_draw_correlation_courses,
                                                                                    report_draw_accuracy_times, NULL};

static void (*const explained_figures[])(report_figure *, const report_data *) = {
    report_draw_explained_courses, report_draw_accuracy_times, report_draw_ceiling_times, NULL};

static const report_kind kinds[] = {
    {.model_id = "fmri-things_fmri_1-vit_b_32",
     .first_subject = "1",
     .responses = "fMRI responses",
     .step = "voxel by voxel",
     .unit = "voxel",
     .units = "voxels",
     .all = "Whole brain",
     .values = "voxels",
     .regions = "regions",
     .colours = 3,
     .groups = voxel_groups,
     .group_count = COUNT(voxel_groups),
     .open = report_open_voxels,
     .draw = voxel_figures},
    {.model_id = "fmri-nsd_fsaverage-vit_b_32",
     .first_subject = "1",
     .responses = "fMRI responses",
     .step = "vertex by vertex of fsaverage",
     .unit = "vertex",
     .units = "vertices",
     .all = "Both hemispheres",
     .values = "vertices",
     .regions = "regions",
     .colours = REPORT_MOST_SUBJECTS,
     .groups = vertex_groups,
     .group_count = COUNT(vertex_groups),
     .open = report_open_vertices,
     .draw = vertex_figures},
    {.model_id = "eeg-things_eeg_2-vit_b_32",
     .first_subject = "1",
     .responses = "EEG responses",
     .step = "channel by channel and moment by moment",
     .unit = "channel",
     .units = "channels",
     .all = "All channels",
     .values = "channels \xC3\x97 times",
     .regions = "channel groups",
     .before_region = "Names with ",
     .groups = channel_groups,
     .group_count = COUNT(channel_groups),
     .note = "Groups are the channels whose names contain O, P, T, C or F, as in upstream\xE2\x80\x99s figure: PO7 is "
             "in two. "
             "The data have no noise ceiling. Topographies, the maps of the head, are left to MNE-Python, which knows "
             "where "
             "electrodes sit; the metadata do not.",
     .colours = REPORT_MOST_SUBJECTS,
     .open = report_open_eeg,
     .draw = correlation_figures},
    {.model_id = "meg-things_meg_1-vit_b_32",
     .first_subject = "1",
     .responses = "MEG responses",
     .step = "sensor by sensor and moment by moment",
     .unit = "sensor",
     .units = "sensors",
     .all = "All sensors",
     .values = "sensors \xC3\x97 times",
     .regions = "regions",
     .note = "The model is the one of all training data. Topographies, the maps of the head, are left to MNE-Python, "
             "which knows "
             "where sensors sit; the metadata do not.",
     .colours = REPORT_MOST_SUBJECTS,
     .groups = sensor_groups,
     .group_count = COUNT(sensor_groups),
     .open = report_open_meg,
     .draw = explained_figures},
    {.model_id = "utah_array-tvsd-vit_b_32",
     .first_subject = "N",
     .responses = "multi-unit activity",
     .step = "electrode by electrode and moment by moment",
     .unit = "electrode",
     .units = "electrodes",
     .all = "All electrodes",
     .values = "electrodes \xC3\x97 times",
     .regions = "areas",
     .note = "The model is the one of all training data. Areas are the file\xE2\x80\x99s: the electrode at place i is "
             "in the area "
             "at place i. By upstream\xE2\x80\x99s scripts, responses and their accuracies stand in the order of the "
             "recording "
             "system and areas in that of the arrays, so that areas may be mixed; electrode_order, which the metadata "
             "hold, is "
             "not applied. Where electrodes sit the metadata do not say: maps of arrays and heads are left to "
             "MNE-Python and "
             "its like.",
     .colours = REPORT_MOST_SUBJECTS,
     .counts_above = 0.1,
     .groups = electrode_groups,
     .group_count = COUNT(electrode_groups),
     .open = report_open_electrodes,
     .draw = explained_figures},
};

berg_status report_find_kind(const report_kind **kind, const char *model_id, berg_error *error) {
  *kind = NULL;
  for (size_t i = 0; i < COUNT(kinds) && !*kind; i++)
    if (!strcmp(kinds[i].model_id, model_id)) *kind = &kinds[i];
  if (*kind) return BERG_OK;
  berg_status status = model_check_id(model_id, error);
  return status ? status : base_fail(error, BERG_EPARAMETER, "%s: there is no report of this model", model_id);
}
