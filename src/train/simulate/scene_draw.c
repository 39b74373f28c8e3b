/* From a scene to pixels: the setting, then each object part by part, then light, vignette and grain. */
#include <math.h>

#include "train/simulate/scene.h"

typedef struct scene_canvas {
  const scene_view *scene;
  const texture_tile *tiles;
  size_t size;
  float *canvas;
} scene_canvas;

static float clamp(float value, float low, float high) { return value < low ? low : value > high ? high : value; }

/* `u`, `v` in samples of the tile. */
static float sample(const texture_tile tile, float u, float v) {
  int x = (int)u - (u < 0), y = (int)v - (v < 0); /* below 0 a whole number is one too low, and its share 1 */
  float fx = u - (float)x, fy = v - (float)y;
  unsigned x0 = (unsigned)x % TEXTURE_SIDE, y0 = (unsigned)y % TEXTURE_SIDE;
  unsigned x1 = (x0 + 1) % TEXTURE_SIDE, y1 = (y0 + 1) % TEXTURE_SIDE;
  float top = tile[y0][x0] + fx * (tile[y0][x1] - tile[y0][x0]);
  float bottom = tile[y1][x0] + fx * (tile[y1][x1] - tile[y1][x0]);
  return top + fy * (bottom - top);
}

static void mix(float *pixel, const float *to, float share) {
  for (int c = 0; c < 3; c++) pixel[c] += share * (to[c] - pixel[c]);
}

/* Sky or wall above the horizon, upright; ground or floor below it, in perspective. */
static void draw_setting(const scene_canvas *picture) {
  const scene_view *s = picture->scene;
  const float step = 1 / (float)picture->size, turn_x = cosf(s->texture_angle), turn_y = sinf(s->texture_angle);
  for (size_t row = 0; row < picture->size; row++) {
    float y = ((float)row + 0.5f) * step, *pixel = picture->canvas + row * picture->size * 3;
    bool is_near = y > s->horizon;
    float depth = is_near ? 0.25f / (y - s->horizon + 0.06f) : 1;
    float along = is_near ? (y - s->horizon) / (1 - s->horizon) : clamp(y / s->horizon, 0, 1);
    const scene_colour *from = is_near ? &s->near_top : &s->far_top, *to = is_near ? &s->near_bottom : &s->far_bottom;
    /* far off, the ground's texture would alias: it fades instead */
    float contrast = is_near ? s->near_contrast * clamp(2.2f / depth, 0, 1) : s->far_contrast;
    float scale = 256 * (is_near ? s->near_scale * depth : s->far_scale);
    const float(*tile)[TEXTURE_SIDE] = picture->tiles[is_near ? s->near_texture : s->far_texture];
    for (size_t column = 0; column < picture->size; column++, pixel += 3) {
      float x = ((float)column + 0.5f) * step - 0.5f, v = is_near ? 1.4f * s->near_scale * 256 * depth : scale * y;
      float u = scale * x, tu = is_near ? u : turn_x * u - turn_y * v, tv = is_near ? v : turn_y * u + turn_x * v;
      float shade = 1 + contrast * sample(tile, tu, tv);
      for (int c = 0; c < 3; c++) pixel[c] = shade * (from->c[c] + along * (to->c[c] - from->c[c]));
    }
  }
}

/* cos(n t) from cos(t), by Chebyshev's recurrence. */
static float cosine_of_multiple(int n, float cosine) {
  float before = 1, now = cosine;
  for (int i = 1; i < n; i++) {
    float next = 2 * cosine * now - before;
    before = now;
    now = next;
  }
  return n ? now : 1;
}

/* Roughly the distance to the outline, negative inside; `dome` is how the surface leans, -1..1 from edge to edge. */
static float distance_to(const scene_part *part, float u, float v, float dome[2]) {
  float w = part->half_width, h = part->half_height, least = w < h ? w : h;
  if (part->shape == PART_ELLIPSE) {
    dome[0] = u / w;
    dome[1] = v / h;
    float r = sqrtf(dome[0] * dome[0] + dome[1] * dome[1]), reach = 1;
    if (part->lobes && r > 1e-6f) reach += part->depth * cosine_of_multiple(part->lobes, dome[0] / r);
    return (r - reach) * least;
  }
  float half = w * clamp(1 + part->taper * v / h, 0.02f, 3), corner = part->round * (half < h ? half : h);
  dome[0] = u / half;
  dome[1] = 0.6f * v / h;
  float qx = fabsf(u) - half + corner, qy = fabsf(v) - h + corner;
  float ox = qx > 0 ? qx : 0, oy = qy > 0 ? qy : 0, inside = qx > qy ? qx : qy;
  return sqrtf(ox * ox + oy * oy) + (inside < 0 ? inside : 0) - corner;
}

typedef struct frame {
  float x, y;            /* centre in the image */
  float right_x, down_x; /* of the part's axes, in the image */
  float right_y, down_y;
} frame;

