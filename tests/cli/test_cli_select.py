"""The language of selections: what expressions select of all five models, against sets in NumPy; what is refused, and where; and
encoding by them, against columns of whole responses."""
import json
import subprocess

import nibabel
import numpy as np
import pytest

from program import MODEL, MODEL_FOLDER, tiny_metadata
from sibling_models import MODELS
from siblings import FILES, IDS, SUBJECTS

SEEDS = range(12)


class Subject:
    """A subject's sets and numbers as NumPy has them: marks and values of all columns, [units x times] of each output."""

    def __init__(self, berg_dir, key):
        path = berg_dir / MODEL_FOLDER / "metadata" / "metadata_sub-01.npy" if key == "fmri" else MODELS[key].metadata_path(
            berg_dir, MODELS[key].subjects[0])
        self.metadata = np.load(path, allow_pickle=True).item()
        getattr(self, key)(self.metadata)

    def of(self, values, times=1):
        """A number a unit (and time) as one a column."""
        values = np.asarray(values)
        return np.broadcast_to(values.reshape(len(values), -1), (len(values), times)).astype(values.dtype).ravel()

    def units(self, indices, count, times=1):
        return self.of(np.isin(np.arange(count), indices), times)

    def over_time(self, labels, times, seconds):
        """Sets by name, out of texts one a unit."""
        self.sets = {name: self.of(text == name, times) for text in labels for name in np.unique(text)}
        self.numbers = {"time": np.tile(seconds, len(labels[0]))}

    def fmri(self, metadata):
        model, coords = metadata["encoding_model"], metadata["fmri"]["voxel_coords"]
        self.sets = {name: self.units(indices, len(coords)) for name, indices in metadata["roi"].items()}
        self.numbers = {
            "ceiling": model["noise_ceiling_testset"], "ceiling1": model["noise_ceiling_singletrial"],
            "accuracy": model["correlation_results"], "eccentricity": metadata["prf"]["prf_eccentricity"],
            "angle": metadata["prf"]["prf_polarangle"], "size": metadata["prf"]["prf_size"],
            "prf.prf_rsquared": metadata["prf"]["prf_rsquared"], "splithalf_corrected": model["splithalf_corrected"],
            "coords x": coords[:, 0], "y": coords[:, 1], "coords z": coords[:, 2]}

    def nsd(self, metadata):
        accuracy, fmri, count = metadata["encoding_models"], metadata["fmri"], len(metadata["fmri"]["lh_ncsnr"])

        def both(dict, name):
            return np.concatenate([dict[f"{side}_{name}"] for side in ("lh", "rh")]).astype(float)
        rois = [fmri[f"{side}_fsaverage_rois"] for side in ("lh", "rh")]
        self.sets = {name: np.concatenate([self.units(side[name], count) for side in rois]) for name in rois[0]}
        self.sets["OVWFA"] = self.sets["OWFA"]
        self.sets["lh"], self.sets["rh"] = (np.repeat([True, False], count), np.repeat([False, True], count))
        snr, none = both(fmri, "ncsnr"), np.full(count, np.nan)
        with np.errstate(divide="ignore"):
            ceiling1 = 100 / (1 + 1 / snr ** 2)
        self.numbers = {
            "ceiling": 100 * both(accuracy, "noise_ceiling_nsdcore"), "ceiling1": ceiling1,
            "accuracy": both(accuracy, "correlation_nsdcore"), "r2": both(accuracy, "r2_nsdcore"), "ncsnr": snr,
            "r2_nsdsynthetic": both(accuracy, "r2_nsdsynthetic"), "lh_ncsnr": np.r_[snr[:count], none],
            "encoding_models.rh_r2_nsdcore": np.r_[none, accuracy["rh_r2_nsdcore"]]}

    def eeg(self, metadata):
        seconds = np.round(metadata["eeg"]["times"], 9)
        self.over_time([np.array(metadata["eeg"]["ch_names"])], len(seconds), seconds)
        self.numbers["accuracy"] = metadata["encoding_models"]["correlation_averaged_repetitions"].ravel()

    def meg(self, metadata):
        sensors, model, seconds = metadata["sensors"], metadata["encoding_model"], np.round(metadata["meg"]["times"], 9)
        self.over_time([sensors[f"sensor_{kind}"] for kind in ("names", "prefixes", "hemispheres", "regions")], len(seconds),
                       seconds)
        self.of_trials(model)
        self.numbers["single_training_split_2.correlation_results"] = model["single_training_split_2"]["correlation_results"].ravel()

    def tvsd(self, metadata):
        seconds = np.round(metadata["utah_array"]["times"] / 1000, 9)
        labels = metadata["roi"]["roi_labels"][metadata["roi"]["roi_assignments"]]
        self.over_time([labels], len(seconds), seconds)
        self.of_trials(metadata["encoding_model"])
        self.numbers["SNR_max"] = self.of(metadata["encoding_model"]["SNR_max"], len(seconds))
        self.numbers["utah_array.electrode_order"] = self.of(metadata["utah_array"]["electrode_order"], len(seconds))

    def of_trials(self, model):
        snr = model["ncsnr"].astype(float).ravel()
        with np.errstate(divide="ignore"):
            self.numbers["ceiling1"] = 100 / (1 + 1 / snr ** 2)
        self.numbers["ceiling"] = model["noise_ceiling"].astype(float).ravel()
        self.numbers["accuracy"] = model["all_training_splits"]["correlation_results"].ravel()

    @property
    def columns(self):
        return len(next(iter(self.sets.values())))


