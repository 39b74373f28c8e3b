/* berg contrast: which voxels respond more to one group of images than to another. */
#include "contrast.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command_text.h"
#include "memory.h"
#include "model.h"
#include "outline.h"
#include "output.h"
#include "progress.h"

typedef struct request {
  berg_contrast_options options;
  cli_parts parts;
  cli_texts a, b, named, contrasts;
  cli_groups groups;
  cli_maps maps;
  cli_space space;
  const char *correction;
  size_t threads;
  bool paired, pooled, one_sided;
  berg_run run; /* until it is interrupted */
  cJSON *told;  /* what the library says of each, a list */
} request;

static int parse(request *asked, int argc, char **argv, size_t *count) {
  cli_maps *maps = &asked->maps;
  const cli_option options[] = {
      {"output", 'o', CLI_TEXT, &maps->output, "OUT",
       "The map, by ending: .nii.gz (voxels), .func.gii, .mgh, .mgz (vertices), .npy, .h5, .csv, .tsv. Several "
       "subjects, contrasts or maps give a file each, with their names before the ending; .h5 and tables hold all "
       "maps."},
      {"a", 0, CLI_LIST, &asked->a, "LIST[,LIST...]", "Images of group a: a text file with a name a line."},
      {"b", 0, CLI_LIST, &asked->b, "LIST[,LIST...]", "Images of group b. The contrast is then a - b."},
      {"group", 0, CLI_LIST, &asked->named, "NAME=LIST[,LIST...]", "A group with a name; can be given again."},
      {"contrast", 0, CLI_LIST, &asked->contrasts, "WEIGHTS[,WEIGHTS...]",
       "Weights of groups that sum to 0, \"2 faces - objects - scrambled\", or NAME=WEIGHTS; several at once."},
      {"map", 0, CLI_LIST, &maps->wanted, "NAME[,NAME...]",
       "e: difference of means; t, df, p, log (-log10 p), q (false discovery rate); d, g: Cohen's d, Hedges' g; sd: "
       "pooled standard deviation. Default: t."},
      {"select", 0, CLI_TEXT, &asked->options.select, "SELECTION",
       "Test only these voxels, \"V1 & ceiling > 20\" (docs/selections.md); others are NaN and count in no rate."},
      {"fdr", 0, CLI_NUMBER, &asked->options.fdr, "Q", "Keep voxels whose false discovery rate is at most Q."},
      {"correction", 0, CLI_TEXT, &asked->correction, "bh|by",
       "Benjamini and Hochberg (the default), or Benjamini and Yekutieli, which holds under any dependence."},
      {"above", 0, CLI_NUMBER, &maps->above, "T",
       "Write the region whose t is above T too, as OUT_region and a list of indices, and print how it overlaps with "
       "the subject's own regions."},
      {"above-map", 0, CLI_TEXT, &maps->above_map, "NAME", "Another map than t for --above."},
      {"pooled", 0, CLI_FLAG, &asked->pooled, NULL, "One variance for all groups. Default: Welch's test."},
      {"paired", 0, CLI_FLAG, &asked->paired, NULL,
       "The images of a and b belong together line by line: test the differences."},
      {"one-sided", 0, CLI_FLAG, &asked->one_sided, NULL, "p of being greater. Default: of being different."},
      CLI_PARTS_OPTIONS(asked->parts),
      {"berg-dir", 0, CLI_TEXT, &asked->options.berg_dir, "DIR", "The folder of models; else $BERG_DIR."},
      CLI_SPACE_OPTIONS(asked->space),
      {"json", 0, CLI_TEXT, &maps->json, "FILE", "What was tested, found, and is to be kept in mind, as JSON."},
      {"no-sidecar", 0, CLI_FLAG, &maps->no_sidecar, NULL, "Do not write OUT.json."},
      {"threads", 0, CLI_COUNT, &asked->threads, "N", "Default: chosen. Never changes the numbers."},
      {"force", 'f', CLI_FLAG, &maps->force, NULL, "Replace what is there."},
      {"quiet", 'q', CLI_FLAG, &maps->quiet, NULL, "Say nothing but errors."},
  };
  const cli_syntax syntax = {
      .command = "contrast",
      .operands = "STORE",
      .summary =
          "Contrasts groups of images in every voxel, as a localizer does: difference of means, t, p, false discovery "
          "rate and effect size, from the moments of a store's scores (berg score); no response is made. The sampling "
          "unit is the image: t grows with their number, so look at d (docs/questions.md).",
      .examples =
          "berg contrast photos.scores --a faces.txt --b objects.txt --subject 1 --like mask.nii.gz -o t.nii.gz\n"
          "berg contrast photos.scores --group faces=f.txt,objects=o.txt,scrambled=s.txt \\\n"
          "  --contrast '2 faces - objects - scrambled' --map t,d,q -o faces.tsv\n"
          "berg contrast photos.scores --a faces.txt --b objects.txt --subject 1 --fdr 0.05 --above 5 -o ffa.nii.gz",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .least = 1,
      .most = 1};
  return cli_parse(&syntax, argc, argv, count);
}

