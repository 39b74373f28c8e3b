"""Scenes computed pixel by pixel: fruit on a table, a corridor, a head, a lake."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from shading import mix, noise, sky, smooth_step, to_image

# Rays: a few spheres on a plane, lit from one side


def trace(
    width, height, spheres, floor_colour, wall, eye=(0, 1.7, -5.2), look=-0.22, light=(-0.55, 0.75, -0.4)
):
    """spheres: (centre, radius, colour of the normal, shine). floor_colour(x, z), wall(v): RGB 0..255."""
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
            blocked = np.isfinite(
                hit(point, np.broadcast_to(towards / np.linalg.norm(towards), point.shape), centre, radius)
            )
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

    spheres = [
        (
            (-1.15, 0.8, 0.3),
            0.8,
            skin((243, 138, 20), (214, 98, 10), lambda n: 0.3 + 0 * n[..., 0], 1.6),
            0.35,
        ),
        (
            (0.75, 0.9, 0.9),
            0.9,
            skin((186, 22, 30), (226, 178, 60), lambda n: smooth_step(0.1, 0.9, n[..., 1]) * 0.7),
            0.7,
        ),
        (
            (2.25, 0.62, -0.1),
            0.62,
            skin((244, 216, 58), (196, 190, 50), lambda n: 0.3 * (n[..., 0] > 2)),
            0.4,
        ),
        (
            (0.05, 0.42, -1.1),
            0.42,
            skin((74, 26, 84), (126, 78, 140), lambda n: 0.5 * smooth_step(0.2, 1, n[..., 1])),
            0.5,
        ),
        ((1.2, 0.4, -1.25), 0.4, skin((112, 160, 44), (176, 204, 96), lambda n: 0.4 + 0 * n[..., 0]), 0.5),
        ((-2.3, 0.5, -0.7), 0.5, skin((112, 160, 44), (160, 190, 80), lambda n: 0.4 + 0 * n[..., 0]), 0.5),
    ]
    picture = trace(
        width,
        height,
        spheres,
        wood,
        lambda v: mix((196, 188, 170), (120, 124, 128), smooth_step(-0.6, 0.9, v)),
    )
    image = to_image(picture)
    draw = ImageDraw.Draw(image)
    for top, end in (((808, 305), (834, 248)), ((331, 357), (340, 334))):  # stalks
        draw.line(
            [top, ((top[0] + end[0]) // 2 - 4, (top[1] + end[1]) // 2), end],
            fill=(74, 50, 28),
            width=10,
            joint="curve",
        )
    draw.polygon([(832, 262), (880, 226), (930, 236), (884, 268)], fill=(74, 128, 44))
    draw.line([(832, 262), (930, 236)], fill=(112, 160, 70), width=3)
    return image.resize((width // 2, height // 2), Image.LANCZOS)


def corridor(rng):
    """A passage with a chequered floor, seen along its length."""
    width, height = 960, 1280
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-4 / 3, 4 / 3, height))
    half, low, high, end = 1.0, 1.25, -1.55, 14.0
    depths = (
        np.stack(
            [
                half / np.maximum(np.abs(x), 1e-6),
                low / np.maximum(y, 1e-6),
                high / np.minimum(y, -1e-6),
                np.full_like(x, end),
            ]
        )
        * 1.1
    )
    depths[3] /= 1.1
    surface, depth = depths.argmin(0), depths.min(0)
    across, up = x * depth / 1.1, y * depth / 1.1
    tiles = (np.floor(across * 2) + np.floor(depth * 2)) % 2
    tile = mix((228, 224, 214), (52, 54, 62), tiles)
    panel = smooth_step(0.02, 0.06, np.abs(depth % 3 - 1.5)) * (0.85 + 0.15 * (up < 0.35))
    wall = mix((120, 92, 70), (206, 186, 150), panel) * (
        0.93 + 0.07 * noise(rng, height, width, 5)[..., None]
    )
    door = (surface == 0) & (np.abs(depth % 3 - 0.0) < 0.02)
    doorway = (surface == 0) & (depth % 3 > 1.95) & (depth % 3 < 2.85) & (up > -0.55)
    wall = np.where(
        doorway[..., None], np.array([104, 60, 36]) * (0.9 + 0.1 * np.sin(40 * depth))[..., None], wall
    )
    wall = np.where(door[..., None], (90, 70, 50), wall)
    lamp = np.exp(-((depth % 3 - 1.5) ** 2) * 14) * np.exp(-(across**2) * 14)
    ceiling = mix((176, 172, 164), (255, 250, 226), np.clip(lamp * 2, 0, 1))
    far = np.exp(-((x * 9) ** 2 + (y * 9 + 0.25) ** 2))
    back = mix((150, 150, 150), (255, 252, 240), np.clip(far * 1.6, 0, 1))
    picture = np.choose(surface[..., None], [wall, tile, ceiling, back])
    light = (0.50 + 0.5 * np.exp(-((depth % 3 - 1.5) ** 2))) * (
        0.55 + 0.45 * np.exp(-0.10 * depth)
    ) + 0.02 * depth
    picture = picture * np.where(surface == 3, 1.0, light)[..., None]
    return to_image(picture).resize((width // 2, height // 2), Image.LANCZOS)


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
    depth += (
        0.20 * bump(0, 0.12, 0.085, 0.20)
        + 0.09 * bump(0, 0.24, 0.13, 0.07)
        + 0.05 * bump(0, 0.47, 0.20, 0.06)
    )
    depth += 0.05 * (bump(-0.33, 0.2, 0.17, 0.17) + bump(0.33, 0.2, 0.17, 0.17)) + 0.05 * bump(
        0, 0.68, 0.16, 0.1
    )
    depth -= 0.09 * (bump(-0.24, -0.10, 0.16, 0.09) + bump(0.24, -0.10, 0.16, 0.09)) + 0.03 * bump(
        0, 0.56, 0.16, 0.03
    )
    down, across = np.gradient(depth, 1 / 400)
    normal = np.stack([-across, -down, np.full_like(x, 0.8)], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    skin = (
        66
        + 158 * np.clip(normal @ (np.array([-0.55, -0.45, 0.7]) / 1.0), 0, 1.1)
        + 6 * noise(rng, height, width, 5, 60)
    )
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
    draw.polygon(
        [(400 + t * 84, 660 - 14 * (1 - t * t) + 9 * np.exp(-30 * t * t)) for t in np.linspace(1, -1, 60)]
        + smile,
        fill=104,
    )
    draw.polygon(smile + [(400 + t * 84, 660 + 40 * (1 - t * t)) for t in np.linspace(1, -1, 30)], fill=128)
    draw.line(smile, fill=60, width=6, joint="curve")
    return image.filter(ImageFilter.GaussianBlur(2.2)).resize((width // 2, height // 2), Image.LANCZOS)


def lake(rng):
    """Mountains and their reflection."""
    width, height, shore = 1100, 734, 410
    picture = sky(rng, width, shore, (48, 92, 160), (248, 214, 186))
    columns = np.arange(width)
    for layer, (base, rough, near, far) in enumerate(
        [
            (210, 230, (128, 140, 176), (226, 232, 244)),
            (300, 170, (84, 98, 124), (126, 134, 150)),
            (372, 60, (34, 62, 48), (58, 92, 66)),
        ]
    ):
        ridge = base - rough * (noise(rng, 8, width, 7, 3 + 3 * layer)[4] - 0.42)
        rows = np.arange(shore)[:, None]
        below = smooth_step(0, 2, rows - ridge[None])
        relief = noise(rng, shore, width, 6, 14)
        snow = smooth_step(40, -30, rows - ridge[None] - 130 * relief + 20)
        colour = (
            mix(near, far, np.clip(snow if layer == 0 else relief * 0.7, 0, 1))
            * (0.75 + 0.4 * relief)[..., None]
        )
        if layer == 2:
            trees = np.abs((columns * 0.11 + 3 * noise(rng, 4, width, 5)[2]) % 1 - 0.5)
            below = smooth_step(
                0, 2, rows - (ridge - 34 * (0.5 - trees) * (0.6 + noise(rng, 4, width, 6)[1]))[None]
            )
        picture = mix(picture, colour, below)
    depth = np.arange(height - shore)
    shift = (4 + depth[:, None] * 0.05) * (noise(rng, height - shore, width, 4, 24) - 0.5)
    source = np.clip(
        shore - 1 - depth[:, None] * (shore / (height - shore)) * 0.98 + 3 * shift, 0, shore - 1
    ).astype(int)
    sideways = np.clip(columns[None] + 2 * shift, 0, width - 1).astype(int)
    water = mix(
        picture[source, sideways] * 0.8,
        (30, 58, 84),
        np.broadcast_to(0.15 + 0.4 * depth[:, None] / len(depth), shift.shape),
    )
    image = to_image(np.concatenate([picture, water]))
    return image.resize((width // 2, height // 2), Image.LANCZOS)
