/* What stands in an image: the look of its concept, varied a little, in a setting, among other things. */
#include "train/simulate/scene.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265f

enum { ANIMAL, FACE, BODY, FOOD, PLANT, VEHICLE, TOOL, BUILDING, FURNITURE, CLOTHING, VESSEL, LANDSCAPE };

static float unit(base_dice *dice) { return (float)base_dice_unit(dice); }
static float between(base_dice *dice, float low, float high) { return (float)base_dice_between(dice, low, high); }
static float clamp(float value) { return value < 0 ? 0 : value > 1 ? 1 : value; }

/* Hue in turns, as in HSL. */
scene_colour colour_of(float hue, float saturation, float lightness) {
  scene_colour made;
  float reach = saturation * (lightness < 0.5f ? lightness : 1 - lightness);
  for (int c = 0; c < 3; c++) {
    float k = hue * 12 + (float)(c == 0 ? 0 : c == 1 ? 8 : 4);
    k -= 12 * floorf(k / 12);
    float up = k - 3 < 9 - k ? k - 3 : 9 - k;
    made.c[c] = lightness - reach * (up < -1 ? -1 : up > 1 ? 1 : up);
  }
  return made;
}

/* Skin, leaves, stone and steel are not of any colour. */
static void tint(scene_look *look, base_dice *dice) {
  float warm = between(dice, 0.02f, 0.12f);
  switch (look->category) {
  case ANIMAL:
    look->hue = warm;
    look->saturation *= 0.7f;
    break;
  case FACE:
    look->hue = 0.05f + 0.04f * look->hue;
    look->saturation = 0.3f + 0.3f * look->saturation;
    look->lightness = 0.3f + 0.45f * look->lightness;
    break;
  case PLANT:
  case LANDSCAPE: look->hue = 0.2f + 0.2f * look->hue; break;
  case FOOD:
    look->hue *= 0.3f;
    look->saturation = 0.5f + 0.5f * look->saturation;
    break;
  case BUILDING:
    look->hue *= 0.15f;
    look->saturation *= 0.5f;
    break;
  case TOOL: look->saturation *= 0.5f; break;
  default: break;
  }
}

static scene_look look_of_concept(uint64_t seed, size_t concept) {
  base_dice dice = {seed, SIMULATE_CONCEPT, (uint64_t) concept * LOOK_VALUES};
  static const int favourites[SIMULATE_CATEGORIES] = {
      SETTING_OUTDOORS, SETTING_BLUR,     SETTING_OUTDOORS, SETTING_ROOM,  SETTING_OUTDOORS, SETTING_OUTDOORS,
      SETTING_PLAIN,    SETTING_OUTDOORS, SETTING_ROOM,     SETTING_PLAIN, SETTING_ROOM,     SETTING_OUTDOORS};
  scene_look made = {.category =
                         (int)((concept * 5 + base_random_bits(seed, SIMULATE_CONCEPT, 1) % SIMULATE_CATEGORIES) %
                               SIMULATE_CATEGORIES)};
  made.elongation = unit(&dice);
  made.bulk = unit(&dice);
  made.lobes = unit(&dice);
  made.detail = unit(&dice);
  made.hue = unit(&dice);
  made.second_hue = made.hue + between(&dice, 0.15f, 0.85f);
  made.saturation = between(&dice, 0.2f, 0.95f);
  made.lightness = between(&dice, 0.25f, 0.75f);
  made.texture = (int)base_dice_below(&dice, TEXTURES);
  made.texture_scale = unit(&dice);
  made.contrast = between(&dice, 0.15f, 0.9f);
  made.setting = unit(&dice) < 0.7f ? favourites[made.category] : (int)base_dice_below(&dice, SETTINGS);
  tint(&made, &dice);
  return made;
}

/* Another exemplar of the same concept. */
static scene_look vary_look(scene_look made, base_dice *dice) {
  float *const shapes[] = {&made.elongation, &made.bulk, &made.lobes, &made.detail, &made.texture_scale};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    *shapes[i] = clamp(*shapes[i] + between(dice, -0.2f, 0.2f));
  made.hue += between(dice, -0.05f, 0.05f);
  made.saturation = clamp(made.saturation + between(dice, -0.15f, 0.15f));
  made.lightness = clamp(made.lightness + between(dice, -0.15f, 0.15f));
  made.contrast = clamp(made.contrast + between(dice, -0.2f, 0.2f));
  if (unit(dice) < 0.15f) made.texture = (int)base_dice_below(dice, TEXTURES);
  if (unit(dice) < 0.25f) made.setting = (int)base_dice_below(dice, SETTINGS);
  return made;
}

