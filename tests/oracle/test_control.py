"""Relational neural control against plain NumPy on all responses: which units count, their means, which images are chosen, what the
subjects left out answer, permutations number by number, and the similarities of the sets that the search finds."""
import itertools
import json
import math
import shutil
import subprocess

import numpy as np
import pytest

import vit_oracle

MODEL = "fmri-things_fmri_1-vit_b_32"
IMAGES, LEAST, SUBJECTS = 900, 4.0, (1, 2, 3)
REGIONS = ("V1", "IT", "lLOC")
CONDITIONS = {"high_1_high_2": (1, 1), "low_1_low_2": (-1, -1), "high_1_low_2": (1, -1), "low_1_high_2": (-1, 1)}
CEILING = "noise_ceiling_singletrial"
DRAWS, LABELS = 0, 1  # streams of random numbers
MASK = (1 << 64) - 1


# --- The same random numbers ---

def bits(seed, stream, index):
    x = (seed * 0xD1342543DE82EF95 + (stream << 40) + index) * 0x9E3779B97F4A7C15 & MASK
    x ^= x >> 30
    x = x * 0xBF58476D1CE4E5B9 & MASK
    x ^= x >> 27
    x = x * 0x94D049BB133111EB & MASK
    return x ^ x >> 31


def draw(seed, stream, generation, index, images, count):
    """`count` different images: those that come again are passed over."""
    drawn, at = [], int(index) << 20
    while len(drawn) < count:
        image = int((bits(seed, stream << 20 | generation, at) >> 11) * 2.0**-53 * images)
        at += 1
        if image not in drawn:
            drawn.append(image)
    return drawn


# --- The program and the data ---

@pytest.fixture(scope="module")
def store(build_dir, small_berg_dir, tmp_path_factory):
    return make_store(build_dir, small_berg_dir, tmp_path_factory.mktemp("control") / "store", IMAGES)


def make_store(build_dir, berg_dir, path, images, subjects=SUBJECTS):
    subprocess.run([build_dir / "tests/make_store", path, berg_dir, MODEL, ",".join(map(str, subjects)), str(images), "5"],
                   check=True)
    return path


@pytest.fixture(scope="module")
def control(build_dir, small_berg_dir, store):
    def run(*args, status=0, store=store, berg_dir=small_berg_dir):
        done = subprocess.run([build_dir / "berg", "control", store, *map(str, args), "--berg-dir", berg_dir, "-q"], capture_output=True,
                              text=True)
        assert done.returncode == status, done.stderr
        if status:
            assert done.stderr.count("\n") == 1 or "berg control -h" in done.stderr, done.stderr
            return done.stderr
        return json.loads(done.stdout)
    return run


@pytest.fixture(scope="module")
def responses(small_berg_dir, store):
    """responses[subject][region]: float64 (images, units that count), and how many there are without the ceiling."""
    found = {}
    for subject in SUBJECTS:
        weights, metadata = vit_oracle.load_subject(small_berg_dir, subject)
        scores = np.load(store / f"scores_sub-0{subject}.npy")[:IMAGES].astype(np.float64)
        coef, intercept = weights["reg_param"]["coef_"], weights["reg_param"]["intercept_"]
        ceiling = metadata["encoding_model"][CEILING]
        found[subject] = {}
        for region in REGIONS:
            voxels = np.unique(metadata["roi"][region])
            kept = voxels[ceiling[voxels] > LEAST]
            found[subject][region] = scores @ coef[kept].astype(np.float64).T + intercept[kept].astype(np.float64), len(voxels)
    return found


@pytest.fixture(scope="module")
def means(responses):
    """float64 (subjects, regions, images)"""
    return np.array([[responses[s][r][0].mean(axis=1) for r in REGIONS] for s in SUBJECTS])


ASKED = (*REGIONS, "--min-ceiling", LEAST, "-o", "-")


