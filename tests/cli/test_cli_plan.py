"""berg plan: scripts and lines that share a command out, as a user reads them. That Slurm runs them is tests/cluster's."""
import os
import re
import shlex
import shutil
import subprocess

import numpy as np
import pytest

import make_prepared
from program import MODEL, MODEL_FOLDER

STAGES = ["features", "gram", "eigenvectors", "components", "regression", "weights"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Prepared data of two subjects whose folders' names a shell would take apart."""
    folder = tmp_path_factory.mktemp("plan") / "a user's \"Bilder\" für $HOME"
    names = make_prepared.make_images(folder / "images", 2, 20)
    for subject in (1, 2):
        make_prepared.make_subject(folder / "berg", names, subject, 12)
    return folder


@pytest.fixture
def plan(berg, place, backbone_files):
    def run(*options, command="train", **more):
        operands = {"train": ["--images", "images", "--components", "2", "--features", "class-token"]}.get(command, [])
        return berg("plan", command, MODEL, "--subject", "1", "--backbone", backbone_files["safetensors"], *operands, *options,
                    environment={"BERG_DIR": "berg"}, cwd=place, **more)
    return run


def header(script):
    return dict(re.findall(r"^#SBATCH --([a-z-]+)=(.*)$", script.read_text(), re.M))


def commands_of(text):
    """The words of each command of a text of a shell."""
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", "cd ", "export ", "mkdir ", "set "))]
    return [shlex.split(line.removeprefix("exec ")) for line in lines]


def minutes(text):
    hours, more, _ = map(int, text.split(":"))
    return 60 * hours + more


def test_a_training_is_an_array_and_a_join_for_each_stage(plan, place, tmp_path):
    jobs = tmp_path / "jobs"
    result = plan("--slurm", "-n", "16", "--jobs", jobs, "--partition", "long", "--processors", "1")
    assert (result.status, result.out) == (0, "")
    assert result.lines == ["berg: features: 40 images, 16 tasks", "berg: gram: 12 panels, 12 tasks",
                            "berg: eigenvectors: 2 eigenvectors, 1 task", "berg: components: 12 panels, 12 tasks",
                            "berg: regression: 12 voxels, 12 tasks", "berg: weights: 1 files, 1 task",
                            f"berg: 12 jobs in {jobs}: sh {jobs}/submit.sh submits them"]
    names = [f"{2 * i + 1 + joins:02}-{stage}{'-merge' if joins else ''}.sh" for i, stage in enumerate(STAGES) for joins in (0, 1)]
    assert sorted(os.listdir(jobs)) == [*names, "logs", "submit.sh"]
    for number, name in enumerate(names):
        stage, script = STAGES[number // 2], jobs / name
        about = header(script)
        command, = commands_of(script.read_text())
        assert command[1:3] == ["train", MODEL] and os.path.isabs(command[0])
        assert about["cpus-per-task"] == "1" and about["partition"] == "long" and about["job-name"] == name[3:-3].join(["berg-", ""])
        if number % 2:
            parts = header(jobs / names[number - 1])["array"].removeprefix("1-")
            assert command[-10:-5] == ["--merge", stage, "--shards", parts, "--memory"] and "array" not in about
        else:
            parts = about["array"].removeprefix("1-")
            assert command[-11:-5] == ["--stage", stage, "--shard", f"$SLURM_ARRAY_TASK_ID/{parts}", "--resume", "--memory"]
            assert about["signal"] == "B:USR1@120" and script.read_text().splitlines()[-1].startswith("exec ")
        assert command[-4:] == ["--threads", "1", "--eigenvectors", "gram"]
    steps = [shlex.split(line)[1:] for line in (jobs / "submit.sh").read_text().splitlines() if re.match(r"submit \d", line)]
    assert steps == [[str(i + 1), name, "afterany" if i % 2 else "afterok"] for i, name in enumerate(names)]


def test_what_is_asked_for_is_the_estimate_with_its_margin(plan, tmp_path):
    for tasks in (1, 5):
        jobs = tmp_path / str(tasks)
        assert plan("--slurm", "-n", tasks, "--jobs", jobs).status == 0
        script = jobs / "01-features.sh"
        hours, more, memory = re.search(r"about (\d+):(\d\d) h and ([\d.]+) GB on \d+ processor", script.read_text()).groups()
        estimate, about = 60 * int(hours) + int(more), header(script)
        assert 2 * (estimate - 1) + 10 <= minutes(about["time"]) <= 2 * estimate + 10
        assert abs(int(about["mem"][:-1]) - (float(memory) * 1e9 * 1.25 / 2 ** 20 + 512)) <= 0.05 * 1e9 * 1.25 / 2 ** 20 + 1
    less = tmp_path / "batch"
    assert plan("--slurm", "--batch", "1", "--jobs", less).status == 0
    assert int(header(less / "01-features.sh")["mem"][:-1]) < int(header(tmp_path / "1" / "01-features.sh")["mem"][:-1])


def test_a_node_s_own_disk_is_named_where_something_is_made_there(plan, tmp_path):
    jobs, folder = tmp_path / "jobs", "$NODE/it's \"own\" \\ `disk`"
    assert plan("--slurm", "-n", "2", "--jobs", jobs, f"--scratch={folder}").status == 0
    check_scripts(jobs)
    for script in jobs.glob("[01]*.sh"):
        command = script.read_text().splitlines()[-1].removeprefix("exec ")
        words = subprocess.run(["sh", "-c", f"printf '%s\\n' {command}"], capture_output=True, text=True, check=True,
                               env={"NODE": "/a b", "SLURM_ARRAY_TASK_ID": "1"}).stdout.splitlines()
        makes = script.name in ("01-features.sh", "09-regression.sh")
        assert words[-2:] == ["--scratch", folder.replace("$NODE", "/a b")] if makes else "--scratch" not in words
    assert "encode writes no features" in plan("--slurm", "--scratch", "x", "images", "-o", "x.npy", command="encode").message


@pytest.fixture
def plan_images(plan, small_berg_dir):
    """Of the images of one folder, six to a model of 600 columns."""
    def run(*options, command="encode", **more):
        return plan("--berg-dir", small_berg_dir, "--batch", "2", *options, command=command, **more)
    return run


def check_scripts(folder):
    for script in folder.glob("*.sh"):
        subprocess.run(["sh", "-n", script], check=True)
        if shutil.which("shellcheck"):
            subprocess.run(["shellcheck", "--severity=warning", script], check=True)


def test_scripts_are_a_shell_s_whatever_the_names(plan, plan_images, tmp_path):
    """Also as shellcheck sees them, where it is installed."""
    assert plan("--slurm", "--jobs", tmp_path / "train").status == 0
    for command in ("encode", "score"):
        result = plan_images("--slurm", "--jobs", tmp_path / command, "images/concept000", "-o", f"it's $(here) {command}.npy",
                             command=command)
        assert result.status == 0, result.err
    for folder in tmp_path.iterdir():
        check_scripts(folder)


def test_a_script_runs_its_part(berg, plan_images, place, small_berg_dir, backbone_files, tmp_path):
    """From any folder, with the names as they are."""
    few = place / "few ones"
    few.mkdir()
    for image in sorted((place / "images/concept000").iterdir())[:5]:
        shutil.copy(image, few)
    jobs, output = tmp_path / "jobs", "it's $(here).npy"
    assert plan_images("--slurm", "-n", "2", "few ones", "--output", output, "--jobs", jobs).status == 0
    for part in (1, 2):
        subprocess.run(["sh", jobs / "01-encode.sh"], check=True, cwd=tmp_path, env={**os.environ, "SLURM_ARRAY_TASK_ID": str(part)})
    parts = sorted((place / f"{output}.parts").glob("part-*.npy"))
    assert [path.name for path in parts] == ["part-001.npy", "part-002.npy"]
    assert berg("encode", MODEL, "--subject", "1", "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"],
                few, "-o", tmp_path / "one.npy").status == 0
    assert np.concatenate([np.load(path) for path in parts]).tobytes() == np.load(tmp_path / "one.npy").tobytes()


def test_lines_say_the_same_as_the_scripts(plan_images, place, tmp_path):
    result = plan_images("--shards", "-n", "2", "--subject", "2,3", "images/concept000", "-o", "out.npy")
    assert result.status == 0 and result.err == ""
    first, second, merge = commands_of(result.out)
    assert first[-5:] == ["--shard", "1/2", "--resume", "-o", "out.npy.parts/part-001.npy"]
    assert second[-5:] == ["--shard", "2/2", "--resume", "-o", "out.npy.parts/part-002.npy"]
    assert merge[1:] == ["merge", "out.npy.parts/part-*.npy", "-o", "out.npy"]
    assert plan_images("--slurm", "-n", "2", "--subject", "2,3", "images/concept000", "-o", "out.npy", "--jobs", tmp_path).status == 0
    script, = commands_of((tmp_path / "01-encode.sh").read_text())
    assert script == [*first[:-4], "$SLURM_ARRAY_TASK_ID/2", "--resume", "-o", "out.npy.parts/part-$(printf %03d $SLURM_ARRAY_TASK_ID).npy"]
    assert commands_of((tmp_path / "02-encode-merge.sh").read_text()) == [merge]
    folder = plan_images("--shards", "-n", "1", "--also", f"{MODEL}:2", "images/concept000", "-o", "out/")
    part, merge = commands_of(folder.out)
    assert part[-1] == "out.parts/part-001/" and merge[-4:] == ["merge", "out.parts/part-*/", "-o", "out/"]


def run_lines(text, place, threads):
    """All lines of a plan, of which each finds another machine, as in OMP_NUM_THREADS."""
    start = [line for line in text.splitlines() if line.startswith(("cd ", "export ", "mkdir "))]
    for i, line in enumerate(line for line in text.splitlines() if line and not line.startswith(("#", *start))):
        done = subprocess.run(["sh", "-c", "\n".join([*start, line])], cwd="/", capture_output=True, text=True,
                              env={**os.environ, "OMP_NUM_THREADS": str(threads[i % len(threads)])})
        assert done.returncode == 0, (line, done.stderr)


def test_parts_choose_the_same_on_every_node(plan, place, tmp_path):
    """An alpha for each chunk of voxels makes chunks part of the model, and threads and memory decide how many there are."""
    shutil.copytree(place / "berg", tmp_path / "berg")
    options = ["--ridge", "--alphas", "1,10", "--folds", "2", "--berg-dir", tmp_path / "berg", "--memory", "390M", "--quiet"]
    lines = plan("--shards", "-n", "2", "--processors", "1", *options)
    assert lines.status == 0, lines.err
    run_lines(lines.out, place, [1, 40])
    weights = tmp_path / "berg" / MODEL_FOLDER / "encoding_models_weights/weights_sub-01.npy"
    assert weights.exists()


def test_names_that_look_like_options(plan_images, place, tmp_path):
    """Options that parts add come before "--", and folders of parts are none."""
    few = place / "-few"
    few.mkdir()
    for image in sorted((place / "images/concept000").iterdir())[:2]:
        shutil.copy(image, few)
    lines = plan_images("--shards", "-n", "2", "--processors", "1", "-qo", "-out.npy", "--", "-few")
    assert lines.status == 0, lines.err
    first, second, merge = commands_of(lines.out)
    assert first[-7:] == ["--shard", "1/2", "--resume", "-o", "./-out.npy.parts/part-001.npy", "--", "-few"]
    assert first.count("-q") == 1 and merge[2:] == ["./-out.npy.parts/part-*.npy", "-o", "-out.npy"]
    run_lines(lines.out, place, [1])
    assert np.load(place / "-out.npy").shape[0] == 2


def test_scripts_that_are_there_are_replaced_only_when_told(plan, tmp_path):
    jobs = tmp_path / "jobs"
    assert plan("--slurm", "--jobs", jobs).status == 0
    again = plan("--slurm", "--jobs", jobs)
    assert again.status == 5 and "01-features.sh: already exists; --replace replaces it" in again.message
    assert plan("--slurm", "--jobs", jobs, "--replace").status == 0


@pytest.mark.parametrize("options, status, text", [
    (["evaluate", MODEL, "--slurm"], 2, 'Expected train, encode or score, found "evaluate"'),
    (["train", MODEL], 2, "Give --slurm or --shards"),
    (["train", MODEL, "--slurm", "--shards"], 2, "Give --slurm or --shards"),
    (["train", MODEL, "--slurm", "--stage", "gram"], 2, "--stage: not of a command that the plan makes parts of"),
    (["encode", MODEL, "--slurm", "--shard=1/2"], 2, "--shard: not of a command"),
    (["encode", MODEL, "--slurm", "--subject", "1", "x", "-o", "x.nii.gz"], 2, "parts are joined to a .npy, .h5 or .csv"),
    (["encode", MODEL, "--slurm", "--subject", "1", "--scores", "s", "-o", "x.npy"], 2, "--scores: shards are of images"),
    (["encode", MODEL, "--slurm", "--subject", "1", "nowhere", "-o", "x.npy"], 3, "nowhere"),
    (["train", MODEL, "--slurm", "-n", "many"], 2, "whole number"),
    (["encode", MODEL, "--slurm", "--partition", "a\n#SBATCH --uid=0"], 2, "--partition: expected a name"),
    (["--slrm", "train"], 2, "did you mean --slurm?"),
    (["train", "--slurm"], 2, "train needs MODEL"),
])
def test_what_makes_no_plan(berg, tmp_path, options, status, text):
    result = berg("plan", *options, environment={"BERG_DIR": str(tmp_path)}, cwd=tmp_path)
    assert (result.status, result.out) == (status, "") and text in result.message
    assert not os.listdir(tmp_path)
