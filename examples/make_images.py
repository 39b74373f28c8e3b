#!/usr/bin/env python3
"""The pictures of examples/images: scenes of the kinds that visual areas care about (objects, places, a face, an animal),
drawn here, so that they are the project's own. One is PNG with alpha, one grey, one CMYK, one progressive.

    python3 examples/make_images.py [FOLDER]

Needs NumPy and Pillow."""
import pathlib
import sys

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def noise(rng, height, width, octaves, first=4):
    """Cloud-like values in 0..1: random grids, each twice as fine and half as strong as the one before."""
    total = np.zeros((height, width))
    for octave in range(octaves):
        cells = first * 2 ** octave
        grid = rng.random((max(2, cells * height // width), cells)).astype(np.float32)
        total += np.asarray(Image.fromarray(grid).resize((width, height), Image.BICUBIC)) / 2 ** octave
    total -= total.min()
    return total / total.max()


def mix(a, b, share):
    return np.asarray(a, float) * (1 - share[..., None]) + np.asarray(b, float) * share[..., None]


def to_image(array):
    return Image.fromarray(np.clip(array, 0, 255).astype(np.uint8))


def smooth_step(low, high, x):
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


# Rays: a few spheres on a plane, lit from one side

def trace(width, height, spheres, floor_colour, wall, eye=(0, 1.7, -5.2), look=-0.22, light=(-0.55, 0.75, -0.4)):
    """spheres: (centre, radius, colour function of the normal, shine). floor_colour(x, z), wall(v): RGB 0..255."""
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(1, -1, height) * height / width)
    direction = np.stack([x, y + look, np.full_like(x, 1.7)], -1)
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    eye, light = np.array(eye, float), np.array(light) / np.linalg.norm(light)

    def hit(origin, along, centre, radius):
        offset = origin - centre
        b = (offset * along).sum(-1)
        inside = b * b - (offset * offset).sum(-1) + radius * radius
        distance = -b - np.sqrt(np.maximum(inside, 0))
        return np.where((inside > 0) & (distance > 1e-3), distance, np.inf)

    picture = wall(y)
    floor = np.where(direction[..., 1] < -1e-3, -eye[1] / np.minimum(direction[..., 1], -1e-3), np.inf)
    floor = np.where(floor < 16, floor, np.inf)
    point = eye + direction * np.where(np.isfinite(floor), floor, 0)[..., None]
    light_there = np.ones(point.shape[:2])
    for centre, radius, _, _ in spheres:
        for shift in np.linspace(-0.12, 0.12, 7):  # a lamp with a width: soft shadows
            towards = light + np.array([shift, 0, -shift])
            blocked = np.isfinite(hit(point, np.broadcast_to(towards / np.linalg.norm(towards), point.shape), centre, radius))
            light_there -= 0.62 / 7 * blocked
        near = np.linalg.norm(point - np.array([centre[0], 0, centre[2]]), axis=-1) / radius
        light_there *= 1 - 0.45 * np.exp(-2.2 * near * near)
    shaded = floor_colour(point[..., 0], point[..., 2]) * np.clip(light_there, 0.15, 1)[..., None]
    fade = np.where(np.isfinite(floor), np.exp(-0.03 * np.where(np.isfinite(floor), floor, 0)), 0)
    picture = mix(picture, shaded, fade)

    nearest = np.full(point.shape[:2], np.inf)
    for centre, radius, colour, shine in spheres:
        distance = hit(eye, direction, np.array(centre), radius)
        mask = distance < nearest
        nearest = np.where(mask, distance, nearest)
        normal = (eye + direction * np.where(mask, distance, 0)[..., None] - centre) / radius
        diffuse = np.clip((normal * light).sum(-1), 0, 1)
        mirrored = direction - 2 * (direction * normal).sum(-1, keepdims=True) * normal
        glint = np.clip((mirrored * light).sum(-1), 0, 1) ** 40 * shine
        bounce = 0.16 * np.clip(-normal[..., 1], 0, 1)
        lit = colour(normal) * (0.22 + 0.85 * diffuse + bounce)[..., None] + 255 * glint[..., None]
        picture = np.where(mask[..., None], lit, picture)
    return picture


def fruit(rng):
    width, height = 1280, 960
    speckle = noise(rng, 512, 1024, 3, 128)

    def skin(base, other, strength, grain=1.0):
        def colour(normal):
            u = ((np.arctan2(normal[..., 0], -normal[..., 2]) / np.pi + 1) * 511).astype(int) % 1024
            v = np.clip((normal[..., 1] + 1) * 255, 0, 511).astype(int)
            return mix(base, other, np.clip(strength(normal) + grain * 0.35 * (speckle[v, u] - 0.5), 0, 1))
        return colour

    def wood(x, z):
        grain = np.sin(14 * x + 1.5 * np.sin(1.3 * z) + 0.8 * np.sin(5 * z + 3 * x)) * 0.5 + 0.5
        board = smooth_step(0.0, 0.03, np.abs((x + 100) % 1.3 - 0.65))
        return mix((120, 74, 40), (176, 119, 68), grain * 0.7) * (0.6 + 0.4 * board)[..., None]

    spheres = [((-1.15, 0.8, 0.3), 0.8, skin((243, 138, 20), (214, 98, 10), lambda n: 0.3 + 0 * n[..., 0], 1.6), 0.35),
               ((0.75, 0.9, 0.9), 0.9, skin((186, 22, 30), (226, 178, 60), lambda n: smooth_step(0.1, 0.9, n[..., 1]) * 0.7), 0.7),
               ((2.25, 0.62, -0.1), 0.62, skin((244, 216, 58), (196, 190, 50), lambda n: 0.3 * (n[..., 0] > 2)), 0.4),
               ((0.05, 0.42, -1.1), 0.42, skin((74, 26, 84), (126, 78, 140), lambda n: 0.5 * smooth_step(0.2, 1, n[..., 1])), 0.5),
               ((1.2, 0.4, -1.25), 0.4, skin((112, 160, 44), (176, 204, 96), lambda n: 0.4 + 0 * n[..., 0]), 0.5),
               ((-2.3, 0.5, -0.7), 0.5, skin((112, 160, 44), (160, 190, 80), lambda n: 0.4 + 0 * n[..., 0]), 0.5)]
    picture = trace(width, height, spheres, wood, lambda v: mix((196, 188, 170), (120, 124, 128), smooth_step(-0.6, 0.9, v)))
    image = to_image(picture)
    draw = ImageDraw.Draw(image)
    for top, end in (((808, 305), (834, 248)), ((331, 357), (340, 334))):  # stalks
        draw.line([top, ((top[0] + end[0]) // 2 - 4, (top[1] + end[1]) // 2), end], fill=(74, 50, 28), width=10, joint="curve")
    draw.polygon([(832, 262), (880, 226), (930, 236), (884, 268)], fill=(74, 128, 44))
    draw.line([(832, 262), (930, 236)], fill=(112, 160, 70), width=3)
    return image.resize((width // 2, height // 2), Image.LANCZOS)


def corridor(rng):
    """A passage with a chequered floor, seen along its length."""
    width, height = 960, 1280
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-4 / 3, 4 / 3, height))
    half, low, high, end = 1.0, 1.25, -1.55, 14.0
    depths = np.stack([half / np.maximum(np.abs(x), 1e-6), low / np.maximum(y, 1e-6), high / np.minimum(y, -1e-6),
                       np.full_like(x, end)]) * 1.1
    depths[3] /= 1.1
    surface, depth = depths.argmin(0), depths.min(0)
    across, up = x * depth / 1.1, y * depth / 1.1
    tiles = (np.floor(across * 2) + np.floor(depth * 2)) % 2
    tile = mix((228, 224, 214), (52, 54, 62), tiles)
    panel = smooth_step(0.02, 0.06, np.abs(depth % 3 - 1.5)) * (0.85 + 0.15 * (up < 0.35))
    wall = mix((120, 92, 70), (206, 186, 150), panel) * (0.93 + 0.07 * noise(rng, height, width, 5)[..., None])
    door = (surface == 0) & (np.abs(depth % 3 - 0.0) < 0.02)
    doorway = (surface == 0) & (depth % 3 > 1.95) & (depth % 3 < 2.85) & (up > -0.55)
    wall = np.where(doorway[..., None], np.array([104, 60, 36]) * (0.9 + 0.1 * np.sin(40 * depth))[..., None], wall)
    wall = np.where(door[..., None], (90, 70, 50), wall)
    lamp = np.exp(-((depth % 3 - 1.5) ** 2) * 14) * np.exp(-across ** 2 * 14)
    ceiling = mix((176, 172, 164), (255, 250, 226), np.clip(lamp * 2, 0, 1))
    far = np.exp(-((x * 9) ** 2 + (y * 9 + 0.25) ** 2))
    back = mix((150, 150, 150), (255, 252, 240), np.clip(far * 1.6, 0, 1))
    picture = np.choose(surface[..., None], [wall, tile, ceiling, back])
    light = (0.50 + 0.5 * np.exp(-((depth % 3 - 1.5) ** 2))) * (0.55 + 0.45 * np.exp(-0.10 * depth)) + 0.02 * depth
    picture = picture * np.where(surface == 3, 1.0, light)[..., None]
    return to_image(picture).resize((width // 2, height // 2), Image.LANCZOS)


def sky(rng, width, height, top=(66, 122, 196), low=(206, 226, 240)):
    ramp = mix(top, low, np.broadcast_to(np.linspace(0, 1, height)[:, None], (height, width)))
    return mix(ramp, (250, 250, 252), smooth_step(0.5, 0.85, noise(rng, height, width, 6, 3)) * 0.85)


def house(rng):
    width, height, horizon = 1200, 800, 470
    picture = sky(rng, width, height)
    rows = np.arange(height - horizon)[:, None] / (height - horizon)
    blades = noise(rng, height - horizon, width, 3, 200) * (0.5 + rows) + noise(rng, height - horizon, width, 3, 6)
    picture[horizon:] = mix((58, 104, 34), (138, 178, 66), np.clip(blades - 0.2, 0, 1)) * (0.72 + 0.35 * rows)[..., None]
    image = to_image(picture)
    draw = ImageDraw.Draw(image)
    hills = [(0, horizon + 4)] + [(i, horizon - 34 - 22 * np.sin(i / 140) - 12 * np.sin(i / 53)) for i in range(0, 1201, 8)]
    draw.polygon(hills + [(1200, horizon + 4)], fill=(92, 128, 106))
    draw.polygon([(560, 800), (800, 800), (676, 560), (628, 560)], fill=(190, 170, 136))  # path
    draw.polygon([(380, 560), (840, 560), (930, 590), (440, 590)], fill=(52, 86, 34))  # shadow on the grass
    draw.rectangle([390, 320, 830, 565], fill=(226, 206, 170))
    for y in range(335, 565, 16):
        draw.line([(390, y), (830, y)], fill=(208, 186, 150), width=2)
    draw.rectangle([700, 170, 752, 290], fill=(146, 74, 60))
    draw.polygon([(352, 326), (868, 326), (760, 190), (460, 190)], fill=(150, 58, 44))
    for y in range(202, 326, 14):
        inset = (326 - y) * 108 // 136
        draw.line([(352 + inset, y), (868 - inset, y)], fill=(122, 44, 36), width=3)
    draw.rectangle([612, 420, 692, 565], fill=(84, 52, 34), outline=(245, 240, 228), width=6)
    draw.ellipse([672, 490, 682, 500], fill=(220, 190, 90))
    for left in (430, 736):
        draw.rectangle([left, 390, left + 80, 480], fill=(92, 130, 162), outline=(245, 240, 228), width=8)
        draw.line([(left + 40, 390), (left + 40, 480)], fill=(245, 240, 228), width=5)
        draw.line([(left, 435), (left + 80, 435)], fill=(245, 240, 228), width=5)
        draw.polygon([(left + 10, 430), (left + 10, 408), (left + 34, 400)], fill=(186, 210, 226))
    draw.polygon([(1010, 620), (1046, 620), (1036, 380), (1020, 380)], fill=(92, 64, 42))
    for _ in range(420):  # leaves
        angle, far = rng.random() * 2 * np.pi, np.sqrt(rng.random())
        x, y = 1028 + 130 * far * np.cos(angle), 300 + 140 * far * np.sin(angle)
        light = 0.62 + 0.3 * rng.random() - 0.0012 * (x - 1028) - 0.0016 * (y - 300)
        size = 9 + 13 * rng.random()
        draw.ellipse([x - size, y - size, x + size, y + size], fill=tuple(int(c * light) for c in (82, 146, 58)))
    for x in range(0, 380, 34):  # fence
        draw.polygon([(x, 600), (x, 520), (x + 9, 508), (x + 18, 520), (x + 18, 600)], fill=(240, 236, 226))
    draw.rectangle([0, 540, 380, 550], fill=(228, 222, 210))
    return image.resize((width // 2, height // 2), Image.LANCZOS)


def cat(rng):
    """A sitting cat on a transparent ground."""
    size = 1024
    mask = Image.new("L", (size, size), 0)
    draw = ImageDraw.Draw(mask)
    draw.ellipse([320, 470, 720, 960], fill=255)
    draw.ellipse([360, 400, 680, 760], fill=255)
    draw.ellipse([372, 190, 668, 450], fill=255)
    for side in (-1, 1):
        draw.polygon([(520 + side * 140, 330), (520 + side * 128, 110), (520 + side * 32, 214)], fill=255)
    tail = [(690 + 150 * np.sin(t * 2.6) + 60 * t, 900 - 360 * t + 60 * np.sin(t * 5)) for t in np.linspace(0, 1, 60)]
    for i, (x, y) in enumerate(tail):
        r = 36 - 0.2 * i
        draw.ellipse([x - r, y - r, x + r, y + r], fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(7)).point(lambda v: min(255, max(0, (v - 96) * 4)))
    y, x = np.mgrid[0:size, 0:size] / size
    fur = noise(rng, size, size, 3, 150)
    stripes = smooth_step(0.35, 0.8, np.sin(64 * y + 5 * np.sin(9 * np.abs(x - 0.51)) + 2.2 * noise(rng, size, size, 4, 6)) * 0.5 + 0.5)
    coat = mix((222, 142, 70), (138, 72, 30), stripes * (0.35 + 0.65 * smooth_step(0.1, 0.3, y))) * (0.72 + 0.4 * fur)[..., None]
    distance = np.asarray(mask.filter(ImageFilter.GaussianBlur(46)), float) / 255
    coat *= (0.45 + 0.62 * smooth_step(0.45, 1, distance) + 0.25 * (0.5 - x))[..., None]
    image = to_image(coat)
    draw = ImageDraw.Draw(image)
    for side in (-1, 1):
        draw.polygon([(520 + side * 124, 268), (520 + side * 118, 158), (520 + side * 66, 212)], fill=(214, 140, 124))
    for side in (-1, 1):
        cx = 520 + side * 66
        draw.ellipse([cx - 36, 276, cx + 36, 340], fill=(190, 200, 70), outline=(50, 30, 20), width=5)
        draw.ellipse([cx - 10, 278, cx + 10, 338], fill=(16, 14, 12))
        draw.ellipse([cx - 10, 288, cx + 2, 302], fill=(255, 255, 255))
        for k in (-1, 0, 1):
            draw.line([(520 + side * 40, 384 + 8 * k), (520 + side * 210, 372 + 34 * k)], fill=(245, 240, 232), width=4)
    draw.ellipse([462, 356, 522, 416], fill=(246, 224, 196))
    draw.ellipse([518, 356, 578, 416], fill=(246, 224, 196))
    draw.polygon([(500, 350), (540, 350), (520, 374)], fill=(206, 110, 108))
    draw.arc([486, 368, 520, 402], 10, 170, fill=(70, 40, 30), width=5)
    draw.arc([520, 368, 554, 402], 10, 170, fill=(70, 40, 30), width=5)
    chest = Image.new("L", (size, size), 0)
    ImageDraw.Draw(chest).ellipse([440, 450, 600, 760], fill=190)
    for left in (420, 536):
        ImageDraw.Draw(chest).ellipse([left, 880, left + 90, 950], fill=220)
    image.paste((248, 232, 210), mask=chest.filter(ImageFilter.GaussianBlur(16)))
    image.putalpha(mask)
    # Colour under the transparent part: dropping alpha, as every reader of RGB does, shows it.
    ground = to_image(mix((120, 150, 120), (206, 214, 190), y)).convert("RGBA")
    ground.alpha_composite(image)
    ground.putalpha(mask)
    return ground.resize((320, 320), Image.LANCZOS)


def face(rng):
    """A head lit from the left, in grey."""
    width, height = 800, 1000
    y, x = np.mgrid[0:height, 0:width].astype(float)
    x, y = (x - 400) / 400, (y - 480) / 400

    def ellipse(cx, cy, a, b):
        return ((x - cx) / a) ** 2 + ((y - cy) / b) ** 2

    def bump(cx, cy, a, b):
        return np.exp(-ellipse(cx, cy, a, b))

    jaw = 0.62 - 0.10 * smooth_step(0.2, 0.8, y)
    head = (x / jaw) ** 2 + ((y + 0.05) / 0.84) ** 2
    depth = np.sqrt(np.clip(1 - head, 0, 1)) * 0.62
    depth += 0.20 * bump(0, 0.12, 0.085, 0.20) + 0.09 * bump(0, 0.24, 0.13, 0.07) + 0.05 * bump(0, 0.47, 0.20, 0.06)
    depth += 0.05 * (bump(-0.33, 0.2, 0.17, 0.17) + bump(0.33, 0.2, 0.17, 0.17)) + 0.05 * bump(0, 0.68, 0.16, 0.1)
    depth -= 0.09 * (bump(-0.24, -0.10, 0.16, 0.09) + bump(0.24, -0.10, 0.16, 0.09)) + 0.03 * bump(0, 0.56, 0.16, 0.03)
    down, across = np.gradient(depth, 1 / 400)
    normal = np.stack([-across, -down, np.full_like(x, 0.8)], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    skin = 66 + 158 * np.clip(normal @ (np.array([-0.55, -0.45, 0.7]) / 1.0), 0, 1.1) + 6 * noise(rng, height, width, 5, 60)
    picture = 92 + 34 * (1 - y) + 30 * noise(rng, height, width, 4)
    shoulders = (x / 0.98) ** 2 + ((y - 1.62) / 0.74) ** 2 < 1
    neck = (np.abs(x) < 0.27 - 0.05 * np.sin(3 * y)) & (y > 0.4)
    picture = np.where(neck, 92 - 55 * x - 30 * smooth_step(1.0, 0.6, y), picture)
    picture = np.where(shoulders, 58 - 26 * x + 8 * noise(rng, height, width, 4, 80), picture)
    ears = np.minimum(ellipse(-0.63, 0.05, 0.07, 0.17), ellipse(0.62, 0.05, 0.07, 0.17)) < 1
    picture = np.where(ears, 128 - 60 * x, picture)
    hair = (ellipse(0, -0.28, 0.70, 0.68) < 1) & (y < 0.15)
    strands = 34 + 26 * noise(rng, height, width, 2, 90) + 26 * bump(-0.3, -0.75, 0.3, 0.14)
    picture = np.where(hair, strands, picture)
    line = -0.50 + 0.34 * x * x + 0.05 * np.sin(9 * x)
    inside = (head < 1) & (y > line)
    picture = np.where(inside, skin, picture)
    image = to_image(picture)
    draw = ImageDraw.Draw(image)
    for side in (-1, 1):
        cx, cy = 400 + side * 97, 446
        brow = [(cx + t * 66, cy - 64 - 18 * (1 - t * t) + 6 * side * t) for t in np.linspace(-1, 1, 12)]
        draw.line(brow, fill=44, width=17, joint="curve")
        lid = [(cx + t * 56, cy + 4 - 25 * (1 - t * t)) for t in np.linspace(-1, 1, 24)]
        low = [(cx + t * 56, cy + 4 + 16 * (1 - t * t)) for t in np.linspace(1, -1, 24)]
        eye = Image.new("L", image.size, 0)
        ImageDraw.Draw(eye).polygon(lid + low, fill=255)
        ball = Image.new("L", image.size, 216)
        ImageDraw.Draw(ball).ellipse([cx - 25, cy - 25, cx + 25, cy + 25], fill=84, outline=40, width=5)
        ImageDraw.Draw(ball).ellipse([cx - 11, cy - 11, cx + 11, cy + 11], fill=12)
        ImageDraw.Draw(ball).ellipse([cx - 14, cy - 16, cx - 4, cy - 6], fill=250)
        image.paste(ball, mask=eye)
        draw.line(lid, fill=30, width=8, joint="curve")
        draw.ellipse([400 + side * 34 - 13, 586, 400 + side * 34 + 13, 600], fill=62)
    smile = [(400 + t * 84, 668 - 8 * t * t) for t in np.linspace(-1, 1, 30)]
    draw.polygon([(400 + t * 84, 660 - 14 * (1 - t * t) + 9 * np.exp(-30 * t * t)) for t in np.linspace(1, -1, 60)] + smile, fill=104)
    draw.polygon(smile + [(400 + t * 84, 660 + 40 * (1 - t * t)) for t in np.linspace(1, -1, 30)], fill=128)
    draw.line(smile, fill=60, width=6, joint="curve")
    return image.filter(ImageFilter.GaussianBlur(2.2)).resize((width // 2, height // 2), Image.LANCZOS)


def lake(rng):
    """Mountains and their reflection."""
    width, height, shore = 1100, 734, 410
    picture = sky(rng, width, shore, (48, 92, 160), (248, 214, 186))
    columns = np.arange(width)
    for layer, (base, rough, near, far) in enumerate([(210, 230, (128, 140, 176), (226, 232, 244)),
                                                      (300, 170, (84, 98, 124), (126, 134, 150)),
                                                      (372, 60, (34, 62, 48), (58, 92, 66))]):
        ridge = base - rough * (noise(rng, 8, width, 7, 3 + 3 * layer)[4] - 0.42)
        rows = np.arange(shore)[:, None]
        below = smooth_step(0, 2, rows - ridge[None])
        relief = noise(rng, shore, width, 6, 14)
        snow = smooth_step(40, -30, rows - ridge[None] - 130 * relief + 20)
        colour = mix(near, far, np.clip(snow if layer == 0 else relief * 0.7, 0, 1)) * (0.75 + 0.4 * relief)[..., None]
        if layer == 2:
            trees = np.abs((columns * 0.11 + 3 * noise(rng, 4, width, 5)[2]) % 1 - 0.5)
            below = smooth_step(0, 2, rows - (ridge - 34 * (0.5 - trees) * (0.6 + noise(rng, 4, width, 6)[1]))[None])
        picture = mix(picture, colour, below)
    depth = np.arange(height - shore)
    shift = (4 + depth[:, None] * 0.05) * (noise(rng, height - shore, width, 4, 24) - 0.5)
    source = np.clip(shore - 1 - depth[:, None] * (shore / (height - shore)) * 0.98 + 3 * shift, 0, shore - 1).astype(int)
    sideways = np.clip(columns[None] + 2 * shift, 0, width - 1).astype(int)
    water = mix(picture[source, sideways] * 0.8, (30, 58, 84), np.broadcast_to(0.15 + 0.4 * depth[:, None] / len(depth), shift.shape))
    image = to_image(np.concatenate([picture, water]))
    return image.resize((width // 2, height // 2), Image.LANCZOS)


def flower(rng):
    size = 900
    y, x = np.mgrid[0:size, 0:size] / size
    blur = np.asarray(to_image(mix((40, 92, 40), (150, 190, 96), noise(rng, size, size, 4, 5))).filter(ImageFilter.GaussianBlur(14)), float)
    image = to_image(blur * (1.05 - 0.4 * y)[..., None])
    draw = ImageDraw.Draw(image)
    draw.line([(455, 500), (470, 700), (440, 900)], fill=(58, 110, 40), width=30, joint="curve")
    for ring, (count, length, wide, colour) in enumerate([(21, 360, 58, (226, 150, 12)), (21, 330, 54, (250, 196, 30))]):
        for k in rng.permutation(count):
            angle = 2 * np.pi * (k + 0.5 * ring) / count + 0.05 * rng.standard_normal()
            reach, light = length * (1 + 0.05 * rng.standard_normal()), 0.84 + 0.16 * rng.random()
            t = np.linspace(0, 1, 20)
            along, side = 110 + (reach - 110) * t, wide * np.sin(np.pi * t ** 0.75) ** 0.9
            turned = [(450 + a * np.cos(angle) - s * np.sin(angle), 430 + a * np.sin(angle) + s * np.cos(angle))
                      for a, s in list(zip(along, side)) + list(zip(along[::-1], -side[::-1]))]
            draw.polygon(turned, fill=tuple(int(c * light) for c in colour), outline=(190, 118, 8))
            tip = (450 + reach * 0.92 * np.cos(angle), 430 + reach * 0.92 * np.sin(angle))
            draw.line([(450 + 130 * np.cos(angle), 430 + 130 * np.sin(angle)), tip], fill=(206, 136, 10), width=3)
    for k in range(900):  # seeds, at the golden angle
        angle, far = k * 2.39996, 148 * np.sqrt(k / 900)
        px, py, r = 450 + far * np.cos(angle), 430 + far * np.sin(angle), 3.2 + far / 48
        light = 0.7 + 0.5 * (far / 148) + 0.2 * rng.random()
        draw.ellipse([px - r, py - r, px + r, py + r], fill=tuple(int(min(255, c * light)) for c in (96, 58, 26)))
    return image.resize((300, 300), Image.LANCZOS)


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "images")
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [(fruit, "fruit.jpg", {"quality": 88}), (corridor, "corridor.jpg", {"quality": 85}),
                (house, "house.jpg", {"quality": 85}), (cat, "cat.png", {"optimize": True}),
                (face, "face.jpg", {"quality": 88}), (lake, "lake.jpg", {"quality": 82}),
                (flower, "flower.jpg", {"quality": 92, "subsampling": 0, "progressive": True})]
    for i, (draw, name, options) in enumerate(pictures):
        image = draw(np.random.default_rng(i))
        if draw is lake:
            image = image.convert("CMYK")
        image.save(folder / name, **options)
        print(f"{name:14} {image.mode:5} {image.width} x {image.height}, {(folder / name).stat().st_size} bytes")


if __name__ == "__main__":
    main()
