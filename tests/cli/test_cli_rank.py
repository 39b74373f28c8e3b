"""berg rank against NumPy on full responses: who is ranked how, by what, and what is said of bad input."""
import json
import re

import numpy as np
import pytest
from PIL import Image

import make_subject
import scores

IMAGES = 700


@pytest.fixture(scope="module")
def store(build_dir, small_berg_dir, tmp_path_factory):
    """Two subjects of small_berg_dir."""
    return scores.make_store(build_dir, tmp_path_factory.mktemp("rank") / "store", small_berg_dir, "1,2", IMAGES)


@pytest.fixture
def rank(berg, store, small_berg_dir, tmp_path):
    """rank(EXPRESSION, ...): the JSON."""
    def call(expression, *options, berg_dir=small_berg_dir, store=store):
        path = tmp_path / "ranking.json"
        result = berg("rank", store, expression, "--berg-dir", berg_dir, "-o", path, "--force", "-q", *options)
        assert result.status == 0, result.err
        return scores.load_json(path)
    return call


def mean_of(responses, rois, *names):
    return responses[:, np.unique(np.concatenate([rois[name] for name in names]))].mean(axis=1)


def check_list(items, values, expected, *, key="value", z="z", percentile="percentile"):
    """`items` are the images `expected`, with their values, z-scores and the percentage of images that rank below."""
    assert [item["image"] for item in items] == list(expected)
    assert [item["rank"] for item in items] == list(range(1, len(items) + 1))
    assert [item["name"] for item in items] == [scores.name_of(image) for image in expected]
    check_numbers(items, values, expected, key, z, percentile)


def check_numbers(items, values, images, key, z, percentile):
    deviations = (values - values.mean()) / values.std(ddof=1)
    np.testing.assert_allclose([item[key] for item in items], values[images], rtol=1e-9, atol=1e-12 * np.abs(values).max())
    np.testing.assert_allclose([item[z] for item in items], deviations[images], rtol=1e-6, atol=1e-8)
    assert [item[percentile] for item in items] == pytest.approx([100 * np.mean(values < values[image]) for image in images])


def order(values):
    """Descending; the lower number first where values are equal."""
    return np.lexsort((np.arange(len(values)), -values))


def ascending(values):
    return np.lexsort((np.arange(len(values)), values))


@pytest.fixture(scope="module")
def contrast(store, small_berg_dir):
    """mean(V1 + V2) - 0.5 * mean(hV4) of every image, of each subject."""
    made = {}
    for subject in (1, 2):
        responses, rois = scores.responses_of(store, small_berg_dir, subject), scores.rois_of(small_berg_dir, subject)
        made[subject] = mean_of(responses, rois, "V1", "V2") - 0.5 * mean_of(responses, rois, "hV4")
    return made


EXPRESSION = "mean(V1 + V2) - 0.5 * mean(hV4)"


def test_each_subject(rank, contrast):
    ranking = rank(EXPRESSION, "--top", "30", "--bottom", "20")
    assert [one["label"] for one in ranking["subjects"]] == ["sub-01", "sub-02"]
    for subject, one in zip((1, 2), ranking["subjects"]):
        values = contrast[subject]
        assert (one["mean"], one["sd"]) == (pytest.approx(values.mean()), pytest.approx(values.std(ddof=1)))
        check_list(one["top"], values, order(values)[:30])
        check_list(one["bottom"], values, ascending(values)[:20])


@pytest.mark.parametrize("zscore", [False, True])
def test_the_mean_over_subjects_and_the_one_left_out(rank, contrast, zscore):
    ranking = rank(EXPRESSION, "--top", "12", "--bottom", "5", *(["--zscore"] if zscore else []))
    shown = {subject: (values - values.mean()) / values.std(ddof=1) if zscore else values
             for subject, values in contrast.items()}
    mean = (shown[1] + shown[2]) / 2
    check_list(ranking["mean_over_subjects"]["top"], mean, order(mean)[:12])
    check_list(ranking["mean_over_subjects"]["bottom"], mean, ascending(mean)[:5])
    for one, subject, other in zip(ranking["leave_one_out"], (1, 2), (2, 1)):
        assert one["left_out"] == f"sub-0{subject}"
        check_list(one["top"], shown[other], order(shown[other])[:12])
        check_numbers(one["top"], contrast[subject], order(shown[other])[:12], "left_out_value", "left_out_z",
                      "left_out_percentile")
        assert one["correlation"] == pytest.approx(np.corrcoef(contrast[1], contrast[2])[0, 1])


