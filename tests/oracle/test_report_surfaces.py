"""`berg report` of vertices on surfaces: regions of both hemispheres against NumPy, views against rays, and surfaces that are none."""
import re
import subprocess

import numpy as np
import pytest

from make_surface import brain, flat, triangle_file
from report_page import pictures, scale_colours
from report_siblings import DIVISIONS, VERTICES, Made, metadata_of, nsd_numbers, save
from sibling_metadata import NSD_ROIS
from sibling_models import MODELS

GREY = 0x9AA1A9


@pytest.fixture(scope="module")
def surfaces(tmp_path_factory):
    folder = tmp_path_factory.mktemp("surfaces")
    for make in (brain, flat):
        for side in "lr":
            (folder / f"{side}h.{make.__name__}").write_bytes(triangle_file(*make(DIVISIONS, side)))
    return folder


@pytest.fixture(scope="module")
def report(berg_program, tmp_path_factory, surfaces):
    return Made(berg_program, tmp_path_factory.mktemp("nsd"), "nsd", (1, 3), "--surface", f"{surfaces}/lh.brain,{surfaces}/rh.brain")


def region_vertices(metadata, name, sides=(0, 1)):
    """Among the vertices of both hemispheres; None: no such region."""
    found = [metadata["fmri"][f"{'lr'[side]}h_fsaverage_rois"].get(name) for side in (0, 1)]
    if found[0] is None and found[1] is None:
        return None
    return np.concatenate([VERTICES * side + (np.array([], int) if found[side] is None else found[side]) for side in sides])


@pytest.mark.parametrize("name, test, least", [("encoding_accuracy", "_nsdcore", 0.1), ("synthetic_accuracy", "_nsdsynthetic", 0.3)])
def test_regions_of_vertices(report, name, test, least):
    for part, sides in enumerate(((0, 1), (0,), (1,))):
        heads, columns, numbers = report.table(name, part)
        assert [head[1] for head in heads][:7] == ["V1v", "V1d", "V2v", "V2d", "V3v", "V3d", "hV4"]
        assert {head[1] for head in heads} - {"all vertices"} == set(NSD_ROIS)
        assert columns[4] == "subject-01 explained, % of the ceiling"
        for (_, region), row in zip(heads, numbers):
            for i, metadata in enumerate(report.metadata):
                voxels = np.arange(2 * VERTICES) if region == "all vertices" else region_vertices(metadata, region, sides)
                expected = nsd_numbers(metadata, voxels, test, least)
                np.testing.assert_allclose(row[5 * i:5 * i + 5], expected, rtol=1e-7, err_msg=region)


def test_distributions_of_hemispheres(report):
    for index, (quantity, side, scale) in enumerate([("correlation", 0, 1), ("correlation", 1, 1), ("noise_ceiling", 0, 100),
                                                     ("noise_ceiling", 1, 100)]):
        _, _, numbers = report.table("distributions", index)
        edges = np.append(numbers[:, 0], numbers[-1, 1])
        for i, metadata in enumerate(report.metadata):
            values = np.float64(metadata["encoding_models"][f"{'lr'[side]}h_{quantity}_nsdcore"]) * scale
            np.testing.assert_array_equal(numbers[:, 2 + i], np.histogram(values[~np.isnan(values)], edges)[0])


def seen_from(places, corners, columns, rows, scale, turn, out):
    """For each pixel the vertex nearest to where its ray meets the surface first, -1 where it meets none; `turn` is the axis along
    which columns run and its sign, `out` that towards the viewer."""
    middle = (places.min(axis=0) + places.max(axis=0)) / 2
    at = places - middle
    flat = np.stack([columns / 2 + turn[1] * at[:, turn[0]] * scale, rows / 2 - at[:, 1 if out[0] == 2 else 2] * scale], axis=1)
    depth = out[1] * at[:, out[0]]
    a, b, c = (flat[corners[:, k]] for k in range(3))
    seen, front = np.full((rows, columns), -1), np.full((rows, columns), -np.inf)
    x = np.arange(columns) + 0.5
    for row in range(rows):
        y = row + 0.5
        near = np.nonzero((np.minimum(np.minimum(a, b), c)[:, 1] <= y) & (np.maximum(np.maximum(a, b), c)[:, 1] >= y))[0]
        for t in near:
            matrix = np.stack([np.append(p[t], 1) for p in (a, b, c)], axis=1)
            if abs(np.linalg.det(matrix)) < 1e-12:
                continue
            weights = np.linalg.solve(matrix, np.stack([x, np.full(columns, y), np.ones(columns)]))
            z = depth[corners[t]] @ weights
            hit = (weights >= 0).all(axis=0) & (z > front[row])
            front[row][hit] = z[hit]
            seen[row][hit] = corners[t][weights[:, hit].argmax(axis=0)]
    return seen


