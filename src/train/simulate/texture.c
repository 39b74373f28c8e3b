/* Ten kinds of texture as tiles that repeat without a seam, each made once for all images. */
#include <math.h>

#include "base/team.h"
#include "train/simulate/scene.h"

#define SIDE TEXTURE_SIDE
#define PI 3.14159265358979323846

static float noise_at(uint64_t seed, int kind, int octave, int x, int y) {
  uint64_t index = (uint64_t)kind << 32 | (uint64_t)octave << 24 | (uint64_t)y << 12 | (uint64_t)x;
  return (float)(2 * base_random_unit(base_random_bits(seed, SIMULATE_TEXTURE, index)) - 1);
}

static float smooth(float t) { return t * t * (3 - 2 * t); }

/* Noise on a lattice of `nx` x `ny` points, smooth between them. */
static float lattice(uint64_t seed, int kind, int octave, int nx, int ny, float u, float v) {
  float x = u * (float)nx, y = v * (float)ny;
  int x0 = (int)floorf(x), y0 = (int)floorf(y);
  float fx = smooth(x - (float)x0), fy = smooth(y - (float)y0);
  int xa = x0 % nx, ya = y0 % ny;
  if (xa < 0) xa += nx;
  if (ya < 0) ya += ny;
  int xb = (xa + 1) % nx, yb = (ya + 1) % ny;
  float top = noise_at(seed, kind, octave, xa, ya) * (1 - fx) + noise_at(seed, kind, octave, xb, ya) * fx;
  float bottom = noise_at(seed, kind, octave, xa, yb) * (1 - fx) + noise_at(seed, kind, octave, xb, yb) * fx;
  return top * (1 - fy) + bottom * fy;
}

/* Octaves of half the size and 0.55 of the height each: the spectrum that natural surfaces have. */
static float clouds(uint64_t seed, int kind, int nx, int ny, int octaves, float u, float v) {
  float sum = 0, height = 0.5f;
  for (int o = 0; o < octaves; o++, height *= 0.55f) sum += height * lattice(seed, kind, o, nx << o, ny << o, u, v);
  return sum * 1.6f;
}

static float ridges(uint64_t seed, int kind, float u, float v) {
  float sum = 0, height = 0.5f;
  for (int o = 0; o < 4; o++, height *= 0.55f)
    sum += height * (1 - 2 * fabsf(lattice(seed, kind, o, 4 << o, 4 << o, u, v)));
  return sum * 1.2f - 0.3f;
}

/* Distances to the nearest and the second nearest of scattered points, one in each of 8 x 8 squares. */
static void nearest_two(uint64_t seed, int kind, float u, float v, float *first, float *second) {
  const int n = 8;
  float x = u * (float)n, y = v * (float)n;
  *first = *second = 9;
  for (int j = -1; j <= 1; j++)
    for (int i = -1; i <= 1; i++) {
      int cx = (int)x + i, cy = (int)y + j, wx = (cx + n) % n, wy = (cy + n) % n;
      float px = (float)cx + 0.5f + 0.45f * noise_at(seed, kind, 0, wx, wy);
      float py = (float)cy + 0.5f + 0.45f * noise_at(seed, kind, 1, wx, wy);
      float d = sqrtf((px - x) * (px - x) + (py - y) * (py - y));
      if (d < *first) {
        *second = *first;
        *first = d;
      } else if (d < *second) {
        *second = d;
      }
    }
}

static float clip(float value) { return value < -1 ? -1 : value > 1 ? 1 : value; }

static float squash(float value, float steepness) { return tanhf(value * steepness); }

static float wave(float turns) { return sinf((float)(2 * PI) * turns); }

/* Overlapping half discs in rows, like scales or tiles of a roof. */
static float scales(float u, float v) {
  float y = v * 8, best = -1;
  for (int k = 0; k < 2; k++) {
    float row = floorf(y) - (float)k, shift = fmodf(row + 8, 2) * 0.5f;
    float x = u * 8 + shift, dx = (x - floorf(x) - 0.5f) * 1.2f, dy = (y - row) * 0.62f;
    float r = sqrtf(dx * dx + dy * dy);
    if (r < 0.66f) return 1 - 2.6f * r;
  }
  return best;
}

static float sample(uint64_t seed, int kind, float u, float v) {
  float near, next, warp = 0.06f * clouds(seed, kind + 16, 4, 4, 3, u, v);
  switch (kind) {
  case 0: return clouds(seed, kind, 4, 4, 5, u, v);
  case 1: return ridges(seed, kind, u, v);
  case 2: nearest_two(seed, kind, u, v, &near, &next); return 1 - 2.2f * near;
  case 3: nearest_two(seed, kind, u, v, &near, &next); return squash(next - near - 0.12f, 7);
  case 4: return squash(wave(8 * u + 4 * warp), 2.5f);
  case 5: return squash(wave(5 * u + warp) * wave(5 * v + warp), 5);
  case 6: nearest_two(seed, kind, u, v, &near, &next); return squash(0.3f - near, 12);
  case 7: return clouds(seed, kind, 32, 2, 3, u, v);
  case 8: return wave(3 * u + 3 * v + 12 * warp);
  default: return scales(u, v);
  }
}

typedef struct weaving {
  texture_tile *tiles;
  uint64_t seed;
} weaving;

static void make_row(void *user, size_t row, size_t rank) {
  const weaving *w = user;
  const size_t kind = row / SIDE, y = row % SIDE;
  (void)rank;
  for (int x = 0; x < SIDE; x++)
    w->tiles[kind][y][x] = clip(sample(w->seed, (int)kind, (float)x / SIDE, (float)y / SIDE));
}

void texture_make_all(texture_tile *tiles, uint64_t seed, int threads) {
  base_share(threads, (size_t)TEXTURES * SIDE, make_row, &(weaving){tiles, seed});
}
