"""berg rsm and berg rsa against NumPy, SciPy and the definitions, on full responses in float64."""
import itertools
import json
import pathlib
import shutil
import subprocess

import h5py
import numpy as np
import pytest
from scipy import stats
from scipy.spatial import distance

import vit_oracle

MODEL = "fmri-things_fmri_1-vit_b_32"
IMAGES = 300
PAIRS = np.triu_indices(IMAGES, 1)


@pytest.fixture(scope="module")
def make_store(build_dir):
    def call(path, berg_dir, images=IMAGES, subjects="1,2,3", seed=1):
        subprocess.run([build_dir / "tests/make_store", path, berg_dir, MODEL, subjects, str(images), str(seed)], check=True)
        return path
    return call


@pytest.fixture(scope="module")
def store(make_store, small_berg_dir, tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("similarity") / "store", small_berg_dir)


class Asked:
    """The program, asked of one store."""

    def __init__(self, program, store, berg_dir):
        self.program, self.store, self.berg_dir = program, store, berg_dir

    def run(self, *arguments):
        return subprocess.run([self.program, *map(str, arguments), "--berg-dir", self.berg_dir], capture_output=True, text=True)

    def rsm(self, path, *arguments):
        done = self.run("rsm", self.store, "-o", path, "-f", *arguments)
        assert done.returncode == 0, done.stderr
        return np.load(path) if str(path).endswith(".npy") else h5py.File(path)

    def rsa(self, *arguments):
        path = pathlib.Path(str(self.store) + ".json")
        done = self.run("rsa", self.store, "-o", path, "-f", *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(path.read_text())

    def value(self, *arguments):
        return self.rsa(*arguments)["comparisons"][0]["value"]

    def refused(self, status, *arguments):
        done = self.run(*arguments)
        assert done.returncode == status, done.stderr
        assert done.stderr.count("\n") == 1 and done.stdout == ""
        return done.stderr.removeprefix("berg: ").rstrip("\n")


@pytest.fixture
def asked(berg_program, store, small_berg_dir):
    return Asked(berg_program, store, small_berg_dir)


def responses(store, berg_dir, region, subject=1):
    """float64 [images][units]: A s + b."""
    weights, metadata = vit_oracle.load_subject(berg_dir, subject)
    scores = np.load(store / f"scores_sub-0{subject}.npy").astype(np.float64)
    rows = metadata["roi"][region]
    return scores @ weights["reg_param"]["coef_"][rows].astype(np.float64).T + weights["reg_param"]["intercept_"][rows].astype(np.float64)


def adjusted(r, adjust):
    if adjust != "none":
        r = r - r.mean(axis=0)
    return r / r.std(axis=0, ddof=1) if adjust == "zscore" else r


def dissimilarities(r, metric):
    return distance.pdist(r, metric)


# --- Matrices ---

@pytest.mark.parametrize("adjust", ["none", "demean", "zscore"])
@pytest.mark.parametrize("metric", ["correlation", "cosine", "euclidean", "sqeuclidean"])
@pytest.mark.parametrize("region", ["V1", "IT"])  # fewer units than scores would need, and more
def test_matrices_are_those_of_full_responses(asked, store, small_berg_dir, tmp_path, region, metric, adjust):
    options = "--subject", 1, "--roi", region, "--metric", metric, "--adjust", adjust, "--double"
    expected = distance.squareform(dissimilarities(adjusted(responses(store, small_berg_dir, region), adjust), metric))
    found = asked.rsm(tmp_path / "d.npy", *options, "--distance")
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-13)
    assert (np.diag(found) == 0).all() and (found == found.T).all()
    similarity = asked.rsm(tmp_path / "s.npy", *options)
    np.testing.assert_allclose(similarity, expected if "euclid" in metric else 1 - expected, rtol=1e-6, atol=1e-12)


