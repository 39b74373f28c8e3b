"""prepare: messages about invalid input, existing outputs, too little memory and disk."""
import resource
import shutil

import h5py
import numpy as np
import pytest

import make_raw
from prepare_oracle import PREPARED

TRIALS, VOXELS, BETAS = (f"sub-01_{name}" for name in ("StimulusMetadata.csv", "VoxelMetadata.csv", "ResponseData.h5"))


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good")
    return (folder, *make_raw.make_raw(folder))


@pytest.fixture
def case(good, tmp_path, berg):
    """A copy to damage: `case(...)` prepares it."""
    class Case:
        folder, berg_dir = tmp_path / "raw", tmp_path / "berg"
        betas, rows, columns = good[1].copy(), [dict(row) for row in good[2]], dict(good[3])

        def __call__(self, *options, subject=1):
            return berg("prepare", self.folder, "--subject", subject, "--berg-dir", self.berg_dir, *options)

        def write(self):
            make_raw.write_responses(self.folder / BETAS, self.betas)
            make_raw.write_trials(self.folder / TRIALS, self.rows)
            make_raw.write_voxels(self.folder / VOXELS, self.columns)

        def refused(self, message, status=3, *options):
            result = self(*options)
            assert result.status == status, result.err
            assert result.err.splitlines()[-1] == "berg: " + message
            assert "Traceback" not in result.err and sum("berg: " in line for line in result.lines) <= 2
            assert not list(self.berg_dir.rglob("*.h5")) and not list(self.berg_dir.rglob("*.partial*"))

        def file(self, name):
            return self.folder / name

    shutil.copytree(good[0], Case.folder)
    return Case()


def test_what_is_said_when_all_is_well(case):
    result = case("--threads", 2)
    assert (result.status, result.out) == (0, "")
    assert result.lines == ["berg: responses", "berg: sub-01: 60 voxels prepared"]
    assert case("--force", "--quiet").err == ""


def test_several_subjects(case):
    make_raw.make_raw(case.folder, subject=3, voxels=31)
    result = case(subject="1,3")
    assert result.status == 0
    assert [line for line in result.lines if "prepared" in line] == ["berg: sub-01: 60 voxels prepared",
                                                                    "berg: sub-03: 31 voxels prepared"]


def test_subjects_that_are_none(case):
    result = case(subject=4)
    assert (result.status, result.message) == (2, "subject 4 is not known: expected 1, 2 or 3")


def test_folders_without_raw_data(case):
    shutil.rmtree(case.folder)
    case.refused(f"{case.folder}: neither in it nor in its folder betas_csv is sub-01_ResponseData.h5 (THINGS-fMRI1 alone is prepared here; NSD, "
                 "THINGS EEG2, THINGS MEG1 and TVSD by upstream's scripts)")


@pytest.mark.parametrize("name", [TRIALS, VOXELS, BETAS])
def test_missing_files(case, name):
    case.file(name).unlink()
    case.refused(f"{case.file(name)}: cannot be opened: No such file or directory")


def test_tables_of_other_lengths(case):
    make_raw.write_trials(case.file(TRIALS), case.rows[:-1])
    case.refused(f"{case.file(TRIALS)}: has another number of rows: expected 44, as the responses have trials, "
                 "found 43")
    make_raw.write_trials(case.file(TRIALS), case.rows)
    make_raw.write_voxels(case.file(VOXELS), {name: values[:-2] for name, values in case.columns.items()})
    case.refused(f"{case.file(VOXELS)}: has another number of rows: expected 60, as the responses have voxels, "
                 "found 58")


def test_missing_columns_are_all_named(case):
    make_raw.write_trials(case.file(TRIALS), case.rows, ["trial_type", "run", "concept"])
    case.refused(f"{case.file(TRIALS)}: 2 columns are missing: session, stimulus")
    make_raw.write_trials(case.file(TRIALS), case.rows)
    for name in ("voxel_y", "nc_testset", "prf-size", "V1"):
        del case.columns[name]
    make_raw.write_voxels(case.file(VOXELS), case.columns)
    case.refused(f"{case.file(VOXELS)}: 3 columns are missing: voxel_y, nc_testset, prf-size")


