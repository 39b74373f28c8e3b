#!/usr/bin/env python3
"""Draws responses on slices of the brain: one row an image, blue for below and red for above the mean of the session.

    berg encode fmri-things_fmri_1-vit_b_32 --subject 1 photos/ -o responses.npy
    brain_slices.py BERG_DIR 1 responses.npy photos/ -o slices.png

Needs NumPy, Pillow and the berg package. Slices are axial, as the voxels lie in the subject's own volume: x to the right, y upward.
"""
import argparse
import pathlib

import numpy as np
from PIL import Image, ImageDraw

from berg import BERG

MODEL = "fmri-things_fmri_1-vit_b_32"
HEIGHT, GAP, SLICES = 150, 8, 6
BACKGROUND, OUTSIDE = (255, 255, 255), (232, 232, 232)


def colours(values, largest):
    """float (...,) to uint8 (..., 3): white at 0, to blue at -largest and red at +largest; grey where NaN."""
    share = np.clip(np.nan_to_num(values) / largest, -1, 1)
    ends = np.where(share[..., None] < 0, (33, 102, 172), (178, 24, 43))
    mixed = 255 + (ends - 255) * np.abs(share)[..., None]
    return np.where(np.isnan(values)[..., None], OUTSIDE, mixed).astype(np.uint8)


def slices(response, coordinates, levels, largest):
    """One image of the volume at each z of `levels`, side by side."""
    volume = np.full(coordinates.max(axis=0) + 1, np.nan)
    volume[tuple(coordinates.T)] = response
    zoom = max(1, round(HEIGHT / volume.shape[1]))
    return [Image.fromarray(colours(volume[:, ::-1, z].T, largest)).resize(
        (volume.shape[0] * zoom, volume.shape[1] * zoom), Image.NEAREST) for z in levels]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("berg_dir")
    parser.add_argument("subject", type=int)
    parser.add_argument("responses", help=".npy (images, voxels) of the whole brain")
    parser.add_argument("images", help="the folder that was encoded")
    parser.add_argument("-o", "--output", required=True)
    arguments = parser.parse_args()

    responses = np.load(arguments.responses, mmap_mode="r")
    metadata = BERG(berg_dir=arguments.berg_dir).get_model_metadata(MODEL, subject=arguments.subject)
    coordinates = metadata["fmri"]["voxel_coords"]
    names = sorted(p for p in pathlib.Path(arguments.images).iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if responses.shape != (len(names), len(coordinates)):
        parser.error(f"{arguments.responses}: expected ({len(names)}, {len(coordinates)}), found {responses.shape}")

    largest = float(np.percentile(np.abs(responses[:, ::50]), 99)) or 1.0
    low, high = np.percentile(coordinates[:, 2], (10, 90))
    levels = np.linspace(low, high, SLICES).astype(int)
    drawn = [slices(row, coordinates, levels, largest) for row in responses]
    width, height = drawn[0][0].size
    sheet = Image.new("RGB", (height + GAP + SLICES * (width + GAP), len(names) * (height + GAP) + 14), BACKGROUND)
    for i, (name, row) in enumerate(zip(names, drawn)):
        top = i * (height + GAP)
        picture = Image.open(name).convert("RGB")
        picture.thumbnail((height, height))
        sheet.paste(picture, ((height - picture.width) // 2, top + (height - picture.height) // 2))
        for j, one in enumerate(row):
            sheet.paste(one, (height + GAP + j * (width + GAP), top))
    text = f"axial slices z = {', '.join(map(str, levels))}; blue -{largest:.2g} to red +{largest:.2g} session z-scores"
    ImageDraw.Draw(sheet).text((height + GAP, sheet.height - 13), text, fill=(60, 60, 60))
    sheet.save(arguments.output)


if __name__ == "__main__":
    main()