def test_intercepts_ten_thousand_times_the_differences(rank, store, small_berg_dir, tmp_path):
    def lift(coefficients, intercepts):
        intercepts += np.float32(1e4) * np.arange(1, len(intercepts) + 1, dtype=np.float32)

    lifted = scores.change_regression(small_berg_dir, tmp_path / "lifted", (1, 2), lift)
    values = mean_of(scores.responses_of(store, lifted, 1), scores.rois_of(lifted, 1), "V1", "V2")
    one = rank("mean(V1 + V2)", "--subject", "1", berg_dir=lifted)["subjects"][0]
    check_list(one["top"], values, order(values)[:25])


def test_some_images_only(rank, contrast, tmp_path):
    chosen = np.sort(np.random.default_rng(3).choice(IMAGES, 60, replace=False))
    given = scores.write_list(tmp_path / "list.txt", np.random.default_rng(4).permutation(chosen))
    one = rank(EXPRESSION, "--images", given, "--subject", "2", "--top", "5")
    values = contrast[2][chosen]
    assert one["images"] == 60 and "mean_over_subjects" not in one
    items = one["subjects"][0]["top"]
    assert [item["image"] for item in items] == list(chosen[order(values)[:5]])
    check_numbers(items, values, order(values)[:5], "value", "z", "percentile")


def test_ties_go_to_the_lower_number(rank):
    one = rank("0 * mean(V1)", "--subject", "1", "--top", "7", "--bottom", "3")["subjects"][0]
    assert [item["image"] for item in one["top"]] == list(range(7))
    assert [item["image"] for item in one["bottom"]] == [0, 1, 2]
    assert [item["percentile"] for item in one["top"]] == [0] * 7


def test_patterns(rank, store, small_berg_dir):
    patterns = scores.responses_of(store, small_berg_dir, 1)[:, scores.rois_of(small_berg_dir, 1)["V1"]]
    centred = patterns - patterns.mean(axis=1, keepdims=True)
    units = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    mean = centred.mean(axis=0)
    expected = {"norm(V1)": centred.std(axis=1), "typicality(V1)": units @ mean / np.linalg.norm(mean),
                "similarity( V1 , image-000123.jpg )": units @ units[123]}
    for expression, values in expected.items():
        one = rank(expression, "--subject", "1", "--bottom", "9")["subjects"][0]
        assert [item["image"] for item in one["top"]] == list(order(values)[:25])
        np.testing.assert_allclose([item["value"] for item in one["top"]], values[order(values)[:25]], rtol=1e-6)
        assert [item["image"] for item in one["bottom"]] == list(ascending(values)[:9])


def test_the_same_bytes_from_any_number_of_threads(berg, store, small_berg_dir):
    outputs = {berg("rank", store, EXPRESSION, "--berg-dir", small_berg_dir, "--threads", threads, "-q").out
               for threads in (1, 2, 5)}
    assert len(outputs) == 1
    lines = outputs.pop().splitlines()
    assert lines[0].split("\t")[:5] == ["ranked_by", "end", "rank", "image", "name"]
    assert len(lines) == 1 + 25 * (1 + 2 + 2) and all(len(line.split("\t")) == 11 for line in lines)


# --- The sheet ---

def make_pictures(folder, images):
    """Pictures of one colour each, so that tiles can be told."""
    folder.mkdir()
    colours = {}
    for i, image in enumerate(images):
        colours[image] = (10 + 20 * i, 255 - 20 * i, 128)
        Image.new("RGB", (300, 240), colours[image]).save(folder / scores.name_of(image), "PNG")
    return colours


def test_a_sheet_of_pictures(berg, store, small_berg_dir, contrast, tmp_path):
    best, worst = order(contrast[1])[:4], ascending(contrast[1])[:4]
    colours = make_pictures(tmp_path / "pictures", [*best[:3], *worst])
    arguments = ["rank", store, EXPRESSION, "--berg-dir", small_berg_dir, "--subject", 1, "--top", 4, "--bottom", 4,
                 "--pictures", tmp_path / "pictures", "-o", tmp_path / "t.tsv", "-q", "--force"]
    result = berg(*arguments, "--sheet", tmp_path / "sheet.png")
    assert result.status == 0
    assert result.message == f"{tmp_path / 'sheet.png'}: 1 picture could not be read: empty tiles"
    sheet = np.asarray(Image.open(tmp_path / "sheet.png").convert("RGB"))
    for colour in colours.values():
        assert np.sum(np.all(sheet == colour, axis=-1)) >= 220 * 220
    tops = np.array([np.argwhere(np.all(sheet == colours[image], axis=-1)).min(axis=0) for image in best[:3]])
    assert tops[0][0] == tops[1][0] < tops[2][0] and tops[0][1] == tops[2][1] < tops[1][1]  # two by two, in order
    page = tmp_path / "sheet.html"
    assert berg(*arguments, "--sheet", page).status == 0
    text = page.read_text()
    assert text.count("data:image/png;base64,") == 7 and "not found" in text and "http" not in text.replace("http-equiv", "").replace(
        "http://www.w3.org/2000/svg", "")
    assert scores.name_of(best[3]) in text