def test_columns_that_are_there_twice(case):
    path = case.file(VOXELS)
    path.write_text(path.read_text().replace('"glasser-a9-\n46v"', '"glasser-p9-\n46v"'))
    case.refused(f"{path}: glasser-p9- 46v: two columns have this name")


def test_rows_of_another_length(case):
    path = case.file(TRIALS)
    lines = path.read_text().splitlines()
    lines[5] += ",more"
    path.write_text("\n".join(lines))
    case.refused(f"{path}: row 5: wrong number of fields: expected 7 fields, as in the header, found more")


@pytest.mark.parametrize("column, value, what", [
    ("voxel_x", "3.5", 'expected an integer, found "3.5"'),
    ("voxel_z", "", 'expected an integer, found ""'),
    ("nc_testset", "high", 'expected a number, found "high"'),
    ("V1", "2", 'expected 0 or 1, found "2"'),
])
def test_values_that_are_not_of_their_kind(case, column, value, what):
    case.columns[column] = [str(number) for number in np.asarray(case.columns[column]).tolist()]
    case.columns[column][8] = value
    make_raw.write_voxels(case.file(VOXELS), case.columns)
    case.refused(f'{case.file(VOXELS)}: row 9, column "{column}": wrong type: {what}')


def first(rows, kind, nth=0):
    return [i for i, row in enumerate(rows) if row["trial_type"] == kind][nth]


def spoil_type(rows):
    rows[3]["trial_type"] = "catch"
    return "row 4: unknown trial_type: expected train or test, found catch"


def spoil_session(rows):
    rows[9]["session"] = 77
    return "row 10: a session of one trial has no variance: found session 77"


def spoil_train_twice(rows):
    a, b = first(rows, "train"), first(rows, "train", 1)
    rows[b]["stimulus"], rows[b]["concept"] = rows[a]["stimulus"], rows[a]["concept"]
    return f"row {b + 1}: stimulus {rows[a]['stimulus']} is trained on twice"


def spoil_concept(rows):
    a = first(rows, "test")
    b = [i for i, row in enumerate(rows) if row["stimulus"] == rows[a]["stimulus"]][1]
    rows[b]["concept"] = "other"
    return (f"row {b + 1}: stimulus {rows[a]['stimulus']} is of two concepts: expected {rows[a]['concept']}, found other")


def spoil_repeats(rows):
    names = sorted({row["stimulus"] for row in rows if row["trial_type"] == "test"})
    i = [i for i, row in enumerate(rows) if row["stimulus"] == names[-1]][0]
    rows[i].update(trial_type="train", stimulus="new.jpg")
    return f"test stimulus {names[-1]} is not seen as often as the others: expected 4 times, found 3"


def spoil_test(rows):
    for i, row in enumerate(rows):
        row.update(trial_type="train", stimulus=f"{i}.jpg")
    return "no test trials among its 44 rows"


def spoil_train(rows):
    for row in rows:
        row["trial_type"] = "test"
    return "no train trials among its 44 rows"


def spoil_name(rows):
    rows[20]["stimulus"] = ""
    return "row 21: stimulus or concept without a name"


@pytest.mark.parametrize("spoil", [spoil_type, spoil_session, spoil_train_twice, spoil_concept, spoil_repeats, spoil_test,
                                   spoil_train, spoil_name])
def test_designs_that_cannot_be(case, spoil):
    message = spoil(case.rows)
    make_raw.write_trials(case.file(TRIALS), case.rows)
    case.refused(f"{case.file(TRIALS)}: {message}")


@pytest.mark.parametrize("values", [(np.nan, np.nan, np.nan), (np.inf, -np.inf, 1e39)])
def test_responses_that_are_not_finite(case, values):
    for (voxel, trial), value in zip([(41, 3), (7, 40), (41, 5)], values):
        case.betas[voxel, trial] = value
    make_raw.write_responses(case.file(BETAS), case.betas)
    case.refused(f"{case.file(BETAS)}: ResponseData: responses that are not finite float32 numbers: found 3, the first of "
                 "voxel 7 in trial 40 (from 0)")


