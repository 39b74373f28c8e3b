/* berg metadata: what is known of a subject's voxels, channels, sensors or electrodes, without loading the model. */
#include "metadata.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "entries.h"
#include "memory.h"
#include "metadata_select.h"
#include "model.h"
#include "npy.h"
#include "outline.h"
#include "progress.h"
#include "value.h"

/* The key whose whole name, or whose part after the last dot, is nearest to what was asked for. */
static const char *nearest_key(const berg_metadata *metadata, const char *key) {
  size_t count = berg_metadata_count(metadata);
  const char **names = cli_alloc(2 * count + 1, sizeof *names), *nearest = NULL;
  if (!names) return NULL;
  for (size_t i = 0; i < count; i++) {
    const char *name = berg_metadata_entry(metadata, i)->name, *dot = name ? strrchr(name, '.') : NULL;
    names[i] = name ? name : "";
    names[count + i] = dot ? dot + 1 : names[i];
  }
  const char *found = cli_nearest(key, names, 2 * count);
  for (size_t i = 0; found && i < count && !nearest; i++)
    if (names[i] == found || names[count + i] == found) nearest = names[i];
  free(names);
  return nearest;
}

static void print_values(const berg_array *array) {
  size_t count = cli_array_count(array), columns = array->ndim > 1 ? array->shape[array->ndim - 1] : 1;
  for (size_t i = 0; i < count; i++) {
    cli_element_print(stdout, array, i);
    putchar((i + 1) % columns ? ' ' : '\n');
  }
}

static int no_key(const berg_metadata *metadata, const char *key) {
  const char *nearest = nearest_key(metadata, key), *path = berg_metadata_path(metadata);
  if (nearest) return cli_fail_with(BERG_EPARAMETER, "%s: no key \"%s\", did you mean %s?", path, key, nearest);
  return cli_fail_with(BERG_EPARAMETER, "%s: no key \"%s\"; berg info names them all", path, key);
}

static int show_values(const berg_array *array, bool json, const char *output, bool force) {
  if (output) {
    int status = cli_write_npy(array, output, force);
    return status == CLI_GO_ON ? 0 : status;
  }
  if (!json) {
    print_values(array);
    return 0;
  }
  cJSON *values = cli_array_json(array, SIZE_MAX);
  int status = cli_print_json(values);
  cJSON_Delete(values);
  return status;
}

static int show_key(const berg_metadata *metadata, const char *key, bool json, const char *output, bool force) {
  const cli_entries entries = cli_entries_of_metadata(metadata);
  cli_entry entry;
  int status;
  if (cli_entry_find(&entries, key, &entry))
    status = show_values(&entry.array, json, output, force);
  else
    status = cli_memory_ran_out() ? cli_fail_memory() : no_key(metadata, key);
  cli_entry_free(&entry);
  return status;
}

static int write_all(const berg_metadata *metadata, const char *output, bool force) {
  berg_error error;
  const berg_run run = cli_run_quietly();
  return berg_convert(berg_metadata_path(metadata), output, force, &run, &error) ? cli_fail(&error) : 0;
}

int cli_metadata(int argc, char **argv) {
  bool json = false, force = false;
  const char *key = NULL, *select = NULL, *output = NULL, *berg_dir = NULL;
  cli_texts subjects = {0};
  const cli_option options[] = {
      {"subject", 0, CLI_LIST, &subjects, "N", "The subject, as 1, 01, sub-01 or N (a monkey)."},
      {"berg-dir", 0, CLI_TEXT, &berg_dir, "DIR", "The folder of models; else $BERG_DIR."},
      {"key", 0, CLI_TEXT, &key, "NAME", "The values of one entry, such as roi.V1, one a line."},
      {"select", 0, CLI_TEXT, &select, "EXPR",
       "How many units (and columns) an expression selects, and which: 'V1 + V2 & ceiling > 20'."},
      {"json", 0, CLI_FLAG, &json, NULL,
       "JSON: with --key all values, else arrays of more than 1,000 by type and shape."},
      {"output", 'o', CLI_TEXT, &output, "FILE",
       "Write everything to FILE (.npz, .json, .npy, .safetensors), or with --key that entry to a .npy, or with "
       "--select the columns; "
       "\"-\" is a .npy on "
       "standard output."},
      {"force", 'f', CLI_FLAG, &force, NULL, "Replace FILE if it is there."},
  };
  const cli_syntax syntax = {
      .command = "metadata",
      .operands = "MODEL",
      .summary = "Prints what is known of one subject's voxels, vertices, channels, sensors or electrodes, without "
                 "loading the model: how many there are, their names and times, the regions with their sizes, noise "
                 "ceilings and accuracy.",
      .examples = "berg metadata fmri-things_fmri_1-vit_b_32 --subject 1\n"
                  "berg metadata eeg-things_eeg_2-vit_b_32 --subject 1 --key eeg.ch_names\n"
                  "berg metadata fmri-things_fmri_1-vit_b_32 --subject 1 --key roi.V1\n"
                  "berg metadata fmri-things_fmri_1-vit_b_32 --subject 1 --key roi.V1 -o v1.npy\n"
                  "berg metadata fmri-things_fmri_1-vit_b_32 --subject 1 --select 'V1 + V2 & ceiling > 20'\n"
                  "berg metadata fmri-things_fmri_1-vit_b_32 --subject 1 -o metadata.npz",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .least = 1,
      .most = 1};
  size_t count;
  cli_texts names = {0};
  berg_metadata *metadata = NULL;
  berg_error error;
  int status = cli_parse(&syntax, argc, argv, &count);
  if (status == CLI_GO_ON) status = cli_check_model(argv[0]);
  if (status == CLI_GO_ON && subjects.count > 1) status = cli_usage_error("metadata", "--subject: one at a time");
  if (status == CLI_GO_ON) status = cli_subjects("metadata", &subjects, &names);
  if (status == CLI_GO_ON) status = cli_need_berg_dir("metadata", &berg_dir);
  if (status == CLI_GO_ON && select && key)
    status =
        cli_usage_error("metadata", "--select says what a selection is, --key what an entry holds: give one of them");
  if (status == CLI_GO_ON && output && (key || select) && strcmp(output, "-") && !cli_ends_in(output, ".npy"))
    status = cli_usage_error("metadata", "-o %s: %s goes to a .npy", output, key ? "one entry" : "a selection");
  if (status == CLI_GO_ON && output && !key && !select && !strcmp(output, "-"))
    status = cli_usage_error("metadata", "-o -: only one entry goes to standard output, give --key NAME");
  if (status == CLI_GO_ON && output && json)
    status = cli_usage_error("metadata", "--json prints, -o writes a file: give one of them");
  if (status == CLI_GO_ON && berg_metadata_open(&metadata, argv[0], berg_dir, names.items[0], &error))
    status = cli_fail(&error);
  if (status == CLI_GO_ON) {
    if (select)
      status = cli_metadata_select(metadata, &(cli_selected){select, json, output, force});
    else if (key)
      status = show_key(metadata, key, json, output, force);
    else if (output)
      status = write_all(metadata, output, force);
    else if (json)
      status = cli_metadata_json(metadata);
    else
      status = cli_metadata_summary(metadata, argv[0]);
  }
  berg_metadata_free(metadata);
  cli_texts_free(&subjects);
  cli_texts_free(&names);
  return status;
}
