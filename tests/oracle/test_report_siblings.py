"""`berg report` of the four sibling models: every number against NumPy, every drawing against its numbers, and what happens where
something lacks. The first model's report: test_report.py."""
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from make_surface import brain, triangle_file
from report_page import SVG, Outline, pictures, scale_colours
from report_siblings import VERTICES, Made, mean, metadata_of, nsd_numbers, results, save, side_scores
from sibling_models import MODELS


@pytest.fixture(scope="module")
def made(berg_program, tmp_path_factory):
    """made(key): the report of all that the tests look at, made once."""
    reports, subjects = {}, {"nsd": (1, 3), "eeg": tuple(range(1, 11)), "meg": (1, 4), "tvsd": ("N", "F")}

    def make(key):
        if key not in reports:
            reports[key] = Made(berg_program, tmp_path_factory.mktemp(key), key, subjects[key])
        return reports[key]
    return make


# --- Over time ---

def course_of(key, metadata, region):
    """(units of the region, those that count, solid line, dashed line)"""
    if key == "eeg":
        names, scores = metadata["eeg"]["ch_names"], metadata["encoding_models"]
        units = [i for i, name in enumerate(names) if region is None or region in name]
        return len(units), len(units), mean(scores["correlation_averaged_repetitions"][units]), mean(
            scores["correlation_single_repetitions"].mean(axis=0)[units])
    if key == "meg":
        of = metadata["sensors"]["sensor_regions"]
    else:
        areas = metadata.get("roi", metadata["utah_array"])
        of = areas["roi_labels"][areas["roi_assignments"]]
    r, ceiling = results(metadata)["correlation_results"], np.float64(metadata["encoding_model"]["noise_ceiling"])
    inside = np.ones(len(of), bool) if region is None else of == region
    counted = inside & (ceiling.max(axis=1) > (0.1 if key == "tvsd" else 0))
    return inside.sum(), counted.sum(), mean(100 * np.maximum(r[counted], 0) ** 2), mean(ceiling[counted])


REGIONS = {"eeg": ["O", "P", "T", "C", "F", None], "meg": ["Frontal", "Central", "Parietal", "Temporal", "Occipital", None],
           "tvsd": ["V1", "V4", "IT", None]}
TIMES = {"eeg": ("eeg", 1000), "meg": ("meg", 1000), "tvsd": ("utah_array", 1)}


@pytest.mark.parametrize("key", REGIONS)
def test_courses_and_peaks(made, key):
    report = made(key)
    part, scale = TIMES[key]
    times = report.metadata[0][part]["times"] * scale
    peaks_heads, _, peaks = report.table("encoding_accuracy")
    subjects, rows = len(report.metadata), iter(zip(peaks_heads, peaks))
    for index, region in enumerate(REGIONS[key]):
        heads, columns, numbers = report.table("encoding_accuracy", index + 1)
        np.testing.assert_allclose([float(head[0]) for head in heads], times, atol=1e-9)
        assert len(columns) == 2 * (subjects + 1)
        for i, metadata in enumerate(report.metadata):
            units, counted, solid, dashed = course_of(key, metadata, region)
            np.testing.assert_allclose(numbers[:, 2 * i], solid, rtol=1e-10, atol=1e-14)
            np.testing.assert_allclose(numbers[:, 2 * i + 1], dashed, rtol=1e-10, atol=1e-14)
            (name, _), row = next(rows)
            assert name == (region or f"All {'channels' if key == 'eeg' else 'sensors' if key == 'meg' else 'electrodes'}")
            best, best_dashed = np.nanargmax(solid), np.nanargmax(dashed)
            np.testing.assert_allclose(row, [units, counted, solid[best], times[best], dashed[best], dashed[best_dashed],
                                             times[best_dashed]], rtol=1e-10, atol=1e-9)
        for column in range(2):
            np.testing.assert_allclose(numbers[:, 2 * subjects + column], mean(numbers[:, column:2 * subjects:2].T), rtol=1e-12)
        (_, name), row = next(rows)
        assert name == "mean of the subjects" and row[2] == np.nanmax(numbers[:, 2 * subjects])
    assert next(rows, None) is None
    if key == "meg":
        assert (peaks[-3][0], peaks[-3][1]) == (271, 270)
    if key == "tvsd":
        assert peaks[0][0] == 512 and 400 < peaks[0][1] < 512


