/* Where a volume lies: the options --like, --affine and --outside, which several commands have. */
#ifndef CLI_SPACE_H
#define CLI_SPACE_H

#include "options.h"

typedef struct cli_space {
  const char *affine_file;
  double affine[16];
  berg_volume_options options; /* .like and .outside are set by the parser */
} cli_space;

#define CLI_SPACE_OPTIONS(space)                                                                                    \
  {"like",                                                                                                          \
   0,                                                                                                               \
   CLI_TEXT,                                                                                                        \
   &(space).options.like,                                                                                           \
   "FILE",                                                                                                          \
   "A NIfTI of the same grid, such as the subject's brainmask.nii.gz, which gives size, affine and units; checked " \
   "against the voxels."},                                                                                          \
      {"affine",                                                                                                    \
       0,                                                                                                           \
       CLI_TEXT,                                                                                                    \
       &(space).affine_file,                                                                                        \
       "FILE",                                                                                                      \
       "Voxel indices to millimetres: 16 numbers in text, or a 4x4 .npy. Without this and --like the space is "     \
       "unknown, and the file says so."},                                                                           \
  {                                                                                                                 \
    "outside", 0, CLI_TEXT, &(space).options.outside, "nan|0",                                                      \
        "What is in the volume where there are no voxels. Default: nan, and 0 for whole numbers."                   \
  }

/* Checks the options and reads the affine. CLI_GO_ON, or the exit status of the failure printed. */
int cli_space_complete(const char *command, cli_space *space);
/* Prints a note where the space is unknown. */
void cli_space_warn(const cli_space *space);

#endif
