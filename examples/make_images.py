#!/usr/bin/env python3
"""The pictures of examples/images: scenes of the kinds that visual areas care about (objects, places, a face,
an animal), drawn here, so that they are the project's own. One is PNG with alpha, one grey, one CMYK, one
progressive.

    python3 examples/make_images.py [FOLDER]

Needs NumPy and Pillow."""

import pathlib
import sys

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from rendered import corridor, face, fruit, lake
from shading import mix, noise, sky, smooth_step, to_image


def house(rng):
    width, height, horizon = 1200, 800, 470
    picture = sky(rng, width, height)
    rows = np.arange(height - horizon)[:, None] / (height - horizon)
    blades = noise(rng, height - horizon, width, 3, 200) * (0.5 + rows) + noise(
        rng, height - horizon, width, 3, 6
    )
    picture[horizon:] = (
        mix((58, 104, 34), (138, 178, 66), np.clip(blades - 0.2, 0, 1)) * (0.72 + 0.35 * rows)[..., None]
    )
    image = to_image(picture)
    draw = ImageDraw.Draw(image)
    hills = [(0, horizon + 4)] + [
        (i, horizon - 34 - 22 * np.sin(i / 140) - 12 * np.sin(i / 53)) for i in range(0, 1201, 8)
    ]
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
        draw.ellipse(
            [x - size, y - size, x + size, y + size], fill=tuple(int(c * light) for c in (82, 146, 58))
        )
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
    tail = [
        (690 + 150 * np.sin(t * 2.6) + 60 * t, 900 - 360 * t + 60 * np.sin(t * 5))
        for t in np.linspace(0, 1, 60)
    ]
    for i, (x, y) in enumerate(tail):
        r = 36 - 0.2 * i
        draw.ellipse([x - r, y - r, x + r, y + r], fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(7)).point(lambda v: min(255, max(0, (v - 96) * 4)))
    y, x = np.mgrid[0:size, 0:size] / size
    fur = noise(rng, size, size, 3, 150)
    stripes = smooth_step(
        0.35,
        0.8,
        np.sin(64 * y + 5 * np.sin(9 * np.abs(x - 0.51)) + 2.2 * noise(rng, size, size, 4, 6)) * 0.5 + 0.5,
    )
    coat = (
        mix((222, 142, 70), (138, 72, 30), stripes * (0.35 + 0.65 * smooth_step(0.1, 0.3, y)))
        * (0.72 + 0.4 * fur)[..., None]
    )
    distance = np.asarray(mask.filter(ImageFilter.GaussianBlur(46)), float) / 255
    coat *= (0.45 + 0.62 * smooth_step(0.45, 1, distance) + 0.25 * (0.5 - x))[..., None]
    image = to_image(coat)
    draw = ImageDraw.Draw(image)
    for side in (-1, 1):
        draw.polygon(
            [(520 + side * 124, 268), (520 + side * 118, 158), (520 + side * 66, 212)], fill=(214, 140, 124)
        )
    for side in (-1, 1):
        cx = 520 + side * 66
        draw.ellipse([cx - 36, 276, cx + 36, 340], fill=(190, 200, 70), outline=(50, 30, 20), width=5)
        draw.ellipse([cx - 10, 278, cx + 10, 338], fill=(16, 14, 12))
        draw.ellipse([cx - 10, 288, cx + 2, 302], fill=(255, 255, 255))
        for k in (-1, 0, 1):
            draw.line(
                [(520 + side * 40, 384 + 8 * k), (520 + side * 210, 372 + 34 * k)],
                fill=(245, 240, 232),
                width=4,
            )
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


def flower(rng):
    size = 900
    y, x = np.mgrid[0:size, 0:size] / size
    blur = np.asarray(
        to_image(mix((40, 92, 40), (150, 190, 96), noise(rng, size, size, 4, 5))).filter(
            ImageFilter.GaussianBlur(14)
        ),
        float,
    )
    image = to_image(blur * (1.05 - 0.4 * y)[..., None])
    draw = ImageDraw.Draw(image)
    draw.line([(455, 500), (470, 700), (440, 900)], fill=(58, 110, 40), width=30, joint="curve")
    for ring, (count, length, wide, colour) in enumerate(
        [(21, 360, 58, (226, 150, 12)), (21, 330, 54, (250, 196, 30))]
    ):
        for k in rng.permutation(count):
            angle = 2 * np.pi * (k + 0.5 * ring) / count + 0.05 * rng.standard_normal()
            reach, light = length * (1 + 0.05 * rng.standard_normal()), 0.84 + 0.16 * rng.random()
            t = np.linspace(0, 1, 20)
            along, side = 110 + (reach - 110) * t, wide * np.sin(np.pi * t**0.75) ** 0.9
            turned = [
                (450 + a * np.cos(angle) - s * np.sin(angle), 430 + a * np.sin(angle) + s * np.cos(angle))
                for a, s in list(zip(along, side)) + list(zip(along[::-1], -side[::-1]))
            ]
            draw.polygon(turned, fill=tuple(int(c * light) for c in colour), outline=(190, 118, 8))
            tip = (450 + reach * 0.92 * np.cos(angle), 430 + reach * 0.92 * np.sin(angle))
            draw.line(
                [(450 + 130 * np.cos(angle), 430 + 130 * np.sin(angle)), tip], fill=(206, 136, 10), width=3
            )
    for k in range(900):  # seeds, at the golden angle
        angle, far = k * 2.39996, 148 * np.sqrt(k / 900)
        px, py, r = 450 + far * np.cos(angle), 430 + far * np.sin(angle), 3.2 + far / 48
        light = 0.7 + 0.5 * (far / 148) + 0.2 * rng.random()
        draw.ellipse(
            [px - r, py - r, px + r, py + r], fill=tuple(int(min(255, c * light)) for c in (96, 58, 26))
        )
    return image.resize((300, 300), Image.LANCZOS)


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "images")
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [
        (fruit, "fruit.jpg", {"quality": 88}),
        (corridor, "corridor.jpg", {"quality": 85}),
        (house, "house.jpg", {"quality": 85}),
        (cat, "cat.png", {"optimize": True}),
        (face, "face.jpg", {"quality": 88}),
        (lake, "lake.jpg", {"quality": 82}),
        (flower, "flower.jpg", {"quality": 92, "subsampling": 0, "progressive": True}),
    ]
    for i, (draw, name, options) in enumerate(pictures):
        image = draw(np.random.default_rng(i))
        if draw is lake:
            image = image.convert("CMYK")
        image.save(folder / name, **options)
        print(
            f"{name:14} {image.mode:5} {image.width} x {image.height}, {(folder / name).stat().st_size} bytes"
        )


if __name__ == "__main__":
    main()
