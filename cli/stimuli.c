/* The options of images. */
#include "stimuli.h"

#include <string.h>

int cli_parse_shard(const char *command, const char *text, size_t *shard, size_t *shards) {
  char rest;
  unsigned long part, parts;
  if (strspn(text, "0123456789/") == strlen(text) && sscanf(text, "%9lu/%9lu%c", &part, &parts, &rest) == 2 &&
      part >= 1 && part <= parts) {
    *shard = part - 1;
    *shards = parts;
    return CLI_GO_ON;
  }
  return cli_usage_error(command, "--shard: expected I/N with I from 1 to N, found \"%s\"", text);
}

static int parse_layout(const char *command, const char *text, berg_layout *layout) {
  static const char *const names[] = {[BERG_NCHW] = "nchw", [BERG_NHWC] = "nhwc", [BERG_LAYOUT_AUTO] = "auto"};
  for (int i = 0; i < 3; i++) {
    if (strcmp(text, names[i])) continue;
    *layout = (berg_layout)i;
    return CLI_GO_ON;
  }
  return cli_usage_error(command, "--layout: expected nchw, nhwc or auto, found \"%s\"", text);
}

int cli_stimuli_take(const char *command, cli_stimuli *asked) {
  int status = CLI_GO_ON;
  berg_stimuli_options_init(&asked->options);
  asked->options.skip_bad = asked->skip_bad;
  if (asked->layout) status = parse_layout(command, asked->layout, &asked->options.layout);
  if (status == CLI_GO_ON && asked->shard)
    status = cli_parse_shard(command, asked->shard, &asked->options.shard, &asked->options.shards);
  return status;
}

static void say_turned(const berg_stimuli *stimuli) {
  for (size_t i = 0; i < berg_stimuli_turned_count(stimuli); i++)
    cli_say("%s: read as it is seen in MATLAB, which stores it with its dimensions in reverse",
            berg_stimuli_turned(stimuli, i));
}

int cli_stimuli_others(const cli_stimuli *asked, const berg_stimuli *stimuli, bool quiet) {
  const size_t count = stimuli ? berg_stimuli_others_count(stimuli) : 0;
  char more[48] = "";
  if (stimuli && !quiet) say_turned(stimuli);
  if (!count || (quiet && !asked->all_pictures)) return CLI_GO_ON;
  const char *first = berg_stimuli_other(stimuli, 0);
  if (count > 1) snprintf(more, sizeof more, " and %zu more", count - 1);
  if (asked->all_pictures)
    return cli_fail_with(BERG_EINPUT, "%s%s: only JPEG and PNG are read, and --all-pictures leaves none out", first,
                         more);
  cli_say("%s%s: left out: only JPEG and PNG are read (--all-pictures refuses such folders)", first, more);
  return CLI_GO_ON;
}
