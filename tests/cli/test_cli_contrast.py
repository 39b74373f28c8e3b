"""berg contrast against NumPy on full responses: maps, rates, regions, formats, and what is said of bad input."""
import csv
import json

import h5py
import nibabel
import numpy as np
import pytest

import scores
from siblings import IDS, SUBJECTS
from students_t import two_sided

IMAGES = 400
MAPS = ("e", "t", "df", "p", "log", "q", "d", "g", "sd")


@pytest.fixture(scope="module")
def store(build_dir, small_berg_dir, tmp_path_factory):
    return scores.make_store(build_dir, tmp_path_factory.mktemp("contrast") / "store", small_berg_dir, "1,2", IMAGES, seed=3)


@pytest.fixture
def groups(tmp_path):
    """groups(a=images, ...): the options that name them, a list each."""
    def write(**named):
        return ["--group", ",".join(f"{name}={scores.write_list(tmp_path / f'{name}.txt', images)}"
                                    for name, images in named.items())]
    return write


@pytest.fixture
def contrast(berg, store, small_berg_dir, tmp_path):
    """contrast(OPTION...): all maps of subject 1 by name, and what --json says."""
    def call(*options, berg_dir=small_berg_dir, store=store):
        table, told = tmp_path / "maps.tsv", tmp_path / "told.json"
        result = berg("contrast", store, "--subject", "1", "--berg-dir", berg_dir, "--map", ",".join(MAPS), "-o", table,
                      "--json", told, "-f", *options)
        assert result.status == 0, result.err
        columns = np.genfromtxt(table, names=True, missing_values="n/a", filling_values=np.nan)
        return {name: columns[name] for name in MAPS}, scores.load_json(told)[0]
    return call


def expected_maps(responses, weights, *, pooled=False):
    """Of groups of rows of responses with a weight each; variances in two passes, as np.var has them."""
    counts = np.array([len(group) for group in responses])[:, None]
    shift = responses[0][0]
    means = np.array([(group - shift).mean(axis=0) for group in responses])
    variances = np.array([(group - shift).var(axis=0, ddof=1) for group in responses])
    c = np.array(weights, float)[:, None]
    e = (c * means).sum(axis=0)
    freedom = (counts - 1).sum()
    sd = np.sqrt(((counts - 1) * variances).sum(axis=0) / freedom)
    shares = c ** 2 * variances / counts
    with np.errstate(all="ignore"):
        if pooled:
            t, df = e / (sd * np.sqrt((c ** 2 / counts).sum())), np.full(len(e), float(freedom))
        else:
            t, df = e / np.sqrt(shares.sum(axis=0)), shares.sum(axis=0) ** 2 / (shares ** 2 / (counts - 1)).sum(axis=0)
        d = e / (np.abs(c).sum() / 2) / sd
    return {"e": e, "t": t, "df": df, "sd": sd, "d": d, "g": d * (1 - 3 / (4 * freedom - 1))}


def benjamini_hochberg(p, factor=1):
    """As the paper has it, of each test beside each other."""
    q, known = np.full(len(p), np.nan), ~np.isnan(p)
    values = p[known]
    rates = values * factor * len(values) / (values <= values[:, None]).sum(axis=1)
    q[known] = np.minimum(np.where(values >= values[:, None], rates, np.inf).min(axis=1), 1)
    return q


def check(maps, expected, names=("e", "t", "df", "sd", "d", "g"), rtol=1e-9):
    for name in names:
        scale = np.nanmax(np.abs(expected[name]))
        np.testing.assert_allclose(maps[name], expected[name], rtol=rtol, atol=1e-12 * scale, err_msg=name)


def drawn(*sizes, seed=1):
    order = np.random.default_rng(seed).permutation(IMAGES)
    return [np.sort(part) for part in np.split(order[:sum(sizes)], np.cumsum(sizes)[:-1])]


# --- Maps ---