VIEWS = {("l", 0): ((1, -1), (0, -1)), ("l", 1): ((1, 1), (0, 1)), ("r", 0): ((1, 1), (0, 1)), ("r", 1): ((1, -1), (0, -1))}


def check_view(picture, places, corners, values, top, scale, turn, out):
    rows, columns = picture.shape[:2]
    seen = seen_from(np.float64(np.float32(places)), corners, columns, rows, scale, turn, out)
    expected = np.where(np.isnan(values), GREY, scale_colours(np.nan_to_num(values) / top) @ np.array([65536, 256, 1]))
    inside = seen >= 0
    shown = picture[..., :3] @ np.array([65536, 256, 1])
    assert (inside != (picture[..., 3] == 255)).mean() < 1e-3
    both = inside & (picture[..., 3] == 255)
    there = np.stack([shown[both] >> shift & 255 for shift in (16, 8, 0)]).astype(int)
    meant = np.stack([expected[seen[both]] >> shift & 255 for shift in (16, 8, 0)])
    assert (np.abs(there - meant).max(axis=0) > 1).mean() < 2e-3  # pixels halfway between two vertices
    assert both.mean() > 0.4


def test_views_of_surfaces(report):
    """Front and back, left and right, against rays sent through the triangles one by one."""
    images = pictures(report.svg("map_accuracy"))
    top = float(re.search(r"colours from 0 to ([\d.]+)", report.html.split('id="map_accuracy"')[1]).group(1))
    for i, (side, view) in enumerate([("l", 0), ("l", 1), ("r", 0), ("r", 1)]):
        places, corners = brain(DIVISIONS, side)
        values = report.metadata[0]["encoding_models"][f"{side}h_correlation_nsdcore"]
        check_view(images[i], places, corners, values, top, 326 / np.ptp(places[:, 1]), *VIEWS[side, view])


def test_flat_surfaces_have_one_view(berg_program, tmp_path, surfaces):
    report = Made(berg_program, tmp_path, "nsd", (2,), "--surface", f"{surfaces}/lh.flat,{surfaces}/rh.flat")
    images = pictures(report.svg("map_accuracy"))
    assert len(images) == 3  # two hemispheres, the colour bar
    top = float(re.search(r"colours from 0 to ([\d.]+)", report.html.split('id="map_accuracy"')[1]).group(1))
    places, corners = flat(DIVISIONS, "r")
    values = report.metadata[0]["encoding_models"]["rh_correlation_nsdcore"]
    widest = max(np.ptp(flat(DIVISIONS, side)[0][:, 0]) for side in "lr")
    check_view(images[1], places, corners, values, top, 326 / widest, (0, 1), (2, 1))


@pytest.mark.parametrize("name, test, least", [("map_share", "_nsdcore", 10), ("synthetic_share", "_nsdsynthetic", 30)])
def test_tables_of_surface_maps(report, name, test, least):
    for i, metadata in enumerate(report.metadata):
        heads, _, numbers = report.table(name, i)
        assert heads == [["left"], ["right"]]
        for side, row in zip("lr", numbers):
            values = np.float64(metadata["encoding_models"][f"{side}h_explained_variance{test}"])
            ceiling = np.float64(metadata["encoding_models"][f"{side}h_noise_ceiling{test}"]) * 100
            known = ~np.isnan(values)
            shown = values[known & (ceiling >= least)]
            np.testing.assert_allclose(row, [VERTICES, (~known).sum(), (known & (ceiling < least)).sum(), shown.min(),
                                             shown.mean(), shown.max(), 0], rtol=1e-6)