/* --- What was asked --- */

static int check_maps(const cli_maps *maps) {
  const char *nearest;
  for (size_t i = 0; i < maps->wanted.count; i++) {
    const char *name = maps->wanted.items[i];
    for (size_t other = 0; other < i; other++)
      if (!strcmp(maps->wanted.items[other], name))
        return cli_usage_error("contrast", "--map: %s is named twice", name);
    if (cli_map_of(name) >= 0) continue;
    nearest = cli_nearest(name, cli_map_names, CLI_MAPS);
    return cli_usage_error("contrast", "--map %s: expected e, t, df, p, log, q, d, g or sd%s%s", name,
                           nearest ? "; did you mean " : "", nearest ? nearest : "");
  }
  if (cli_map_of(maps->above_map) < 0)
    return cli_usage_error("contrast", "--above-map %s: there is no such map", maps->above_map);
  return maps->output ? CLI_GO_ON : cli_usage_error("contrast", "where does it go? Give -o OUT");
}

/* "faces=2 faces - objects": the name, else the weights themselves are its name. */
static const char *weights_of(const char *text) {
  const char *equals = strchr(text, '=');
  return equals ? equals + 1 : text;
}

static char *name_of(const char *text) {
  const char *equals = strchr(text, '=');
  return cli_copy(text, equals ? (size_t)(equals - text) : strlen(text));
}

/* Two contrasts must not go into the same file. */
static int check_names(const cli_texts *contrasts) {
  int status = CLI_GO_ON;
  for (size_t i = 0; i < contrasts->count && status == CLI_GO_ON; i++) {
    char *name = name_of(contrasts->items[i]);
    if (!name) return cli_fail_memory();
    for (size_t other = 0; other < i && status == CLI_GO_ON; other++) {
      char *before = name_of(contrasts->items[other]);
      if (!before)
        status = cli_fail_memory();
      else if (cli_maps_alike(before, name))
        status = cli_usage_error("contrast",
                                 "--contrast: \"%s\" and \"%s\" would be the same file: give names, as name=weights",
                                 before, name);
      free(before);
    }
    free(name);
  }
  return status;
}

static int check(request *asked) {
  int status = check_maps(&asked->maps);
  if (status == CLI_GO_ON) status = check_names(&asked->contrasts);
  if (status != CLI_GO_ON) return status;
  if (asked->threads > INT_MAX) return cli_usage_error("contrast", "--threads: too many");
  if (!isnan(asked->options.fdr) && !(asked->options.fdr > 0 && asked->options.fdr < 1))
    return cli_usage_error("contrast", "--fdr: expected a rate between 0 and 1");
  if (asked->correction && strcmp(asked->correction, "bh") && strcmp(asked->correction, "by"))
    return cli_usage_error("contrast", "--correction: expected bh or by");
  if (!asked->a.count != !asked->b.count) return cli_usage_error("contrast", "--a and --b: give both");
  if (!asked->a.count && !asked->named.count)
    return cli_usage_error("contrast", "which images? Give --a LIST --b LIST, or --group NAME=LIST");
  if (!asked->contrasts.count && !asked->a.count)
    return cli_usage_error("contrast", "which contrast? Give --contrast WEIGHTS");
  status = cli_check_output(asked->maps.json, asked->maps.force);
  if (status != CLI_GO_ON) return status;
  status = cli_need_berg_dir("contrast", &asked->options.berg_dir);
  return status == CLI_GO_ON ? cli_space_complete("contrast", &asked->space) : status;
}

