/* Orthographic views of surfaces through a buffer of depths. */
#include "report/surface_view.h"

#include <math.h>

#include "base/memory.h"

#define FLAT 0.01   /* of the width: less depth is none */
#define TALLEST 1.5 /* rows for a column, at most */
#define LEAST_AREA 1e-12

typedef struct bounds {
  double low[3], high[3];
} bounds;

typedef struct point {
  double x, y, depth; /* of what lies nearer it is greater */
  uint32_t vertex;
} point;

static bounds measure(const io_geometry *geometry) {
  bounds found = {{INFINITY, INFINITY, INFINITY}, {-INFINITY, -INFINITY, -INFINITY}};
  for (size_t v = 0; v < geometry->vertices; v++)
    for (size_t axis = 0; axis < 3; axis++) {
      found.low[axis] = fmin(found.low[axis], (double)geometry->places[v][axis]);
      found.high[axis] = fmax(found.high[axis], (double)geometry->places[v][axis]);
    }
  return found;
}

static double length_of(const bounds *extent, size_t axis) { return extent->high[axis] - extent->low[axis]; }

bool report_is_flat(const io_geometry *geometry) {
  const bounds extent = measure(geometry);
  return length_of(&extent, 2) <= FLAT * fmax(length_of(&extent, 0), length_of(&extent, 1));
}

report_view report_view_for(const io_geometry *const *surfaces, size_t count, size_t columns) {
  double width = 0, height = 0;
  for (size_t i = 0; i < count; i++) {
    if (!surfaces[i]) continue;
    const bounds extent = measure(surfaces[i]);
    const bool flat = report_is_flat(surfaces[i]);
    width = fmax(width, length_of(&extent, flat ? 0 : 1));
    height = fmax(height, length_of(&extent, flat ? 1 : 2));
  }
  const double tallest = TALLEST * (double)columns, size = fmax(width, height / TALLEST);
  const double scale = size > 0 ? (double)columns / size : 1;
  return (report_view){columns, (size_t)fmin(fmax(ceil(height * scale), 1), tallest), scale};
}

/* FreeSurfer's axes run to the right, to the front and up. From outside, the front of the left hemisphere is on
 * the left. */
static point project(const io_geometry *geometry, const bounds *extent, const report_view *view, bool is_left,
                     report_side side, size_t vertex) {
  double middle[3], at[3];
  for (size_t axis = 0; axis < 3; axis++) {
    middle[axis] = extent->low[axis] / 2 + extent->high[axis] / 2;
    at[axis] = (double)geometry->places[vertex][axis] - middle[axis];
  }
  const bool from_left = is_left == (side == REPORT_OUTER);
  const double along = side == REPORT_FLAT ? at[0]
                       : from_left         ? -at[1]
                                           : at[1],
               up = side == REPORT_FLAT ? at[1] : at[2],
               depth = side == REPORT_FLAT ? at[2]
                       : from_left         ? -at[0]
                                           : at[0];
  return (point){(double)view->columns / 2 + along * view->scale, (double)view->rows / 2 - up * view->scale, depth,
                 (uint32_t)vertex};
}

/* Twice the area of the triangle, with a sign for its direction. */
static double area(double ax, double ay, double bx, double by, double cx, double cy) {
  return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
}

static size_t clamp(double number, size_t most) {
  return number > 0 ? number < (double)most ? (size_t)number : most : 0;
}

static void draw_triangle(uint32_t *seen, double *depths, const report_view *view, const point corner[3]) {
  const point *a = &corner[0], *b = &corner[1], *c = &corner[2];
  const double whole = area(a->x, a->y, b->x, b->y, c->x, c->y);
  if (!(fabs(whole) > LEAST_AREA)) return;
  const size_t left = clamp(floor(fmin(a->x, fmin(b->x, c->x))), view->columns),
               right = clamp(ceil(fmax(a->x, fmax(b->x, c->x))), view->columns),
               top = clamp(floor(fmin(a->y, fmin(b->y, c->y))), view->rows),
               bottom = clamp(ceil(fmax(a->y, fmax(b->y, c->y))), view->rows);
  for (size_t y = top; y < bottom; y++)
    for (size_t x = left; x < right; x++) {
      const double px = (double)x + 0.5, py = (double)y + 0.5;
      const double wa = area(px, py, b->x, b->y, c->x, c->y) / whole, wb = area(a->x, a->y, px, py, c->x, c->y) / whole,
                   wc = area(a->x, a->y, b->x, b->y, px, py) / whole;
      const double depth = wa * a->depth + wb * b->depth + wc * c->depth;
      double *front = &depths[y * view->columns + x];
      if (wa < 0 || wb < 0 || wc < 0 || !(depth > *front)) continue;
      *front = depth;
      seen[y * view->columns + x] = wa >= wb && wa >= wc ? a->vertex : wb >= wc ? b->vertex : c->vertex;
    }
}

bool report_trace_view(uint32_t *seen, const report_view *view, const io_geometry *geometry, bool is_left,
                       report_side side) {
  const size_t count = view->columns * view->rows;
  const bounds extent = measure(geometry);
  double *depths = base_alloc(count, sizeof *depths, NULL);
  if (!depths) return false;
  for (size_t i = 0; i < count; i++) {
    depths[i] = -INFINITY;
    seen[i] = REPORT_NO_VERTEX;
  }
  for (size_t t = 0; t < geometry->triangles; t++) {
    point corners[3];
    for (size_t i = 0; i < 3; i++)
      corners[i] = project(geometry, &extent, view, is_left, side, geometry->corners[t][i]);
    draw_triangle(seen, depths, view, corners);
  }
  base_free(depths);
  return true;
}
