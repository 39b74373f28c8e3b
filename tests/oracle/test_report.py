"""`berg report`: every number against NumPy, every drawing against its numbers, and what happens where something is missing."""
import hashlib
import re
import subprocess

import numpy as np
import pytest

from report_page import (MODEL, MODEL_FOLDER, SVG, Outline, Report, metadata_of, pictures, save, scale_colours)


@pytest.fixture(scope="module")
def berg_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report-models")
    for subject in (1, 2, 3):
        save(folder, subject, metadata_of(subject))
    return folder


@pytest.fixture(scope="module")
def report(berg_program, berg_dir, tmp_path_factory):
    return Report(berg_program, berg_dir, tmp_path_factory.mktemp("report"), "1,2,3")


@pytest.fixture(scope="module")
def subjects():
    return [metadata_of(subject) for subject in (1, 2, 3)]


def accuracy(metadata):
    return metadata["encoding_model"]["correlation_results"]


def ceiling(metadata):
    return metadata["encoding_model"]["noise_ceiling_testset"]


def share(metadata):
    with np.errstate(all="ignore"):
        values = 100 * np.maximum(accuracy(metadata), 0) ** 2 / (ceiling(metadata) / 100)
    return np.where(ceiling(metadata) > 0, values, np.nan)


def region_numbers(metadata, voxels):
    """voxels, without accuracy, accuracy, ceiling: upstream's figure, NaN left out."""
    if voxels is None:
        return [np.nan] * 4
    r, limit = accuracy(metadata)[voxels], np.sqrt(ceiling(metadata)[voxels] / 100)
    mean = [np.nan if np.isnan(values).all() else np.nanmean(values) for values in (r, limit)]
    return [len(voxels), np.isnan(r).sum(), np.maximum(mean[0], 0) ** 2, mean[1] ** 2]


def test_regions(report, subjects):
    heads, columns, numbers = report.table("encoding_accuracy")
    assert columns[4:8] == ["sub-02 voxels", "sub-02 without accuracy", "sub-02 accuracy, r²", "sub-02 ceiling, r²"]
    names = [name for _, name in heads]
    assert names[:6] == ["V1", "V2", "V3", "hV4", "VO1", "VO2"] and names[-2:] == ['<b>&"x\'</b>', "all voxels"]
    assert len({group for group, _ in heads}) == 7 + 2
    for row, (_, name) in zip(numbers, heads):
        for i, metadata in enumerate(subjects):
            voxels = np.arange(len(accuracy(metadata))) if name == "all voxels" else metadata["roi"].get(name)
            np.testing.assert_allclose(row[4 * i:4 * i + 4], region_numbers(metadata, voxels), rtol=1e-12)


def test_bars_are_the_table(report):
    heads, _, numbers = report.table("encoding_accuracy")
    high = 1.05 * np.nanmax(numbers.reshape(len(numbers), 3, 4)[:, :, 2:])
    bars = {}
    for box in report.svg("encoding_accuracy").iter(f"{SVG}rect"):
        title = box.find(f"{SVG}title")
        if title is not None and float(box.get("height")) != 2:
            bars[tuple(title.text.split(": ")[0].rsplit(", ", 1))] = (float(box.get("height")), title.text)
    drawn = 0
    for row, (_, name) in zip(numbers[:-1], heads):
        for i in range(3):
            value = row[4 * i + 2]
            if np.isnan(value):
                assert (name, f"sub-0{i + 1}") not in bars
                continue
            height, says = bars.get((name, f"sub-0{i + 1}"), (2, f": r² {value:.4f},"))
            assert f": r² {value:.4f}," in says
            assert height == pytest.approx(value / high * (206 - 30), abs=0.011)
            drawn += 1
    assert drawn == len(bars) and drawn > 80


@pytest.mark.parametrize("index, values", [(0, accuracy), (1, ceiling)])
def test_distributions(report, subjects, index, values):
    _, columns, numbers = report.table("distributions", index)
    assert columns == ["from", "to", "sub-01", "sub-02", "sub-03"]
    edges = np.append(numbers[:, 0], numbers[-1, 1])
    np.testing.assert_array_equal(numbers[:-1, 1], numbers[1:, 0])
    for i, metadata in enumerate(subjects):
        known = values(metadata)[~np.isnan(values(metadata))]
        np.testing.assert_array_equal(numbers[:, 2 + i], np.histogram(known, edges)[0])
        assert numbers[:, 2 + i].sum() == len(known)


