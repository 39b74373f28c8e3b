"""What was asked of scores, on the page: figures of rankings, contrasts and their maps, similarity, control."""

import base64
import io
import json
import re
import subprocess
import xml.etree.ElementTree as ElementTree

import h5py
import nibabel
import numpy as np
import pytest
from PIL import Image

import berg
import scores
from berg.core.exceptions import BERGError

MODEL = "fmri-things_fmri_1-vit_b_32"
IMAGES = 90


@pytest.fixture(scope="module")
def store(build_dir, small_berg_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("asked")
    path = scores.make_store(build_dir, folder / "store", small_berg_dir, "1,2", IMAGES)
    return berg.ScoreStore(path, small_berg_dir)


@pytest.fixture
def shown(small_berg_dir, tmp_path):
    """shown(FILES...): the report's figures of what was added, by id, and the page."""
    def shown(*files, subject=1, **options):
        page, numbers = tmp_path / "report.html", tmp_path / "report.json"
        berg.report(MODEL, page, berg_dir=small_berg_dir, subject=subject, json=numbers, add=files, force=True, **options)
        figures = json.loads(numbers.read_text(encoding="utf-8"))["figures"]
        text = page.read_text(encoding="utf-8")
        for section in re.findall(r'<section id="asked_.*?</section>', text, re.DOTALL):
            ElementTree.fromstring(section)  # whatever names hold, tags are closed and text is escaped
        return {figure["id"]: figure for figure in figures if figure["id"].startswith("asked_")}, text

    return shown


def written(path, answer):
    path.write_text(json.dumps(answer), encoding="utf-8")
    return path


def table(figure, caption):
    """{heads: {column: value}} of a figure's table."""
    found = next(table for table in figure["tables"] if table["caption"].startswith(caption))
    return {tuple(row["heads"]): dict(zip(found["columns"], row["values"])) for row in found["rows"]}


def test_store_asks_as_the_functions_do(store, small_berg_dir):
    assert store.rank("V1", top=3) == berg.rank(store, "V1", berg_dir=small_berg_dir, top=3)
    np.testing.assert_array_equal(store.rsm("V1", subject=1), berg.rsm(store, "V1", berg_dir=small_berg_dir, subject=1))
    groups = {"a": range(40), "b": range(40, 90)}
    np.testing.assert_array_equal(store.contrast(groups, "b - a", subject=2)["t"],
                                  berg.contrast(store, groups, "b - a", berg_dir=small_berg_dir, subject=2)["t"])
    assert store.rsa(["V1", "V2"], subject=1)["values"][0, 1] == \
        berg.rsa(store, ["V1", "V2"], berg_dir=small_berg_dir, subject=1)["values"][0, 1]
    assert store.control(["V1", "V2"], images=4)["pairs"] == \
        berg.control(store, ["V1", "V2"], berg_dir=small_berg_dir, images=4)["pairs"]
    with pytest.raises(BERGError):
        store.rank("V1", berg_dir="/nowhere")


def test_berg_dir_is_remembered_or_the_environments(store, monkeypatch):
    assert berg.ScoreStore(*store.__reduce__()[1]).berg_dir == store.berg_dir
    monkeypatch.setenv("BERG_DIR", "/somewhere")
    assert berg.ScoreStore(store.path).berg_dir == "/somewhere"


def test_ranking_with_its_pictures(store, shown, tmp_path):
    ranking = store.rank("mean(V1) - mean(V2)", top=7, bottom=5)
    names = [item["name"] for end in ("top", "bottom") for item in ranking["mean_over_subjects"][end]]
    Image.new("RGB", (300, 300), (10, 200, 30)).save(tmp_path / names[0])
    figures, page = shown(written(tmp_path / "r.json", ranking), pictures=tmp_path)
    figure = figures["asked_1_ranking"]
    assert figure["title"] == "Images ranked by mean(V1) - mean(V2)"
    assert figure["missing"] == f"{len(names) - 1} pictures could not be read: empty tiles."
    rows = table(figure, "Images listed")
    for item in ranking["mean_over_subjects"]["bottom"]:
        row = rows["mean over subjects", "bottom", item["name"]]
        assert all(row[key] == item[key] for key in ("rank", "image", "value", "z", "percentile"))
    out = ranking["leave_one_out"][1]
    assert rows["without sub-02", "top", out["top"][0]["name"]]["value of the one left out"] == out["top"][0]["left_out_value"]
    assert page.count("not found</text>") == len(names) - 1
    assert "http" not in page.split('<section id="asked_1_ranking"')[1].split("</section>")[0].replace(
        "http://www.w3.org/2000/svg", "")


def test_pictures_are_the_files(store, shown, tmp_path):
    """Halved, a picture of squares of 4 x 4 pixels is the same squares of 2 x 2."""
    squares = np.random.default_rng(3).integers(0, 256, (56, 56, 3), dtype=np.uint8)
    Image.fromarray(squares.repeat(4, axis=0).repeat(4, axis=1)).save(tmp_path / "squares.png")
    ranking = store.rank("V1", top=1, subjects=1)
    ranking["subjects"][0]["top"][0]["name"] = "squares.png"
    _, page = shown(written(tmp_path / "r.json", ranking), pictures=tmp_path)
    drawn = re.search(r"data:image/png;base64,([^\"]+)", page.split('<section id="asked_1_ranking"')[1])[1]
    picture = Image.open(io.BytesIO(base64.b64decode(drawn)))
    np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), squares.repeat(2, axis=0).repeat(2, axis=1))


