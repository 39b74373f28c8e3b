/* What the three ways of berg volume share. */
#ifndef CLI_VOLUME_H
#define CLI_VOLUME_H

#include "space.h"

typedef struct cli_volume {
  const char *name; /* "volume to" */
  char *command;    /* as typed */
  cli_texts subjects;
  const char *berg_dir, *output;
  bool force, no_sidecar;
  cli_space space;
  cli_texts names;
  char *path; /* of the volume, with its ending */
  berg_metadata *metadata;
  berg_output_options options;
  berg_run run;
} cli_volume;

#define CLI_VOLUME_OPTIONS(asked)                                                                    \
  {"subject", 0, CLI_LIST, &(asked)->subjects, "N", "The subject, as 1, 01 or sub-01."},             \
      {"berg-dir", 0, CLI_TEXT, &(asked)->berg_dir, "DIR", "The folder of models; else $BERG_DIR."}, \
      {"no-sidecar",         0,    CLI_FLAG,                                                         \
       &(asked)->no_sidecar, NULL, "Do not write OUT.json, which says where the output came from."}, \
  {                                                                                                  \
    "force", 'f', CLI_FLAG, &(asked)->force, NULL, "Replace what is there."                          \
  }

/* After parsing: checks, reads the affine, opens the metadata, fills `options`. CLI_GO_ON, or the exit status. */
int cli_volume_open(cli_volume *asked, const char *model_id, bool to_volume);
const berg_array *cli_volume_coordinates(const cli_volume *asked);
/* Voxel indices in a .npy; free. CLI_GO_ON, or the exit status. */
int cli_read_columns(const char *path, size_t **voxels, size_t *count);

int cli_volume_to(cli_volume *asked, int argc, char **argv);
int cli_volume_from(cli_volume *asked, int argc, char **argv);
int cli_volume_rois(cli_volume *asked, int argc, char **argv);

#endif