COMPARISONS = {"<": np.less, ">": np.greater, "<=": np.less_equal, ">=": np.greater_equal, "==": np.equal,
               "!=": lambda a, b: (a != b) & ~np.isnan(a)}


class Writer:
    """Random expressions: text beside the marks that NumPy finds."""

    def __init__(self, subject, seed):
        self.subject, self.rng = subject, np.random.default_rng(seed)

    def pick(self, items):
        items = list(items)
        return items[self.rng.integers(len(items))]

    def name(self):
        name = self.pick(self.subject.sets)
        quoted = name in ("lh", "rh") or self.rng.random() < 0.8
        return (name if quoted else f'"{name}"'), self.subject.sets[name]

    def limit(self, values):
        """A value that occurs, so that < and <= differ, as text that reads back as it."""
        value = float(self.pick(values[np.isfinite(values)]))
        return repr(value), value

    def comparison(self):
        name = self.pick(self.subject.numbers)
        values = self.subject.numbers[name].astype(float)
        sign, (text, value) = self.pick(COMPARISONS), self.limit(values)
        marks = COMPARISONS[sign](values, value)
        kind = self.rng.random()
        if kind < 0.6:
            return f"{name} {sign} {text}", marks
        turned = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(sign, sign)
        if kind < 0.8:
            return f"{text}{turned}{name}", marks
        more, limit = self.limit(values)
        return f"{text} {turned} {name} <= {more}", marks & (values <= limit)

    def operand(self, depth):
        kind = self.rng.random()
        if depth and kind < 0.3:
            text, marks = self.set(depth - 1)
            return f"({text})", marks
        if depth and kind < 0.4:
            text, marks = self.operand(depth - 1)
            return f"!{text}", ~marks
        if kind < 0.45:
            return "all", np.ones(self.subject.columns, bool)
        return self.comparison() if kind < 0.65 else self.name()

    def sum(self, depth):
        text, marks = self.operand(depth)
        for _ in range(self.rng.integers(0, 4)):
            more, of_more = self.operand(depth)
            plus = self.rng.random() < 0.6
            text, marks = f"{text} {'+' if plus else '-'} {more}", marks | of_more if plus else marks & ~of_more
        return text, marks

    def set(self, depth=2):
        text, marks = self.sum(depth)
        for _ in range(self.rng.integers(0, 3)):
            more, of_more = self.sum(depth)
            text, marks = f"{text} & {more}", marks & of_more
        return text, marks


@pytest.fixture
def select(berg, five_berg_dir, tmp_path):
    """select(KEY, expression): the columns as the program writes them, or its Result where it fails."""
    def call(key, expression, berg_dir=five_berg_dir, **more):
        path = tmp_path / "columns.npy"
        result = berg("metadata", IDS[key], "--berg-dir", berg_dir, "--subject", SUBJECTS[key], f"--select={expression}", "-o", path,
                      "--force", **more)
        return np.load(path) if result.status == 0 else result
    return call


