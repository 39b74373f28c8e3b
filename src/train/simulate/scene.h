/* One simulated image: what stands in it (scene.c), how an object is built (scene_plans.c), textures (texture.c) and
 * the drawing (scene_draw.c). Colours are 0..1; an image is 1 wide and 1 high. */
#ifndef TRAIN_SCENE_H
#define TRAIN_SCENE_H

#include "train/simulate/simulate.h"

#define TEXTURES 10
#define TEXTURE_SIDE 256 /* a tile repeats after so many samples */
#define PART_MAX 16
#define OBJECT_MAX 14
#define PALETTE 4

typedef float texture_tile[TEXTURE_SIDE][TEXTURE_SIDE]; /* [-1, 1] */

/* Fills TEXTURES tiles: clouds, ridges, cells, cracks, stripes, checks, dots, fibres, marble, scales. */
void texture_make_all(texture_tile *tiles, uint64_t seed, int threads);

typedef struct scene_colour {
  float c[3];
} scene_colour;

typedef enum part_shape { PART_ELLIPSE, PART_BOX } part_shape;

typedef struct scene_part {
  part_shape shape;
  float x, y, half_width, half_height, angle; /* in the object's frame, which spans -1..1 */
  float round;                                /* box: radius of the corners as a share of its shorter half side */
  float taper;                                /* box: half width at the bottom is (1 + taper), at the top (1 - taper) */
  int lobes;                                  /* ellipse: of its outline, ... */
  float depth;                                /* ... so deep, as a share of the radius */
  int colour;                                 /* of the object's palette */
  bool plain;                                 /* without the object's texture */
} scene_part;

typedef struct scene_object {
  float x, y, half_size, angle;
  bool mirrored;
  size_t parts;
  scene_part part[PART_MAX];
  scene_colour palette[PALETTE];
  int texture;
  float texture_scale, texture_cosine, texture_sine, contrast;
  float shadow; /* 0..1, on the ground below it */
} scene_object;

/* What a concept fixes; an image varies it a little. All in 0..1. */
typedef struct scene_look {
  int category;
  float elongation, bulk, lobes, detail; /* of the outline */
  float hue, second_hue, saturation, lightness;
  int texture;
  float texture_scale, contrast;
  int setting;
} scene_look;

typedef enum scene_setting { SETTING_OUTDOORS, SETTING_ROOM, SETTING_BLUR, SETTING_PLAIN, SETTINGS } scene_setting;

typedef struct scene_view {
  scene_setting setting;
  float horizon;
  scene_colour far_top, far_bottom, near_top, near_bottom; /* sky or wall, ground or floor */
  int far_texture, near_texture;
  float far_contrast, near_contrast, far_scale, near_scale, texture_angle;
  float light_x, light_y; /* where light comes from; unit length */
  float vignette, exposure;
  size_t objects; /* the last is the one that the image is of */
  scene_object object[OBJECT_MAX];
  scene_look look; /* as it is in this image */
} scene_view;

#define LOOK_VALUES 32 /* numbers that a look is drawn from */

scene_colour colour_of(float hue, float saturation, float lightness);
/* The parts of an object of `look`, drawn anew for each object. */
void scene_plan(scene_object *object, const scene_look *look, base_dice *dice);
void scene_make(scene_view *scene, uint64_t seed, size_t concept, size_t image);
/* What the high-level areas respond to: [SIMULATE_LATENTS]. */
void scene_latents(const scene_view *scene, float *latents);

/* `canvas` is float [size][size][3]; `pixels` uint8 of the same shape. */
void scene_draw(const scene_view *scene, const texture_tile *tiles, uint64_t seed, size_t image, size_t size,
                float *canvas, uint8_t *pixels);

/* Energies of Gabor filters and colours in each cell, [SIMULATE_EARLY] (vision.c). */
void vision_early(const uint8_t *pixels, size_t size, float *features);

#endif