def test_surfaces_are_told_under_provenance(report, surfaces):
    paths = [file["path"] for file in report.json["provenance"]["files"]]
    assert paths[-2:] == [f"{surfaces}/lh.brain", f"{surfaces}/rh.brain"]
    assert all(len(file["sha256"]) == 64 for file in report.json["provenance"]["files"])


def test_no_surface_is_said(berg_program, tmp_path):
    report = Made(berg_program, tmp_path, "nsd", (1,))
    assert "No surfaces to draw on were named (--surface lh.inflated,rh.inflated)" in report.html
    assert len(report.table("map_accuracy")[2]) == 2  # its numbers are there all the same


# --- Surfaces that are none ---

def damaged(good):
    """name -> (bytes, what is said)"""
    head = good.index(b"\n\n") + 2
    return {
        "empty": (b"", "is no surface that is read"), "text": (b"#!ascii surface\n3 1\n", "is no surface that is read"),
        "gifti": (b'<?xml version="1.0"?>\n<GIFTI/>\n', "is no surface that is read"),
        "patch": (b"\xff\xff\xff\xff" + good[4:], "is a patch"), "squares": (b"\xff\xff\xff" + good[3:], "is a surface of squares"),
        "no lines": (good[:3] + b"x" * 50, "ends before its vertices"), "cut in the head": (good[:head + 5], "ends before its vertices"),
        "cut": (good[:-1], "is shorter than its header says"),
        "no vertices": (good[:head] + bytes(8) + good[head + 8:], "numbers of vertices and triangles"),
        "negative": (good[:head] + b"\xff" * 8 + good[head + 8:], "numbers of vertices and triangles"),
        "endless": (good[:head] + b"\x7f\xff\xff\xff" * 2 + good[head + 8:], "is shorter than its header says"),
        "infinite": (good[:head + 8] + b"\x7f\x80\0\0" + good[head + 12:], "finite numbers"),
        "beyond": (good[:-4] + b"\0\0\x02\x82", "vertices 0 to 641"), "before": (good[:-4] + b"\xff" * 4, "found -1"),
        "other size": (triangle_file(*brain(2)), "number of vertices: expected 642, found 162")}


CASES = list(damaged(b"\n\n" + bytes(20)))


@pytest.mark.parametrize("case", CASES)
def test_what_is_no_surface_is_an_error(berg_program, tmp_path, surfaces, case):
    content, said = damaged((surfaces / "rh.brain").read_bytes())[case]
    (tmp_path / "rh.bad").write_bytes(content)
    save(tmp_path, "nsd", 1, metadata_of("nsd", 1))
    done = subprocess.run([berg_program, "report", MODELS["nsd"].model_id, "--subject", "1", "--berg-dir", tmp_path, "-o",
                           tmp_path / "r.html", "--surface", f"{surfaces}/lh.brain,{tmp_path}/rh.bad"], capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (3, 1), done.stderr
    assert f"{tmp_path}/rh.bad" in done.stderr and said in done.stderr, done.stderr
    assert not (tmp_path / "r.html").exists()


@pytest.mark.parametrize("places", [np.zeros((VERTICES, 3)), np.full((VERTICES, 3), 3e38) * np.array([1, -1, 1]),
                                    np.random.default_rng(1).normal(0, 3e37, (VERTICES, 3)),
                                    np.random.default_rng(1).normal(0, 1e-44, (VERTICES, 3)),
                                    np.random.default_rng(1).normal(0, 1, (VERTICES, 3)) * [1, 1e-30, 1e30]],
                         ids=["a point", "a point far away", "huge", "tiny", "a needle"])
def test_strange_surfaces_are_drawn(berg_program, tmp_path, places):
    (tmp_path / "lh").write_bytes(triangle_file(places, brain(DIVISIONS)[1]))
    report = Made(berg_program, tmp_path, "nsd", (1,), "--surface", f"{tmp_path}/lh,{tmp_path}/lh")
    assert all(picture.shape[0] <= 1.5 * 326 + 1 for picture in pictures(report.svg("map_accuracy"))[:-1])