def test_contrast_and_its_map(store, shown, small_berg_dir, tmp_path):
    found = store.contrast({"a": range(30), "b": range(30, 90)}, subject=1)
    np.save(tmp_path / "t.npy", found["t"])
    figures, page = shown(written(tmp_path / "c.json", found["about"]), tmp_path / "t.npy")
    about = found["about"]
    row = table(figures["asked_1_contrast"], "Contrasts")["a - b", "sub-01", "Welch"]
    assert (row["columns"], row["tested"], row["its t"]) == (600, about["tested"], about["strongest"]["t"])
    assert table(figures["asked_1_contrast"], "Groups")["a - b", "sub-01", "b"] == {"weight": -1, "images": 60}
    assert about["notes"][0].split("&")[0] in page
    order = np.argsort(-np.abs(found["t"]), kind="stable")
    peaks = next(table for table in figures["asked_2_map"]["tables"] if table["caption"] == "Strongest")["rows"]
    assert [row["values"][0] for row in peaks] == list(order[:10])
    np.testing.assert_array_equal([row["values"][1] for row in peaks], found["t"][order[:10]])
    regions = table(figures["asked_2_map"], "Regions")
    for name, voxels in scores.rois_of(small_berg_dir, 1).items():
        assert regions[name,]["mean"] == pytest.approx(found["t"][voxels].mean(), rel=1e-12)
        assert regions[name,]["highest"] == found["t"][voxels].max()
    slices = table(figures["asked_2_map"], "sub-01: t.npy, slice by slice")
    assert len(slices) == 9 and all("beyond the scale" in row for row in slices.values())


def test_a_volume_is_its_values(store, shown, small_berg_dir, berg_program, tmp_path):
    lists = [scores.write_list(tmp_path / f"{name}.txt", rows) for name, rows in (("a", range(30)), ("b", range(30, 90)))]
    subprocess.run([berg_program, "contrast", store.path, "--a", lists[0], "--b", lists[1], "--subject", "1,2", "--berg-dir",
                    small_berg_dir, "-q", "-o", tmp_path / "t.nii.gz", "--json", tmp_path / "c.json"], check=True)
    figures, _ = shown(tmp_path / "c.json", tmp_path / "t_sub-02.nii.gz", subject=(1, 2))
    t = store.contrast({"a": range(30), "b": range(30, 90)}, subject=2)["t"]
    assert figures["asked_2_map"]["title"] == "Map t_sub-02.nii.gz of sub-02"
    peaks = next(table for table in figures["asked_2_map"]["tables"] if table["caption"] == "Strongest")["rows"]
    assert peaks[0]["values"][0] == np.abs(t).argmax()
    assert len(table(figures["asked_1_contrast"], "Contrasts")) == 2