static void draw_pixel(const scene_canvas *picture, const scene_object *object, const scene_part *part, float u,
                       float v, float sharpness, float *pixel) {
  float dome[2], distance = distance_to(part, u, v, dome);
  float cover = clamp(0.5f - distance * sharpness, 0, 1);
  if (cover <= 0) return;
  const scene_view *s = picture->scene;
  float lean = clamp(dome[0] * dome[0] + dome[1] * dome[1], 0, 1), side = object->mirrored ? -1 : 1;
  float light = 0.95f + 0.32f * (side * dome[0] * s->light_x + dome[1] * s->light_y) - 0.2f * lean * lean;
  float shine = side * dome[0] * s->light_x + dome[1] * s->light_y - 0.45f;
  scene_colour paint = object->palette[part->colour];
  if (!part->plain) {
    float c = object->texture_cosine, d = object->texture_sine;
    float scale = 150 * object->texture_scale, tu = part->x + u, tv = part->y + v;
    float grain = sample(picture->tiles[object->texture], scale * (c * tu - d * tv), scale * (d * tu + c * tv));
    mix(paint.c, object->palette[part->colour ? 0 : 1].c, object->contrast * 0.5f * (0.5f + 0.5f * grain));
    light *= 1 + 0.3f * object->contrast * grain;
  }
  for (int c = 0; c < 3; c++) paint.c[c] = paint.c[c] * light + (shine > 0 ? 0.25f * shine : 0);
  mix(pixel, paint.c, cover);
}

static void draw_part(const scene_canvas *picture, const scene_object *object, const scene_part *part) {
  const float size = (float)picture->size, side = object->mirrored ? -1 : 1, k = object->half_size * size;
  float c = cosf(object->angle), s = sinf(object->angle), pc = cosf(part->angle), ps = sinf(part->angle);
  float cx = object->x * size + k * (side * part->x * c - part->y * s),
        cy = object->y * size + k * (side * part->x * s + part->y * c);
  float wide = part->half_width * (1 + fabsf(part->taper) + part->depth), high = part->half_height * (1 + part->depth);
  float reach = k * sqrtf(wide * wide + high * high) + 1;
  long x0 = (long)clamp(cx - reach, 0, size), x1 = (long)clamp(cx + reach + 1, 0, size);
  long y0 = (long)clamp(cy - reach, 0, size), y1 = (long)clamp(cy + reach + 1, 0, size);
  for (long y = y0; y < y1; y++)
    for (long x = x0; x < x1; x++) {
      float dx = ((float)x + 0.5f - cx) / k, dy = ((float)y + 0.5f - cy) / k;
      float ox = side * (dx * c + dy * s), oy = dy * c - dx * s, u = ox * pc + oy * ps, v = oy * pc - ox * ps;
      draw_pixel(picture, object, part, u, v, k, picture->canvas + ((size_t)y * picture->size + (size_t)x) * 3);
    }
}

/* A soft dark ellipse where the object stands. */
static void draw_shadow(const scene_canvas *picture, const scene_object *object) {
  const float size = (float)picture->size, k = object->half_size * size;
  float cx = object->x * size - 0.15f * k * picture->scene->light_x, cy = object->y * size + 0.9f * k;
  long x0 = (long)clamp(cx - 1.2f * k, 0, size), x1 = (long)clamp(cx + 1.2f * k, 0, size);
  long y0 = (long)clamp(cy - 0.3f * k, 0, size), y1 = (long)clamp(cy + 0.3f * k, 0, size);
  for (long y = y0; y < y1; y++)
    for (long x = x0; x < x1; x++) {
      float dx = ((float)x - cx) / (1.1f * k), dy = ((float)y - cy) / (0.28f * k), r = 1 - dx * dx - dy * dy;
      float *pixel = picture->canvas + ((size_t)y * picture->size + (size_t)x) * 3;
      if (r > 0)
        for (int c = 0; c < 3; c++) pixel[c] *= 1 - object->shadow * r * r;
    }
}

static void finish(const scene_canvas *picture, uint64_t seed, size_t image, uint8_t *pixels) {
  const scene_view *s = picture->scene;
  const float step = 2 / (float)picture->size;
  const float *from = picture->canvas;
  for (size_t row = 0; row < picture->size; row++)
    for (size_t column = 0; column < picture->size; column++, from += 3, pixels += 3) {
      float x = (float)column * step - 1, y = (float)row * step - 1, r = 0.5f * (x * x + y * y);
      uint64_t bits = base_random_bits(seed, SIMULATE_GRAIN, (uint64_t)image << 16 ^ (row * 40503 + column));
      float light = s->exposure * (1 - s->vignette * r * r) * (1 + 0.08f * (x * s->light_x + y * s->light_y));
      for (int c = 0; c < 3; c++) {
        float grain = (float)(bits >> (16 * c) & 0xff) / 64 - 2;
        pixels[c] = (uint8_t)clamp(255 * light * from[c] + grain + 0.5f, 0, 255);
      }
    }
}

void scene_draw(const scene_view *scene, const texture_tile *tiles, uint64_t seed, size_t image, size_t size,
                float *canvas, uint8_t *pixels) {
  const scene_canvas picture = {scene, tiles, size, canvas};
  draw_setting(&picture);
  for (size_t i = 0; i < scene->objects; i++) {
    const scene_object *object = &scene->object[i];
    if (object->shadow > 0) draw_shadow(&picture, object);
    for (size_t p = 0; p < object->parts; p++) draw_part(&picture, object, &object->part[p]);
  }
  finish(&picture, seed, image, pixels);
}