/* One more text to a list; free'd with it. */
static int add_text(cli_texts *texts, const char *text) {
  char **grown = cli_grow(texts->items, (texts->count + 1) * sizeof *grown);
  if (grown) texts->items = grown;
  char *copy = grown ? cli_copy(text, strlen(text)) : NULL;
  if (!copy) return cli_fail_memory();
  texts->items[texts->count++] = copy;
  return CLI_GO_ON;
}

static int fill_defaults(request *asked) {
  int status = asked->contrasts.count ? CLI_GO_ON : add_text(&asked->contrasts, "a - b");
  if (status == CLI_GO_ON && !asked->maps.wanted.count) status = add_text(&asked->maps.wanted, "t");
  asked->options.paired = asked->paired;
  asked->options.pooled = asked->pooled;
  asked->options.one_sided = asked->one_sided;
  asked->options.any_dependence = asked->correction && !strcmp(asked->correction, "by");
  asked->options.threads = (int)asked->threads;
  return status;
}

/* The store by the file that says what it is, and the lists. */
static int note_sources(request *asked, const char *path) {
  const cli_texts *const lists[] = {&asked->a, &asked->b, &asked->named};
  char *store = cli_alloc(strlen(path) + 16, 1);
  if (!store) return cli_fail_memory();
  sprintf(store, "%s/store.json", path);
  int status = add_text(&asked->maps.sources, store);
  free(store);
  for (int l = 0; l < 3; l++)
    for (size_t i = 0; i < lists[l]->count && status == CLI_GO_ON; i++) {
      const char *equals = l == 2 ? strchr(lists[l]->items[i], '=') : NULL;
      status = add_text(&asked->maps.sources, equals ? equals + 1 : lists[l]->items[i]);
    }
  return status;
}

/* --- Running --- */

static int compute(request *asked, const berg_contrast *contrast, const char *weights, double *values) {
  const size_t columns = berg_contrast_columns(contrast);
  berg_contrast_maps maps;
  berg_error error;
  char *json;
  berg_contrast_maps_init(&maps);
  double **const slots[CLI_MAPS] = {&maps.e, &maps.t, &maps.df, &maps.p, &maps.log,
                                    &maps.q, &maps.d, &maps.g,  &maps.sd};
  for (size_t i = 0; i < CLI_MAPS; i++) *slots[i] = values + i * columns;
  if (berg_contrast_compute(contrast, weights, &maps, &json, &error)) return cli_fail(&error);
  cJSON *told;
  int status = cli_parse_json(json, &told);
  berg_free(json);
  if (status == CLI_GO_ON) cJSON_AddItemToArray(asked->told, told);
  return status;
}

static int print_summary(const request *asked) {
  const cJSON *told = cJSON_GetArrayItem(asked->told, cJSON_GetArraySize(asked->told) - 1);
  const cJSON *found = cJSON_GetObjectItemCaseSensitive(told, "found"),
              *strongest = cJSON_GetObjectItemCaseSensitive(told, "strongest");
  char number[32], kept[32] = "", most[80] = "";
  if (asked->maps.quiet) return CLI_GO_ON;
  if (found) snprintf(kept, sizeof kept, ", %.0f found", found->valuedouble);
  if (strongest) /* of those that are found */
    snprintf(most, sizeof most, "; the strongest has d %.3g, t %.4g",
             cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(strongest, "d")),
             cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(strongest, "t")));
  cli_say("%s, %s: %s columns tested%s%s", cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(told, "label")),
          cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(told, "contrast")),
          cli_grouped((size_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(told, "tested")), number), kept,
          most);
  return CLI_GO_ON;
}