@pytest.mark.parametrize("pooled", [False, True])
@pytest.mark.parametrize("sizes", [(2, 2), (3, 17), (16, 60), (150, 250)])
def test_two_groups(contrast, groups, store, small_berg_dir, sizes, pooled):
    """From two images to many more than there are scores: variances come from the images themselves, or from moments."""
    a, b = drawn(*sizes)
    responses = scores.responses_of(store, small_berg_dir, 1)
    maps, told = contrast(*groups(a=a, b=b), "--contrast", "a - b", *(["--pooled"] if pooled else []))
    check(maps, expected_maps([responses[a], responses[b]], [1, -1], pooled=pooled))
    p = np.array([two_sided(t, df) for t, df in zip(maps["t"], maps["df"])])
    np.testing.assert_allclose(maps["p"], p, rtol=1e-9)
    np.testing.assert_allclose(maps["log"], -np.log10(p), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(maps["q"], benjamini_hochberg(maps["p"]), rtol=1e-12)
    assert (told["test"], told["tested"], told["without_variance"]) == ("pooled" if pooled else "Welch", 600, 0)
    assert [group["images"] for group in told["groups"]] == list(sizes) and len(told["notes"]) == 6


def test_weights_of_three_groups(contrast, groups, store, small_berg_dir):
    parts = drawn(40, 70, 25)
    responses = scores.responses_of(store, small_berg_dir, 1)
    named = groups(faces=parts[0], objects=parts[1], scrambled=parts[2])
    maps, _ = contrast(*named, "--contrast", "2 faces - objects - 1*scrambled")
    check(maps, expected_maps([responses[part] for part in parts], [2, -1, -1]))
    maps, _ = contrast(*named, "--contrast", "-0.5scrambled + 0.5 objects")  # the third has no part in it
    check(maps, expected_maps([responses[parts[1]], responses[parts[2]]], [0.5, -0.5]))


def test_one_side_and_any_dependence(contrast, groups):
    a, b = drawn(50, 60)
    two, _ = contrast(*groups(a=a, b=b), "--contrast", "a - b")
    one, told = contrast(*groups(a=a, b=b), "--contrast", "a - b", "--one-sided", "--correction", "by")
    np.testing.assert_allclose(one["p"], np.where(two["t"] > 0, two["p"] / 2, 1 - two["p"] / 2), rtol=1e-9)
    np.testing.assert_allclose(one["q"], benjamini_hochberg(one["p"], np.sum(1 / np.arange(1, 601))), rtol=1e-12)
    assert (told["sides"], told["correction"]) == (1, "Benjamini-Yekutieli")


def test_pairs(contrast, store, small_berg_dir, tmp_path):
    for count in (12, 90):
        a, b = np.split(np.random.default_rng(count).permutation(IMAGES)[:2 * count], 2)  # in no order
        options = ["--a", scores.write_list(tmp_path / "a.txt", a), "--b", scores.write_list(tmp_path / "b.txt", b), "--paired"]
        maps, told = contrast(*options)
        responses = scores.responses_of(store, small_berg_dir, 1)
        differences = responses[a] - responses[b]
        sd = differences.std(axis=0, ddof=1)
        expected = {"e": differences.mean(axis=0), "t": differences.mean(axis=0) / sd * np.sqrt(count), "sd": sd,
                    "df": np.full(600, count - 1.0), "d": differences.mean(axis=0) / sd}
        check(maps, expected, ("e", "t", "sd", "df", "d"))
        twice, _ = contrast(*options, "--contrast", "2 b - 2 a")
        check(twice, {**expected, "e": -2 * expected["e"], "t": -expected["t"], "d": -expected["d"]}, ("e", "t", "df", "d"))
        assert told["test"] == "paired"


def test_intercepts_ten_thousand_times_the_differences(contrast, groups, store, small_berg_dir, tmp_path):
    def lift(coefficients, intercepts):
        intercepts += np.float32(1e4)

    lifted = scores.change_regression(small_berg_dir, tmp_path / "lifted", (1,), lift)
    a, b = drawn(60, 200)
    maps, _ = contrast(*groups(a=a, b=b), "--contrast", "a - b", berg_dir=lifted)
    responses = scores.responses_of(store, lifted, 1)
    check(maps, expected_maps([responses[a], responses[b]], [1, -1]), rtol=1e-6)
    plain, _ = contrast(*groups(a=a, b=b), "--contrast", "a - b")
    assert all(np.array_equal(maps[name], plain[name]) for name in MAPS)  # they cancel before they can do harm


def test_voxels_without_variance(contrast, groups, store, small_berg_dir, tmp_path):
    def silence(coefficients, intercepts):
        coefficients[[4, 99]] = 0

    silent = scores.change_regression(small_berg_dir, tmp_path / "silent", (1,), silence)
    a, b = drawn(30, 40)
    maps, told = contrast(*groups(a=a, b=b), "--contrast", "a - b", berg_dir=silent)
    for name in MAPS:
        missing = np.flatnonzero(np.isnan(maps[name])).tolist()
        assert missing == ([] if name == "e" else [4, 99]), name
    assert maps["e"][4] == 0 and (told["tested"], told["without_variance"]) == (598, 2)
    np.testing.assert_allclose(maps["q"], benjamini_hochberg(maps["p"]), rtol=1e-12)


def test_only_what_is_selected_is_tested(contrast, groups, small_berg_dir):
    a, b = drawn(30, 40)
    everywhere, _ = contrast(*groups(a=a, b=b), "--contrast", "a - b")
    maps, told = contrast(*groups(a=a, b=b), "--contrast", "a - b", "--select", "V1 + V2")
    rois = scores.rois_of(small_berg_dir, 1)
    chosen = np.union1d(rois["V1"], rois["V2"])
    for name in MAPS:
        assert np.flatnonzero(~np.isnan(maps[name])).tolist() == chosen.tolist()
    np.testing.assert_array_equal(maps["t"][chosen], everywhere["t"][chosen])
    np.testing.assert_allclose(maps["q"][chosen], benjamini_hochberg(everywhere["p"][chosen]), rtol=1e-12)
    assert (told["selected"], told["tested"], told["select"]) == (len(chosen), len(chosen), "V1 + V2")


def split_by(responses, voxel):
    """Images that a voxel likes, and those that it does not: something to find."""
    order = np.argsort(responses[:, voxel])
    return np.sort(order[-60:]), np.sort(order[:60])


def test_a_rate_masks_every_map(contrast, groups, store, small_berg_dir):
    responses = scores.responses_of(store, small_berg_dir, 1)
    a, b = split_by(responses, 10)
    everywhere, _ = contrast(*groups(a=a, b=b), "--contrast", "a - b")
    maps, told = contrast(*groups(a=a, b=b), "--contrast", "a - b", "--fdr", "0.05")
    found = everywhere["q"] <= 0.05
    assert 0 < found.sum() < 600 and told["found"] == found.sum()
    for name in MAPS:
        np.testing.assert_array_equal(maps[name], np.where(found, everywhere[name], np.nan))


def test_the_same_numbers_from_any_number_of_threads(contrast, groups):
    a, b = drawn(100, 120)
    made = [contrast(*groups(a=a, b=b), "--contrast", "a - b", "--threads", threads)[0] for threads in (1, 2, 5)]
    for name in MAPS:
        assert all(np.array_equal(made[0][name], other[name]) for other in made[1:])


# --- The region ---

def test_a_region_and_how_it_overlaps(berg, store, small_berg_dir, groups, tmp_path):
    responses, rois = scores.responses_of(store, small_berg_dir, 1), scores.rois_of(small_berg_dir, 1)
    a, b = split_by(responses, 10)
    result = berg("contrast", store, "--subject", "1", "--berg-dir", small_berg_dir, *groups(a=a, b=b), "--contrast", "a - b",
                  "-o", tmp_path / "t.nii.gz", "--above", "4", "-q", "--outside", "0")
    assert result.status == 0, result.err
    t = expected_maps([responses[a], responses[b]], [1, -1])["t"]
    region = np.flatnonzero(t > 4)
    assert (tmp_path / "t_region.txt").read_text() == "".join(f"{voxel}\n" for voxel in region)
    volume = np.asanyarray(nibabel.load(tmp_path / "t_region.nii.gz").dataobj)
    coordinates = np.load(small_berg_dir / scores.vit_oracle.MODEL_FOLDER / "metadata" / "metadata_sub-01.npy",
                          allow_pickle=True).item()["fmri"]["voxel_coords"]
    assert volume.dtype == np.uint8 and volume.sum() == len(region)
    assert np.all(volume[tuple(coordinates[region].T)] == 1)
    lines = result.out.splitlines()
    assert lines[0] == f"t above 4: {len(region)} columns"
    shared = {name: len(np.intersect1d(voxels, region)) for name, voxels in rois.items()}
    dice = {name: 2 * shared[name] / (len(region) + len(voxels)) for name, voxels in rois.items() if shared[name]}
    told = {line.split()[0]: line.split(None, 1)[1] for line in lines[1:]}
    assert told == {name: f"dice {share:.3f}, {shared[name]} of its {len(rois[name])}" for name, share in dice.items()}
    assert [line.split()[2] for line in lines[1:]] == sorted((f"{share:.3f}," for share in dice.values()), reverse=True)


# --- Files ---

def test_formats_hold_the_same(berg, store, small_berg_dir, groups, tmp_path):
    a, b = drawn(50, 60)
    run = ["contrast", store, "--berg-dir", small_berg_dir, *groups(a=a, b=b), "--contrast", "a - b,up=b - a", "--map", "t,d", "-q"]
    for ending in ("npy", "nii.gz", "h5", "csv", "tsv"):
        assert berg(*run, "-o", tmp_path / f"m.{ending}", "--force").status == 0
    made = sorted(path.name for path in tmp_path.glob("m_*") if path.suffix != ".json" and "sub-01" in path.name)
    assert made == sorted([f"m_sub-01_{name}_{map}.{ending}" for name in ("a-b", "up") for map in "td" for ending in ("npy", "nii.gz")]
                          + [f"m_sub-01_{name}.{ending}" for name in ("a-b", "up") for ending in ("h5", "csv", "tsv")])
    for subject in (1, 2):
        responses = scores.responses_of(store, small_berg_dir, subject)
        expected = expected_maps([responses[a], responses[b]], [1, -1])
        coordinates = scores.vit_oracle.load_subject(small_berg_dir, subject)[1]["fmri"]["voxel_coords"]
        with h5py.File(tmp_path / f"m_sub-0{subject}_a-b.h5") as file:
            assert list(file["map_names"].asstr()) == ["t", "d"] and np.array_equal(file["voxel_coordinates"], coordinates)
            maps = dict(zip("td", file["maps"][...]))
        with open(tmp_path / f"m_sub-0{subject}_a-b.csv", newline="") as file:
            table = list(csv.DictReader(file))
        assert [[int(line[axis]) for axis in "xyz"] for line in table] == coordinates.tolist()
        for name in "td":
            values = np.load(tmp_path / f"m_sub-0{subject}_a-b_{name}.npy")
            assert values.dtype == np.float64 and values.shape == (len(coordinates),)
            np.testing.assert_allclose(values, expected[name], rtol=1e-9, atol=1e-12)
            np.testing.assert_array_equal(maps[name], values.astype(np.float32))
            assert [float(line[name]) for line in table] == values.tolist()
            volume = nibabel.load(tmp_path / f"m_sub-0{subject}_a-b_{name}.nii.gz").get_fdata()
            assert volume.ndim == 3 and np.array_equal(volume[tuple(coordinates.T)], values)
            np.testing.assert_array_equal(np.load(tmp_path / f"m_sub-0{subject}_up_{name}.npy"), -values)
    sidecar = scores.load_json(tmp_path / "m_sub-01_a-b.json")
    assert sidecar["Maps"] == ["t", "d"] and str(store / "store.json") in sidecar["Sources"]


def sibling(berg, build_dir, five_berg_dir, groups, folder, key, output, *options):
    store = scores.make_store(build_dir, folder / "store", five_berg_dir, SUBJECTS[key], 60, model=IDS[key])
    result = berg("contrast", store, "--berg-dir", five_berg_dir, *groups(a=range(30), b=range(30, 60)), "--contrast", "a - b",
                  "-q", "-o", folder / output, *options)
    assert result.status == 0, result.err
    return store


def test_two_hemispheres(berg, build_dir, five_berg_dir, groups, tmp_path):
    sibling(berg, build_dir, five_berg_dir, groups, tmp_path, "nsd", "t.npy")
    left, right = np.load(tmp_path / "t_lh.npy"), np.load(tmp_path / "t_rh.npy")
    for ending in ("func.gii", "mgh"):
        done = berg("contrast", tmp_path / "store", "--berg-dir", five_berg_dir, *groups(a=range(30), b=range(30, 60)),
                    "--contrast", "a - b", "-q", "-o", tmp_path / f"s.{ending}", "--force")
        assert done.status == 0, done.err
        for name, values in (("lh", left), ("rh", right)):
            image = nibabel.load(tmp_path / f"s_{name}.{ending}")
            found = image.darrays[0].data if ending == "func.gii" else np.asanyarray(image.dataobj).ravel()
            np.testing.assert_array_equal(found, values.astype(np.float32))


def test_channels_over_time(berg, build_dir, five_berg_dir, groups, tmp_path):
    sibling(berg, build_dir, five_berg_dir, groups, tmp_path, "eeg", "t.tsv", "--map", "e,t")
    lines = [line.split("\t") for line in (tmp_path / "t.tsv").read_text().splitlines()]
    assert lines[0] == ["channel", "time", "e", "t"] and len(lines) == 1 + 63 * 140
    assert lines[1][0] == lines[140][0] != lines[141][0] and lines[1][1] == lines[141][1] == "-0.1"
    result = berg("contrast", tmp_path / "store", "--berg-dir", five_berg_dir, *groups(a=range(30), b=range(30, 60)),
                  "--contrast", "a - b", "-q", "-o", tmp_path / "u.nii.gz")
    assert result.status == 2 and "a volume needs voxels" in result.message


@pytest.mark.parametrize("name, more, status, words", [
    ("x.json", [], 5, "x.json: already exists; use --force to replace it"),
    ("x_region.json", ["--above", "1"], 5, "x_region.json: already exists; use --force to replace it"),
    (None, ["--json", "x.json"], 2, "--json x.json: a sidecar would go there: give another name, or --no-sidecar")])
def test_what_is_in_the_way_of_a_sidecar_is_found_before_the_work(berg, store, small_berg_dir, groups, tmp_path, name, more, status, words):
    lists = groups(a=range(30), b=range(30, 60))
    if name:
        (tmp_path / name).write_text("mine")
    before = sorted(tmp_path.iterdir())
    result = berg("contrast", store, "--subject", "1", "--berg-dir", small_berg_dir, *lists, "--contrast", "a - b", "-o", "x.npy", *more,
                  cwd=tmp_path)
    assert result.status == status and words in result.lines[0], result.err
    assert sorted(tmp_path.iterdir()) == before and (name is None or (tmp_path / name).read_text() == "mine")


# --- Bad input ---

@pytest.mark.parametrize("options, status, words", [
    (["--contrast", "a - c"], 2, "a - c: at character 5: there is no group c"),
    (["--contrast", "a b"], 2, "a b: at character 3: expected + or -"),
    (["--contrast", "2 a - b"], 2, "2 a - b: expected weights that sum to 0 and are not all 0, found a sum of 1"),
    (["--contrast", "a - a"], 2, "found a sum of 0"),
    (["--contrast", "a -"], 2, "expected the name of a group"),
    (["--contrast", "1e308 a - 1e308 b"], 2, "expected weights of 1e-30 to 1e+30, found 1e+308"),
    (["--contrast", "1e-300 a - 1e-300 b"], 2, "expected weights of 1e-30 to 1e+30, found 1e-300"),
    (["--contrast", "a - b,a-b"], 2, '"a - b" and "a-b" would be the same file'),
    (["--contrast", "x=a - b,x=b - a"], 2, '"x" and "x" would be the same file'),
    (["--map", "t,d,t"], 2, "--map: t is named twice"),
    (["--map", "T"], 2, "--map T: expected e, t, df"),
    (["--fdr", "2"], 2, "--fdr: expected a rate between 0 and 1"),
    (["--select", "V9000"], 2, "V9000"),
    (["--subject", "3"], 2, "holds no scores of subject 3"),
    (["--paired"], 2, "groups a and b: pairs need as many images in both, found 5 and 6"),
    (["-o", "x.gif"], 2, "the ending says the format"),
])
def test_one_line_for_bad_requests(berg, store, small_berg_dir, tmp_path, options, status, words):
    lists = [scores.write_list(tmp_path / f"{name}.txt", images) for name, images in (("a", range(5)), ("b", range(5, 11)))]
    output = [] if "-o" in options else ["-o", tmp_path / "t.npy"]
    subject = [] if "--subject" in options else ["--subject", "1"]
    result = berg("contrast", store, "--a", lists[0], "--b", lists[1], "--berg-dir", small_berg_dir, *subject, *output, "-q", *options)
    assert result.status == status and words in result.message
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "b.txt"]


