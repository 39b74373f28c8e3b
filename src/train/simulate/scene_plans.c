/* How an object of each category is built of ellipses and boxes. Its frame spans -1..1, y downwards. */
#include <math.h>

#include "train/simulate/scene.h"

#define PI 3.14159265f

static scene_part *add(scene_object *object, part_shape shape, float x, float y, float half_width, float half_height) {
  scene_part *made = &object->part[object->parts < PART_MAX ? object->parts++ : PART_MAX - 1];
  *made = (scene_part){
      .shape = shape, .x = x, .y = y, .half_width = half_width, .half_height = half_height, .round = 0.15f};
  return made;
}

static scene_part *ellipse(scene_object *object, float x, float y, float half_width, float half_height, int colour) {
  scene_part *made = add(object, PART_ELLIPSE, x, y, half_width, half_height);
  made->colour = colour;
  return made;
}

static scene_part *box(scene_object *object, float x, float y, float half_width, float half_height, int colour) {
  scene_part *made = add(object, PART_BOX, x, y, half_width, half_height);
  made->colour = colour;
  return made;
}

/* A limb from one point to another. */
static scene_part *limb(scene_object *object, float x0, float y0, float x1, float y1, float thickness, int colour) {
  float dx = x1 - x0, dy = y1 - y0;
  scene_part *made =
      box(object, (x0 + x1) / 2, (y0 + y1) / 2, thickness, sqrtf(dx * dx + dy * dy) / 2 + thickness / 2, colour);
  made->angle = atan2f(-dx, dy);
  made->round = 0.95f;
  return made;
}

static float vary(base_dice *dice, float by) { return (float)base_dice_between(dice, -by, by); }

static void plan_animal(scene_object *o, const scene_look *l, base_dice *dice) {
  float length = 0.5f + 0.3f * l->elongation, girth = 0.2f + 0.25f * l->bulk, leg = 0.25f + 0.4f * l->detail;
  float ground = girth * 0.6f + leg;
  limb(o, -length, 0, -length - 0.3f, -0.3f + vary(dice, 0.3f), 0.05f, 0);
  for (int i = 0; i < 4; i++) {
    float x = length * (i % 2 ? 0.75f : -0.75f) + (i / 2 ? 0.12f : -0.05f);
    limb(o, x, girth * 0.4f, x + vary(dice, 0.15f), ground, 0.05f + 0.06f * l->bulk, i / 2 ? 0 : 1);
  }
  ellipse(o, 0, 0, length, girth, 0);
  float hx = length + 0.1f, hy = -0.2f - 0.25f * l->lobes + vary(dice, 0.1f), head = 0.16f + 0.12f * l->bulk;
  limb(o, length * 0.7f, -0.05f, hx, hy, 0.09f + 0.05f * l->bulk, 0);
  ellipse(o, hx - head * 0.5f, hy - head, head * 0.25f, head * (0.4f + l->lobes), 1);
  ellipse(o, hx + head * 0.2f, hy - head, head * 0.25f, head * (0.4f + l->lobes), 1);
  ellipse(o, hx, hy, head * (1 + 0.4f * l->elongation), head, 0);
  ellipse(o, hx + head * 0.9f, hy + head * 0.2f, head * 0.5f, head * 0.4f, 2);
  ellipse(o, hx + head * 0.3f, hy - head * 0.25f, 0.035f, 0.035f, 3)->plain = true;
}