def test_files_that_hold_something_else(case):
    with h5py.File(case.file(BETAS), "w") as file:
        file["other/values"] = np.zeros((60, 44))
    case.refused(f"{case.file(BETAS)}: ResponseData/block0_values: no such dataset; there are: other/values")
    make_raw.write_responses(case.file(BETAS), np.zeros((60, 44), int))
    case.refused(f"{case.file(BETAS)}: ResponseData: no block of float32 or float64 responses (voxels, trials)")
    make_raw.write_responses(case.file(BETAS), np.zeros((0, 44)))
    case.refused(f"{case.file(BETAS)}: ResponseData: holds no responses: expected voxels by trials, found float64 (0, 44)")
    case.file(BETAS).write_text("text")
    result = case()
    assert result.status == 3 and "cannot be read as HDF5" in result.message


def test_nothing_is_replaced_unless_forced(case):
    assert case("-q").status == 0
    folder = case.berg_dir / PREPARED
    before = {path: path.read_bytes() for path in folder.iterdir()}
    path = folder / "fmri_sub-01_split-test.h5"
    for name in ("split-train.h5", "metadata.npy", "split-test_averaged.h5"):
        (folder / f"fmri_sub-01_{name}").unlink()
    for options in ((), ("--resume",)):
        result = case(*options)
        assert (result.status, result.message) == (5, f"{path}: already exists; force (--force, force=True) replaces it")
    assert list(folder.iterdir()) == [path]
    assert case("-q", "--force").status == 0
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def leave_partial(case, berg):
    """What a run leaves that finds a final file in its way at the end: all but the names."""
    folder = case.berg_dir / PREPARED
    assert case("-q").status == 0
    for path in folder.iterdir():
        path.rename(f"{path}.partial")
    return folder


def test_what_an_interrupted_run_left_is_neither_overwritten_nor_taken_blindly(case, berg):
    folder = leave_partial(case, berg)
    partial = folder / "fmri_sub-01_split-train.h5.partial"
    result = case()
    assert (result.status, result.message) == (
        5, f"{partial}: is there from an interrupted run: resume that, or force a new start")
    journal = folder / "fmri_sub-01_split-train.h5.partial.journal"
    unused = f" {0:020}-{0:020}" * 10
    journal.write_text(f"berg rows 3\nrows {16:020}\nmore{unused}\nplaced{unused[:42]}\ncolumns 60\nfingerprint another\n")
    result = case("--resume")
    assert result.status == 5
    assert result.message.startswith(f"{journal}: belongs to another run, which cannot be resumed by this one: expected "
                                     "prepare sub-01 responses ")
    journal.write_text(journal.read_text().replace("columns 60", "columns 61"))
    assert case("--resume").message.endswith("expected 60 columns, found 61 columns")
    journal.write_text("nonsense")
    assert "is damaged" in case("--resume").message
    assert case("-q", "--force").status == 0
    assert sorted(path.suffix for path in folder.iterdir()) == [".h5", ".h5", ".h5", ".npy"]


def test_too_little_memory(case):
    result = case("--memory", "1M")
    assert result.status == 6
    assert result.message.startswith(f"{case.file(BETAS)}: does not fit the memory allowed: expected at least ")
    assert result.message.endswith(" bytes, found 1048576")
    assert not case.berg_dir.exists()


def test_a_limit_of_file_sizes_is_a_failed_write(case, berg):
    make_raw.make_raw(case.folder, voxels=2000)
    result = berg("prepare", case.folder, "--subject", 1, "--berg-dir", case.berg_dir, restore_signals=False,
                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (66000, 66000)))
    assert result.status == 5, result.err
    assert "cannot be written: File too large" in result.message
    assert not [path for path in case.berg_dir.rglob("*") if path.is_file()]
    assert case("-q", "--resume").status == 0