@pytest.mark.parametrize("a, b, status, words", [
    ("image-000001.jpg\nimage-000002.jpg\n", "image-000003.jpg\nnobody.jpg\n", 3, "b.txt, line 2: "),
    ("image-000001.jpg\nimage-000002.jpg\n", "", 3, "b.txt: expected a name a line, found none"),
    ("image-000001.jpg\n", "image-000003.jpg\nimage-000004.jpg\n", 2, "group a: a variance needs two images, found 1"),
    ("image-000001.jpg\nimage-000002.jpg\n", "image-000003.jpg\nimage-000002.jpg\n", 2,
     "groups: the image image-000002.jpg is in both a and b"),
    ("image-000001.jpg\nimage-000001.jpg\n", "image-000003.jpg\nimage-000002.jpg\n", 2,
     "group a: the image image-000001.jpg is there twice"),
])
def test_groups_that_are_wrong(berg, store, small_berg_dir, tmp_path, a, b, status, words):
    (tmp_path / "a.txt").write_text(a)
    (tmp_path / "b.txt").write_text(b)
    result = berg("contrast", store, "--a", tmp_path / "a.txt", "--b", tmp_path / "b.txt", "--berg-dir", small_berg_dir,
                  "--subject", "1", "-o", tmp_path / "t.npy", "-q")
    assert result.status == status and words in result.message
    assert not (tmp_path / "t.npy").exists()


