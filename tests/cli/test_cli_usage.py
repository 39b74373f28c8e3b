"""Usage errors: status 2, one line that says what is wrong, nothing written."""
import numpy as np
import pytest

from program import MODEL

SEE = " (see berg {} -h)"


@pytest.mark.parametrize("arguments, message", [
    (["encod"], 'unknown command "encod", did you mean "encode"? (see berg -h)'),
    (["metdata"], 'unknown command "metdata", did you mean "metadata"? (see berg -h)'),
    (["frobnicate"], 'unknown command "frobnicate" (see berg -h)'),
    (["help", "lst"], 'unknown command "lst", did you mean "list"? (see berg -h)'),
    (["--quiet", "list"], "unknown option --quiet, a command comes first (see berg -h)"),
    (["list", "x"], 'list takes options only, and "x" is one too many (see berg list -h)'),
    (["list", "--jso"], "unknown option --jso, did you mean --json? (see berg list -h)"),
    (["list", "--json=1"], "--json takes no value (see berg list -h)"),
    (["list", "-x"], "unknown option -x (see berg list -h)"),
    (["describe"], "describe needs MODEL (see berg describe -h)"),
    (["info"], "info needs FILE (see berg info -h)"),
    (["info", "a", "b"], 'info takes FILE, and "b" is one too many (see berg info -h)'),
    (["convert", "a"], "convert needs SRC DST (see berg convert -h)"),
    (["bench", "--images", "0"], "--images and --repeats: expected at least 1 (see berg bench -h)"),
    (["bench", "--seconds", "x"], '--seconds: expected a number, found "x" (see berg bench -h)'),
    (["bench", "--seconds", "0"], "--seconds: expected more than 0 (see berg bench -h)"),
    (["metadata", MODEL], "which subject? Give --subject N (see berg metadata -h)"),
    (["metadata", MODEL, "--subject", "1,2"], "--subject: one at a time (see berg metadata -h)"),
    (["metadata", MODEL, "--subject", "1"],
     "where are the models? Give --berg-dir DIR or set BERG_DIR; to have one, berg fetch fmri-things_fmri_1-vit_b_32 --subject 1 "
     "--backbone --berg-dir models (see berg metadata -h)"),
    (["metadata", MODEL, "--subject", "1", "--berg-dir", "x", "--key", "roi.V1", "-o", "v1.csv"],
     "-o v1.csv: one entry goes to a .npy (see berg metadata -h)"),
    (["describe", "fmri-things_fmri_1-vit_b_16"], f'no model "fmri-things_fmri_1-vit_b_16", did you mean {MODEL}?'),
    (["describe", "nsd"], 'no model "nsd", did you mean fmri-nsd_fsaverage-vit_b_32?'),
    (["describe", "things"], 'no model "things"; berg list names the models known'),
    (["encode", "/dev/null", "-o", "x.npy"], 'no model "/dev/null", which is a file or folder: the model comes first, such as '
     "fmri-things_fmri_1-vit_b_32 (berg list)"),
    (["describe", "gpt"], 'no model "gpt"; berg list names the models known'),
])
def test_usage_errors(berg, arguments, message):
    result = berg(*arguments)
    assert (result.status, result.out) == (2, "")
    assert result.message == message