@pytest.mark.parametrize("kind", ["npy", "h5"])
def test_matrices(store, shown, tmp_path, kind):
    made = store.rsm(["V1", "V2"], subject=1, dtype="float64")
    if kind == "npy":
        for region in made:
            np.save(tmp_path / f"{region}.npy", made[region])
        figures, _ = shown(tmp_path / "V1.npy", tmp_path / "V2.npy")
    else:
        store.rsm(["V1", "V2"], subject=1, dtype="float64", path=tmp_path / "rsm.h5")
        figures, _ = shown(tmp_path / "rsm.h5")
    for figure, (region, matrix) in zip(figures.values(), made.items()):
        assert region in figure["title"]
        row = table(figure, "Values off the diagonal")["all images",]
        off = matrix[~np.eye(IMAGES, dtype=bool)]
        assert (row["images"], row["pairs with a value"], row["without"]) == (IMAGES, IMAGES * (IMAGES - 1) / 2, 0)
        np.testing.assert_allclose([row["lowest"], row["mean"], row["highest"]], [off.min(), off.mean(), off.max()], rtol=1e-12)
        block = np.arange(IMAGES) * 64 // IMAGES
        member = (block == np.arange(64)[:, None]) / np.bincount(block)[:, None]
        cells = next(table for table in figure["tables"] if table["caption"].startswith("Means over blocks"))
        np.testing.assert_allclose([row["values"] for row in cells["rows"]], member @ matrix @ member.T, rtol=1e-9, atol=1e-12)
        ends = [np.flatnonzero(block == cell)[[0, -1]] for cell in range(64)]
        assert cells["columns"] == ["-".join(str(image) for image in dict.fromkeys(both)) for both in ends]


def test_a_matrix_with_what_is_missing(shown, tmp_path):
    matrix = np.random.default_rng(1).normal(size=(5, 5))
    matrix[2] = matrix[:, 2] = np.nan
    np.save(tmp_path / "m.npy", matrix)
    figure = shown(tmp_path / "m.npy")[0]["asked_1_similarity"]
    assert table(figure, "Values off")["all images",]["without"] == 4
    cells = table(figure, "Values of all pairs")
    assert cells["2",]["0"] is None and cells["1",]["4"] == matrix[1, 4]


def test_rsa(store, shown, tmp_path):
    found = store.rsa([(1, "V1"), (2, "V1"), (1, "hV4")], permutations=50, bootstraps=50)
    figure = shown(written(tmp_path / "rsa.json", {**found, "values": found["values"].tolist()}))[0]["asked_1_rsa"]
    rows = next(table for table in figure["tables"] if table["caption"] == "Comparisons")["rows"]
    assert [row["values"][0] for row in rows] == [comparison["value"] for comparison in found["comparisons"]]
    assert [row["values"][1:3] for row in rows] == [one["bootstraps"]["interval_95"] for one in found["comparisons"]]
    assert [row["values"][3] for row in rows] == [one["permutations"]["p"] for one in found["comparisons"]]
    ceiling = next(one for one in found["ceilings"] if one["region"] == "V1")
    assert table(figure, "Noise ceilings")["V1",] == {"subjects": 2, "lower": ceiling["lower"], "upper": ceiling["upper"]}


@pytest.mark.parametrize("responses", [True, False])
def test_univariate_control(store, shown, tmp_path, responses):
    control = store.control(["V1", "V2"], images=5, margin=0.0, min_ceiling=-1, cv=True, responses=responses)
    figures, page = shown(written(tmp_path / "control.json", control), pictures=tmp_path)
    figure, pair = figures["asked_1_control"], control["pairs"][0]
    assert ("All images, and those chosen" in page) == responses
    assert ("Responses of all images are not drawn" in figure["missing"]) != responses
    chosen = sum(len(condition["images"]) for condition in pair["conditions"])
    assert f"{chosen} pictures could not be read" in figure["missing"]
    row = table(figure, "Conditions")["V1 high, V2 low", "V2"]
    condition, over = pair["conditions"][2], pair["over_subjects"][2]
    assert (row["images"], row["beyond the baselines"], row["mean"]) == \
        (len(condition["images"]), condition["passed"], condition["means"][1])
    assert (row["in subjects left out"], row["p"], row["subjects in whom it holds"]) == \
        (over["tested"][1], over["p"][1], over["significant"][1])
    assert (row["from"], row["to"]) == tuple(over["interval"][1])
    name = control["names"][str(condition["images"][0])]
    assert table(figure, "Images chosen")["V1 high, V2 low", name]["response of V1"] == condition["responses"][0][0]
    assert ".f4{fill" in page  # the fourth condition's colour, of a model of three subjects


