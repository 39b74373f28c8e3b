/* What is to be encoded of a subject: --roi, --channels, --timepoints and their like, an option for each key. */
#ifndef CLI_SELECTION_H
#define CLI_SELECTION_H

#include <stdint.h>

#include "options.h"

#define CLI_SELECTION_KEYS 10

/* As given, and as the library takes it. */
typedef struct cli_selection {
  cli_texts rois, channels, regions, sensors;
  const char *select, *mean;
  const char *voxel_index, *lh_vertices, *rh_vertices, *sensor_index, *electrodes, *timepoints;
  berg_selection items[CLI_SELECTION_KEYS];
  size_t count;
  uint8_t *marks[CLI_SELECTION_KEYS]; /* of the items, or NULL */
} cli_selection;

/* Which model takes which key, its card and docs/models.md say. */
#define CLI_SELECTION_OPTIONS(asked, options)                                                                         \
  {"roi",                                                                                                             \
   0,                                                                                                                 \
   CLI_LIST,                                                                                                          \
   &(asked).rois,                                                                                                     \
   "V1,V2",                                                                                                           \
   "Only these regions. Voxels: one region after the other, in this order; a voxel of two regions comes twice. "      \
   "Vertices and electrodes: ascending, each once."},                                                                 \
      {"voxel-index",                                                                                                 \
       0,                                                                                                             \
       CLI_TEXT,                                                                                                      \
       &(asked).voxel_index,                                                                                          \
       "FILE",                                                                                                        \
       "Only (or after those of --roi) the voxels marked 1: a .npy with one 0 or 1 a voxel, or text with white "      \
       "space between them."},                                                                                        \
      {"lh-vertices",        0,      CLI_TEXT,                                                                        \
       &(asked).lh_vertices, "FILE", "NSD: only these vertices of the left hemisphere, marked as in --voxel-index."}, \
      {"rh-vertices", 0, CLI_TEXT, &(asked).rh_vertices, "FILE", "NSD: the same of the right hemisphere."},           \
      {"select",                                                                                                      \
       0,                                                                                                             \
       CLI_TEXT,                                                                                                      \
       &(asked).select,                                                                                               \
       "EXPR",                                                                                                        \
       "What an expression says, ascending, in place of all other selections: 'V1 + V2 - lFFA & ceiling > 20' "       \
       "(docs/selections.md; berg metadata --select shows it)."},                                                     \
      {"channels", 0, CLI_LIST, &(asked).channels, "Oz,Cz", "EEG: only these channels, in this order."},              \
      {"region",    0,                                                                                                \
       CLI_LIST,    &(asked).regions,                                                                                 \
       "Occipital", "MEG: only the sensors of these regions, and those of --sensors and --sensor-index."},            \
      {"sensors", 0, CLI_LIST, &(asked).sensors, "MLO,MRO", "MEG: the sensors whose names begin so."},                \
      {"sensor-index", 0, CLI_TEXT, &(asked).sensor_index, "FILE", "MEG: the sensors marked 1."},                     \
      {"electrodes",        0,      CLI_TEXT,                                                                         \
       &(asked).electrodes, "FILE", "Utah arrays: the electrodes marked 1, and those of --roi."},                     \
      {"timepoints", 0, CLI_TEXT, &(asked).timepoints, "FILE", "EEG, MEG, Utah arrays: only the times marked 1."},    \
      {"min-noise-ceiling",           0,   CLI_NUMBER,                                                                \
       &(options)->min_noise_ceiling, "P", "Only voxels whose test-set noise ceiling is at least P percent."},        \
  {                                                                                                                   \
    "mean", 0, CLI_TEXT, &(asked).mean, "roi",                                                                        \
        "One column a region: the mean over its voxels (all regions without --roi)."                                  \
  }

/* Reads the files of marks, makes the items, and hands all to `options`. CLI_GO_ON, or the status of what was said. */
int cli_selection_take(const char *command, cli_selection *asked, berg_model_options *options);
void cli_selection_free(cli_selection *asked);

#endif
