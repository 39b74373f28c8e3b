#!/usr/bin/env python3
"""Draws responses over time: a panel for each file, a line for each image, the mean over channels, sensors or electrodes.

    berg encode eeg-things_eeg_2-vit_b_32 --subject 1 --channels Oz,O1,O2 photos/ -o eeg.npy
    time_courses.py eeg.npy -o time_courses.svg

Needs NumPy. What the axes are (names, times and their unit) and which images were shown is read from the sidecar, eeg.json.
"""
import argparse
import html
import json
import pathlib

import numpy as np

WIDTH, HEIGHT, LEFT, TOP, GAP, RIGHT = 560, 180, 70, 40, 74, 150
COLOURS = ("#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad", "#d68910", "#16a2b8", "#7f5539", "#5d6d7e")


def read(path):
    """Responses averaged over all axes but images and time, (images, times); the sidecar; its axis of time."""
    sidecar = json.loads(path.with_suffix(".json").read_text())
    axes = sidecar["Columns"]["Axes"]
    if axes[-1]["Name"] != "time":
        raise SystemExit(f"{path}: its responses have no times")
    responses = np.load(path)
    return responses.reshape(len(responses), -1, responses.shape[-1]).mean(axis=1), sidecar, axes[-1]


def ticks(low, high):
    """Round numbers within a range, four to eight of them."""
    step = 10 ** np.floor(np.log10((high - low) / 4))
    step *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= 8)
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step


def panel(path, top):
    """The SVG of one file, and the names of its images."""
    means, sidecar, axis = read(path)
    times, unit = np.array(axis["Values"], float), axis["Unit"]
    low, high = float(means.min()), float(means.max())
    high = high if high > low else low + 1
    x = LEFT + WIDTH * (times - times[0]) / (times[-1] - times[0])
    y = top + HEIGHT * (high - means) / (high - low)
    units = sidecar["Columns"]["Axes"][-2]
    title = f"{sidecar['Model']}, subject {sidecar['Subject']}: mean of {units['Length']} {units['Name']}s"
    parts = [f'<text x="{LEFT}" y="{top - 12}" font-weight="bold">{html.escape(title)}</text>',
             f'<rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#bbb"/>']
    for value in ticks(times[0], times[-1]):
        at = LEFT + WIDTH * (value - times[0]) / (times[-1] - times[0])
        colour = "#777" if abs(value) < 1e-9 else "#eee"
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{top}" y2="{top + HEIGHT}" stroke="{colour}"/>')
        parts.append(f'<text x="{at:.1f}" y="{top + HEIGHT + 16}" text-anchor="middle">{round(value, 9) + 0.0:g} {unit}</text>')
    for value in ticks(low, high):
        at = top + HEIGHT * (high - value) / (high - low)
        parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{round(value, 9) + 0.0:g}</text>')
    for i, line in enumerate(y):
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, line))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{COLOURS[i % len(COLOURS)]}" stroke-width="1.3"/>')
    parts.append(f'<text x="{LEFT}" y="{top + HEIGHT + 32}" fill="#666">{html.escape(sidecar["Units"])}</text>')
    return parts, [pathlib.Path(file["Path"]).name for file in sidecar.get("Images", {}).get("Files", [])]


def legend(names):
    for i, name in enumerate(names):
        at = TOP + 18 * i + 8
        yield f'<line x1="{LEFT + WIDTH + 14}" x2="{LEFT + WIDTH + 34}" y1="{at}" y2="{at}" stroke="{COLOURS[i % len(COLOURS)]}" stroke-width="2"/>'
        yield f'<text x="{LEFT + WIDTH + 40}" y="{at + 4}">{html.escape(name)}</text>'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("responses", nargs="+", type=pathlib.Path, help=".npy with its sidecar")
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True)
    arguments = parser.parse_args()

    parts, names = [], []
    for i, path in enumerate(arguments.responses):
        drawn, names = panel(path, TOP + i * (HEIGHT + GAP))
        parts += drawn
    width, height = LEFT + WIDTH + RIGHT, TOP + len(arguments.responses) * (HEIGHT + GAP)
    arguments.output.write_text("\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12">', '<rect width="100%" height="100%" fill="white"/>',
        *parts, *legend(names), "</svg>"]) + "\n")
    print(f"{arguments.output}: {len(arguments.responses)} panels, {len(names)} images")


if __name__ == "__main__":
    main()
