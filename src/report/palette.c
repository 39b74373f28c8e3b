/* Colours of the figures. */
#include "report/palette.h"

#include <math.h>

#include "base/text.h"

/* Subjects: blue, vermilion and bluish green of Okabe and Ito (2008), "Color Universal Design"; on dark paper sky
 * blue and orange of the same set instead of the two that would be too dark there. From the fourth on, hues
 * between them that differ in lightness too, each with a contrast of 3 or more on its paper. */
static const struct {
  char letter;
  uint32_t light, dark;
} roles[REPORT_ROLES] = {
    [REPORT_INK] = {'i', 0x1B1F24, 0xE6EAEF},         [REPORT_SOFT] = {'m', 0x57606A, 0xA3ADB8},
    [REPORT_GRID] = {'g', 0xD5DBE1, 0x3B444E},        [REPORT_MISSING] = {'n', 0x8C959F, 0x8C959F},
    [REPORT_SUBJECT] = {'1', 0x0072B2, 0x56B4E9},     [REPORT_SUBJECT + 1] = {'2', 0xD55E00, 0xE69F00},
    [REPORT_SUBJECT + 2] = {'3', 0x009E73, 0x1DB98C}, [REPORT_SUBJECT + 3] = {'4', 0xB3508C, 0xE28BC0},
    [REPORT_SUBJECT + 4] = {'5', 0x3B2A8C, 0x9B8CF5}, [REPORT_SUBJECT + 5] = {'6', 0x7D1D3F, 0xF07A85},
    [REPORT_SUBJECT + 6] = {'7', 0x7C7A12, 0xD6D05C}, [REPORT_SUBJECT + 7] = {'8', 0x145A2B, 0x8FDE9A},
    [REPORT_SUBJECT + 8] = {'9', 0x8F5A2A, 0xCFA680}, [REPORT_SUBJECT + 9] = {'0', 0x4A4F55, 0xC9CED4},
};

/* viridis (Smith and van der Walt, 2015, CC0) at equal steps: its lightness grows evenly, also for colour-blind eyes
 * and in grey print. Its darkest tenth is left out: it would vanish on dark paper. */
static const uint32_t viridis[] = {0x482677, 0x453781, 0x404788, 0x39568C, 0x33638D, 0x2D708E,
                                   0x287D8E, 0x238A8D, 0x1F968B, 0x20A387, 0x29AF7F, 0x3CBB75,
                                   0x55C667, 0x73D055, 0x95D840, 0xB8DE29, 0xDCE319, 0xFDE725};

report_role report_subject_role(int subject) {
  return (report_role)(REPORT_SUBJECT + (subject - 1) % (REPORT_ROLES - REPORT_SUBJECT));
}
char report_role_letter(report_role role) { return roles[role].letter; }
uint32_t report_role_colour(report_role role) { return roles[role].light; }

void report_put_classes(report_text *text, int subjects, bool variables) {
  for (int i = 0; i < (int)REPORT_SUBJECT + subjects; i++) {
    const char letter = roles[i].letter;
    char colour[16];
    if (variables)
      base_print(colour, sizeof colour, "var(--c%c)", letter);
    else
      base_print(colour, sizeof colour, "#%06x", (unsigned)roles[i].light);
    report_print(text, ".f%c{fill:%s}.s%c{stroke:%s;fill:none}", letter, colour, letter, colour);
  }
}

void report_put_variables(report_text *text, int subjects, bool dark) {
  for (int i = 0; i < (int)REPORT_SUBJECT + subjects; i++)
    report_print(text, "--c%c:#%06x;", roles[i].letter, (unsigned)(dark ? roles[i].dark : roles[i].light));
}

/* Blue through grey to orange, as different to colour-blind eyes as to others, with the lightest in the middle. */
static const uint32_t twofold[] = {0x08589E, 0x2B8CBE, 0x7BAFD4, 0xD9DCDF, 0xE8A866, 0xD4731A, 0x8F3F04};

static uint32_t colour_of(const uint32_t *colours, int last, double place) {
  int step = place < last ? (int)place : last - 1;
  double rest = place - step;
  uint32_t colour = 0;
  for (int shift = 16; shift >= 0; shift -= 8) {
    double from = colours[step] >> shift & 255, to = colours[step + 1] >> shift & 255;
    colour |= (uint32_t)lround(from + rest * (to - from)) << shift;
  }
  return colour;
}

uint32_t report_scale_colour(double share) {
  const int last = (int)(sizeof viridis / sizeof *viridis) - 1;
  return colour_of(viridis, last, (share > 0 ? share < 1 ? share : 1 : 0) * last);
}

uint32_t report_signed_colour(double share) {
  const int last = (int)(sizeof twofold / sizeof *twofold) - 1;
  return colour_of(twofold, last, (share > -1 ? share < 1 ? (share + 1) / 2 : 1 : 0) * last);
}
