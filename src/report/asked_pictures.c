/* Pictures of a ranking or of conditions, as a block of tiles as wide as a panel. */
#include <math.h>

#include "base/text.h"
#include "report/asked.h"

#define ACROSS ((size_t)4)
#define GAP 8.0
#define TILE ((REPORT_PANEL_WIDTH - (ACROSS - 1) * GAP) / ACROSS)
#define TITLE 26.0
#define REDUCE ((size_t)2)

berg_status report_asked_pictures(const report_asked *asked, report_figure *figure, const char *title,
                                  const report_asked_picture *pictures, size_t count, berg_error *error) {
  const size_t rows = (count + ACROSS - 1) / ACROSS;
  char description[96], room[160];
  berg_status status = BERG_OK;
  base_print(description, sizeof description, "%zu pictures, in the order of the table", count);
  report_panel *panel = report_figure_panel(
      figure, REPORT_PANEL_WIDTH, ceil(TITLE + (double)rows * (TILE + REPORT_TILE_WORDS + GAP)), title, description);
  if (!panel) return BERG_OK; /* the figure remembers */
  report_bold_words(panel, 0, 16, REPORT_LEFT, REPORT_INK, 12.5,
                    report_fit_words(title, REPORT_PANEL_WIDTH, 12.5, room, sizeof room));
  for (size_t i = 0; i < count && !status; i++) {
    const size_t row = i / ACROSS, column = i % ACROSS;
    const double x = (double)column * (TILE + GAP), y = TITLE + (double)row * (TILE + REPORT_TILE_WORDS + GAP);
    status = report_put_tile(asked->tiles, panel, x, y, TILE, REDUCE, pictures[i].name, pictures[i].caption, error);
  }
  return status;
}

void report_asked_count_missing(const report_asked *asked, report_figure *figure, size_t before) {
  const size_t missing = asked->tiles->missing - before;
  if (!missing) return;
  report_print(&figure->missing, " %zu picture%s could not be read: empty tiles.", missing, missing == 1 ? "" : "s");
}
