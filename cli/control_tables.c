/* Conditions, images and regions of an answer, a line each. */
#include "control_tables.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

const cJSON *cli_control_at(const cJSON *object, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

const cJSON *cli_control_item(const cJSON *object, const char *key, int index) {
  return cJSON_GetArrayItem(cli_control_at(object, key), index);
}

const cJSON *cli_control_region(const cJSON *result, const char *name) {
  const cJSON *region;
  cJSON_ArrayForEach(region, cli_control_at(result, "regions")) {
    const char *own = cJSON_GetStringValue(cli_control_at(region, "name"));
    if (own && !strcmp(own, name)) return region;
  }
  return NULL;
}

const char **cli_control_names(const cJSON *result) {
  const double images = cJSON_GetNumberValue(cli_control_at(result, "images"));
  const char **names = images >= 0 ? cli_alloc((size_t)images + 1, sizeof *names) : NULL;
  const cJSON *name;
  if (!names) return NULL;
  for (size_t i = 0; i <= (size_t)images; i++) names[i] = NULL;
  cJSON_ArrayForEach(name, cli_control_at(result, "names")) {
    const size_t image = strtoul(name->string, NULL, 10);
    if (image < (size_t)images) names[image] = cJSON_GetStringValue(name);
  }
  return names;
}

bool cli_control_of_sets(const cJSON *result) {
  const char *kind = cJSON_GetStringValue(cli_control_at(result, "control"));
  return kind && !strcmp(kind, "multivariate");
}

static bool is_tested(const cJSON *result) {
  return cJSON_IsTrue(cli_control_at(cli_control_at(result, "options"), "cross_validated"));
}

/* Names may hold tabs and line breaks. */
static void put_text(FILE *stream, const char *text) {
  for (; *text; text++) switch (*text) {
    case '\t': fputs("\\t", stream); break;
    case '\n': fputs("\\n", stream); break;
    case '\r': fputs("\\r", stream); break;
    case '\\': fputs("\\\\", stream); break;
    default: fputc(*text, stream);
    }
}

static void put_number(FILE *stream, const cJSON *number) {
  if (cJSON_IsNumber(number))
    fprintf(stream, "\t%.9g", number->valuedouble);
  else
    fputs("\t", stream);
}

static void put_both(FILE *stream, const cJSON *list) {
  for (int side = 0; side < 2; side++) put_number(stream, cJSON_GetArrayItem(list, side));
}

static void put_pair(FILE *stream, const cJSON *pair, const char *condition) {
  for (int side = 0; side < 2; side++) {
    put_text(stream, cJSON_GetStringValue(cli_control_item(pair, "regions", side)));
    fputs("\t", stream);
  }
  fputs(condition, stream);
}

static const cJSON *region_of(const cJSON *result, const cJSON *pair, int side) {
  return cli_control_region(result, cJSON_GetStringValue(cli_control_item(pair, "regions", side)));
}

/* --- Conditions --- */

static void put_means(FILE *stream, const cJSON *result, const cJSON *pair, const cJSON *condition) {
  fprintf(stream, "\t%d", cJSON_GetArraySize(cli_control_at(condition, "images")));
  put_number(stream, cli_control_at(condition, "passed"));
  put_number(stream, cli_control_at(pair, "correlation"));
  put_both(stream, cli_control_at(condition, "means"));
  for (int side = 0; side < 2; side++)
    put_number(stream, cli_control_at(cli_control_at(region_of(result, pair, side), "baseline"), "value"));
}

static void put_tests(FILE *stream, const cJSON *over) {
  put_both(stream, cli_control_at(over, "tested"));
  put_both(stream, cli_control_at(over, "baseline"));
  for (int side = 0; side < 2; side++) put_both(stream, cli_control_item(over, "interval", side));
  put_both(stream, cli_control_at(over, "significant"));
  put_both(stream, cli_control_at(over, "p"));
}

static void put_set(FILE *stream, const cJSON *pair, const cJSON *condition) {
  fprintf(stream, "\t%d", cJSON_GetArraySize(cli_control_at(condition, "images")));
  put_number(stream, cli_control_at(condition, "score"));
  put_number(stream, cli_control_at(cli_control_at(pair, "baseline"), "score"));
}

static void put_set_tests(FILE *stream, const cJSON *over) {
  put_number(stream, cli_control_at(over, "tested"));
  put_number(stream, cli_control_at(over, "baseline"));
  put_both(stream, cli_control_at(over, "interval"));
  put_number(stream, cli_control_at(over, "significant"));
  put_number(stream, cli_control_at(over, "p"));
}

static const char *heading(bool sets, bool tested) {
  if (sets)
    return tested ? "region_1\tregion_2\tcondition\timages\tscore\tbaseline\ttested\tbaseline_tested\tlow\thigh\t"
                    "significant\tp"
                  : "region_1\tregion_2\tcondition\timages\tscore\tbaseline";
  return tested ? "region_1\tregion_2\tcondition\timages\tpassed\tcorrelation\tmean_1\tmean_2\tbaseline_1\tbaseline_2\t"
                  "tested_1\ttested_2\tbaseline_tested_1\tbaseline_tested_2\tlow_1\thigh_1\tlow_2\thigh_2\t"
                  "significant_1\tsignificant_2\tp_1\tp_2"
                : "region_1\tregion_2\tcondition\timages\tpassed\tcorrelation\tmean_1\tmean_2\tbaseline_1\tbaseline_2";
}

void cli_control_conditions(FILE *stream, const cJSON *result) {
  const bool sets = cli_control_of_sets(result), tested = is_tested(result);
  const cJSON *pair, *condition;
  fprintf(stream, "%s\n", heading(sets, tested));
  cJSON_ArrayForEach(pair, cli_control_at(result, "pairs")) {
    int index = 0;
    cJSON_ArrayForEach(condition, cli_control_at(pair, "conditions")) {
      const cJSON *over = cli_control_item(pair, "over_subjects", index++);
      put_pair(stream, pair, cJSON_GetStringValue(cli_control_at(condition, "name")));
      if (sets)
        put_set(stream, pair, condition);
      else
        put_means(stream, result, pair, condition);
      if (tested && sets) put_set_tests(stream, over);
      if (tested && !sets) put_tests(stream, over);
      fputs("\n", stream);
    }
  }
}

/* --- Images --- */

/* `responses` NULL: they are not told. */
static void put_images(FILE *stream, const char *const *names, const cJSON *pair, const char *condition,
                       const cJSON *images, const cJSON *responses) {
  const cJSON *image;
  int rank = 0;
  cJSON_ArrayForEach(image, images) {
    put_pair(stream, pair, condition);
    fprintf(stream, "\t%d\t%.0f\t", rank + 1, cJSON_GetNumberValue(image));
    const char *name = names[(size_t)image->valuedouble];
    put_text(stream, name ? name : "");
    for (int side = 0; side < 2; side++)
      put_number(stream, cJSON_GetArrayItem(cJSON_GetArrayItem(responses, side), rank));
    fputs("\n", stream);
    rank++;
  }
}

static void put_baselines(FILE *stream, const char *const *names, const cJSON *result, const cJSON *pair) {
  if (cli_control_of_sets(result)) {
    put_images(stream, names, pair, "baseline", cli_control_at(cli_control_at(pair, "baseline"), "images"), NULL);
    return;
  }
  for (int side = 0; side < 2; side++)
    put_images(stream, names, pair, side ? "baseline_2" : "baseline_1",
               cli_control_at(cli_control_at(region_of(result, pair, side), "baseline"), "images"), NULL);
}

void cli_control_images(FILE *stream, const cJSON *result) {
  const cJSON *pair, *condition;
  const char **names = cli_control_names(result);
  if (!names) return; /* which cli/memory.h remembers */
  fputs("region_1\tregion_2\tcondition\trank\timage\tname\tresponse_1\tresponse_2\n", stream);
  cJSON_ArrayForEach(pair, cli_control_at(result, "pairs")) {
    cJSON_ArrayForEach(condition, cli_control_at(pair, "conditions"))
        put_images(stream, names, pair, cJSON_GetStringValue(cli_control_at(condition, "name")),
                   cli_control_at(condition, "images"), cli_control_at(condition, "responses"));
    put_baselines(stream, names, result, pair);
  }
  free(names);
}

/* --- Regions --- */

void cli_control_regions(FILE *stream, const cJSON *result) {
  const cJSON *region;
  const int subjects = cJSON_GetArraySize(cli_control_at(result, "subjects"));
  fputs("region\tsubject\tkept\tof\n", stream);
  cJSON_ArrayForEach(region, cli_control_at(result, "regions")) for (int s = 0; s < subjects; s++) {
    put_text(stream, cJSON_GetStringValue(cli_control_at(region, "name")));
    fprintf(stream, "\t%s", cJSON_GetStringValue(cli_control_item(result, "subjects", s)));
    put_number(stream, cli_control_item(region, "kept", s));
    put_number(stream, cli_control_item(region, "of", s));
    fputs("\n", stream);
  }
}