static void plan_face(scene_object *o, const scene_look *l, base_dice *dice) {
  float wide = 0.52f + 0.16f * l->bulk, high = 0.72f + 0.14f * l->elongation, gaze = vary(dice, 0.03f);
  ellipse(o, 0, -0.2f, wide * (1.15f + 0.2f * l->lobes), high * (0.95f + 0.2f * l->detail), 1);
  box(o, 0, 0.95f, wide * 0.5f, 0.3f, 0)->plain = true;
  ellipse(o, 0, 0.05f, wide, high, 0)->plain = true;
  for (int side = -1; side <= 1; side += 2) {
    float x = (float)side * wide * 0.42f, eye = 0.09f + 0.04f * l->detail;
    box(o, x, -0.22f - eye, eye * 1.3f, 0.025f, 1)->angle = (float)side * (0.1f + vary(dice, 0.2f));
    ellipse(o, x, -0.1f, eye * 1.25f, eye * 0.75f, 2)->plain = true;
    ellipse(o, x + gaze, -0.1f, eye * 0.5f, eye * 0.55f, 3)->plain = true;
  }
  scene_part *nose = box(o, 0, 0.14f, 0.08f + 0.05f * l->bulk, 0.16f, 0);
  nose->taper = 0.5f;
  ellipse(o, 0, 0.42f, 0.2f + vary(dice, 0.06f), 0.05f + 0.05f * (float)base_dice_unit(dice), 3)->plain = true;
}

static void plan_body(scene_object *o, const scene_look *l, base_dice *dice) {
  float wide = 0.2f + 0.14f * l->bulk, stride = 0.1f + 0.2f * (float)base_dice_unit(dice);
  limb(o, -wide * 0.5f, 0.25f, -stride, 0.95f, 0.09f, 2);
  limb(o, wide * 0.5f, 0.25f, stride, 0.95f, 0.09f, 2);
  scene_part *trunk = box(o, 0, -0.1f, wide, 0.42f, 0);
  trunk->taper = -0.25f + 0.5f * l->lobes;
  limb(o, -wide, -0.42f, -wide - 0.2f + vary(dice, 0.1f), 0.05f + vary(dice, 0.4f), 0.06f, 0);
  limb(o, wide, -0.42f, wide + 0.2f + vary(dice, 0.1f), 0.05f + vary(dice, 0.4f), 0.06f, 0);
  ellipse(o, 0, -0.77f, 0.18f, 0.2f, 3);
  ellipse(o, 0, -0.72f, 0.14f, 0.18f, 1)->plain = true;
}

static void plan_food(scene_object *o, const scene_look *l, base_dice *dice) {
  float wide = 0.65f + 0.25f * l->elongation, high = 0.35f + 0.4f * l->bulk;
  if (l->detail > 0.4f) ellipse(o, 0, 0.3f, 0.98f, 0.45f, 3)->plain = true;
  scene_part *main = ellipse(o, 0, 0, wide, high, 0);
  main->lobes = 2 + (int)(5 * l->lobes);
  main->depth = 0.16f * l->detail;
  int toppings = 3 + (int)(8 * l->lobes);
  for (int i = 0; i < toppings; i++) {
    float turn = 2 * PI * (float)base_dice_unit(dice), far = sqrtf((float)base_dice_unit(dice)) * 0.75f;
    float size = 0.05f + 0.09f * l->detail;
    ellipse(o, far * wide * cosf(turn), far * high * sinf(turn), size, size * 0.8f, 1 + i % 2);
  }
}

static void plan_plant(scene_object *o, const scene_look *l, base_dice *dice) {
  int leaves = 4 + (int)(7 * l->lobes);
  float length = 0.3f + 0.25f * l->elongation, top = -0.3f;
  limb(o, 0, 0.95f, vary(dice, 0.1f), top, 0.04f + 0.05f * l->bulk, 3);
  for (int i = 0; i < leaves; i++) {
    float turn = 2 * PI * ((float)i + 0.4f * (float)base_dice_unit(dice)) / (float)leaves;
    scene_part *leaf = ellipse(o, 0.8f * length * cosf(turn), top + 0.8f * length * sinf(turn), length,
                               length * (0.25f + 0.35f * l->bulk), i % 3 == 2);
    leaf->angle = turn;
  }
  if (l->detail > 0.35f) ellipse(o, 0, top, 0.14f + 0.14f * l->detail, 0.14f + 0.14f * l->detail, 2);
}

