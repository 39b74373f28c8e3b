"""bench/peers without its peers: the table of a run, the check of the responses, a run in which all but libberg are missing."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from peers import check, systems, table, turns  # noqa: E402
from peers.case import Case  # noqa: E402


def record(name, status="ok", least=0.9999999, right=True, **seconds):
    family, _, precision = name.partition("-")
    return {"name": name, "label": family, "family": family, "precision": precision or "f32", "status": status,
            "check": {"least": least, "mean": least, "right": right}, "seconds": seconds, "megabytes": {"first": [850.4, 848.0, 1000.0]}}


@pytest.fixture
def run():
    rates = [{"machine": {"products": {"f32": {"flops": flops}}}} for flops in (300e9, 100e9, 200e9)]
    return {"images": 100, "roi": "V1", "threads": 2, "repeats": 3, "versions": {"numpy": "2.4.6", "Python": "3.11.7"},
            "machine": {"name": "A processor", "cores": 2, "flags": ["fma", "avx512f"], "memory_gb": 23.5, "date": "2026-11-22"},
            "bench": {"machine": rates, "model": {"model": {"flop_per_image": 9e9, "share": 0.93, "precision": "f32"}}},
            "systems": [record("libberg-f32", whole=[5.0, 4.0, 10.0], **{"one whole": [0.07, 0.06, 0.09]}),
                        record("libberg-int8", status="not available: precision 'int8' is not known"),
                        record("openvino-int8", least=0.75, right=False, whole=[1.0])]}


def test_the_table_has_medians_in_their_units(run):
    header, rule, libberg, openvino, *rest = table.markdown(run).splitlines()
    cells = [cell.strip() for cell in libberg.strip("|").split("|")]
    assert len(cells) == len(header.strip("|").split("|")) == len(rule.strip("|").split("|")) == len(table.COLUMNS)
    assert dict(zip(table.COLUMNS, cells)) == {
        "system": "libberg", "precision": "f32", "whole brain, images/s": "20", "{roi}, images/s": "-", "forward pass, images/s": "-",
        "one image, whole brain, ms": "70", "one image, {roi}, ms": "-", "start to first response, s": "-", "its peak memory, MB": "850",
        "peak memory, {images} images, MB": "-", "least correlation": "0.99999"}
    assert "V1, images/s" in header and "peak memory, 100 images, MB" in header
    assert "**wrong**: 0.75000" in openvino


def test_the_table_names_machine_versions_and_share(run):
    text = table.markdown(run)
    assert "A processor, 2 cores (fma, avx512f), 23.5 GB; 2 threads each; 2026-11-22. Medians of 3, in turns" in text
    assert "Python 3.11.7, numpy 2.4.6." in text
    assert "200 GFLOP/s in f32" in text
    assert "libberg in f32, whole brain, from Python: 90 % of that." in text


def test_who_refused_is_named_with_the_reason(run):
    text = table.markdown(run)
    assert text.endswith("\n- libberg-int8: not available: precision 'int8' is not known\n")
    assert sum(line.startswith("| libberg") for line in text.splitlines()) == 1


def test_everybody_is_held_to_an_instruction_set(run, monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Zen")
    widest, held = (turns.environment(Case("berg", "vit.pth", "build", "work", 3, "V1", 2, isa), systems.chosen(["torch-f32"])[0])
                    for isa in ("auto", "avx2"))
    assert not {"OPENBLAS_CORETYPE", "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA"} & set(widest)
    assert (held["OPENBLAS_CORETYPE"], held["ATEN_CPU_CAPABILITY"], held["ONEDNN_MAX_CPU_ISA"]) == ("Haswell", "avx2", "AVX2")
    assert "Held to" not in table.markdown(run)
    assert "\nHeld to avx2, each by its own switch; ONNX Runtime has none" in table.markdown({**run, "isa": "avx2"})


def test_systems_are_chosen_by_name_and_by_family():
    assert [system.name for system in systems.chosen(["upstream", "openvino"])] == ["upstream", "openvino-f32", "openvino-bf16",
                                                                                    "openvino-int8"]
    assert systems.chosen(None) == systems.SYSTEMS
    with pytest.raises(ValueError, match="no system tensorflow; there are libberg-f32"):
        systems.chosen(["libberg", "tensorflow"])


def test_correlations_are_those_of_numpy():
    rng = np.random.default_rng(1)
    a = rng.normal(5, 1, (12, 7))
    b = (a + rng.normal(0, 0.5, a.shape)).astype(np.float32)
    b[:, 3] = 2
    found = check.correlations(b, a)
    assert np.isnan(found[3])
    for column in (0, 1, 2, 4, 5, 6):
        assert np.isclose(found[column], np.corrcoef(a[:, column], b[:, column])[0, 1], rtol=0, atol=1e-12)


@pytest.mark.long
def test_a_run_held_to_avx2(build_dir, small_berg_dir, backbone_files, tmp_path):
    doctor = json.loads(subprocess.run([build_dir / "berg", "doctor", "--json"], capture_output=True).stdout)
    products = doctor["instruction_sets"].get("avx2", {})
    if "f32" not in products:
        pytest.skip("this processor has no AVX2")
    command = [sys.executable, "-m", "peers", "--build", build_dir, "--work", tmp_path / "work", "--images", "3", "--repeats", "1", "--isa",
               "avx2", "--systems", "libberg-f32,libberg-int8,program-f32", "--json", tmp_path / "run.json", small_berg_dir, backbone_files["new"]]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=ROOT,
                          env={**os.environ, "PYTHONPATH": str(ROOT / "bench")}, timeout=600)
    assert done.returncode == 0, done.stderr
    run = json.loads((tmp_path / "run.json").read_text())
    status = {system["name"]: system["status"] for system in run["systems"]}
    refused = "not available: precision int8: this processor's avx2 has no instructions for it"
    assert status == {"libberg-f32": "ok", "libberg-int8": refused if products["int8"].startswith("not ") else "ok", "program-f32": "ok"}
    assert all(bench["machine"]["isa"] == "avx2" for bench in run["bench"]["machine"])
    assert "Held to avx2" in done.stdout


@pytest.mark.long
def test_a_run_in_which_peers_are_missing(build_dir, small_berg_dir, backbone_files, tmp_path):
    """Modules that raise on import stand for packages that are not there, whatever this interpreter has."""
    for package in ("torch", "onnxruntime", "openvino"):
        (tmp_path / f"{package}.py").write_text(f"raise ImportError('no {package} today')\n")
    command = [sys.executable, "-m", "peers", "--build", build_dir, "--work", tmp_path / "work", "--images", "3", "--repeats", "1",
               "--systems", "libberg-f32,program-f32,openvino-f32,upstream", "--json", tmp_path / "run.json", small_berg_dir,
               backbone_files["new"]]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=ROOT,
                          env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT / 'bench'}"}, timeout=600)
    assert done.returncode == 0, done.stderr
    run = json.loads((tmp_path / "run.json").read_text())
    libberg, program, upstream, openvino = run["systems"]
    assert libberg["status"] == program["status"] == "ok"
    assert "unchecked" in libberg["check"]
    assert {name: len(values) for name, values in libberg["seconds"].items()} == {
        "whole": 1, "V1": 1, "forward": 1, "one whole": 3, "one V1": 3, "one forward": 3, "first": 1}
    assert min(min(values) for values in libberg["seconds"].values()) > 0
    assert set(program["seconds"]) == {"first"} and program["megabytes"]["all"][0] > 100
    assert openvino["status"].startswith("not available: ") and openvino["seconds"] == {}
    assert upstream["status"] == "not available: no torch today"
    assert "- upstream: not available: no torch today" in done.stdout
    assert done.stdout == table.markdown(run)