@pytest.fixture(scope="module")
def univariate(control):
    return control(*ASKED, "--cv", "--permutations", 300, "--draws", 400)


def choose(u1, u2, b1, b2, signs, margin, count):
    """The definition: rank by the signed sum, the strongest first and the first image of equals, of those beyond both baselines."""
    passed = (signs[0] * (u1 - b1) >= margin - 1e-12) & (signs[1] * (u2 - b2) >= margin - 1e-12)
    order = np.argsort(-(signs[0] * u1 + signs[1] * u2), kind="stable")
    return order[passed[order]][:count], passed.sum()


def folds(result):
    """(the result's fold, the subjects it chooses by, the one left out), of all and of each left out."""
    yield None, list(range(3)), None
    for left in range(3):
        yield left, [s for s in range(3) if s != left], left


def baseline(result, region, fold):
    region = result["regions"][region]
    return region["baseline"] if fold is None else region["baselines_left_out"][fold]


def pairs(result):
    return zip(itertools.combinations(range(len(REGIONS)), 2), result["pairs"])


# --- Univariate ---

def test_units_that_count(univariate, responses):
    assert [r["name"] for r in univariate["regions"]] == list(REGIONS)
    for region in univariate["regions"]:
        assert region["kept"] == [responses[s][region["name"]][0].shape[1] for s in SUBJECTS]
        assert region["of"] == [responses[s][region["name"]][1] for s in SUBJECTS]
    assert sum(sum(r["kept"]) for r in univariate["regions"]) < sum(sum(r["of"]) for r in univariate["regions"])


def test_baselines_are_typical_random_sets(univariate, means):
    """The set of all drawn whose mean is nearest to the mean of all."""
    sets = [draw(1, DRAWS, 0, d, IMAGES, 25) for d in range(400)]
    for fold, training, left in folds(univariate):
        u = means[training].mean(axis=0)
        for r in range(len(REGIONS)):
            found = baseline(univariate, r, fold)
            drawn = np.array([u[r, s].mean() for s in sets])
            nearest = np.argmin(np.abs(drawn - drawn.mean()))
            assert found["images"] == sorted(sets[nearest])
            assert found["value"] == pytest.approx(drawn[nearest], rel=1e-10, abs=1e-12)
            if left is not None:
                assert found["tested"] == pytest.approx(means[left, r, sets[nearest]].mean(), rel=1e-9, abs=1e-12)


def test_images_are_chosen_as_defined(univariate, means):
    for (a, b), pair in pairs(univariate):
        assert pair["regions"] == [REGIONS[a], REGIONS[b]]
        for fold, training, left in folds(univariate):
            u = means[training].mean(axis=0)
            found = pair if fold is None else pair["left_out"][fold]
            values = [baseline(univariate, r, fold)["value"] for r in (a, b)]
            for condition in found["conditions"]:
                expected, passed = choose(u[a], u[b], *values, CONDITIONS[condition["name"]], 0.04, 25)
                assert condition["images"] == expected.tolist()
                assert condition["passed"] == passed > 25
                np.testing.assert_allclose(condition["means"], u[[a, b]][:, expected].mean(axis=1), rtol=1e-9)
                if left is not None:
                    np.testing.assert_allclose(condition["tested"], means[left][[a, b]][:, expected].mean(axis=1), rtol=1e-8, atol=1e-12)
                else:
                    np.testing.assert_allclose(condition["responses"], u[[a, b]][:, expected], rtol=1e-9, atol=1e-12)


def test_correlations_of_regions(univariate, means):
    for (a, b), pair in pairs(univariate):
        assert pair["correlation"] == pytest.approx(np.corrcoef(means.mean(axis=0))[a, b], rel=1e-9)
        np.testing.assert_allclose(pair["correlation_of_subjects"], [np.corrcoef(m)[a, b] for m in means], rtol=1e-9)