@pytest.mark.parametrize("key", REGIONS)
def test_lines_are_the_table(made, key):
    """Each line of a region's panel, its points in the places of the numbers."""
    report = made(key)
    lines = [path for path in report.svg("encoding_accuracy").iter(f"{SVG}path") if path.get("stroke-linejoin")]
    tables = [report.table("encoding_accuracy", i + 1)[2] for i in range(len(REGIONS[key]))]
    high, low = 1.05 * max(np.nanmax(table) for table in tables), 1.05 * min(0, min(np.nanmin(table) for table in tables))
    for numbers in tables:
        for columns, dashed in ((numbers[:, 1::2], True), (numbers[:, ::2], False)):
            for values in columns.T:
                path = lines.pop(0)
                points = np.array([[float(n) for n in point.split()] for point in re.split("[ML]", path.get("d"))[1:]])
                assert bool(path.get("stroke-dasharray")) == dashed and len(points) == len(values)
                np.testing.assert_allclose(points[:, 1], 206 - (values - low) / (high - low) * 176, atol=0.006)
                np.testing.assert_allclose(points[[0, -1], 0], [46, 330], atol=1e-9)
    assert not lines


def units_in_order(key, metadata):
    """Units by the first region that has them, in the file's order within it."""
    if key == "eeg":
        names = metadata["eeg"]["ch_names"]
        return sorted(range(len(names)), key=lambda i: [letter in names[i] for letter in "OPTCF"].index(True))
    if key == "meg":
        return sorted(range(271), key=lambda i: REGIONS["meg"].index(metadata["sensors"]["sensor_regions"][i]))
    return sorted(range(1024), key=lambda i: metadata["roi"]["roi_assignments"][i])


@pytest.mark.parametrize("key, name", [("eeg", "map_accuracy"), ("meg", "map_accuracy"), ("meg", "map_ceiling"),
                                       ("tvsd", "map_accuracy"), ("tvsd", "map_ceiling")])
def test_heat_maps(made, key, name):
    report = made(key)
    part, scale = TIMES[key]
    images = pictures(report.svg(name))
    top = float(re.search(r"colours from 0 to ([\d.]+)", report.html.split(f'id="{name}"')[1]).group(1))
    for i, metadata in enumerate(report.metadata):
        if key == "eeg":
            values = metadata["encoding_models"]["correlation_averaged_repetitions"]
        elif name == "map_ceiling":
            values = np.float64(metadata["encoding_model"]["noise_ceiling"])
        else:
            values = results(metadata)["correlation_results"]
        order = units_in_order(key, metadata)
        shown, picture = values[order], images[3 * i]  # then the colour bar and the sample of "no value"
        known = ~np.isnan(shown)
        assert np.abs(picture[known][:, :3].astype(int) - scale_colours(shown[known] / top)).max() <= 1
        row, column = np.nonzero(~known)
        chequers = np.where((row + column) % 2, 0x8F959C, 0x70767D)
        np.testing.assert_array_equal(picture[row, column, :3] @ np.array([65536, 256, 1]), chequers)
        heads, _, numbers = report.table(name, i)
        best = np.nanargmax(shown, axis=1)
        np.testing.assert_allclose(numbers, np.stack([
            shown[range(len(order)), best], metadata[part]["times"][best] * scale, mean(shown.T), (~known).sum(axis=1)],
            axis=1), rtol=1e-10, atol=1e-9)
        if key == "eeg":
            assert [head[0] for head in heads] == [metadata["eeg"]["ch_names"][unit] for unit in order]
    assert len(images) == 3 * len(report.metadata)


def test_the_page_says_what_it_leaves_out(made):
    for key in REGIONS:
        assert "left to MNE-Python" in made(key).html
    assert "electrode_order" in made("tvsd").html and "may be mixed" in made("tvsd").html
    assert "no noise ceiling" in made("eeg").html


# --- All of them ---