def with_intercepts(berg_dir, folder, change):
    """A copy of subject 1 whose regression is changed."""
    shutil.copytree(berg_dir, folder)
    path = next(folder.glob("**/weights_sub-01.npy"))
    weights = np.load(path, allow_pickle=True).item()
    change(weights["reg_param"])
    np.save(path, weights, allow_pickle=True)
    return folder


@pytest.mark.parametrize("region", ["V1", "IT"])
@pytest.mark.parametrize("metric", ["correlation", "cosine"])
def test_a_common_pattern_takes_no_digits(berg_program, make_store, small_berg_dir, tmp_path, metric, region):
    """The intercepts are 10^4 times what images differ by: 1 - r is near 1e-8, and right to 1e-6 of it."""
    def enlarge(regression):
        spread = np.abs(responses(plain, small_berg_dir, "IT")).std()
        regression["intercept_"] = (1e4 * spread * np.random.default_rng(1).normal(size=regression["intercept_"].shape)).astype(
            regression["intercept_"].dtype)
    plain = make_store(tmp_path / "plain", small_berg_dir, subjects="1")
    berg_dir = with_intercepts(small_berg_dir, tmp_path / "berg", enlarge)
    store = make_store(tmp_path / "store", berg_dir, subjects="1")
    asked = Asked(berg_program, store, berg_dir)
    r = responses(store, berg_dir, region).astype(np.longdouble)
    weights, metadata = vit_oracle.load_subject(berg_dir, 1)
    rows = metadata["roi"][region]
    r = (np.load(store / "scores_sub-01.npy").astype(np.longdouble) @ weights["reg_param"]["coef_"][rows].astype(np.longdouble).T +
         weights["reg_param"]["intercept_"][rows].astype(np.longdouble))
    if metric == "correlation":
        r -= r.mean(axis=1, keepdims=True)
    r /= np.sqrt((r * r).sum(axis=1, keepdims=True))
    expected = np.array([((r - row) ** 2).sum(axis=1) / 2 for row in r])
    assert 0 < np.median(expected) < 1e-6
    found = asked.rsm(tmp_path / "d.npy", "--roi", region, "--metric", metric, "--distance", "--double")
    np.testing.assert_allclose(found, expected.astype(float), rtol=1e-6)
    if region == "IT":
        other = asked.rsm(tmp_path / "o.npy", "--roi", "V1", "--metric", metric, "--distance", "--double")
        value = asked.value("--a", "V1", "--b", "IT", "--metric", metric)
        assert value == pytest.approx(np.corrcoef(other[PAIRS], expected[PAIRS].astype(float))[0, 1], rel=1e-6)


def test_several_regions_in_one_file_with_names(asked, store, small_berg_dir, tmp_path):
    with asked.rsm(tmp_path / "r.h5", "--subject", 2, "--roi", "V1,IT") as file:
        for region in ("V1", "IT"):
            np.testing.assert_allclose(file[region], np.corrcoef(responses(store, small_berg_dir, region, 2)), atol=1e-7)
            assert file[region].dtype == np.float32
        assert file["image_names"][7] == b"image-000007.jpg"
        assert (file.attrs["values"], file.attrs["metric"], file.attrs["subject"]) == (b"similarity", b"correlation", b"2")
    about = json.loads((tmp_path / "r.json").read_text())
    assert about["Images"][:2] == ["image-000000.jpg", "image-000001.jpg"] and len(about["Images"]) == IMAGES
    assert [region["region"] for region in about["Similarity"]["regions"]] == ["V1", "IT"]


def test_condensed_is_the_upper_triangle(asked, store, small_berg_dir, tmp_path):
    expected = dissimilarities(responses(store, small_berg_dir, "IT"), "correlation")
    found = asked.rsm(tmp_path / "c.npy", "--subject", 1, "--roi", "IT", "--form", "condensed")
    assert found.shape == expected.shape and found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


