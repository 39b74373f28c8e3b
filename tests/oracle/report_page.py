"""What the tests of `berg report` share: subjects that differ, the program's output read back, the page taken apart."""
import base64
import html.parser
import io
import json
import pathlib
import re
import subprocess
import xml.etree.ElementTree as ElementTree

import numpy as np
from PIL import Image

from subject_metadata import subject_metadata

MODEL = "fmri-things_fmri_1-vit_b_32"
MODEL_FOLDER = pathlib.Path("encoding_models/modality-fmri/train_dataset-things_fmri_1/model-vit_b_32")
SVG = "{http://www.w3.org/2000/svg}"
# Elements of HTML that have no end tag.
VOID = {"meta", "link", "br", "rect", "path", "image"}

VIRIDIS = [0x482677, 0x453781, 0x404788, 0x39568C, 0x33638D, 0x2D708E, 0x287D8E, 0x238A8D, 0x1F968B, 0x20A387,
           0x29AF7F, 0x3CBB75, 0x55C667, 0x73D055, 0x95D840, 0xB8DE29, 0xDCE319, 0xFDE725]


def save(berg_dir, subject, metadata):
    folder = pathlib.Path(berg_dir) / MODEL_FOLDER / "metadata"
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"metadata_sub-0{subject}.npy", metadata)


def metadata_of(subject, voxels=None):
    """A subject's metadata; each lacks something else."""
    metadata, _ = subject_metadata(subject, voxels or 2400 + 100 * subject, seed=3)
    encoding, rng = metadata["encoding_model"], np.random.default_rng(subject)
    if subject == 1:
        encoding["correlation_results"][metadata["roi"]["lSTS"]] = -0.2  # a region below 0
    if subject == 2:
        encoding["correlation_results"][rng.integers(0, 2600, 200)] = np.nan
        encoding["noise_ceiling_testset"][rng.integers(0, 2600, 50)] = np.nan
        metadata["roi"]['<b>&"x\'</b>'] = np.arange(7)
        metadata["roi"]["rTOS"] = np.array([], np.int64)
    if subject == 3:  # numbers on the edges of bins
        encoding["correlation_results"][:41] = np.round(np.arange(41) * 0.025, 3)
        encoding["noise_ceiling_testset"][:41] = np.arange(41) * 2.5
        del metadata["roi"]["lSTS"], metadata["roi"]["V2"]
        metadata["prf"]["prf_eccentricity"][::3] = np.nan
    return metadata


class Report:
    """One run of `berg report`, as its files say it."""

    def __init__(self, program, berg_dir, folder, subjects="1", *more, model=MODEL):
        folder.mkdir(parents=True, exist_ok=True)
        self.page, self.figures = folder / "report.html", folder / "figures"
        command = [program, "report", model, "--subject", subjects, "--berg-dir", berg_dir, "-o", self.page,
                   "--json", folder / "report.json", "--figures", self.figures, "-q", *more]
        done = subprocess.run(command, capture_output=True, timeout=600)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), done
        self.html = self.page.read_text(encoding="utf-8")
        self.json = json.loads((folder / "report.json").read_text(encoding="utf-8"))

    def figure(self, name):
        return next(figure for figure in self.json["figures"] if figure["id"] == name)

    def table(self, name, index=0):
        """(heads, names of the columns, numbers as an array, NaN where there is no value)."""
        table = self.figure(name)["tables"][index]
        numbers = np.array([[np.nan if value is None else value for value in row["values"]] for row in table["rows"]])
        return [row["heads"] for row in table["rows"]], table["columns"], numbers

    def svg(self, name):
        return ElementTree.parse(self.figures / f"{name}.svg").getroot()


class Outline(html.parser.HTMLParser):
    """Checks that tags are balanced; collects SVGs, tables, ids and links."""

    def __init__(self, text):
        super().__init__()
        self.stack, self.ids, self.links, self.tags, self.tables, self.cell = [], [], [], set(), [], None
        self.feed(text)
        self.close()
        assert not self.stack, self.stack
        self.svgs = [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", text, re.S)]

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.add(tag)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes[name] for name in ("href", "src") if name in attributes]
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.cell = ""
            assert tag == "td" or attributes["scope"] in ("col", "row")
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.tables[-1][-1].append(self.cell)
            self.cell = None
        if tag in VOID and (not self.stack or self.stack[-1] != tag):
            return
        assert self.stack and self.stack.pop() == tag, tag

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data


def pictures(svg):
    """The images of an SVG as uint8 arrays (rows, columns, RGBA)."""
    found = []
    for image in svg.iter(f"{SVG}image"):
        kind, data = image.get("href").split(",", 1)
        assert kind == "data:image/png;base64"
        found.append(np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA")))
    return found


def scale_colours(share):
    """RGB of shares 0..1 on the page's scale."""
    table = np.array([[colour >> shift & 255 for shift in (16, 8, 0)] for colour in VIRIDIS], float)
    place = np.clip(share, 0, 1) * (len(table) - 1)
    step = np.minimum(place.astype(int), len(table) - 2)
    exact = table[step] + (place - step)[..., None] * (table[step + 1] - table[step])
    return np.floor(exact + 0.5).astype(np.uint8)