def test_density_and_its_colours(report, subjects):
    images = pictures(report.svg("accuracy_and_ceiling"))
    tables = [report.table("accuracy_and_ceiling", i) for i in range(3)]
    high = max(numbers.max() for _, _, numbers in tables)
    for i, metadata in enumerate(subjects):
        heads, columns, numbers = tables[i]
        low = np.array([float(head[0]) for head in heads])[::-1]
        left = np.array([float(name) for name in columns])
        known = ~np.isnan(accuracy(metadata) + ceiling(metadata))
        expected = np.histogram2d(accuracy(metadata)[known], np.sqrt(ceiling(metadata)[known] / 100),
                                  [np.append(low, 1), np.append(left, 1)])[0][::-1]
        np.testing.assert_array_equal(numbers, expected)
        picture = images[2 * i]  # then comes the colour bar
        np.testing.assert_array_equal(picture[..., 3] == 255, numbers > 0)
        colours = scale_colours(np.log(np.maximum(numbers, 1)) / np.log(high))
        assert np.abs(picture[numbers > 0][:, :3].astype(int) - colours[numbers > 0]).max() <= 1


def chosen_slices(metadata, axis):
    coords = metadata["fmri"]["voxel_coords"][:, axis]
    weights = np.nan_to_num(np.maximum(accuracy(metadata), 0) ** 2)
    before = np.cumsum(np.bincount(coords, weights))
    return sorted({int(np.searchsorted(before, before[-1] * quarter / 4)) for quarter in (1, 2, 3)})


@pytest.mark.parametrize("name, values", [("map_accuracy", accuracy), ("map_ceiling", ceiling), ("map_share", share)])
def test_maps(report, subjects, name, values):
    images = iter(pictures(report.svg(name)))
    top = float(re.search(r"colours from 0 to ([\d.]+)", report.html.split(f'id="{name}"')[1]).group(1))
    for i, metadata in enumerate(subjects):
        heads, columns, numbers = report.table(name, i)
        coords, all_values = metadata["fmri"]["voxel_coords"], values(metadata)
        slices = [(axis, at) for axis in range(3) for at in chosen_slices(metadata, axis)]
        assert [head[0] for head in heads] == [f"{'xyz'[axis]} = {at}" for axis, at in slices]
        for (axis, at), row in zip(slices, numbers):
            inside = coords[:, axis] == at
            here, known = all_values[inside], all_values[inside & ~np.isnan(all_values)]
            summary = [known.min(), known.mean(), known.max()] if len(known) else [np.nan] * 3
            np.testing.assert_allclose(row, [len(here), len(here) - len(known), *summary, (known > top).sum()],
                                       rtol=1e-12, atol=1e-15)
            right, up = (1 if axis == 0 else 0), (1 if axis == 2 else 2)
            low, high = coords.min(axis=0), coords.max(axis=0)
            column, line = coords[inside, right] - low[right], high[up] - coords[inside, up]
            picture = next(images)
            assert picture.shape[:2] == (high[up] - low[up] + 1, high[right] - low[right] + 1)
            assert (picture[..., 3] == 255).sum() == len(here)
            pixels, gap = picture[line, column], np.isnan(here)
            assert (pixels[:, 3] == 255).all()
            assert np.abs(pixels[~gap, :3].astype(int) - scale_colours(here[~gap] / top)).max(initial=0) <= 1
            chequers = np.where((line + column) % 2, 0x8F959C, 0x70767D)[gap]
            np.testing.assert_array_equal(pixels[gap, :3] @ np.array([65536, 256, 1]), chequers)
        next(images), next(images)  # the colour bar, the sample of "no value"