# --- What is selected ---

@pytest.mark.parametrize("key", IDS)
def test_random_expressions_select_what_numpy_does(select, five_berg_dir, key):
    subject, empty = Subject(five_berg_dir, key), 0
    for seed in SEEDS:
        text, marks = Writer(subject, seed).set()
        found = select(key, text)
        if marks.any():
            assert not hasattr(found, "status"), (text, found.err)
            np.testing.assert_array_equal(found, np.flatnonzero(marks), err_msg=text)
        else:
            empty += 1
            assert found.status == 2 and " selects no " in found.message, text
    assert empty < len(SEEDS) / 2


@pytest.mark.parametrize("key", IDS)
def test_every_name_and_number_is_known(select, five_berg_dir, key):
    subject = Subject(five_berg_dir, key)
    names = list(subject.sets)[:: max(1, len(subject.sets) // 12)]
    for name in names:
        if subject.sets[name].any():
            np.testing.assert_array_equal(select(key, name), np.flatnonzero(subject.sets[name]), err_msg=name)
    for name, values in subject.numbers.items():
        middle = float(np.nanmedian(values))
        np.testing.assert_array_equal(select(key, f"{name} >= {middle!r}"), np.flatnonzero(values >= middle), err_msg=name)


def test_ampersand_binds_loosest_and_minus_goes_left_to_right(select, five_berg_dir):
    subject = Subject(five_berg_dir, "fmri")
    a, b, c, high = (*(subject.sets[name] for name in ("lFFA", "lLOC", "IT")), subject.numbers["ceiling"] > 50)
    cases = [("lFFA + lLOC & ceiling > 50", (a | b) & high, a | (b & high)), ("lFFA + (lLOC & ceiling > 50)", a | (b & high), (a | b) & high),
             ("lFFA - lLOC + IT", (a & ~b) | c, a & ~(b | c)), ("all - (lLOC + IT)", ~(b | c), ~b | c),
             ("!lFFA + lLOC", ~a | b, ~(a | b)), ("lFFA & IT - lLOC", a & c & ~b, a & ~b | c)]
    for text, marks, other in cases:
        assert marks.any() and (marks != other).any(), text
        np.testing.assert_array_equal(select("fmri", text), np.flatnonzero(marks), err_msg=text)


def test_times_are_seconds_to_the_nanosecond(select):
    assert list(select("eeg", "Oz & time == 0.2")) == list(
        select("eeg", "Oz & 200ms <= time <= 200ms"))
    # 0.2 lies at another double in sums of steps of 0.005.
    assert len(select("eeg", "Oz & 0.2 <= time < 0.205")) == 1 and len(select("eeg", "Oz & 0.2 < time <= 0.205")) == 1
    assert len(select("tvsd", "all & time >= 0.15")) == 1024 * 50


@pytest.mark.parametrize("key", ["nsd", "meg", "tvsd"])
def test_older_metadata_have_other_names_for_the_same(select, five_berg_dir, tmp_path, key):
    """NSD's without the test set, those of trials without splits, areas beside the electrodes."""
    subject = Subject(five_berg_dir, key)
    metadata, path = subject.metadata, MODELS[key].metadata_path(tmp_path, MODELS[key].subjects[0])
    if key == "nsd":
        metadata["encoding_models"] = {name.removesuffix("_nsdcore"): values for name, values in metadata["encoding_models"].items()
                                       if not name.endswith("_nsdsynthetic")}
    else:
        results = metadata["encoding_model"]
        metadata["encoding_model"] = {**{name: value for name, value in results.items() if not isinstance(value, dict)},
                                      **results["all_training_splits"]}
    if key == "tvsd":
        metadata["utah_array"].update(metadata.pop("roi"))
    path.parent.mkdir(parents=True)
    np.save(path, metadata)
    for name in {"ceiling", "ceiling1", "accuracy", "r2"} & subject.numbers.keys():
        values = subject.numbers[name]
        middle = float(np.median(values[values > 0]))
        np.testing.assert_array_equal(select(key, f"{name} > {middle!r}", tmp_path), np.flatnonzero(values > middle))
    if key == "tvsd":
        np.testing.assert_array_equal(select(key, "V4 & time == 0", tmp_path), np.arange(512, 768) * 300 + 100)


def tiny(tmp_path, **more):
    folder = tmp_path / "tiny"
    (folder / MODEL_FOLDER / "metadata").mkdir(parents=True)
    np.save(folder / MODEL_FOLDER / "metadata" / "metadata_sub-01.npy", {**tiny_metadata(), **more})
    return folder


def test_nan_compares_with_nothing(select, tmp_path):
    folder = tiny(tmp_path)
    assert 11 not in select("fmri", "ceiling != 3", folder) and 11 not in select("fmri", "ceiling < 999", folder)
    assert list(select("fmri", "!ceiling < 999", folder)) == [11]


def test_a_mask_selects_the_voxels_that_are_not_zero(select, tmp_path):
    folder, values = tiny(tmp_path), np.zeros((40, 40, 40), np.float32)
    for voxel, value in ((1, 1), (4, -0.5), (7, np.nan), (11, 3)):
        values[tuple(np.arange(36).reshape(12, 3)[voxel])] = value
    values[0, 0, 0] = 1  # no voxel's
    for name in ("mask.nii.gz", "my mask.nii"):
        nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / name)
    assert list(select("fmri", tmp_path / "mask.nii.gz", folder)) == [1, 4, 11]
    assert list(select("fmri", f'V1 - "{tmp_path}/my mask.nii"', folder)) == [0, 2]
    assert list(select("fmri", "hV4 & mask.nii.gz", folder, cwd=tmp_path)) == [11]


def test_names_that_look_like_words_of_the_language_go_in_quotes(select, tmp_path):
    folder = tiny(tmp_path, roi={"all": np.array([3]), "a b": np.array([4]), 'q"': np.array([5]), "mask.nii": np.array([6]),
                                 "ceiling": np.array([7])})
    assert [list(select("fmri", text, folder)) for text in ('"all"', '"a b"', '"q"""', "ceiling", "ceiling + all - !\"all\"")] == [
        [3], [4], [5], [7], [3]]


# --- What is refused ---

@pytest.mark.parametrize("key, expression, message", [
    ("fmri", "V1 & V2 + V9", "selection: character 11: this subject has no region 'V9': did you mean V1?"),
    ("fmri", "lffa", "selection: character 1: this subject has no region 'lffa': did you mean lFFA?"),
    ("fmri", "V1-V2", "selection: character 1: this subject has no region 'V1-V2' (a difference has blanks around its -): there are V1, "
                      "V2, V3, hV4, VO1, VO2, LO1_prf, LO2_prf, ..."),
    ("fmri", "V1 & ceiling", "selection: character 6: ceiling is a number of each voxel: compare it with one, as in ceiling > 0.1"),
    ("fmri", "V1 & time < 1", "selection: character 6: this subject's metadata have no number 'time' of each voxel: there are ceiling, "
                              "ceiling1, accuracy, eccentricity, angle, size, x, y, z"),
    ("fmri", "lh", "selection: character 1: this subject has no region 'lh': there are V1, V2, V3, hV4, VO1, VO2, LO1_prf, LO2_prf, ..."),
    ("fmri", "voxel_coords > 3", "selection: character 1: fmri.voxel_coords has not one number for each voxel"),
    ("fmri", "V1 & !V1", "selection: 'V1 & !V1' selects no voxel of this subject"),
    ("nsd", "V1v + a.nii", "selection: character 7: a volume masks voxels, and this model has vertices"),
    ("nsd", "mTL-bodies", "selection: 'mTL-bodies' selects no vertex of this subject"),
    ("eeg", "Oz & ceiling > 3", "selection: character 6: this subject's metadata have no number 'ceiling' of each channel: there are "
                                "accuracy, time"),
    ("eeg", "Oz & time > 9", "selection: 'Oz & time > 9' selects no column of this subject"),
    ("meg", "correlation_results > 0", "selection: character 1: 'correlation_results' may be "
     "encoding_model.all_training_splits.correlation_results or encoding_model.single_training_split_1.correlation_results: give more "
     "of its name"),
    ("meg", "Occipital + Nowhere1", "selection: character 13: this subject has no region or sensor 'Nowhere1': there are Central, "
                                    "Frontal, Occipital, Parietal, Temporal, MLC, MLF, MLO, ..."),
    ("meg", "MLC + MLC1", "selection: character 7: this subject has no region or sensor 'MLC1': did you mean MLC?"),
    ("tvsd", "V1 + V2", "selection: character 6: this subject has no area 'V2': did you mean V1?")])
def test_what_a_subject_does_not_have_is_pointed_at(select, key, expression, message):
    result = select(key, expression)
    assert (result.status, result.message) == (2, message)


def test_masks_that_do_not_fit(select, tmp_path):
    folder = tiny(tmp_path)

    def refused(name, shape, status, *words):
        values = np.zeros(shape, np.uint8)
        nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / name)
        result = select("fmri", tmp_path / name, folder)
        assert result.status == status and all(word in result.message for word in (name, *words)), result.err
    refused("small.nii", (30, 40, 40), 4, "does not fit the subject: voxel 10 at (30, 31, 32) is outside its grid of 30 x 40 x 40")
    refused("empty.nii", (40, 40, 40), 4, "none of its 12 voxels lies in this mask")
    refused("several.nii", (40, 40, 40, 2), 3, "not a mask: expected one volume, found 2")
    (tmp_path / "text.nii").write_text("no volume")
    assert select("fmri", tmp_path / "text.nii", folder).status == 3
    assert "absent.nii.gz" in select("fmri", "V1 + absent.nii.gz", folder).message