@pytest.mark.parametrize("key", MODELS)
def test_summary(made, key):
    report = made(key)
    for row, metadata in zip(report.json["summary"]["rows"], report.metadata):
        if key == "nsd":
            r, ceiling = side_scores(metadata, "_nsdcore", "correlation"), side_scores(metadata, "_nsdcore", "noise_ceiling") * 100
        elif key == "eeg":
            r, ceiling = metadata["encoding_models"]["correlation_averaged_repetitions"], np.array([])
        else:
            r, ceiling = results(metadata)["correlation_results"], np.float64(metadata["encoding_model"]["noise_ceiling"])
        regions = {"nsd": 31, "eeg": 5, "meg": 5, "tvsd": 3}[key]
        expected = [r.size, (~np.isnan(r)).sum(), np.nanmean(r), np.nanmedian(r), np.nanmax(r),
                    np.nan if key == "eeg" else np.nanmean(ceiling), ceiling.size, regions]
        shown = [np.nan if value is None else value for value in row["values"]]
        np.testing.assert_allclose(shown, expected, rtol=1e-9)


@pytest.mark.parametrize("key", MODELS)
def test_the_page_stands_alone_and_all_panels_are_told(made, key):
    report = made(key)
    outline = Outline(report.html)
    assert not outline.tags & {"script", "iframe", "object", "embed", "img", "base", "form"}
    assert len(outline.ids) == len(set(outline.ids))
    for link in outline.links:
        assert link.startswith(("https://", "data:")) or link[1:] in outline.ids, link
    assert not re.search(r"\bnan\b|\binf\b", report.html.split("</style>")[1])
    panels = [svg for svg in outline.svgs if svg.get("role") == "img"]
    assert panels and all(len(svg.get("aria-label")) > 40 for svg in panels)
    drawn = [figure["id"] for figure in report.json["figures"] if "<figure>" in
             report.html.split(f'<section id="{figure["id"]}"')[1].split("</section>")[0]]
    assert {path.name for path in report.figures.iterdir()} == {f"{name}.{ending}" for name in drawn for ending in ("svg", "png", "pdf")}


def test_ten_subjects_have_ten_colours(made):
    svg = (made("eeg").figures / "encoding_accuracy.svg").read_text()
    colours = dict(re.findall(r"\.f(\d)\{fill:(#[0-9a-f]{6})\}", svg))
    assert len(colours) == len(set(colours.values())) == 10
    legend = re.findall(r'<rect class="f(\d)" x="([\d.]+)" y="([\d.]+)" width="12"', svg)
    assert len({letter for letter, _, _ in legend}) == len({(x, y) for _, x, y in legend}) == 10