def adjust(p):
    """Benjamini and Hochberg's q."""
    order = np.argsort(p)
    ranked = np.asarray(p)[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty(len(p))
    q[order] = np.minimum.accumulate(ranked[::-1])[::-1].clip(max=1)
    return q


def test_permutations_number_by_number(univariate, means):
    """Labels are permuted: as many images as both sets hold together are drawn, of which the first are the condition's and those
    behind what only it has the baseline's."""
    for left in range(3):
        cells = [(a, b, pair["left_out"][left]["conditions"]) for (a, b), pair in pairs(univariate)]
        shared = {}
        most = 0
        for a, b, conditions in cells:
            for condition in conditions:
                for side, r in enumerate((a, b)):
                    both = set(condition["images"]) & set(baseline(univariate, r, left)["images"])
                    shared[a, b, condition["name"], side] = len(both)
                    most = max(most, len(condition["images"]) + 25 - len(both))
        drawn = np.array([draw(1, LABELS, 0, i, IMAGES, most) for i in range(300)])
        for a, b, conditions in cells:
            all_p = []
            for condition in conditions:
                for side, r in enumerate((a, b)):
                    count, first = len(condition["images"]), len(condition["images"]) - shared[a, b, condition["name"], side]
                    u = means[left, r][drawn]
                    null = u[:, :count].mean(axis=1) - u[:, first:first + 25].mean(axis=1)
                    observed = condition["tested"][side] - baseline(univariate, r, left)["tested"]
                    sign = CONDITIONS[condition["name"]][side]
                    p = ((sign * null > sign * observed).sum() + 1) / 301
                    assert condition["p"][side] == pytest.approx(p, rel=1e-12)
                    all_p.append(p)
            np.testing.assert_allclose(np.ravel([c["q"] for c in conditions]), adjust(all_p), rtol=1e-12)


def interval(values):
    """Over all ways to draw three of three subjects."""
    outcomes = np.sort([np.mean(way) for way in itertools.product(values, repeat=3)])
    return outcomes[math.ceil(0.025 * 27) - 1], outcomes[math.ceil(0.975 * 27) - 1]


def binomial(k):
    return sum(math.comb(3, i) * 0.05**i * 0.95**(3 - i) for i in range(k, 4))


def test_over_subjects(univariate):
    for (a, b), pair in pairs(univariate):
        for index, over in enumerate(pair["over_subjects"]):
            left_out = [fold["conditions"][index] for fold in pair["left_out"]]
            for side, r in enumerate((a, b)):
                tested = [cell["tested"][side] for cell in left_out]
                assert over["tested"][side] == pytest.approx(np.mean(tested), rel=1e-9)
                np.testing.assert_allclose(over["interval"][side], interval(tested), rtol=1e-9)
                holds = sum(cell["q"][side] <= 0.05 for cell in left_out)
                assert over["significant"][side] == holds
                assert over["p"][side] == pytest.approx(binomial(holds), rel=1e-12)


def test_p_of_three_subjects():
    """What docs/control.md says of three subjects."""
    assert [round(binomial(k), 5) for k in (1, 2, 3)] == [0.14263, 0.00725, 0.00013]


def test_fewer_images_where_fewer_fit(control, means):
    result = control(*ASKED, "--margin", 0.35)
    counts = []
    for (a, b), pair in pairs(result):
        u = means.mean(axis=0)
        for condition in pair["conditions"]:
            expected, passed = choose(u[a], u[b], *(baseline(result, r, None)["value"] for r in (a, b)),
                                      CONDITIONS[condition["name"]], 0.35, 25)
            assert condition["images"] == expected.tolist()
            assert condition["passed"] == passed
            counts.append(len(expected))
    assert min(counts) == 0 and 0 < sorted(counts)[-2]
    assert all(c["means"] == [None, None] for p in result["pairs"] for c in p["conditions"] if not c["images"])


def test_grand_mean(control, means):
    result = control(*ASKED, "--grand-mean")
    for r in range(len(REGIONS)):
        assert baseline(result, r, None)["value"] == pytest.approx(means.mean(axis=0)[r].mean(), rel=1e-9)


def test_threads_change_nothing(control):
    asked = (*ASKED, "--cv", "--permutations", 100, "--draws", 300)
    assert control(*asked, "--threads", 1) == control(*asked, "--threads", 5)
    asked = (*ASKED[1:], "--multivariate", "--generations", 12, "--draws", 100, "--images", 12)
    assert control(*asked, "--threads", 1) == control(*asked, "--threads", 3)


def test_ties_go_to_the_first_images(control, small_berg_dir, store, tmp_path):
    """Regions that do not respond at all: every image is as good as any other."""
    shutil.copytree(small_berg_dir, tmp_path / "silent")
    for path in (tmp_path / "silent").rglob("weights_sub-0?.npy"):
        weights = np.load(path, allow_pickle=True).item()
        weights["reg_param"]["coef_"] *= 0
        weights["reg_param"]["intercept_"] *= 0
        np.save(path, weights)
    result = control(*ASKED, "--margin", 0, berg_dir=tmp_path / "silent")
    for pair in result["pairs"]:
        for condition in pair["conditions"]:
            assert condition["images"] == list(range(25))
            assert condition["passed"] == IMAGES
    assert "has no pattern in V1" in control(*ASKED, "--multivariate", status=2, berg_dir=tmp_path / "silent")


# --- Multivariate ---

GENERATIONS, SIZE = 60, 20


@pytest.fixture(scope="module")
def multivariate(control):
    return control("V1", "IT", "--min-ceiling", LEAST, "-o", "-", "--multivariate", "--cv", "--generations", GENERATIONS, "--images",
                   SIZE, "--draws", 200, "--permutations", 100)


def rsa(responses, subjects, images):
    """Pearson's r between the regions' mean similarity matrices, below the diagonal."""
    below = np.tril_indices(len(images), -1)
    sides = [np.mean([np.corrcoef(responses[s][r][0][images])[below] for s in subjects], axis=0) for r in ("V1", "IT")]
    return np.corrcoef(*sides)[0, 1]


def test_scores_of_sets(multivariate, responses):
    pair = multivariate["pairs"][0]
    for fold, training, left in folds(multivariate):
        found = pair if fold is None else pair["left_out"][fold]
        for set_, name in [(found["baseline"], "baseline"), *((c, c["name"]) for c in found["conditions"])]:
            assert len(set(set_["images"])) == SIZE
            assert set_["score"] == pytest.approx(rsa(responses, [SUBJECTS[s] for s in training], set_["images"]), abs=1e-10), name
            if left is not None:
                assert set_["tested"] == pytest.approx(rsa(responses, [SUBJECTS[left]], set_["images"]), abs=1e-10)


def test_curves_improve_and_end_at_the_set(multivariate):
    pair = multivariate["pairs"][0]
    for found in (pair, *pair["left_out"]):
        for condition in found["conditions"]:
            curve = np.array(condition["curve"])
            assert len(curve) == GENERATIONS
            better = curve if condition["name"] == "align" else -np.abs(curve)
            assert (np.diff(better) >= 0).all() and better[-1] > better[0]
            assert curve[-1] == pytest.approx(condition["score"], abs=1e-5)
            if "tested" in condition:
                assert condition["curve_tested"][-1] == pytest.approx(condition["tested"], abs=1e-5)


def test_better_than_any_random_set(multivariate, responses):
    pair = multivariate["pairs"][0]
    drawn = [rsa(responses, SUBJECTS, draw(1, DRAWS, 1, d, IMAGES, SIZE)) for d in range(200)]
    nearest = np.argmin(np.abs(np.array(drawn) - np.mean(drawn)))
    assert pair["baseline"]["images"] == sorted(draw(1, DRAWS, 1, nearest, IMAGES, SIZE))
    align, disentangle = pair["conditions"]
    assert align["score"] > max(drawn) + 0.05
    assert abs(disentangle["score"]) < np.min(np.abs(drawn))


def test_null_of_random_sets(multivariate, responses):
    """Differences of two random sets in the subject left out; two of a hundred may fall on the other side by float32's rounding."""
    for left, fold in enumerate(multivariate["pairs"][0]["left_out"]):
        drawn = np.array([rsa(responses, [SUBJECTS[left]], draw(1, DRAWS, 1, 200 + d, IMAGES, SIZE)) for d in range(200)])
        null = drawn[0::2] - drawn[1::2]
        for condition, sign in zip(fold["conditions"], (1, -1)):
            observed = condition["tested"] - fold["baseline"]["tested"]
            assert condition["p"] == pytest.approx(((sign * null > sign * observed).sum() + 1) / 101, abs=2.1 / 101)
        np.testing.assert_allclose([c["q"] for c in fold["conditions"]], adjust([c["p"] for c in fold["conditions"]]), rtol=1e-12)


def test_multivariate_over_subjects(multivariate):
    pair = multivariate["pairs"][0]
    for index, over in enumerate(pair["over_subjects"]):
        cells = [fold["conditions"][index] for fold in pair["left_out"]]
        tested = [cell["tested"] for cell in cells]
        assert over["tested"] == pytest.approx(np.mean(tested))
        np.testing.assert_allclose(over["interval"], interval(tested), rtol=1e-9)
        assert over["p"] == pytest.approx(binomial(sum(cell["q"] <= 0.05 for cell in cells)))


# --- What is refused ---

@pytest.mark.parametrize("args, says", [
    (("V1", "nowhere"), "nowhere"),
    (("V1",), "Two or more, or --pairs all; found 1"),
    (("V1", "V1"), "region V1 is asked for twice"),
    (("V1", "IT", "--pairs", "all"), "takes no regions"),
    (("V1", "lLOC", "--min-ceiling", "4", "--cv", "--subject", "1"), "expected two or more, found 1"),
    (("V1", "IT", "--subject", "4"), "holds no scores of subject 4"),
    (("V1", "IT", "--model", "eeg-things_eeg_2-vit_b_32"), "holds no scores of eeg-things_eeg_2-vit_b_32"),
    (("V1", "IT", "--min-ceiling", "99"), "none of the 12 voxels of V1 has a single-trial noise ceiling above 99 %"),
    (("V1", "IT", "--min-ceiling", "4", "--images", "901"), "holds 900 images, of which 901 cannot be chosen"),
    (("V1", "IT", "--margin", "-1"), "margin: expected 0 or more, found -1"),
    (("V1", "IT", "--multivariate", "--images", "3"), "images: expected 4 to 128, found 3"),
    (("V1", "IT", "--multivariate", "--generations", "0"), "generations: expected 1 to"),
    (("V1", "IT", "--sheet"), "--sheet needs a folder"),
])
def test_one_line_each(control, args, says):
    assert says in control(*args, status=2)


def test_too_few_images(control, build_dir, small_berg_dir, tmp_path):
    few = make_store(build_dir, small_berg_dir, tmp_path / "few", 30)
    asked = ("V1", "IT", "--min-ceiling", LEAST, "-o", "-", "--multivariate")
    assert "a search for sets of 50 needs at least 88" in control(*asked, status=2, store=few)
    result = control(*asked, "--images", 17, "--generations", 3, store=few)
    assert len(set(result["pairs"][0]["conditions"][0]["images"])) == 17


def test_folder_of_tables_and_figures(control, build_dir, small_berg_dir, store, tmp_path):
    args = [build_dir / "berg", "control", store, *REGIONS, "--min-ceiling", str(LEAST), "--cv", "--permutations", "50", "--draws", "50",
            "--berg-dir", small_berg_dir, "-o", tmp_path / "out"]
    done = subprocess.run(args, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    names = {f"{a}-{b}.{end}" for a, b in itertools.combinations(REGIONS, 2) for end in ("svg", "png")}
    assert {p.name for p in (tmp_path / "out").iterdir()} == names | {"result.json", "conditions.tsv", "images.tsv", "regions.tsv"}
    result = json.loads((tmp_path / "out/result.json").read_text())
    rows = [line.split("\t") for line in (tmp_path / "out/images.tsv").read_text().splitlines()]
    first = result["pairs"][0]["conditions"][0]
    assert rows[1][:6] == ["V1", "IT", "high_1_high_2", "1", str(first["images"][0]), f"image-{first['images'][0]:06d}.jpg"]
    assert float(rows[1][6]) == pytest.approx(first["responses"][0][0], rel=1e-8)
    conditions = [line.split("\t") for line in (tmp_path / "out/conditions.tsv").read_text().splitlines()]
    assert len(conditions) == 1 + 3 * 4 and all(len(row) == len(conditions[0]) for row in conditions)
    (tmp_path / "out/result.json").unlink()
    again = subprocess.run(args, capture_output=True, text=True)
    assert again.returncode == 5 and again.stderr == f"berg: {tmp_path}/out/conditions.tsv: already exists; use --force to replace it\n"
    assert not (tmp_path / "out/result.json").exists()


def test_a_store_is_no_folder_for_tables(build_dir, small_berg_dir, store, tmp_path):
    """It has an images.tsv of its own."""
    copy = shutil.copytree(store, tmp_path / "copy")
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    args = [build_dir / "berg", "control", copy, "V1", "IT", "--min-ceiling", str(LEAST), "--draws", "50", "--berg-dir", small_berg_dir]
    for folder, says in ((copy, "is a store of scores"), (copy / "images.tsv", "expected a folder")):
        done = subprocess.run([*args, "-o", folder, "--force"], capture_output=True, text=True)
        assert done.returncode == 5 and says in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before


def test_regions_whose_names_look_alike(build_dir, small_berg_dir, store, tmp_path):
    args = [build_dir / "berg", "control", store, "V1 + V1", "V1 & V1", "IT", "--min-ceiling", str(LEAST), "--images", "6", "--draws", "50",
            "--berg-dir", small_berg_dir, "-o", tmp_path / "out"]
    done = subprocess.run(args, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {path.stem for path in (tmp_path / "out").glob("*.svg")} == {"V1___V1-V1___V1", "V1___V1-IT", "V1___V1-IT-3"}


def test_a_contact_sheet_of_the_pictures(build_dir, small_berg_dir, store, tmp_path):
    """With the pictures and without them: it is drawn all the same, and says how many are missing."""
    from PIL import Image
    (tmp_path / "photos").mkdir()
    args = [build_dir / "berg", "control", store, "V1", "IT", "--min-ceiling", str(LEAST), "--images", "6", "--draws", "50", "--sheet",
            "--berg-dir", small_berg_dir]
    done = subprocess.run([*args, "-o", tmp_path / "bare", "--pictures", tmp_path / "photos"], capture_output=True, text=True)
    assert done.returncode == 0 and "36 pictures cannot be read" in done.stderr, done.stderr
    names = json.loads((tmp_path / "bare/result.json").read_text())["names"]
    for number, name in names.items():
        Image.new("RGB", (40, 40), (int(number) % 256, 200, 30)).save(tmp_path / "photos" / name)
    done = subprocess.run([*args, "-o", tmp_path / "whole", "--pictures", tmp_path / "photos"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    colours = [np.array(Image.open(tmp_path / f"{folder}/V1-IT-pictures.png").convert("RGB")) for folder in ("bare", "whole")]
    green = [((c[..., 1] > 180) & (c[..., 2] < 70)).sum() for c in colours]
    assert green[0] == 0 and green[1] > 36 * 100