def test_rdms_have_rsatoolboxs_layout(asked, store, small_berg_dir, tmp_path):
    with asked.rsm(tmp_path / "r.h5", "--subject", 1, "--roi", "V1,IT", "--form", "rdms", "--metric", "sqeuclidean") as file:
        for row, region in enumerate(("V1", "IT")):
            r = responses(store, small_berg_dir, region)
            np.testing.assert_allclose(file["dissimilarities"][row], dissimilarities(r, "sqeuclidean") / r.shape[1], rtol=1e-9)
        assert file.attrs["dissimilarity_measure"] == "squared euclidean"
        assert list(file["rdm_descriptors/region"]) == [b"V1", b"IT"] and list(file["rdm_descriptors/index"]) == [0, 1]
        assert file["pattern_descriptors/image"][3] == b"image-000003.jpg"
        assert (file["pattern_descriptors/index"][()] == np.arange(IMAGES)).all()


def test_larger_than_a_square_of_the_matrix(berg_program, make_store, small_berg_dir, tmp_path):
    """Squares are of 1,920 images: four of them, with edges that are no whole tile."""
    store = make_store(tmp_path / "store", small_berg_dir, 2003, "1")
    asked = Asked(berg_program, store, small_berg_dir)
    r = responses(store, small_berg_dir, "IT")
    np.testing.assert_allclose(asked.rsm(tmp_path / "m.npy", "--roi", "IT"), np.corrcoef(r), atol=1e-6)
    condensed = asked.rsm(tmp_path / "c.npy", "--roi", "IT", "--form", "condensed", "--double")
    np.testing.assert_allclose(condensed, dissimilarities(r, "correlation"), rtol=1e-9, atol=1e-12)
    other = asked.rsm(tmp_path / "o.npy", "--roi", "V1", "--form", "condensed", "--double")
    expected = stats.spearmanr(condensed, other)[0]
    assert asked.value("--a", "V1", "--b", "IT", "--measure", "spearman") == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("arguments", [("rsm", "--roi", "V1,IT", "-o", "{}.h5"), ("rsa", "--a", "V1", "--b", "IT", "-o", "{}.json", "--permutations", "50",
                                                                                   "--bootstrap", "50")], ids=["rsm", "rsa"])
def test_threads_change_no_bit(asked, tmp_path, arguments):
    command, *rest = arguments
    files = []
    for threads in (1, 3):
        named = [argument.format(tmp_path / str(threads)) for argument in rest]
        assert asked.run(command, asked.store, "--subject", 1, "--threads", threads, *named).returncode == 0
        files.append((tmp_path / str(threads)).with_suffix("." + ("h5" if command == "rsm" else "json")).read_bytes())
    assert files[0] == files[1]
    if command == "rsm":  # nor does a time stand in what is beside it
        beside = [json.loads((tmp_path / f"{threads}.json").read_text())["Similarity"] for threads in (1, 3)]
        assert beside[0] == beside[1]


def test_images_by_name_in_their_order(asked, store, small_berg_dir, tmp_path):
    (tmp_path / "names.txt").write_text("image-000020.jpg\nimage-000003.jpg\n\nimage-000100.jpg\n")
    found = asked.rsm(tmp_path / "m.npy", "--subject", 1, "--roi", "IT", "--images", tmp_path / "names.txt")
    np.testing.assert_allclose(found, np.corrcoef(responses(store, small_berg_dir, "IT")[[20, 3, 100]]), atol=1e-6)


def test_units_that_are_equal_have_no_correlation(berg_program, make_store, small_berg_dir, tmp_path):
    def flatten(regression):
        regression["coef_"][:] = regression["coef_"][0]
        regression["intercept_"][:] = 1
    berg_dir = with_intercepts(small_berg_dir, tmp_path / "berg", flatten)
    asked = Asked(berg_program, make_store(tmp_path / "store", berg_dir, 20, "1"), berg_dir)
    done = asked.run("rsm", asked.store, "--roi", "V1", "-o", tmp_path / "m.npy")
    assert done.returncode == 0 and "20 images have no pattern: their rows are NaN" in done.stderr
    assert np.isnan(np.load(tmp_path / "m.npy")[~np.eye(20, dtype=bool)]).all()
    assert asked.refused(3, "rsa", asked.store, "--a", "V1", "--b", "IT") == (
        f"{asked.store}: 0 of 20 images have a pattern on every side, expected at least 3")