def luminance(colour):
    parts = np.array([int(colour[i:i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def test_colours_of_subjects_stand_out_on_both_papers(made):
    """By the contrast of WCAG 2.1."""
    papers = re.findall(r":root\{([^}]*)\}", made("eeg").html)
    for variables, paper in zip(papers, ("#ffffff", "#14181d"), strict=True):
        colours = re.findall(r"--c\d:(#[0-9a-f]{6})", variables)
        light = [luminance(colour) for colour in [paper, *colours]]
        assert len(set(colours)) == 10
        assert all((max(light[0], l) + 0.05) / (min(light[0], l) + 0.05) >= 3 for l in light[1:])


def test_the_plot_is_the_first_figure(made, build_dir):
    """What berg_plot_accuracy gives: the file of the first figure, all but the subjects' own words."""
    for key in MODELS:
        report = made(key)
        script = ("import sys; import berg; sys.stdout.write(berg.plot_accuracy(sys.argv[1], berg_dir=sys.argv[2], "
                  "subject=[int(n) if n.isdigit() else n for n in sys.argv[3].split(',')]).svg)")
        names = ",".join(str(subject) for subject in report.subjects)
        done = subprocess.run([sys.executable, "-c", script, MODELS[key].model_id, report.folder / "models", names],
                              capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(build_dir / "python")})
        assert done.returncode == 0, done.stderr
        assert done.stdout == (report.figures / "encoding_accuracy.svg").read_text(encoding="utf-8")


def drop(*keys):
    def change(metadata):
        for key in keys:
            *parts, name = key.split(".")
            for part in parts:
                metadata = metadata[part]
            metadata.pop(name, None)
    return change


def drop_accuracy_of_nsd(metadata):
    for name in list(metadata["encoding_models"]):
        if "img" not in name:
            del metadata["encoding_models"][name]


MISSING = {
    "eeg accuracy": ("eeg", drop("encoding_models.correlation_averaged_repetitions"), ["subject-02 has no accuracy."], {"encoding_accuracy"}),
    "eeg single": ("eeg", drop("encoding_models.correlation_single_repetitions"), ["no accuracy for single repetitions"],
                   {"encoding_accuracy", "map_accuracy"}),
    "eeg all": ("eeg", lambda m: m["encoding_models"].clear(), ["no accuracy."], set()),
    "meg accuracy": ("meg", drop("encoding_model.all_training_splits.correlation_results"), ["P2 has no accuracy."],
                     {"encoding_accuracy", "map_ceiling"}),
    "meg ceiling": ("meg", drop("encoding_model.noise_ceiling"), ["P2 has no noise ceilings."], {"encoding_accuracy", "map_accuracy"}),
    "meg regions": ("meg", drop("sensors.sensor_regions"), ["The metadata name no regions"],
                    {"encoding_accuracy", "map_accuracy", "map_ceiling"}),
    "nsd all": ("nsd", drop_accuracy_of_nsd, ["no accuracy.", "no accuracy for NSD-synthetic"], set()),
    "nsd synthetic": ("nsd", drop("encoding_models.rh_correlation_nsdsynthetic"), ["no accuracy for NSD-synthetic"],
                      {"encoding_accuracy", "synthetic_accuracy", "accuracy_and_ceiling", "distributions"}),
    "nsd regions": ("nsd", lambda m: (m["fmri"]["lh_fsaverage_rois"].clear(), m["fmri"]["rh_fsaverage_rois"].clear()),
                    ["The metadata name no regions"], {"accuracy_and_ceiling", "distributions"}),
}


@pytest.mark.parametrize("case", MISSING)
def test_what_is_missing_is_said_and_the_rest_is_shown(berg_program, tmp_path, case):
    key, change, said, drawn = MISSING[case]
    report = Made(berg_program, tmp_path, key, (2,), change=change)
    for words in said:
        assert words in report.html, words
    assert {path.stem for path in report.figures.iterdir()} == drawn
    assert not re.search(r"\bnan\b|\binf\b", report.html.split("</style>")[1])


@pytest.mark.parametrize("key, generation", [("nsd", "plain"), ("meg", "train_split"), ("meg", "plain"), ("tvsd", "plain")])
def test_older_generations(berg_program, tmp_path, key, generation):
    subject = MODELS[key].subjects[-1]
    report = Made(berg_program, tmp_path, key, (subject,), generation=generation)
    if key == "nsd":
        expected = nsd_numbers(report.metadata[0], np.arange(2 * VERTICES), "", 0.1)
        np.testing.assert_allclose(report.table("encoding_accuracy")[2][-1], expected, rtol=1e-7)
        assert "has no accuracy for NSD-synthetic" in report.html
    else:
        _, _, solid, dashed = course_of(key, report.metadata[0], REGIONS[key][1])
        np.testing.assert_allclose(report.table("encoding_accuracy", 2)[2], np.stack([solid, dashed], axis=1), rtol=1e-10, atol=1e-14)


def small_nsd(metadata, vertices):
    rois = {name: np.arange(3) for name in ("V1v", "EBA")}
    scores = {name: values[:vertices] for name, values in metadata["encoding_models"].items()}
    return {"fmri": {"lh_ncsnr": np.ones(vertices), "rh_ncsnr": np.ones(vertices), "lh_fsaverage_rois": rois,
                     "rh_fsaverage_rois": rois}, "encoding_models": scores}


def small_tvsd(metadata, electrodes):
    metadata["utah_array"]["n_electrodes"] = electrodes
    metadata["roi"]["roi_assignments"] = np.arange(electrodes) % 3
    encoding = metadata["encoding_model"]
    encoding["noise_ceiling"] = encoding["noise_ceiling"][:electrodes]
    results(metadata)["correlation_results"] = results(metadata)["correlation_results"][:electrodes]
    return metadata


@pytest.mark.parametrize("key", MODELS)
def test_allocations_may_fail(build_dir, tmp_path, key):
    subject, places = MODELS[key].subjects[0], brain(1)
    metadata = metadata_of(key, subject)
    surfaces = []
    if key == "nsd":
        metadata = small_nsd(metadata, len(places[0]))
        surfaces = [tmp_path / "lh", tmp_path / "rh"]
        for path in surfaces:
            path.write_bytes(triangle_file(*places))
    if key == "tvsd":
        metadata = small_tvsd(metadata, 12)
    save(tmp_path, key, subject, metadata)
    done = subprocess.run([build_dir / "tests" / "failing_report", MODELS[key].model_id, str(subject), tmp_path,
                           tmp_path / "r.html", *surfaces], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 500
    assert not list(tmp_path.glob("r.html*"))


def test_subjects_with_other_times(berg_program, tmp_path):
    def change(metadata):
        if metadata["utah_array"]["monkey_id"] == "monkeyF":
            metadata["utah_array"]["times"] = metadata["utah_array"]["times"] + 1
    report = Made(berg_program, tmp_path, "tvsd", ("N", "F"), change=change)
    assert "monkeyF has other times than monkeyN, and is left out." in report.html
    numbers = report.table("encoding_accuracy", 1)[2]
    assert np.isnan(numbers[:, 2:4]).all()
    np.testing.assert_array_equal(numbers[:, 4:], numbers[:, :2])


def many_regions(metadata):
    metadata["sensors"]["sensor_regions"] = np.array([f"<region {i}>" for i in range(271)])


def test_more_regions_than_are_drawn(berg_program, tmp_path):
    report = Made(berg_program, tmp_path, "meg", (3,), change=many_regions)
    assert "Of 271 regions the first 8 are drawn" in report.html
    assert len(report.figure("encoding_accuracy")["tables"]) == 1 + 8 + 1 and "<region" not in report.html


def put(key, value):
    def change(metadata):
        *parts, name = key.split(".")
        for part in parts:
            metadata = metadata[part]
        metadata[name] = value
    return change


@pytest.mark.parametrize("key, name, value, said", [
    ("eeg", "encoding_models.correlation_averaged_repetitions", np.zeros((140, 63)), "(63, 140)"),
    ("eeg", "encoding_models.correlation_single_repetitions", np.full((4, 63, 140), 2.0), "correlations from -1 to 1"),
    ("eeg", "encoding_models.correlation_single_repetitions", np.zeros((0, 63, 140)), "(1, 63, 140)"),
    ("eeg", "eeg.times", np.zeros(140), "ascending times"),
    ("meg", "encoding_model.noise_ceiling", np.zeros((281, 271)), "(271, 281)"),
    ("meg", "encoding_model.all_training_splits.correlation_results", np.full((271, 281), -1.5), "correlations from -1 to 1"),
    ("meg", "sensors.sensor_regions", np.array(["Frontal"] * 270), "a region for each sensor"),
    ("tvsd", "roi.roi_assignments", np.zeros(5), "(1024,)"),
    ("nsd", "encoding_models.rh_noise_ceiling_nsdcore", np.full(VERTICES, 40.0), "fractions from 0 to 1"),
    ("nsd", "encoding_models.lh_correlation_nsdcore", np.full(VERTICES, 1.1), "correlations from -1 to 1"),
    ("nsd", "encoding_models.lh_correlation_nsdsynthetic", np.array(["a"] * VERTICES), f"({VERTICES},)"),
    ("nsd", "fmri.rh_fsaverage_rois.V1v", np.array([VERTICES]), "below the number of vertices")])
def test_what_does_not_fit_is_an_error(berg_program, tmp_path, key, name, value, said):
    subject = MODELS[key].subjects[0]
    metadata = metadata_of(key, subject)
    put(name, value)(metadata)
    save(tmp_path, key, subject, metadata)
    done = subprocess.run([berg_program, "report", MODELS[key].model_id, "--subject", str(subject), "--berg-dir", tmp_path, "-o",
                           tmp_path / "r.html"], capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (4, 1), done.stderr
    assert name.split(".")[-1] in done.stderr.replace("?h_", "rh_") and said in done.stderr
    assert not (tmp_path / "r.html").exists()
