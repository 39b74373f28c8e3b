/* What an evaluation measured, as a table. */
#ifndef CLI_FIGURES_H
#define CLI_FIGURES_H

#include <cjson/cJSON.h>
#include <stdio.h>

/* Of a report with "figures" in it: their means and medians, and how many values are missing. */
void cli_print_figures(FILE *stream, const cJSON *report);

#endif
