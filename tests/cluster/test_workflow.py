"""workflow/Snakefile, from a simulated data set to a report, by Snakemake."""
import json
import pathlib
import subprocess
import sys

import pytest

from program import MODEL

ROOT = pathlib.Path(__file__).resolve().parents[2]
SMALL = {"voxels": 300, "concepts": 10, "images_per_concept": 3, "test_images": 6, "sessions": 3, "image_size": 64, "components": 8, "parts": 3}


@pytest.fixture(scope="module")
def snakemake(berg_program, backbone_files, photos):
    def run(folder, *options):
        settings = {"berg": berg_program, "backbone": backbone_files["safetensors"], "pictures": photos, **SMALL}
        return subprocess.run([pathlib.Path(sys.executable).parent / "snakemake", "--snakefile", ROOT / "workflow/Snakefile", "--cores", "2",
                               *options, "--config", *(f"{name}={value}" for name, value in settings.items())],
                              cwd=folder, capture_output=True, text=True, timeout=900)
    return run


def test_the_whole_walk(snakemake, berg, backbone_files, photos, tmp_path):
    done = snakemake(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "sub-01" in (tmp_path / "report.html").read_text()
    assert json.loads((tmp_path / "accuracy.json").read_text())
    assert berg("encode", MODEL, "--subject", "1", "--berg-dir", tmp_path / "models", "--backbone", backbone_files["safetensors"],
                photos, "-o", tmp_path / "one.npy").status == 0
    assert (tmp_path / "responses.npy").read_bytes() == (tmp_path / "one.npy").read_bytes()
    again = snakemake(tmp_path, "--dry-run")
    assert again.returncode == 0 and "Nothing to be done" in again.stdout + again.stderr
    # a part that is gone is made again, and nothing else
    expected = (tmp_path / "responses.npy").read_bytes()
    (tmp_path / "parts/part-002.npy").unlink()
    (tmp_path / "parts/part-002.json").unlink()
    (tmp_path / "responses.npy").unlink()
    (tmp_path / "responses.json").unlink()
    done = snakemake(tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("rule encode:") == 1 and "rule train:" not in done.stderr
    assert (tmp_path / "responses.npy").read_bytes() == expected