static void paint(scene_object *object, const scene_look *look, base_dice *dice) {
  float light = look->lightness, other = light > 0.5f ? light - 0.3f : light + 0.3f;
  object->palette[0] = colour_of(look->hue, look->saturation, light);
  object->palette[1] = colour_of(look->second_hue, look->saturation * 0.8f, other);
  object->palette[2] = colour_of(look->second_hue + 0.1f, 0.3f, look->category == FACE ? 0.92f : 0.85f);
  object->palette[3] = colour_of(look->hue + 0.05f, 0.3f, look->category == PLANT ? 0.25f : 0.12f);
  if (look->category == FACE || look->category == BODY) { /* hair and cloth of their own colour */
    object->palette[1] = look->category == FACE ? colour_of(0.08f, 0.5f, 0.08f + 0.4f * look->detail)
                                                : colour_of(0.07f, 0.45f, 0.3f + 0.4f * look->bulk);
    if (look->category == BODY) object->palette[2] = colour_of(look->second_hue, 0.5f, 0.35f);
  }
  if (look->category == LANDSCAPE) object->palette[2] = colour_of(look->hue + 0.05f, 0.5f, 0.2f + 0.25f * light);
  object->texture = look->texture;
  object->texture_scale = 0.25f + 0.9f * look->texture_scale;
  const float turn = between(dice, -0.5f, 0.5f) + 2 * PI * look->second_hue;
  object->texture_cosine = cosf(turn);
  object->texture_sine = sinf(turn);
  object->contrast = look->contrast;
  object->mirrored = unit(dice) < 0.5f;
}

static void add_object(scene_view *scene, const scene_look *look, float x, float y, float half_size, float tilt,
                       base_dice *dice) {
  scene_object *object = &scene->object[scene->objects++];
  memset(object, 0, sizeof *object);
  object->x = x;
  object->y = y;
  object->half_size = half_size;
  object->angle = between(dice, -tilt, tilt);
  object->shadow = scene->setting == SETTING_BLUR ? 0 : 0.55f;
  scene_plan(object, look, dice);
  paint(object, look, dice);
}

static void furnish(scene_view *scene, base_dice *dice) {
  float hue = unit(dice), light = between(dice, 0.3f, 0.85f);
  scene->horizon = between(dice, 0.35f, 0.7f);
  scene->far_texture = (int)base_dice_below(dice, TEXTURES);
  scene->near_texture = (int)base_dice_below(dice, TEXTURES);
  scene->far_scale = between(dice, 0.4f, 1.6f);
  scene->near_scale = between(dice, 0.5f, 1.6f);
  scene->far_contrast = between(dice, 0.05f, 0.4f);
  scene->near_contrast = between(dice, 0.15f, 0.6f);
  scene->far_top = colour_of(hue, between(dice, 0.1f, 0.5f), light);
  scene->far_bottom = colour_of(hue + between(dice, -0.1f, 0.1f), 0.3f, clamp(light + between(dice, -0.2f, 0.2f)));
  scene->near_top = colour_of(hue + between(dice, -0.3f, 0.3f), between(dice, 0.1f, 0.6f), between(dice, 0.2f, 0.7f));
  scene->near_bottom = scene->near_top;
  if (scene->setting == SETTING_OUTDOORS) {
    float day = unit(dice);
    scene->far_texture = 0;
    scene->far_scale = 0.5f;
    scene->far_contrast = between(dice, 0.05f, 0.5f);
    scene->far_top = colour_of(0.6f, between(dice, 0.2f, 0.7f), 0.3f + 0.4f * day);
    scene->far_bottom = colour_of(between(dice, 0.05f, 0.6f), 0.3f, 0.55f + 0.35f * day);
    scene->near_top = colour_of(between(dice, 0.08f, 0.35f), between(dice, 0.15f, 0.6f), 0.25f + 0.25f * day);
    scene->near_bottom = colour_of(between(dice, 0.08f, 0.35f), between(dice, 0.15f, 0.6f), 0.15f + 0.25f * day);
  }
  if (scene->setting == SETTING_PLAIN) scene->far_contrast *= 0.3f;
  if (scene->setting == SETTING_BLUR || scene->setting == SETTING_PLAIN) scene->horizon = 1.1f;
}