static void plan_vehicle(scene_object *o, const scene_look *l, base_dice *dice) {
  float long_half = 0.7f + 0.25f * l->elongation, high = 0.18f + 0.14f * l->bulk, wheel = 0.15f + 0.1f * l->lobes;
  scene_part *cabin = box(o, -0.1f + 0.2f * l->detail, -high - 0.15f, long_half * (0.4f + 0.4f * l->detail), 0.25f, 1);
  cabin->taper = 0.25f;
  box(o, -0.1f + 0.2f * l->detail, -high - 0.13f, long_half * (0.3f + 0.35f * l->detail), 0.14f, 2)->plain = true;
  scene_part *hull = box(o, 0, 0, long_half, high, 0);
  hull->round = 0.2f + 0.7f * l->lobes;
  int wheels = 2 + (l->elongation > 0.7f);
  for (int i = 0; i < wheels; i++) {
    float x = long_half * (-0.65f + 1.3f * (float)i / (float)(wheels - 1));
    ellipse(o, x, high, wheel, wheel, 3)->plain = true;
    ellipse(o, x, high, wheel * 0.5f, wheel * 0.5f, 2)->plain = true;
  }
  ellipse(o, long_half * 0.93f, -0.02f + vary(dice, 0.02f), 0.06f, 0.06f, 2)->plain = true;
}

static void plan_tool(scene_object *o, const scene_look *l, base_dice *dice) {
  float thick = 0.05f + 0.07f * l->bulk;
  limb(o, 0, -0.4f, 0, 0.9f, thick, 0);
  scene_part *head =
      box(o, 0.25f * (l->lobes - 0.5f), -0.55f, 0.15f + 0.4f * l->elongation, 0.12f + 0.22f * l->detail, 1);
  head->taper = 1.4f * (l->lobes - 0.5f);
  head->round = l->bulk;
  if (l->detail > 0.5f) ellipse(o, 0, -0.55f, thick * 1.3f, thick * 1.3f, 2)->plain = true;
  box(o, 0, 0.65f + vary(dice, 0.05f), thick * 1.5f, 0.22f, 3)->round = 0.6f;
}

static void plan_building(scene_object *o, const scene_look *l, base_dice *dice) {
  float wide = 0.45f + 0.35f * l->elongation, top = -0.1f - 0.6f * l->bulk;
  int columns = 2 + (int)(2 * l->lobes), rows = 2 + (l->bulk > 0.4f);
  scene_part *roof = box(o, 0, top - 0.13f - 0.15f * l->detail, wide * 1.12f, 0.14f + 0.15f * l->detail, 1);
  roof->taper = l->detail;
  roof->round = 0;
  box(o, 0, (top + 0.95f) / 2, wide, (0.95f - top) / 2, 0)->round = 0;
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < columns; c++) {
      float x = wide * (-1 + 2 * ((float)c + 0.5f) / (float)columns);
      float y = top + (0.85f - top) * ((float)r + 0.5f) / ((float)rows + 0.6f);
      scene_part *window = box(o, x, y, 0.5f * wide / (float)columns, 0.1f + 0.06f * l->bulk, 2);
      window->round = 0;
      window->plain = true;
    }
  box(o, vary(dice, wide * 0.6f), 0.77f, 0.1f, 0.18f, 3)->plain = true;
}

static void plan_furniture(scene_object *o, const scene_look *l, base_dice *dice) {
  float wide = 0.55f + 0.35f * l->elongation, seat = -0.1f + 0.3f * l->lobes, thick = 0.06f + 0.16f * l->bulk;
  for (int side = -1; side <= 1; side += 2) {
    limb(o, (float)side * wide * 0.85f, seat, (float)side * wide * 0.9f, 0.9f, 0.04f + 0.04f * l->bulk, 1);
    limb(o, (float)side * wide * 0.55f, seat, (float)side * wide * 0.5f, 0.75f, 0.035f + 0.04f * l->bulk, 1);
  }
  if (l->detail > 0.4f) box(o, 0, seat - 0.4f, wide * (0.8f + vary(dice, 0.1f)), 0.38f, 0)->round = l->lobes;
  box(o, 0, seat, wide, thick, 0)->round = 0.4f;
  if (l->detail > 0.7f) ellipse(o, vary(dice, wide * 0.5f), seat - thick - 0.1f, 0.2f, 0.14f, 2);
}

