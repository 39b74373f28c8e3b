/* berg volume: values of voxels as NIfTI, and back. Three ways, each a command of its own. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "command_text.h"
#include "memory.h"
#include "model.h"
#include "progress.h"
#include "space.h"
#include "volume.h"

/* The ending that FSL's own programs would give a volume named without one. */
static int add_ending(const char *command, const char *output, char **path) {
  const char *type = getenv("FSLOUTPUTTYPE"), *ending = ".nii.gz";
  const size_t length = strlen(output);
  if ((length > 4 && !strcmp(output + length - 4, ".nii")) || (length > 7 && !strcmp(output + length - 7, ".nii.gz")))
    ending = "";
  else if (type && !strcmp(type, "NIFTI"))
    ending = ".nii";
  else if (type && *type && strcmp(type, "NIFTI_GZ"))
    return cli_usage_error(command, "FSLOUTPUTTYPE is %s: expected NIFTI or NIFTI_GZ, or an ending in -o", type);
  *path = cli_alloc(length + 8, 1);
  if (!*path) return cli_fail_with(BERG_ELIMIT, "not enough memory for a path");
  snprintf(*path, length + 8, "%s%s", output, ending);
  return CLI_GO_ON;
}

int cli_volume_open(cli_volume *asked, const char *model_id, bool to_volume) {
  berg_error error;
  int status = cli_check_model(model_id);
  if (status == CLI_GO_ON && asked->subjects.count > 1)
    status = cli_usage_error(asked->name, "--subject: one at a time");
  if (status == CLI_GO_ON) status = cli_subjects(asked->name, &asked->subjects, &asked->names);
  if (status == CLI_GO_ON) status = cli_need_berg_dir(asked->name, &asked->berg_dir);
  if (status == CLI_GO_ON && !asked->output) status = cli_usage_error(asked->name, "where does it go? Give -o OUT");
  if (status == CLI_GO_ON && to_volume) status = cli_space_complete(asked->name, &asked->space);
  if (status == CLI_GO_ON && to_volume) status = add_ending(asked->name, asked->output, &asked->path);
  if (status == CLI_GO_ON &&
      berg_metadata_open(&asked->metadata, model_id, asked->berg_dir, asked->names.items[0], &error))
    status = cli_fail(&error);
  berg_output_options_init(&asked->options);
  asked->options.force = asked->force;
  asked->options.sidecar = !asked->no_sidecar;
  asked->options.volume = &asked->space.options;
  asked->options.command = asked->command;
  asked->run = cli_run_quietly();
  asked->options.run = &asked->run;
  return status;
}

const berg_array *cli_volume_coordinates(const cli_volume *asked) {
  return berg_metadata_find(asked->metadata, "fmri.voxel_coords");
}

static void release(cli_volume *asked) {
  berg_metadata_free(asked->metadata);
  cli_texts_free(&asked->subjects);
  cli_texts_free(&asked->names);
  free(asked->path);
  free(asked->command);
}

static const struct {
  const char *name, *command, *summary;
  int (*run)(cli_volume *asked, int argc, char **argv);
} ways[] = {{"to", "volume to", "values of voxels to NIfTI", cli_volume_to},
            {"from", "volume from", "NIfTI back to values of voxels", cli_volume_from},
            {"rois", "volume rois", "regions of interest as NIfTI masks or labels, with their table", cli_volume_rois}};

#define WAYS (sizeof ways / sizeof *ways)

static void print_help(void) {
  printf("Examples:\n"
         "  berg volume to fmri-things_fmri_1-vit_b_32 --subject 1 \\\n"
         "    --key encoding_model.correlation_results --like brainmask.nii.gz -o accuracy.nii.gz\n"
         "  berg volume from fmri-things_fmri_1-vit_b_32 --subject 1 accuracy.nii.gz -o accuracy.npy\n"
         "  berg volume rois fmri-things_fmri_1-vit_b_32 --subject 1 --roi V1,V2,V3 \\\n"
         "    --like brainmask.nii.gz -o visual_dseg.nii.gz\n"
         "\nUsage: berg volume WAY MODEL [options]\n\n"
         "Numbers of voxels as NIfTI volumes, and back.\n"
         "\nWays:\n");
  for (size_t i = 0; i < WAYS; i++) printf("  %-5s %s\n", ways[i].name, ways[i].summary);
  printf("\nberg volume WAY -h shows the options of each.\n");
}

int cli_volume_run(int argc, char **argv) {
  const char *names[WAYS];
  if (argc < 2) return cli_usage_error("volume", "which way? Give to, from or rois");
  if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")) {
    print_help();
    return 0;
  }
  for (size_t i = 0; i < WAYS; i++) {
    names[i] = ways[i].name;
    if (strcmp(argv[1], ways[i].name)) continue;
    cli_volume asked = {.name = ways[i].command, .command = cli_command_text(argc, argv)};
    berg_volume_options_init(&asked.space.options);
    int status = ways[i].run(&asked, argc - 1, argv + 1);
    release(&asked);
    return status == CLI_GO_ON ? 0 : status;
  }
  const char *nearest = cli_nearest(argv[1], names, WAYS);
  if (nearest) return cli_usage_error("volume", "unknown way \"%s\", did you mean \"%s\"?", argv[1], nearest);
  return cli_usage_error("volume", "unknown way \"%s\": expected to, from or rois", argv[1]);
}
