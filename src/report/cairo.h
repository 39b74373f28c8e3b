/* cairo, loaded when a figure is first drawn as PNG or PDF, never before: pages and SVG are our own. What is used of it
 * is declared here, so that the build needs no header of it: types, names and numbers are those of its ABI, which has
 * been the same since 1.16 (libcairo.so.2). */
#ifndef REPORT_CAIRO_H
#define REPORT_CAIRO_H

#include "base/error.h"

typedef struct _cairo report_cairo_drawing;
typedef struct _cairo_surface report_cairo_surface;
typedef struct _cairo_pattern report_cairo_pattern;

typedef struct report_cairo_extents {
  double x_bearing, y_bearing, width, height, x_advance, y_advance;
} report_cairo_extents;

typedef unsigned (*report_cairo_taker)(void *context, const unsigned char *bytes, unsigned size);

enum { REPORT_CAIRO_OK = 0, REPORT_CAIRO_NO_MEMORY = 1 };
enum { REPORT_CAIRO_ARGB = 0, REPORT_CAIRO_RGB = 1 };
enum { REPORT_CAIRO_BUTT = 0, REPORT_CAIRO_ROUND_CAP = 1, REPORT_CAIRO_MITER = 0, REPORT_CAIRO_ROUND_JOIN = 1 };
enum { REPORT_CAIRO_UPRIGHT = 0, REPORT_CAIRO_NORMAL = 0, REPORT_CAIRO_BOLD = 1, REPORT_CAIRO_NEAREST = 3 };
enum { REPORT_CAIRO_TITLE = 0, REPORT_CAIRO_CREATED = 5 };

/* F(result, name without "cairo_", arguments); its enumerations are unsigned, as compilers make them. */
#define REPORT_CAIRO_FUNCTIONS(F)                                                                        \
  F(report_cairo_drawing *, create, (report_cairo_surface *))                                            \
  F(void, destroy, (report_cairo_drawing *))                                                             \
  F(unsigned, status, (report_cairo_drawing *))                                                          \
  F(const char *, status_to_string, (unsigned))                                                          \
  F(void, save, (report_cairo_drawing *))                                                                \
  F(void, restore, (report_cairo_drawing *))                                                             \
  F(void, translate, (report_cairo_drawing *, double, double))                                           \
  F(void, scale, (report_cairo_drawing *, double, double))                                               \
  F(void, rotate, (report_cairo_drawing *, double))                                                      \
  F(void, set_source_rgb, (report_cairo_drawing *, double, double, double))                              \
  F(void, set_source_rgba, (report_cairo_drawing *, double, double, double, double))                     \
  F(void, set_source_surface, (report_cairo_drawing *, report_cairo_surface *, double, double))          \
  F(report_cairo_pattern *, get_source, (report_cairo_drawing *))                                        \
  F(void, pattern_set_filter, (report_cairo_pattern *, unsigned))                                        \
  F(void, set_line_cap, (report_cairo_drawing *, unsigned))                                              \
  F(void, set_line_join, (report_cairo_drawing *, unsigned))                                             \
  F(void, set_line_width, (report_cairo_drawing *, double))                                              \
  F(void, set_dash, (report_cairo_drawing *, const double *, int, double))                               \
  F(void, move_to, (report_cairo_drawing *, double, double))                                             \
  F(void, line_to, (report_cairo_drawing *, double, double))                                             \
  F(void, close_path, (report_cairo_drawing *))                                                          \
  F(void, rectangle, (report_cairo_drawing *, double, double, double, double))                           \
  F(void, stroke, (report_cairo_drawing *))                                                              \
  F(void, fill, (report_cairo_drawing *))                                                                \
  F(void, paint, (report_cairo_drawing *))                                                               \
  F(void, show_page, (report_cairo_drawing *))                                                           \
  F(void, select_font_face, (report_cairo_drawing *, const char *, unsigned, unsigned))                  \
  F(void, set_font_size, (report_cairo_drawing *, double))                                               \
  F(void, text_extents, (report_cairo_drawing *, const char *, report_cairo_extents *))                  \
  F(void, show_text, (report_cairo_drawing *, const char *))                                             \
  F(report_cairo_surface *, image_surface_create, (int, int, int))                                       \
  F(unsigned char *, image_surface_get_data, (report_cairo_surface *))                                   \
  F(int, image_surface_get_stride, (report_cairo_surface *))                                             \
  F(report_cairo_surface *, pdf_surface_create_for_stream, (report_cairo_taker, void *, double, double)) \
  F(void, pdf_surface_set_metadata, (report_cairo_surface *, unsigned, const char *))                    \
  F(void, surface_mark_dirty, (report_cairo_surface *))                                                  \
  F(unsigned, surface_status, (report_cairo_surface *))                                                  \
  F(unsigned, surface_write_to_png_stream, (report_cairo_surface *, report_cairo_taker, void *))         \
  F(void, surface_finish, (report_cairo_surface *))                                                      \
  F(void, surface_destroy, (report_cairo_surface *))

#define REPORT_CAIRO_MEMBER(result, name, arguments) result(*name) arguments;
typedef struct report_cairo {
  REPORT_CAIRO_FUNCTIONS(REPORT_CAIRO_MEMBER)
} report_cairo;

/* Loads it at the first call. EINTERNAL, and the message says what to install. */
berg_status report_cairo_load(const report_cairo **cairo, berg_error *error);

#endif
