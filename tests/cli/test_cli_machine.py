"""doctor and bench: JSON from the library, and the same for reading."""
import json
import os
import shlex

import pytest

from program import MODEL


def test_doctor_says_what_is_there_and_what_is_not(berg, small_berg_dir, tmp_path):
    report = json.loads(berg("doctor", "--json", "--berg-dir", small_berg_dir).out)
    assert report["version"] == berg("--version").out.split()[1]
    assert report["threads"] >= 1
    assert report["threads"] <= os.cpu_count()
    text = berg("doctor", "--berg-dir", small_berg_dir)
    assert (text.status, text.err) == (0, "")
    for word in ("version", "threads", "weights_sub-01.npy", "vit_b_32-d86f8d99.pth"):
        assert word in text.out
    assert berg("doctor").status == 0
    assert berg("doctor", "--berg-dir", tmp_path / "absent").status == 0


def test_doctor_says_what_to_type_next(berg, small_berg_dir, tmp_path):
    environment = {"HOME": str(tmp_path), "XDG_CACHE_HOME": "", "TORCH_HOME": ""}

    def next_of(*arguments):
        text, tree = (berg("doctor", *arguments, *more, environment=environment).out for more in ((), ("--json",)))
        command = json.loads(tree)["next"]
        assert text.endswith(f"\nNext: {command}\n")
        return command

    assert next_of() == f"berg fetch {MODEL} --subject 1 --backbone --berg-dir models"
    place = tmp_path / "it's here"
    assert next_of("--berg-dir", place) == f"berg fetch {MODEL} --subject 1 --backbone --berg-dir {shlex.quote(str(place))}".replace(
        "'\"'\"'", "'\\''")
    assert next_of("--berg-dir", small_berg_dir) == f"berg fetch {MODEL} --backbone --berg-dir {small_berg_dir}"
    assert next_of("--berg-dir", small_berg_dir, "--backbone", "random:1") == \
        f"berg encode {MODEL} --subject 1 --berg-dir {small_berg_dir} --backbone random:1 photo.jpg -o responses.npy"


def test_doctor_reads_the_environment_it_names(berg, tmp_path):
    assert str(tmp_path / "hub") in berg("doctor", environment={"TORCH_HOME": str(tmp_path)}).out


def test_bench_of_the_machine(berg):
    report = json.loads(berg("bench", "--json", "--seconds", "0.02").out)
    assert report["machine"]["products"]["f32"]["flops"] > 1e9
    assert set(report) == {"machine"}
    text = berg("bench", "--seconds", "0.02")
    assert (text.status, text.err) == (0, "")
    assert "FLOP/s" in text.out and "B/s" in text.out


def test_bench_of_a_model(berg, small_berg_dir, backbone_files):
    result = berg("bench", MODEL, "--json", "--seconds", "0.02", "--images", "3", "--repeats", "2", "--berg-dir",
                  small_berg_dir, "--backbone", backbone_files["safetensors"])
    assert result.status == 0, result.err
    model = json.loads(result.out)["model"]
    assert model["images"] == 3
    assert model["images_per_second"] > 0
    assert 0 < model["share"] < 2


@pytest.mark.parametrize("arguments, status", [(["gpt"], 2), ([MODEL], 2), ([MODEL, "--berg-dir", "/nowhere"], 4)])
def test_bench_of_a_model_that_is_not_there(berg, arguments, status):
    assert berg("bench", *arguments, "--seconds", "0.02").status == status
