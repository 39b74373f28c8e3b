"""`berg report` as a command: where it writes, what it refuses, its messages."""
import json
import pathlib
import resource
import signal
import subprocess

import pytest

import moments
from program import MODEL, MODEL_FOLDER


@pytest.fixture
def report(berg, tiny_berg_dir):
    return lambda *arguments, **more: berg("report", MODEL, "--berg-dir", tiny_berg_dir, *arguments, **more)


def test_writes_a_page_and_says_so(report, tmp_path):
    page = tmp_path / "report.html"
    done = report("--subject", "1", "-o", page)
    assert (done.status, done.out, done.message) == (0, "", f"{page}: written")
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_berg_dir_from_the_environment(berg, tiny_berg_dir, tmp_path):
    done = berg("report", MODEL, "--subject", "sub-01", "-o", tmp_path / "r.html", "-q",
                environment={"BERG_DIR": str(tiny_berg_dir)})
    assert (done.status, done.err) == (0, "")


def test_the_command_is_on_the_page(report, tmp_path):
    name = tmp_path / "it's <here>.html"
    assert report("--subject=1", "-o", name, "--json", tmp_path / "r.json", "-q").status == 0
    command = json.loads((tmp_path / "r.json").read_text())["provenance"]["command"]
    assert command.startswith("berg report " + MODEL) and "'\\''s <here>.html'" in command
    assert "&lt;here&gt;" in name.read_text()


def test_figures_go_to_a_new_folder(report, tmp_path):
    assert report("--subject", "1", "-o", tmp_path / "r.html", "--figures", tmp_path / "a/b").status == 0
    names = {path.name for path in (tmp_path / "a/b").iterdir()}
    assert {"encoding_accuracy.png", "encoding_accuracy.svg", "encoding_accuracy.pdf"} <= names
    assert (tmp_path / "a/b/encoding_accuracy.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("there", ["r.html", "r.json", "figures/distributions.pdf"])
def test_replaces_nothing_unless_forced(report, tmp_path, there):
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text("mine")
    arguments = ["--subject", "1", "-o", tmp_path / "r.html", "--json", tmp_path / "r.json", "--figures",
                 tmp_path / "figures", "-q"]
    done = report(*arguments)
    assert done.status == 5 and str(tmp_path / there) in done.message
    assert (tmp_path / there).read_text() == "mine"
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [(tmp_path / there).name]
    assert report(*arguments, "--force").status == 0
    assert (tmp_path / there).read_bytes() != b"mine"


def files(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def test_all_files_of_a_report_appear_or_none(report, tmp_path):
    """The limit on the size of a file stands for a full disk, which each of the files in turn is the first to meet."""
    arguments = ["--subject", "1", "-q", "-o", "r.html", "--json", "r.json", "--figures", "."]
    (tmp_path / "whole").mkdir()
    assert report(*arguments, cwd=tmp_path / "whole").status == 0
    names = files(tmp_path / "whole")
    sizes = sorted({(tmp_path / "whole" / name).stat().st_size for name in names})
    assert len(names) > 10
    for limit in [0, *(size - 1 for size in sizes[::len(sizes) // 5]), sizes[-1] - 1]:
        done = report(*arguments, cwd=tmp_path, restore_signals=False,
                      preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        assert done.status == 5 and "cannot be written: File too large" in done.message
        assert files(tmp_path) == [pathlib.Path("whole") / name for name in names]


@pytest.mark.parametrize("moment, status, said", [(dict(stop=3), 130, "berg: cancelled"), (dict(fail=9), 5, "Input/output error")])
def test_a_report_that_is_interrupted_or_fails_leaves_nothing(berg, tiny_berg_dir, tmp_path, moment, status, said):
    """While its figures are written."""
    run = berg.start("report", MODEL, "--berg-dir", tiny_berg_dir, "--subject", "1", "-o", "r.html", "--figures", ".", cwd=tmp_path,
                     stderr=subprocess.PIPE, environment=moments.environment(**moment, file=".new"))
    if "stop" in moment:
        moments.wait_until_stopped(run)
        moments.go_on(run, signal.SIGINT)
    message = run.communicate(timeout=600)[1].decode()
    assert run.returncode == status and said in message and message.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments, status, said", [
    (["--subject", "1"], 2, "-o"),
    (["-o", "r.html"], 2, "--subject"),
    (["--subject", "1,1", "-o", "r.html"], 2, "twice"),
    (["--subject", "4", "-o", "r.html"], 2, "subject 4"),
    (["--subject", "2", "-o", "r.html"], 4, "metadata_sub-02.npy"),
    (["--subject", "1", "-o", "no/such/folder/r.html"], 5, "no/such/folder/r.html"),
    (["--subject", "1", "-o", "r.html", "--figures", "/proc/none"], 5, "/proc/none"),
    (["--subject", "1", "-o", "r.html", "--surface", "lh.inflated"], 2, "expected two files, left and right, found 1"),
    (["--subject", "1", "-o", "r.html", "--surface", "lh,rh"], 2, "lie on no surface"),
    (["--subject", "1", "-o", "r.html", "extra"], 2, "extra")])
def test_refusals(report, tmp_path, arguments, status, said):
    done = report(*arguments, cwd=tmp_path)
    assert (done.status, done.out) == (status, "") and said in done.message
    assert not list(tmp_path.iterdir())


def test_no_berg_dir(berg, tmp_path):
    done = berg("report", MODEL, "--subject", "1", "-o", tmp_path / "r.html")
    assert done.status == 2 and "berg" in done.message


def test_metadata_cut_short(berg, tiny_berg_dir, tmp_path):
    folder = tmp_path / MODEL_FOLDER / "metadata"
    folder.mkdir(parents=True)
    whole = (tiny_berg_dir / MODEL_FOLDER / "metadata/metadata_sub-01.npy").read_bytes()
    (folder / "metadata_sub-01.npy").write_bytes(whole[:len(whole) // 2])
    done = berg("report", MODEL, "--subject", "1", "--berg-dir", tmp_path, "-o", tmp_path / "r.html")
    assert done.status == 4 and not (tmp_path / "r.html").exists()