def test_pictures_of_an_array_are_read_from_it(berg, backbone_files, small_berg_dir, tmp_path):
    images = np.random.default_rng(2).integers(0, 256, (6, 3, 64, 64), np.uint8)
    np.save(tmp_path / "stimuli.npy", images)
    done = berg("score", scores.MODEL, "--subject", 1, "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"],
                tmp_path / "stimuli.npy", "-o", tmp_path / "own", "-q")
    assert done.status == 0, done.err
    done = berg("rank", tmp_path / "own", "V1", "--berg-dir", small_berg_dir, "--sheet", tmp_path / "s.png", "-q")
    assert done.status == 0 and not done.err
    assert Image.open(tmp_path / "s.png").size[0] > 3 * 224


# --- Bad input ---

@pytest.mark.parametrize("arguments, status, words", [
    (["mean(V1"], 2, "no ) closes this ("),
    (["mean(V9000)"], 2, "V9000"),
    (["norm(V1 + V9000)"], 2, "character 11: "),
    ([" similarity (V1 + + V2, image-000001.jpg)"], 2, "character 19: "),
    (["similarity(V1)"], 2, "expected similarity(set, image)"),
    (["norm(V1) - norm(V2)"], 2, "expected a set in brackets and nothing behind"),
    (["similarity(V1, nobody.jpg)"], 3, "holds no image of the name nobody.jpg"),
    (["V1", "--subject", "7"], 2, "holds no scores of subject 7"),
    (["V1", "--model", "meg-things_meg_1-vit_b_32"], 2, "holds no scores of meg-things_meg_1-vit_b_32, but of fmri-"),
    (["V1", "--top", "0"], 2, "nothing to list"),
    (["V1", "-o", "x.csv"], 2, "ends in .tsv or .json"),
    (["V1", "--sheet", "x.gif"], 2, ".png, .pdf, .svg or .html"),
])
def test_one_line_for_bad_requests(berg, store, small_berg_dir, arguments, status, words):
    result = berg("rank", store, *arguments, "--berg-dir", small_berg_dir)
    line = result.lines[0]
    assert result.status == status and words in line and not result.out, result.err


def test_lists_that_are_wrong(berg, store, small_berg_dir, tmp_path):
    given = tmp_path / "list.txt"
    for text, status, message in [
            ("image-000001.jpg\r\n\nnobody.jpg\n", 3, f"{given}, line 3: {store} holds no image of the name nobody.jpg"),
            ("\n\n", 3, f"{given}: expected a name a line, found none"),
            ("image-000001.jpg\nimage-000001.jpg\n", 2, "the images to rank: the image image-000001.jpg is there twice")]:
        given.write_text(text)
        result = berg("rank", store, "V1", "--berg-dir", small_berg_dir, "--images", given)
        assert (result.status, result.message) == (status, message)


def damaged_store(build_dir, berg_dir, path, change):
    made = scores.make_store(build_dir, path, berg_dir, "1", 50)
    array = np.load(made / "scores_sub-01.npy", mmap_mode="r+")
    change(array)
    array.flush()
    return made


def test_damaged_scores(berg, build_dir, small_berg_dir, tmp_path):
    def make_nan(array):
        array[31, 2] = np.nan

    def turn(array):
        array[7, 0] += 1
    for name, change, words in [("nan", make_nan, r"row 31 \(image image-000031.jpg\) holds scores that are no numbers"),
                                ("turned", turn, r"row 7 \(image image-000007.jpg\) is damaged")]:
        store = damaged_store(build_dir, small_berg_dir, tmp_path / name, change)
        result = berg("rank", store, "V1", "--berg-dir", small_berg_dir)
        assert result.status == 3 and re.search(words, result.message) and not result.out


def test_scores_of_another_basis(berg, store, tmp_path):
    make_subject.make_subject(tmp_path / "other", 1, seed=5)
    result = berg("rank", store, "V1", "--subject", "1", "--berg-dir", tmp_path / "other")
    assert result.status == 3 and "are of other principal components than those in" in result.message


def test_an_output_that_is_there(berg, store, small_berg_dir, tmp_path):
    (tmp_path / "t.json").write_text("mine")
    result = berg("rank", store, "V1", "--berg-dir", small_berg_dir, "-o", tmp_path / "t.json")
    assert result.status == 5 and (tmp_path / "t.json").read_text() == "mine"
    assert json.dumps(result.message).count("--force") == 1