@pytest.mark.parametrize("arguments, message", [
    ([], "where do the responses go? Give -o OUT, such as -o responses.npy"),
    (["-o"], "-o needs OUT"),
    (["--output"], "--output needs OUT"),
    (["-o", "x.npy"], "which subject? Give --subject N"),
    (["-o", "x.npy", "--subject", "one"], '--subject: expected 1, 01, sub-01, N or 1-4, found "one"'),
    (["-o", "x.npy", "--subject", "1,01"], "--subject: 01 is named twice"),
    (["-o", "x.npy", "--subject", "1,,2"], '--subject: expected a list without gaps, such as A,B, found "1,,2"'),
    (["-o", "x.npy", "--subject=1", "--shard", "0/4"], '--shard: expected I/N with I from 1 to N, found "0/4"'),
    (["-o", "x.npy", "--subject=1", "--shard", "5/4"], '--shard: expected I/N with I from 1 to N, found "5/4"'),
    (["-o", "x.npy", "--subject=1", "--shard", "1/4x"], '--shard: expected I/N with I from 1 to N, found "1/4x"'),
    (["-o", "x.npy", "--subject=1", "--layout", "chw"], '--layout: expected nchw, nhwc or auto, found "chw"'),
    (["-o", "x.npy", "--subject=1", "--mean", "voxel"], '--mean: expected roi, found "voxel"'),
    (["-o", "x.npy", "--subject=1", "--memory", "4X"], '--memory: expected a size such as 500M or 4G, found "4X"'),
    (["-o", "x.npy", "--subject=1", "--memory", "-1G"], '--memory: expected a size such as 500M or 4G, found "-1G"'),
    (["-o", "x.npy", "--subject=1", "--threads", "-1"], '--threads: expected a whole number, found "-1"'),
    (["-o", "x.npy", "--subject=1", "--threads", "5000000000"], "--threads: too many"),
    (["-o", "x.npy", "--subject=1", "--batch", "99999999999999999999999"],
     '--batch: expected a whole number, found "99999999999999999999999"'),
    (["-o", "x.npy", "--subject=1", "--min-noise-ceiling", "nan"], '--min-noise-ceiling: expected a number, found "nan"'),
    (["-o", "x.npy", "--rio", "V1"], "unknown option --rio, did you mean --roi?"),
    (["-o", "-", "--subject", "1,2"], "-o -: standard output takes one subject"),
    (["-o", "-", "--subject", "1", "--resume"], "-o -: standard output cannot be resumed"),
])
def test_usage_errors_of_encode(berg, tmp_path, arguments, message):
    result = berg("encode", MODEL, "x.jpg", *arguments, cwd=tmp_path, environment={"BERG_DIR": "nowhere"})
    assert (result.status, result.out) == (2, "")
    assert result.message == message + SEE.format("encode")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("marks, message", [
    (np.array([0, 1, 2]), "element 2: expected 0 or 1, found 2"),
    (np.array([0, -1], np.int8), "element 1: expected 0 or 1, found -1"),
    (np.array([0.0, 1.0]), "expected one dimension of booleans or whole numbers, found float64 (2,)"),
    (np.zeros((2, 2), bool), "expected one dimension of booleans or whole numbers, found bool (2, 2)"),
    ("0\n1\n2\n", 'element 2: expected 0 or 1, found "2"'),
    ("0 10", 'element 1: expected 0 or 1, found "0"'),
    ("0,1", 'element 0: expected 0 or 1, found ","'),
    ("\n", "holds no marks"),
])
def test_marks_that_are_none(berg, tmp_path, marks, message):
    path = tmp_path / "marks"
    if isinstance(marks, str):
        path.write_text(marks)
    else:
        with path.open("wb") as stream:
            np.save(stream, marks)
    result = berg("encode", MODEL, "x.jpg", "--subject", 1, "-o", "x.npy", "--berg-dir", "x", "--voxel-index", path)
    assert result.status == 2
    assert result.message == f"{path}: voxel index: {message}"


def test_a_missing_file_of_marks_is_an_input_that_is_missing(berg):
    result = berg("encode", MODEL, "x.jpg", "--subject", 1, "-o", "x.npy", "--berg-dir", "x", "--voxel-index", "none.npy")
    assert result.status == 3
    assert result.message == "none.npy: cannot be read: No such file or directory"


def test_options_end_at_two_dashes(berg):
    assert berg("info", "--", "--json").message.startswith("--json: ")


def test_messages_stay_on_one_line(berg):
    assert berg("describe", "a\nb\x1b[2J").message == 'no model "a?b?[2J"; berg list names the models known'


def test_output_that_cannot_be_written_is_status_5(berg):
    with open("/dev/full", "wb") as full:
        result = berg("list", stdout=full)
    assert result.status == 5
    assert result.message == "standard output cannot be written: No space left on device"