def test_receptive_fields(report, subjects):
    dots = [path.get("d").split("M")[1:] for path in report.svg("receptive_fields").iter(f"{SVG}path")
            if path.get("stroke-linecap") == "round"]
    rim = float(re.search(r"rim ([\d.]+)°", report.html).group(1))
    for i, metadata in enumerate(subjects):
        heads, _, numbers = report.table("receptive_fields", i)
        assert [head[0] for head in heads] == ["V1", "V2", "V3", "hV4"]
        for (name,), row in zip(heads, numbers):
            voxels = metadata["roi"].get(name)
            if voxels is None:
                assert np.isnan(row).all()
                continue
            far, angle = (metadata["prf"][key][voxels] for key in ("prf_eccentricity", "prf_polarangle"))
            known = ~np.isnan(far)
            quarters = np.bincount((angle[known] // 90).astype(int), minlength=4)
            np.testing.assert_allclose(row, [len(voxels), known.sum(), (far > rim).sum(),
                                             *np.quantile(far[known], [0.25, 0.5, 0.75]), *quarters], rtol=1e-12)
            drawn = dots.pop(0)
            inside = known & (far <= rim)
            assert len(drawn) == inside.sum()
            places = np.array([[float(number) for number in dot[:-2].split()] for dot in drawn])
            radians, distance = np.radians(angle[inside]), 66 * far[inside] / rim
            moved = np.c_[distance * np.cos(radians), -distance * np.sin(radians)]
            np.testing.assert_allclose(places - places[0], moved - moved[0], atol=0.021)
    assert not dots


def test_summary(report, subjects):
    for row, metadata in zip(report.json["summary"]["rows"], subjects):
        r, limit = accuracy(metadata), ceiling(metadata)
        np.testing.assert_allclose(row["values"], [
            len(r), (~np.isnan(r)).sum(), np.nanmean(r), np.nanmedian(r), np.nanmax(r), np.nanmean(limit),
            (~np.isnan(limit)).sum(), len(metadata["roi"])], rtol=1e-12)


def test_tables_of_the_page_are_the_json(report):
    outline = Outline(report.html)
    tables = [report.json["summary"]] + [table for figure in report.json["figures"] for table in figure["tables"]]
    assert len(outline.tables) == len(tables) == 1 + 1 + 3 + 2 + 9 + 3
    for shown, table in zip(outline.tables, tables):
        assert shown[0] == table["heads"] + table["columns"]
        for cells, row in zip(shown[1:], table["rows"]):
            heads = len(row["heads"])
            assert cells[:heads] == row["heads"]
            for cell, value in zip(cells[heads:], row["values"]):
                if value is None:
                    assert cell == "–"
                elif "." in cell:
                    assert cell == f"{value:.{len(cell.split('.')[1])}f}"
                else:
                    assert cell == f"{value:,.0f}"


def test_the_page_stands_alone(report):
    outline = Outline(report.html)
    assert not outline.tags & {"script", "iframe", "object", "embed", "img", "base", "form"}
    assert len(outline.ids) == len(set(outline.ids))
    for link in outline.links:
        assert link.startswith(("https://", "data:")) or link[1:] in outline.ids, link
    assert not re.search(r"url\(|@import|\son\w+=", report.html.split("</style>")[0])
    assert '<html lang="en">' in report.html and "prefers-color-scheme:dark" in report.html
    told = [svg for svg in outline.svgs if svg.get("role") == "img" and len(svg.get("aria-label")) > 20]
    assert len(told) == 8 + 3 + 2 + 9 + 3


def test_figures_are_what_their_names_say(report):
    names = {path.name for path in report.figures.iterdir()}
    ids = [figure["id"] for figure in report.json["figures"]]
    assert names == {f"{name}.{ending}" for name in ids for ending in ("svg", "png", "pdf")}
    for name in names:
        start = (report.figures / name).read_bytes()[:8]
        assert start.startswith({"png": b"\x89PNG\r\n\x1a\n", "pdf": b"%PDF-1.", "svg": b"<?xml"}[name[-3:]])


def test_the_same_again(report, berg_program, berg_dir, tmp_path):
    again = Report(berg_program, berg_dir, tmp_path, "1,2,3")
    assert again.json["figures"] == report.json["figures"]
    for path in report.figures.glob("*.[sp][vn]g"):
        assert (again.figures / path.name).read_bytes() == path.read_bytes()


def test_provenance(report, berg_dir, berg_program, tmp_path):
    made = report.json["provenance"]
    assert [made_of["path"] for made_of in made["files"]] == [
        str(berg_dir / MODEL_FOLDER / f"metadata/metadata_sub-0{subject}.npy") for subject in (1, 2, 3)]
    for made_of in made["files"]:
        content = open(made_of["path"], "rb").read()
        assert (made_of["bytes"], made_of["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
        assert made_of["sha256"] in report.html
    assert made["command"].startswith(f"berg report {MODEL} --subject 1,2,3 --berg-dir ")
    assert "https://doi.org/10.7554/eLife.82580" in report.html and "arxiv.org/abs/2010.11929" in report.html


def test_digests_of_weights_of_all_lengths(berg_program, tmp_path):
    """Lengths around the blocks of SHA-256."""
    (tmp_path / MODEL_FOLDER / "encoding_models_weights").mkdir(parents=True)
    for subject in (1, 2, 3):
        save(tmp_path, subject, tiny())
    for lengths in ([0, 1, 55], [56, 63, 64], [65, 119, 120], [65535, 65536, 200001]):
        contents = [np.random.default_rng(length).bytes(length) for length in lengths]
        for subject, content in enumerate(contents, 1):
            (tmp_path / MODEL_FOLDER / f"encoding_models_weights/weights_sub-0{subject}.npy").write_bytes(content)
        made = Report(berg_program, tmp_path, tmp_path / "out", "1,2,3", "--hash-weights", "--force").json["provenance"]
        digests = [made_of["sha256"] for made_of in made["files"][1::2]]
        assert digests == [hashlib.sha256(content).hexdigest() for content in contents]
    made = Report(berg_program, tmp_path, tmp_path / "out", "1", "--force").json["provenance"]
    assert made["files"][1]["sha256"] is None


def tiny():
    """One voxel, nothing else known."""
    return {"fmri": {"voxel_coords": np.array([[5, -3, 2]]), "n_voxels": 1, "subject_id": 1},
            "encoding_model": {}, "prf": {}, "roi": {}}


def without(*keys):
    def change(metadata):
        for key in keys:
            part, name = key.split(".")
            del metadata[part][name]
    return change


def all_nan(metadata):
    metadata["encoding_model"]["correlation_results"][:] = np.nan


def one_voxel(metadata):
    metadata.update(tiny())
    metadata["encoding_model"] = {"correlation_results": np.array([0.5]), "noise_ceiling_testset": np.array([50.0])}
    metadata["roi"] = {"V1": np.array([0])}
    metadata["prf"] = {"prf_eccentricity": np.array([2.0]), "prf_polarangle": np.array([45.0])}


def far_apart(metadata):
    metadata["fmri"]["voxel_coords"][0] = [2 ** 62, -2 ** 62, 0]


def infinite(metadata):
    metadata["encoding_model"]["correlation_results"][:2] = [np.inf, -np.inf]
    metadata["encoding_model"]["noise_ceiling_testset"][:5] = [np.inf, -np.inf, -5, 1e300, 1e-310]
    metadata["prf"]["prf_eccentricity"][:2] = [np.inf, -1]


def many_regions(metadata):
    metadata["roi"].update({f"a region of a very long name, the {i}th": np.array([i]) for i in range(20)})


MISSING = {
    "no accuracy": (without("encoding_model.correlation_results"), "sub-01 has no accuracy yet", 4),
    "no ceiling": (without("encoding_model.noise_ceiling_testset"), "sub-01 has no noise ceilings.", 4),
    "neither": (without("encoding_model.correlation_results", "encoding_model.noise_ceiling_testset"),
                "no accuracy", 1),
    "no receptive fields": (without("prf.prf_eccentricity"), "sub-01 has no eccentricities", 6),
    "no regions": (lambda metadata: metadata["roi"].clear(), "The metadata name no regions", 5),
    "all NaN": (all_nan, "without accuracy", 7),
    "one voxel": (one_voxel, "sub-01", 7),
    "coordinates far apart": (far_apart, "span more than a volume", 4),
    "infinite": (infinite, "sub-01", 7),
    "many regions": (many_regions, "Other regions (4)", 7),
}


@pytest.mark.parametrize("case", MISSING)
def test_what_is_missing_is_said_and_the_rest_is_shown(berg_program, tmp_path, case):
    change, said, drawn = MISSING[case]
    metadata = metadata_of(1, 900)
    change(metadata)
    save(tmp_path, 1, metadata)
    made = Report(berg_program, tmp_path, tmp_path / "out")
    outline = Outline(made.html)
    assert said in made.html
    assert len(list(made.figures.glob("*.svg"))) == len(list(made.figures.glob("*.pdf"))) == drawn
    assert len(outline.svgs) >= drawn
    assert not re.search(r"\bnan\b|\binf\b", made.html.split("</style>")[1])


def test_nothing_known(berg_program, tmp_path):
    save(tmp_path, 1, tiny())
    made = Report(berg_program, tmp_path, tmp_path / "out")
    assert not Outline(made.html).svgs and not list(made.figures.iterdir())


def test_one_of_three_lacks_accuracy(berg_program, tmp_path):
    for subject in (1, 2, 3):
        metadata = metadata_of(subject)
        if subject == 2:
            del metadata["encoding_model"]["correlation_results"]
        save(tmp_path, subject, metadata)
    made = Report(berg_program, tmp_path, tmp_path / "out", "3,2,1")
    assert "sub-02 has no accuracy yet" in made.html
    assert [row["heads"] for row in made.json["summary"]["rows"]] == [["sub-03"], ["sub-02"], ["sub-01"]]
    assert len(made.figure("map_accuracy")["tables"]) == 2
    assert np.isnan(made.table("encoding_accuracy")[2][:-1, 6]).all()


def test_markup_in_names_stays_text(report):
    assert "<b>" not in report.html.replace("<br>", "") and "&lt;b&gt;&amp;&quot;x&#39;&lt;/b&gt;" in report.html
    assert any('<b>&"x\'</b>' in (text.text or "") for text in report.svg("encoding_accuracy").iter(f"{SVG}title"))


def test_names_that_are_no_utf8(berg_program, berg_dir, tmp_path):
    name = tmp_path / "models"
    name.mkdir()
    strange = bytes(name) + b"/\xff\xfe<i>\x01\xc0\xaf\xed\xa0\x80\xf0\x9f\xa7\xa0"
    subprocess.run([b"cp", b"-r", bytes(berg_dir), strange], check=True)
    made = Report(berg_program, strange, tmp_path / "out")
    Outline(made.html)
    assert "\ufffd\ufffd&lt;i&gt;\ufffd" in made.html and "\U0001f9e0" in made.html
    assert "\ufffd<i>\ufffd" in made.json["provenance"]["files"][0]["path"]


@pytest.mark.parametrize("key, value, status", [
    ("encoding_model.correlation_results", np.zeros(5), 4),
    ("encoding_model.correlation_results", np.full(2500, 1.01), 4),
    ("encoding_model.noise_ceiling_testset", np.array(["a"] * 2500), 4),
    ("prf.prf_polarangle", np.zeros((2500, 2)), 4),
    ("roi.V1", np.array([2500]), 4),
    ("roi.V1", np.array([0.5]), 4)])
def test_what_does_not_fit_is_an_error(berg_program, tmp_path, key, value, status):
    metadata = metadata_of(1)
    part, name = key.split(".")
    metadata[part][name] = value
    save(tmp_path, 1, metadata)
    done = subprocess.run([berg_program, "report", MODEL, "--subject", "1", "--berg-dir", tmp_path, "-o",
                           tmp_path / "r.html"], capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (status, 1)
    assert key in done.stderr and not (tmp_path / "r.html").exists()


def test_allocations_may_fail(build_dir, tmp_path):
    metadata = metadata_of(1, 300)
    metadata["roi"] = {name: metadata["roi"][name] for name in ("V1", "hV4", "lFFA")} | {"<new>": np.arange(3)}
    save(tmp_path, 1, metadata)
    done = subprocess.run([build_dir / "tests" / "failing_report", MODEL, "1", tmp_path, tmp_path / "r.html"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 1000
    assert not list(tmp_path.glob("r.html*"))