/* All contrasts of one subject; with `check` only looks whether their files are there. */
static int write_all(request *asked, const berg_contrast *contrast, const char *label, double *values, bool check) {
  int status = CLI_GO_ON;
  for (size_t i = 0; i < asked->contrasts.count && status == CLI_GO_ON; i++) {
    char *name = name_of(asked->contrasts.items[i]);
    if (!name) return cli_fail_memory();
    if (!check) status = compute(asked, contrast, weights_of(asked->contrasts.items[i]), values);
    if (!check && status == CLI_GO_ON) status = print_summary(asked);
    if (status == CLI_GO_ON)
      status = cli_maps_write(&asked->maps, berg_contrast_metadata(contrast), values, berg_contrast_columns(contrast),
                              label, asked->contrasts.count > 1 ? name : NULL, check);
    free(name);
  }
  return status;
}

static int run_part(request *asked, const berg_store *store, size_t part) {
  berg_contrast *contrast;
  berg_error error;
  if (berg_contrast_open(&contrast, store, part, asked->groups.list, asked->groups.count, &asked->options, &error))
    return cli_fail(&error);
  double *values = cli_alloc(berg_contrast_columns(contrast) * CLI_MAPS, sizeof *values);
  const char *shown = asked->parts.count > 1 ? berg_contrast_label(contrast) : NULL;
  int status = values ? write_all(asked, contrast, shown, values, true) : cli_fail_memory();
  if (status == CLI_GO_ON) status = write_all(asked, contrast, shown, values, false);
  free(values);
  berg_contrast_free(contrast);
  return status;
}

static int run(request *asked, const char *path) {
  berg_store *store;
  berg_error error;
  asked->run = cli_run_quietly();
  asked->options.run = &asked->run;
  if (berg_store_open(&store, path, &error)) return cli_fail(&error);
  int status = note_sources(asked, path);
  if (status == CLI_GO_ON) status = cli_parts_find("contrast", path, store, &asked->parts);
  if (status == CLI_GO_ON) status = cli_groups_read(&asked->groups, store, &asked->a, &asked->b, &asked->named);
  for (size_t i = 0; i < asked->parts.count && status == CLI_GO_ON; i++)
    status = run_part(asked, store, asked->parts.list[i]);
  berg_store_free(store);
  return status;
}

static int write_told(const request *asked) {
  if (!asked->maps.json) return CLI_GO_ON;
  char *text = cli_json_text(asked->told);
  if (!text) return cli_fail_memory();
  int status = cli_write_text(text, asked->maps.json, asked->maps.force);
  cJSON_free(text);
  return status;
}

static void release(request *asked) {
  cli_parts_free(&asked->parts);
  cli_texts_free(&asked->a);
  cli_texts_free(&asked->b);
  cli_texts_free(&asked->named);
  cli_texts_free(&asked->contrasts);
  cli_texts_free(&asked->maps.wanted);
  cli_texts_free(&asked->maps.sources);
  cli_groups_free(&asked->groups);
  cJSON_Delete(asked->told);
}

int cli_contrast(int argc, char **argv) {
  request asked = {.maps = {.above = NAN, .above_map = "t"}, .told = cJSON_CreateArray()};
  size_t count;
  char *command = cli_command_text(argc, argv);
  berg_contrast_options_init(&asked.options);
  berg_volume_options_init(&asked.space.options);
  asked.maps.space = &asked.space;
  asked.maps.command = command;
  int status = parse(&asked, argc, argv, &count);
  if (status == CLI_GO_ON) status = check(&asked);
  if (status == CLI_GO_ON) status = fill_defaults(&asked);
  if (status == CLI_GO_ON) status = run(&asked, argv[0]);
  if (status == CLI_GO_ON) status = write_told(&asked);
  if (status == CLI_GO_ON && !asked.maps.quiet && strstr(asked.maps.output, ".nii")) cli_space_warn(&asked.space);
  release(&asked);
  free(command);
  return status == CLI_GO_ON ? 0 : status;
}