def test_metadata_that_do_not_fit(select, tmp_path):
    folder = tiny(tmp_path, roi={"V1": np.array([0, 12])})
    result = select("fmri", "V1", folder)
    assert result.status == 4 and "roi.V1" in result.message, result.err


@pytest.mark.parametrize("key, expression, status", [
    ("fmri", "V1 + lFFA & !(ceiling > 30) - coords x < 3", 0), ("meg", "Occipital + MLC11-1609 & 0.1 < time < 0.2", 0), ("fmri", "V9", 5),
    ("tvsd", "V1 & ceiling1 > 200", 5), ("fmri", "mean(V1) - 2 * sum(V2", 5), ("fmri", "V1 & MASK", 0)])
def test_memory_that_runs_out_is_told(build_dir, five_berg_dir, tmp_path, key, expression, status):
    nibabel.save(nibabel.Nifti1Image(np.ones((40, 40, 40), np.uint8), np.eye(4)), tmp_path / "mask.nii.gz")
    done = subprocess.run([build_dir / "tests" / "failing_select", IDS[key], five_berg_dir, SUBJECTS[key],
                           expression.replace("MASK", str(tmp_path / "mask.nii.gz"))], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    allocations, end = map(int, done.stdout.split())
    assert allocations > 8 and end == status


# --- berg metadata --select ---

def shown(berg, five_berg_dir, key, expression, *more):
    result = berg("metadata", IDS[key], "--berg-dir", five_berg_dir, "--subject", SUBJECTS[key], "--select", expression, *more)
    assert (result.status, result.err) == (0, ""), result.err
    return result.out


def test_a_selection_is_shown(berg, five_berg_dir, select):
    columns = select("fmri", "V1 + V2")
    text = shown(berg, five_berg_dir, "fmri", "V1 + V2")
    head, runs = text.rstrip("\n").split(": ")
    assert head == f"{len(columns)} of 600 voxels"
    spans = [list(map(int, run.split("-"))) for run in runs.split()]
    assert [v for span in spans for v in range(span[0], span[-1] + 1)] == list(columns)
    assert all(b[0] > a[-1] + 1 for a, b in zip(spans, spans[1:]))
    assert shown(berg, five_berg_dir, "eeg", "O1 + Oz & 0.1 < time < 0.12") == "2 of 63 channels, 6 of 8,820 columns: O1 Oz\n"
    left, right = shown(berg, five_berg_dir, "nsd", "lh & V1v").splitlines()
    assert left.startswith("lh: 710 of 163,842 vertices: ") and right == "rh: 0 of 163,842 vertices"
    tree = json.loads(shown(berg, five_berg_dir, "fmri", "V1 + V2", "--json"))
    assert tree == {"select": "V1 + V2", "count": len(columns), "of": 600, "columns": list(columns)}


def test_select_and_key_are_one_or_the_other(berg, five_berg_dir):
    result = berg("metadata", MODEL, "--berg-dir", five_berg_dir, "--subject", "1", "--select", "V1", "--key", "roi.V1")
    assert result.status == 2 and "give one of them" in result.message


# --- berg encode --select ---

@pytest.mark.parametrize("key, expression", [
    ("fmri", "V2 + V1 & ceiling > 50"), ("nsd", "V1v + V1d & ceiling > 60"), ("eeg", "Oz + O1 & 0.1 < time < 0.2"),
    ("meg", "Occipital - MRO & time >= 1.2"), ("tvsd", "IT & 50ms <= time < 60ms")])
def test_responses_are_columns_of_the_whole(encode_with, five_berg_dir, photos, select, tmp_path, key, expression):
    columns = select(key, expression)
    first = 0
    for name, arguments in (("whole", []), ("part", ["--select", expression])):
        result = encode_with(key, photos / "0.jpg", "-o", f"{tmp_path}/{name}/", *arguments)
        assert result.status == 0, result.err
    for name in FILES[key]:
        whole, part = (np.load(tmp_path / folder / f"{name}.npy") for folder in ("whole", "part"))
        if key == "eeg":  # one repetition after another
            whole, part = whole[:, 1], part[:, 1]
        whole, count = whole.reshape(len(whole), -1), whole[0].size
        own = columns[(columns >= first) & (columns < first + count)] - first
        np.testing.assert_array_equal(part.reshape(len(part), -1), whole[:, own])
        about = json.loads((tmp_path / "part" / f"{name}.json").read_text())
        assert about["Select"] == expression
        first += count


def test_each_subject_selects_by_itself(encode_with, photos, tmp_path):
    result = encode_with("fmri", "--subject", "1,2", "--select", "V1 & ceiling > 50", photos / "0.jpg", "-o", tmp_path / "x.npy")
    assert result.status == 0, result.err
    widths = {np.load(tmp_path / f"x_sub-0{subject}.npy").shape[1] for subject in (1, 2)}
    assert len(widths) == 2


def test_a_hemisphere_of_nothing_has_no_file(encode_with, photos, tmp_path):
    result = encode_with("nsd", "--select", "lh & V1v", photos, "-o", tmp_path / "x.npy")
    assert result.status == 0, result.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x_lh.json", "x_lh.npy"]
    assert np.load(tmp_path / "x_lh.npy").shape == (5, 710) and "x_rh" not in result.err


def test_a_mask_is_among_the_sources(encode_with, five_berg_dir, photos, tmp_path):
    coords = Subject(five_berg_dir, "fmri").metadata["fmri"]["voxel_coords"]
    values = np.zeros(coords.max(axis=0) + 2, np.uint8)
    values[tuple(coords[[5, 9]].T)] = 1
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "mask.nii.gz")
    result = encode_with("fmri", "--select", tmp_path / "mask.nii.gz", photos, "-o", tmp_path / "x.npy")
    assert result.status == 0, result.err
    about = json.loads((tmp_path / "x.json").read_text())
    assert about["Columns"]["Voxels"] == [[5, 5], [9, 9]]
    (source,) = [file for file in about["SourceFiles"] if file["Role"] == "mask"]
    assert source["Path"] == str(tmp_path / "mask.nii.gz") and len(source["SHA256"]) == 64


@pytest.mark.parametrize("key, arguments, status, message", [
    ("fmri", ["--select", "V1", "--roi", "V1"], 2, "select says all that is selected: it goes with no selection"),
    ("fmri", ["--select", "V1", "--mean", "roi"], 2, "it goes with no mean_roi"),
    ("fmri", ["--select", "V1", "--min-noise-ceiling", "20"], 2, "it goes with no min_noise_ceiling (write & ceiling >= 20)"),
    ("fmri", ["--select", "V1 +"], 2, "selection: character 5: expected a set, such as a region or all, found the end"),
    ("eeg", ["--select", "Oz + O1 & accuracy > 0.2"], 2,
     "selection: character 1: channel Oz has other times than the first one: responses have the same times of every channel")])
def test_selections_that_are_refused(encode_with, photos, tmp_path, key, arguments, status, message):
    result = encode_with(key, *arguments, photos, "-o", tmp_path / "x.npy")
    assert result.status == status and message in result.message, result.err
    assert not list(tmp_path.iterdir())
