/* Colours by what they are for. Each role has one colour on light paper and one on dark; maps have one scale for
 * both. */
#ifndef REPORT_PALETTE_H
#define REPORT_PALETTE_H

#include <stdint.h>

#include "report/text.h"

typedef enum report_role {
  REPORT_INK,     /* text, axes */
  REPORT_SOFT,    /* ticks, labels that stand back */
  REPORT_GRID,    /* grid lines, frames */
  REPORT_MISSING, /* where there is no value */
  REPORT_SUBJECT, /* one a subject: REPORT_SUBJECT + number - 1 */
  REPORT_ROLES = REPORT_SUBJECT + 10
} report_role;

report_role report_subject_role(int subject);
/* The letter that ends the role's classes in SVG: "f" + letter fills, "s" + letter strokes. */
char report_role_letter(report_role role);
/* Its colour on light paper, 0xRRGGBB. */
uint32_t report_role_colour(report_role role);
/* The classes of SVG as style sheet, for so many subjects: with the colours of light paper, or with the variables
 * that the page sets. */
void report_put_classes(report_text *text, int subjects, bool variables);
/* Those variables, for a selector's block: "--ci:#1b1f24;...". */
void report_put_variables(report_text *text, int subjects, bool dark);

/* Voxels without a value are chequered in two greys, which the scale does not have: 0xAARRGGBB by the parity of the
 * place. */
#define REPORT_NO_VALUE(parity) ((parity)&1 ? 0xFF8F959Cu : 0xFF70767Du)

/* The colour of `share` of the scale, 0..1 (values outside take the ends), 0xRRGGBB. */
uint32_t report_scale_colour(double share);
/* The same of a scale with 0 in its middle, -1..1. */
uint32_t report_signed_colour(double share);

#endif