def test_multivariate_control(store, shown, tmp_path):
    control = store.control(["V1", "V2"], images=5, min_ceiling=-1, multivariate=True, generations=10, draws=100)
    figure = shown(written(tmp_path / "control.json", control))[0]["asked_1_control"]
    align = control["pairs"][0]["conditions"][0]
    assert table(figure, "Conditions")[align["name"], "both"]["mean"] == align["score"]
    assert len(table(figure, "Images chosen")) == 10


def test_names_are_no_markup(store, shown, tmp_path):
    ranking = store.rank("V1", top=2, subjects=1)
    ranking["expression"] = "<script>alert(1)</script>"
    ranking["subjects"][0]["top"][0]["name"] = "<b>.png"
    _, page = shown(written(tmp_path / "r.json", ranking))
    assert "<script" not in page and "<b>" not in page and "&lt;script&gt;" in page


def other_h5(path):
    with h5py.File(path, "w") as file:
        file["a"] = np.zeros((3, 4))


def four_volumes(path):
    nibabel.save(nibabel.Nifti1Image(np.zeros((12, 15, 12, 2), np.float32), np.eye(4)), path)


@pytest.mark.parametrize("name, make, said", [
    ("a.json", lambda path: path.write_text("{"), "found no JSON"),
    ("b.json", lambda path: path.write_text('{"a": 1}'), "found other JSON"),
    ("c.json", lambda path: path.write_text("[]"), "found other JSON"),
    ("d.json", lambda path: path.write_text(""), "found an empty file"),
    ("e.txt", lambda path: path.write_text("hello"), "found another kind of file"),
    ("f.npy", lambda path: np.save(path, np.zeros((3, 4))), "found float64 (3, 4)"),
    ("g.npy", lambda path: np.save(path, np.zeros(599)), "found 599 numbers"),
    ("h.h5", other_h5, "1 other things"),
    ("i.nii", four_volumes, "number of volumes: expected one, found 2"),
    ("j.nii", lambda path: nibabel.save(nibabel.Nifti1Image(np.zeros((3, 3, 3), np.float32), np.eye(4)), path),
     "found a grid of 3 x 3 x 3"),
    ("k.json", lambda path: path.write_text('{"control": "univariate", "pairs": [{"regions": ["V1"]}]}'), "names no two regions"),
    ("l.json", lambda path: None, "No such file"),
])
def test_what_cannot_be_shown(small_berg_dir, tmp_path, name, make, said):
    make(tmp_path / name)
    with pytest.raises(BERGError) as caught:
        berg.report(MODEL, tmp_path / "report.html", berg_dir=small_berg_dir, add=[tmp_path / name])
    message = str(caught.value)
    assert said in message and name in message and "\n" not in message
    assert not (tmp_path / "report.html").exists()


def test_from_the_program(store, small_berg_dir, berg_program, tmp_path):
    for number, region in enumerate(("V1", "V2", "hV4")):
        written(tmp_path / f"{number}.json", store.rank(region, top=1))
    command = [berg_program, "report", MODEL, "--subject", "1", "--berg-dir", small_berg_dir, "-q", "-o", tmp_path / "r.html",
               "--pictures", tmp_path]
    subprocess.run([*command, "--add", f"{tmp_path}/0.json,{tmp_path}/1.json", "--add", tmp_path / "2.json"], check=True)
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert [f'href="#asked_{number}_ranking"' in page for number in (1, 2, 3, 4)] == [True, True, True, False]
    assert page.count("/2.json</code><br>") == 1  # among the files that it was made from
    (tmp_path / "bad.json").write_text("{}")
    failed = subprocess.run([*command, "-f", "--add", tmp_path / "bad.json"], capture_output=True, text=True)
    assert failed.returncode == 3 and failed.stderr.count("\n") == 1