static void plan_clothing(scene_object *o, const scene_look *l, base_dice *dice) {
  float wide = 0.36f + 0.16f * l->bulk, sleeve = 0.3f + 0.5f * l->elongation;
  for (int side = -1; side <= 1; side += 2)
    limb(o, (float)side * wide * 0.8f, -0.5f, (float)side * (wide + 0.4f * sleeve), -0.5f + sleeve + vary(dice, 0.1f),
         0.15f, 0);
  scene_part *trunk = box(o, 0, 0.1f, wide, 0.75f, 0);
  trunk->taper = 0.6f * l->lobes - 0.1f;
  ellipse(o, 0, -0.66f, wide * 0.45f, 0.14f, 1)->plain = true;
  int buttons = (int)(6 * l->detail);
  for (int i = 0; i < buttons; i++) ellipse(o, 0, -0.4f + 0.22f * (float)i, 0.035f, 0.035f, 2)->plain = true;
}

static void plan_vessel(scene_object *o, const scene_look *l, base_dice *dice) {
  float wide = 0.35f + 0.3f * l->bulk, high = 0.5f + 0.4f * l->elongation;
  if (l->detail > 0.35f) {
    ellipse(o, wide + 0.05f, -0.05f, 0.28f, 0.32f, 1);
    ellipse(o, wide + 0.05f, -0.05f, 0.17f, 0.2f, 3)->plain = true;
  }
  scene_part *wall = box(o, 0, 0.1f, wide, high, 0);
  wall->taper = -0.5f + 0.9f * l->lobes;
  wall->round = 0.3f;
  float mouth = wide * (1 - wall->taper);
  ellipse(o, 0, 0.1f - high, mouth, mouth * 0.25f, 1);
  ellipse(o, 0, 0.1f - high, mouth * 0.85f, mouth * 0.19f, 3)->plain = true;
  box(o, 0, 0.2f + vary(dice, 0.1f), wide * 0.95f, 0.08f + 0.1f * l->detail, 2);
}

/* A landscape: hills and trees, no one thing in front. */
static void plan_landscape(scene_object *o, const scene_look *l, base_dice *dice) {
  for (int i = 0; i < 3; i++) {
    scene_part *hill = ellipse(o, vary(dice, 0.9f), 0.35f + 0.2f * (float)i, 0.8f + 0.4f * l->elongation,
                               0.5f + 0.5f * l->bulk, i % 2);
    hill->lobes = 3 + (int)(4 * l->lobes);
    hill->depth = 0.12f * l->detail;
  }
  int trees = 2 + (int)(4 * l->lobes);
  for (int i = 0; i < trees; i++) {
    float x = vary(dice, 0.95f), y = 0.5f + vary(dice, 0.25f), size = 0.14f + 0.16f * l->detail;
    limb(o, x, y, x, y - 1.5f * size, 0.03f, 3);
    scene_part *crown = ellipse(o, x, y - 2.1f * size, size, size * (0.8f + l->elongation), 2);
    crown->lobes = 5;
    crown->depth = 0.12f;
  }
}

void scene_plan(scene_object *object, const scene_look *look, base_dice *dice) {
  static void (*const plans[SIMULATE_CATEGORIES])(struct scene_object *, const struct scene_look *, base_dice *) = {
      plan_animal, plan_face,     plan_body,      plan_food,     plan_plant,  plan_vehicle,
      plan_tool,   plan_building, plan_furniture, plan_clothing, plan_vessel, plan_landscape};
  object->parts = 0;
  plans[look->category](object, look, dice);
}