/* How far the thing that an image is of may lean: houses do not. */
static float tilt_of(int category) {
  switch (category) {
  case LANDSCAPE:
  case BUILDING: return 0.05f;
  case BODY:
  case FURNITURE:
  case VEHICLE: return 0.12f;
  default: return 0.3f;
  }
}

static void add_clutter(scene_view *scene, uint64_t seed, size_t concepts, base_dice *dice) {
  size_t count = base_dice_below(dice, scene->setting == SETTING_PLAIN ? 4 : OBJECT_MAX - 3);
  for (size_t i = 0; i < count; i++) {
    scene_look other = vary_look(look_of_concept(seed, base_dice_below(dice, concepts)), dice);
    float depth = unit(dice), half_size = 0.05f + 0.13f * depth;
    if (other.category == LANDSCAPE) other.category = PLANT;
    float ground =
        scene->horizon < 1 ? scene->horizon + (0.95f - scene->horizon) * depth - half_size * 0.8f : unit(dice);
    add_object(scene, &other, unit(dice), ground, half_size, 0.25f, dice);
    if (scene->setting == SETTING_BLUR) scene->object[scene->objects - 1].contrast *= 0.3f;
  }
}

/* Things far off, and what stands among them, may be of any concept: the first thousand are enough to choose from. */
#define CLUTTER_CONCEPTS 1000

void scene_make(scene_view *scene, uint64_t seed, size_t concept, size_t image) {
  base_dice dice = {seed, SIMULATE_SCENE, (uint64_t)image << 12};
  memset(scene, 0, sizeof *scene);
  scene->look = vary_look(look_of_concept(seed, concept), &dice);
  scene->setting = (scene_setting)scene->look.setting;
  float sun = 2 * PI * unit(&dice);
  scene->light_x = 0.8f * cosf(sun);
  scene->light_y = -0.6f - 0.4f * fabsf(sinf(sun));
  scene->vignette = between(&dice, 0, 0.45f);
  scene->exposure = between(&dice, 0.8f, 1.2f);
  scene->texture_angle = between(&dice, 0, PI);
  furnish(scene, &dice);
  add_clutter(scene, seed, CLUTTER_CONCEPTS, &dice);
  bool wide = scene->look.category == LANDSCAPE;
  float half_size = wide ? between(&dice, 0.45f, 0.6f) : between(&dice, 0.24f, 0.42f);
  float x = 0.5f + between(&dice, -0.12f, 0.12f), y = 0.52f + between(&dice, -0.1f, 0.1f);
  add_object(scene, &scene->look, x, wide ? 0.6f : y, half_size, tilt_of(scene->look.category), &dice);
}

void scene_latents(const scene_view *scene, float *latents) {
  const scene_look *l = &scene->look;
  const scene_object *main = &scene->object[scene->objects - 1];
  float *next = latents;
  for (int c = 0; c < SIMULATE_CATEGORIES; c++) *next++ = c == l->category;
  *next++ = l->elongation;
  *next++ = l->bulk;
  *next++ = l->lobes;
  *next++ = l->detail;
  *next++ = l->saturation * cosf(2 * PI * l->hue);
  *next++ = l->saturation * sinf(2 * PI * l->hue);
  *next++ = l->lightness;
  *next++ = l->contrast;
  *next++ = l->texture_scale;
  for (int s = 0; s < SETTINGS; s++) *next++ = s == (int)scene->setting;
  *next++ = main->half_size;
  *next++ = main->x;
  *next++ = main->y;
  *next++ = (float)scene->objects;
  *next++ = l->texture == 0 || l->texture == 7 || l->texture == 8; /* soft */
  *next++ = l->texture >= 4 && l->texture <= 6;                    /* regular */
  *next++ = scene->exposure;
}
_Static_assert(SIMULATE_LATENTS == SIMULATE_CATEGORIES + 20, "what scene_latents fills");