# --- Comparisons ---

@pytest.mark.parametrize("adjust", ["none", "demean"])
@pytest.mark.parametrize("metric", ["correlation", "cosine", "euclidean", "sqeuclidean"])
def test_measures_are_those_of_all_pairs(asked, store, small_berg_dir, metric, adjust):
    a, b = (dissimilarities(adjusted(responses(store, small_berg_dir, region), adjust), metric) for region in ("V1", "IT"))
    expected = {"pearson": np.corrcoef(a, b)[0, 1], "cosine": a @ b / np.sqrt(a @ a * (b @ b)), "spearman": stats.spearmanr(a, b)[0],
                "kendall": stats.kendalltau(a, b)[0], "rho-a": stats.spearmanr(a, b)[0]}  # no ties: tau-a is tau-b, rho-a is rho
    for measure, value in expected.items():
        found = asked.value("--subject", 1, "--a", "V1", "--b", "IT", "--metric", metric, "--adjust", adjust, "--measure", measure)
        assert found == pytest.approx(value, rel=1e-9), measure


def test_subjects_and_regions_all_pairs(asked, store, small_berg_dir):
    found = asked.rsa("--roi", "V1,IT", "--subject", "1,2,3")
    sides = [(region, subject) for region in ("V1", "IT") for subject in (1, 2, 3)]
    rdms = [dissimilarities(responses(store, small_berg_dir, *side), "correlation") for side in sides]
    np.testing.assert_allclose(found["values"], np.corrcoef(rdms), rtol=1e-9, atol=1e-12)
    assert [side["label"] for side in found["sides"]] == ["1:V1", "2:V1", "3:V1", "1:IT", "2:IT", "3:IT"]
    assert asked.value("--a", "1:V1", "--b", "2:IT") == pytest.approx(np.corrcoef(rdms[0], rdms[4])[0, 1], rel=1e-9)
    for ceiling, rows in zip(found["ceilings"], (rdms[:3], rdms[3:])):
        z = np.array([(row - row.mean()) / row.std() for row in rows])
        upper = np.mean([np.corrcoef(z.mean(axis=0), row)[0, 1] for row in z])
        lower = np.mean([np.corrcoef(np.delete(z, s, 0).mean(axis=0), z[s])[0, 1] for s in range(3)])
        assert (ceiling["upper"], ceiling["lower"]) == (pytest.approx(upper, rel=1e-9), pytest.approx(lower, rel=1e-6, abs=1e-12))


def test_ties_have_middle_ranks(asked, store, small_berg_dir, tmp_path):
    """A matrix of few values."""
    levels = np.random.default_rng(2).integers(0, 4, len(PAIRS[0])).astype(float)
    rdm = dissimilarities(responses(store, small_berg_dir, "IT"), "correlation")
    mixed = levels + (rdm > np.median(rdm))
    np.save(tmp_path / "m.npy", mixed)
    ask = lambda measure: asked.value("--subject", 1, "--a", "IT", "--b", tmp_path / "m.npy", "--measure", measure)  # noqa: E731
    assert ask("spearman") == pytest.approx(stats.spearmanr(rdm, mixed)[0], rel=1e-12)
    ranks = [stats.rankdata(values) - (len(rdm) + 1) / 2 for values in (rdm, mixed)]
    assert ask("rho-a") == pytest.approx(12 * (ranks[0] @ ranks[1]) / (len(rdm) ** 3 - len(rdm)), rel=1e-12)
    small = tmp_path / "names.txt"
    small.write_text("".join(f"image-{i:06d}.jpg\n" for i in range(40)))
    part = distance.squareform(mixed)[:40, :40]
    np.save(tmp_path / "p.npy", part)
    a, b = distance.squareform(rdm)[:40, :40][np.triu_indices(40, 1)], part[np.triu_indices(40, 1)]
    signs = [np.sign(x[:, None] - x) for x in (a, b)]
    tau_a = (signs[0] * signs[1]).sum() / (len(a) * (len(a) - 1))
    found = asked.value("--subject", 1, "--a", "IT", "--b", tmp_path / "p.npy", "--measure", "kendall", "--images", small)
    assert found == pytest.approx(tau_a, rel=1e-12)