def test_damaged_scores(berg, build_dir, small_berg_dir, groups, tmp_path):
    for name, value, words in (("nan", np.nan, "holds scores that are no numbers"), ("turned", 3, "is damaged")):
        store = scores.make_store(build_dir, tmp_path / name, small_berg_dir, "1", 50)
        array = np.load(store / "scores_sub-01.npy", mmap_mode="r+")
        array[31, 2] = value
        array.flush()
        options = ["--contrast", "a - b", "--berg-dir", small_berg_dir, "-o", tmp_path / "t.npy", "-q"]
        assert berg("contrast", store, *groups(a=range(10), b=range(10, 31)), *options, "--force").status == 0  # not its rows
        result = berg("contrast", store, *groups(a=range(10), b=range(25, 40)), *options, "--force")
        assert result.status == 3 and words in result.message and "row 31" in result.message


def test_outputs_that_are_there_are_found_before_any_is_written(berg, store, small_berg_dir, groups, tmp_path):
    (tmp_path / "m_d.npy").write_text("mine")
    result = berg("contrast", store, *groups(a=range(9), b=range(9, 20)), "--contrast", "a - b", "--map", "t,d", "--subject", "1",
                  "--berg-dir", small_berg_dir, "-o", tmp_path / "m.npy")
    assert result.status == 5 and "m_d.npy" in result.message and json.dumps(result.message).count("--force") == 1
    assert not (tmp_path / "m_t.npy").exists()


def test_what_is_said_where_nothing_is_found(berg, store, small_berg_dir, groups, tmp_path):
    options = groups(a=range(0, 20), b=range(20, 40))
    told = berg("contrast", store, "--subject", "1", "--berg-dir", small_berg_dir, *options, "--contrast", "a - b", "-o", tmp_path / "t.npy",
                "--fdr", "1e-30")
    assert told.status == 0 and told.lines[0] == "berg: sub-01, a - b: 600 columns tested, 0 found"
