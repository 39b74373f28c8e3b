/* The program `berg`: a table of commands, one file each. */
#include "cli.h"
#include "memory.h"
#include "options.h"
#include "ranks.h"
#include "truncated.h"

#include <errno.h>
#include <string.h>

static const cli_command commands[] = {
    {"list", "the models known", cli_list},
    {"describe", "the card of a model", cli_describe},
    {"fetch", "the published files of a model, downloaded", cli_fetch},
    {"metadata", "what is known of each voxel of a subject, without loading the model", cli_metadata},
    {"encode", "images to the responses of a subject's brain", cli_encode},
    {"score", "scores of images, kept: a kilobyte an image, from which responses and answers are made", cli_score},
    {"merge", "what was encoded or scored in shards, as one", cli_merge},
    {"rank", "images of a store by what regions respond, with their pictures", cli_rank},
    {"contrast", "groups of images in every voxel: difference, t, effect size, regions", cli_contrast},
    {"rsm", "similarity of a region's responses to all pairs of a store's images", cli_rsm},
    {"rsa", "regions, subjects and matrices compared by what they say of all pairs of images", cli_rsa},
    {"control", "images that drive two regions together or apart, out of a store of scores", cli_control},
    {"serve", "models that stay open, asked by other programs over a socket", cli_serve},
    {"simulate", "a synthetic data set in the raw layout, with known noise ceilings", cli_simulate},
    {"prepare", "raw responses to training data: z-scores, split, averaged", cli_prepare},
    {"train", "prepared data and images to a model", cli_train},
    {"plan", "a training or an encoding in parts, as jobs of Slurm or as command lines", cli_plan_run},
    {"evaluate", "accuracy and noise ceilings of a trained model", cli_evaluate},
    {"report", "a page about how well a model predicts, with figures", cli_report},
    {"volume", "values of voxels to NIfTI and back, regions as masks and labels", cli_volume_run},
    {"convert", "weights and metadata from one file format to another", cli_convert},
    {"compare", "two files of responses, weights or metadata, and whether they agree", cli_compare},
    {"info", "what a weight, metadata or array file holds", cli_info},
    {"doctor", "what this machine and build can do, and which weights are found where", cli_doctor},
    {"bench", "speeds, and their share of what the machine can do", cli_bench},
};

#define COMMANDS (sizeof commands / sizeof *commands)

static void print_help(FILE *stream) {
  fputs("Examples:\n"
        "  berg fetch fmri-things_fmri_1-vit_b_32 --subject 1 --backbone --berg-dir models\n"
        "  berg encode fmri-things_fmri_1-vit_b_32 --subject 1 --berg-dir models photos/ -o responses.npy\n"
        "  berg metadata fmri-things_fmri_1-vit_b_32 --subject 1 --berg-dir models\n"
        "  berg doctor --berg-dir models\n"
        "\nUsage: berg COMMAND [options]\n\n"
        "Encoding models of the visual brain: images in, the response of every voxel\n"
        "(fMRI), channel (EEG), sensor (MEG) or electrode out.\n"
        "\nCommands:\n",
        stream);
  for (size_t i = 0; i < COMMANDS; i++) fprintf(stream, "  %-10s %s\n", commands[i].name, commands[i].summary);
  fputs("\nberg COMMAND -h shows a command's options, berg --version the version, berg doctor\nwhat is missing and "
        "what to type next.\n",
        stream);
}

static const cli_command *find(const char *name) {
  for (size_t i = 0; i < COMMANDS; i++)
    if (!strcmp(commands[i].name, name)) return &commands[i];
  return NULL;
}

static int unknown(const char *name) {
  const char *names[COMMANDS];
  for (size_t i = 0; i < COMMANDS; i++) names[i] = commands[i].name;
  const char *nearest = cli_nearest(name, names, COMMANDS);
  if (nearest) return cli_usage_error(NULL, "unknown command \"%s\", did you mean \"%s\"?", name, nearest);
  return cli_usage_error(NULL, "unknown command \"%s\"", name);
}

static int run(int argc, char **argv) {
  if (argc < 2) {
    print_help(stderr);
    return CLI_EXIT_USAGE;
  }
  const char *name = argv[1];
  if (!strcmp(name, "-h") || !strcmp(name, "--help") || (!strcmp(name, "help") && argc == 2)) {
    print_help(stdout);
    return 0;
  }
  if (!strcmp(name, "--version")) {
    printf("berg %s\n", berg_version());
    return 0;
  }
  if (!strcmp(name, "help")) {
    const cli_command *command = find(argv[2]);
    char *help[] = {argv[2], (char[]){"-h"}, NULL};
    return command ? command->run(2, help) : unknown(argv[2]);
  }
  if (name[0] == '-') return cli_usage_error(NULL, "unknown option %s, a command comes first", name);
  const cli_command *command = find(name);
  return command ? command->run(argc - 1, argv + 1) : unknown(name);
}

int main(int argc, char **argv) {
  cli_memory_watch();
  cli_truncated_watch();
  int status = cli_ranks_start(argc, argv);
  if (status == CLI_GO_ON) status = run(argc, argv);
  if (!status && cli_memory_ran_out()) status = cli_fail_memory();
  /* Output that cannot be flushed is a failure even when all else went well. */
  if ((fflush(stdout) || ferror(stdout)) && !status)
    status = cli_fail_with(BERG_EWRITE, "standard output cannot be written: %s", strerror(errno));
  return cli_ranks_end(status);
}