@pytest.mark.parametrize("form", ["square", "condensed"])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i8"])
def test_a_matrix_of_ones_own(asked, store, small_berg_dir, tmp_path, form, dtype):
    own = (1000 * np.random.default_rng(3).random(len(PAIRS[0]))).astype(dtype)
    np.save(tmp_path / "m.npy", own if form == "condensed" else distance.squareform(own.astype(float)).astype(dtype))
    own, rdm = own.astype(float), dissimilarities(responses(store, small_berg_dir, "V1"), "correlation")
    for measure, value in {"pearson": stats.pearsonr(own, rdm)[0], "spearman": stats.spearmanr(own, rdm)[0],
                           "cosine": own @ rdm / np.linalg.norm(own) / np.linalg.norm(rdm)}.items():
        found = asked.rsa("--subject", 1, "--a", tmp_path / "m.npy", "--b", "V1", "--measure", measure)["comparisons"][0]
        assert found["value"] == pytest.approx(value, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("metric", ["correlation", "sqeuclidean", "euclidean"])
@pytest.mark.parametrize("measure", ["spearman", "rho-a"])
def test_ranks_on_a_grid_are_near(asked, metric, measure):
    options = "--subject", 1, "--a", "V1", "--b", "IT", "--metric", metric, "--measure", measure
    exact, counted = asked.rsa(*options)["comparisons"][0], asked.rsa(*options, "--memory", "1000")["comparisons"][0]
    assert (exact["by"], counted["by"]) == ("sorted pairs", "pairs counted on a grid of 2^24 levels")
    assert counted["value"] == pytest.approx(exact["value"], abs=1e-6) and counted["value"] != exact["value"]


# --- Resampling ---

def each_once(metrics, measures):
    """All pairs: as many as name each metric and each measure, and the rest for `make test-long`."""
    return [pytest.param(metric, measure, marks=() if i == k % len(metrics) else pytest.mark.long)
            for i, metric in enumerate(metrics) for k, measure in enumerate(measures)]


@pytest.mark.parametrize("metric, measure", each_once(["correlation", "euclidean"], ["pearson", "cosine", "spearman"]))
def test_permutations_have_the_null_distribution(asked, store, small_berg_dir, measure, metric):
    a, b = (distance.squareform(dissimilarities(responses(store, small_berg_dir, "V1", subject), metric)) for subject in (1, 2))
    if measure == "spearman":
        a, b = (distance.squareform(stats.rankdata(m[PAIRS])) for m in (a, b))
    rng, null = np.random.default_rng(4), []
    for _ in range(500):
        order = rng.permutation(IMAGES)
        x, y = a[PAIRS], b[np.ix_(order, order)][PAIRS]
        null.append(x @ y / np.linalg.norm(x) / np.linalg.norm(y) if measure == "cosine" else np.corrcoef(x, y)[0, 1])
    found = asked.rsa("--a", "1:V1", "--b", "2:V1", "--metric", metric, "--measure", measure, "--permutations", 2000)["comparisons"][0]
    told = found["permutations"]
    assert told["exact"] and told["variance_left_out"] == 0
    assert told["mean"] == pytest.approx(np.mean(null), abs=5 * np.std(null) / np.sqrt(500))
    assert told["standard_deviation"] == pytest.approx(np.std(null), rel=0.2)  # six standard errors of 500 samples
    expected = (np.sum(np.array(null) >= found["value"]) + 1) / 501
    assert told["p"] == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("metric, measure", each_once(["correlation", "euclidean"], ["pearson", "cosine"]))
def test_bootstraps_leave_pairs_of_one_image_out(asked, store, small_berg_dir, measure, metric):
    a, b = (distance.squareform(dissimilarities(responses(store, small_berg_dir, region), metric)) for region in ("V1", "IT"))
    rng, values = np.random.default_rng(5), []
    for _ in range(500):
        drawn = np.sort(rng.integers(0, IMAGES, IMAGES))
        different = (drawn[:, None] != drawn)[PAIRS]
        x, y = (m[np.ix_(drawn, drawn)][PAIRS][different] for m in (a, b))
        values.append(x @ y / np.linalg.norm(x) / np.linalg.norm(y) if measure == "cosine" else np.corrcoef(x, y)[0, 1])
    told = asked.rsa("--subject", 1, "--a", "V1", "--b", "IT", "--metric", metric, "--measure", measure, "--bootstrap", 2000)
    told = told["comparisons"][0]["bootstraps"]
    spread = np.std(values)
    assert told["exact"] and told["samples"] == 2000
    assert told["mean"] == pytest.approx(np.mean(values), abs=5 * spread / np.sqrt(500))
    assert told["standard_deviation"] == pytest.approx(spread, rel=0.2)
    for limit, share in zip(told["interval_95"], (2.5, 97.5)):
        assert limit == pytest.approx(np.percentile(values, share), abs=0.5 * spread)


def test_a_seed_decides(asked):
    ask = lambda *more: asked.rsa("--subject", 1, "--a", "V1", "--b", "IT", "--permutations", 20, "--bootstrap", 20, *more)  # noqa: E731
    assert ask() == ask("--seed", 1) and ask()["comparisons"] != ask("--seed", 2)["comparisons"]


# --- What is refused ---

def test_two_images_are_one_pair(berg_program, make_store, small_berg_dir, tmp_path):
    asked = Asked(berg_program, make_store(tmp_path / "store", small_berg_dir, 2, "1"), small_berg_dir)
    assert asked.rsm(tmp_path / "m.npy", "--roi", "IT").shape == (2, 2)
    assert asked.rsm(tmp_path / "c.npy", "--roi", "IT", "--form", "condensed").shape == (1,)
    assert asked.refused(2, "rsa", asked.store, "--a", "V1", "--b", "IT") == f"{asked.store}: expected at least 3 images, found 2"


@pytest.mark.parametrize("arguments, status, message", [
    (("rsm", "--roi", "V1", "-o", "{}/m.npy"), 2,
     "{store}: say of which subject and model: it has scores of subject 1 of {model}, subject 2 of {model}, subject 3 of {model}"),
    (("rsm", "--subject", "1", "--roi", "V1,IT", "-o", "{}/m.npy"), 2, "{}/m.npy: a .npy holds the matrix of one region, not of 2: name an .h5"),
    (("rsm", "--subject", "1", "--roi", "V1", "-o", "{}/m.csv"), 2, "{}/m.csv: expected a name that ends in .npy or .h5"),
    (("rsm", "--subject", "1", "--roi", "V1", "--form", "rdms", "-o", "{}/m.npy"), 2,
     "{}/m.npy: the form rdms is an .h5; as .npy it is called condensed"),
    (("rsm", "--subject", "1", "--roi", "V1", "--metric", "manhattan", "-o", "{}/m.npy"), 2,
     'metric: expected correlation, cosine, euclidean or sqeuclidean, found "manhattan"'),
    (("rsm", "--subject", "1", "--roi", "V1,V1", "-o", "{}/m.h5"), 2, "the region V1 is named twice"),
    (("rsa", "--a", "1:V1", "--b", "1:IT", "--measure", "tau"), 2,
     'measure: expected pearson, cosine, spearman, rho-a or kendall, found "tau"'),
    (("rsa", "--a", "1:V1", "--b", "1:IT", "--measure", "spearman", "--bootstrap", "10"), 2,
     "bootstraps are of pearson and cosine: spearman would rank all pairs anew in each"),
    (("rsa", "--a", "1:V1", "--b", "1:IT", "--measure", "kendall", "--permutations", "10"), 2,
     "permutations are not of kendall: take spearman or rho-a"),
    (("rsa", "--a", "1:V1", "--b", "1:IT", "--measure", "kendall", "--memory", "1000"), 6,
     "kendall sorts all pairs of 300 images, 1.4 MB, and may take 1.0 kB: give more, or fewer images"),
], ids=lambda value: "-".join(value[:6]) if isinstance(value, tuple) else None)
def test_one_line_says_what_is_wrong(asked, tmp_path, arguments, status, message):
    command, *rest = (argument.format(tmp_path) for argument in arguments)
    assert asked.refused(status, command, asked.store, *rest) == message.format(tmp_path, store=asked.store, model=MODEL)
    assert list(tmp_path.iterdir()) == []


def test_a_region_of_one_unit(berg_program, make_store, small_berg_dir, tmp_path):
    def alone(metadata):
        metadata["roi"]["V1"] = metadata["roi"]["V1"][:1]
    folder = tmp_path / "berg"
    shutil.copytree(small_berg_dir, folder)
    path = next(folder.glob("**/metadata_sub-01.npy"))
    metadata = np.load(path, allow_pickle=True).item()
    alone(metadata)
    np.save(path, metadata, allow_pickle=True)
    asked = Asked(berg_program, make_store(tmp_path / "store", folder, 10, "1"), folder)
    line = "V1: a correlation needs at least 2 units, this region has 1"
    assert asked.refused(2, "rsm", asked.store, "--roi", "V1", "-o", tmp_path / "m.npy") == line
    assert asked.refused(2, "rsa", asked.store, "--a", "V1", "--b", "IT") == line
    assert asked.rsm(tmp_path / "m.npy", "--roi", "V1", "--metric", "euclidean").shape == (10, 10)


def test_matrices_that_do_not_fit(asked, tmp_path):
    path = tmp_path / "m.npy"
    for array, words in ((np.zeros((299, 299)), "expected numbers in C order (300, 300), or of the 44850 pairs above the diagonal, found float64 (299, 299)"),
                         (np.full(44850, np.nan), "element 0 is no finite number")):
        np.save(path, array)
        assert asked.refused(3, "rsa", asked.store, "--subject", "1", "--a", "V1", "--b", path).endswith(words)


def test_what_is_there_stays(asked, tmp_path):
    path = tmp_path / "m.npy"
    path.write_text("mine")
    assert asked.refused(5, "rsm", asked.store, "--subject", 1, "--roi", "V1", "-o", path).startswith(f"{path}: already exists")
    assert path.read_text() == "mine" and [file.name for file in tmp_path.iterdir()] == ["m.npy"]


def test_names_that_are_not_in_the_store(asked, tmp_path):
    (tmp_path / "names.txt").write_text("image-000001.jpg\nother.jpg\n")
    line = asked.refused(3, "rsm", asked.store, "--subject", 1, "--roi", "V1", "--images", tmp_path / "names.txt", "-o", tmp_path / "m.npy")
    assert line.startswith(f"{tmp_path}/names.txt, line 2: ") and "other.jpg" in line


def test_the_table_has_a_line_a_comparison(asked):
    done = asked.run("rsa", asked.store, "--roi", "V1,IT", "--subject", "1,2", "--bootstrap", 20, "--permutations", 19)
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert lines[0] == ["a", "b", "value", "low", "high", "p"] and len(lines) == 1 + 6
    pairs = list(itertools.combinations(["1:V1", "2:V1", "1:IT", "2:IT"], 2))
    assert [tuple(line[:2]) for line in lines[1:]] == pairs
    for line in lines[1:]:
        assert float(line[3]) <= float(line[4]) and 0.05 <= float(line[5]) <= 1
    assert "V1: noise ceiling over subjects" in done.stderr
