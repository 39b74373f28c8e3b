/* The options of images. */
#include "stimuli.h"

#include <string.h>

static int parse_shard(const char *command, const char *text, berg_stimuli_options *stimuli) {
  char rest;
  unsigned long part, parts;
  if (strspn(text, "0123456789/") == strlen(text) && sscanf(text, "%9lu/%9lu%c", &part, &parts, &rest) == 2 &&
      part >= 1 && part <= parts) {
    stimuli->shard = part - 1;
    stimuli->shards = parts;
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
  if (status == CLI_GO_ON && asked->shard) status = parse_shard(command, asked->shard, &asked->options);
  return status;
}
