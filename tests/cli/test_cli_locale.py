"""Every file is the same, byte for byte, when the library's host has set a locale that writes numbers otherwise."""
import json
import re

import numpy as np
import pytest

import moments
from program import MODEL

# What differs between any two runs: when a file was written, and what a run measures of itself.
PASSING = re.compile(rb'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|'
                     rb'"(?:seconds|flops|product_flops|share|peak_memory_bytes)":\s*(?:\{[^}]*\}|[\d.e+-]+)')
SMALL = ("--subject", "1", "--berg-dir", "models")
STILL = moments.environment(time=1700000000)  # a PDF holds the time, compressed


def all_files(berg, backbone, folder, environment):
    """{name: bytes} of what each command writes, all of them started in `folder`."""
    images = ("--images", "raw/images", "--backbone", backbone)
    folder.mkdir()

    def run(*arguments):
        done = berg(*arguments, environment=environment, cwd=folder)
        assert done.status == 0, (arguments, done.err)

    run("simulate", "raw", "--voxels", 400, "--concepts", 3, "--images-per-concept", 4, "--test-images", 4, "--sessions", 4,
        "--image-size", 64)
    run("prepare", "raw", *SMALL)
    run("train", MODEL, *SMALL, *images, "--components", 4, "--ridge", "--safetensors", "--report", "train.json")
    run("evaluate", MODEL, *SMALL, *images, "--json", "evaluate.json")
    run("report", MODEL, *SMALL, "-o", "report.html", "--figures", "figures", "--json", "report.json")
    pictures = min((folder / "raw/images").iterdir()).relative_to(folder)
    for name in ("a.npy", "b.csv", "c.NII.GZ", "d.h5"):
        run("encode", MODEL, *SMALL, "--backbone", backbone, pictures, "-o", name)
    weights = next(folder.rglob("weights_sub-01.safetensors"))
    run("convert", weights, "again.npy")
    run("convert", "again.npy", "again.safetensors")
    run("convert", next(folder.rglob("metadata_sub-01.npy")), "metadata.json")
    np.save(folder / "other.npy", np.load(folder / "a.npy") + np.float32(0.125))
    run("compare", "a.npy", "other.npy", "--min-correlation", 0, "--json", "compare.json")
    for name in ("train.json", "evaluate.json"):
        json.loads((folder / name).read_bytes())
    return {path.relative_to(folder): PASSING.sub(b"", path.read_bytes())
            for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def plain(berg, backbone_files, tmp_path_factory):
    return all_files(berg, backbone_files["safetensors"], tmp_path_factory.mktemp("plain") / "files", STILL)


def test_files_are_the_same(berg, backbone_files, locales, plain, tmp_path):
    """The program sets no locale: here one is set before it begins."""
    environment = {**STILL, **moments.preloaded("set_locale.so", "moments.so"), **locales("tr_TR")}
    found = all_files(berg, backbone_files["safetensors"], tmp_path / "files", environment)
    assert sorted(found) == sorted(plain) and len(plain) > 40
    assert {path.suffix for path in plain} >= {".html", ".svg", ".pdf", ".png", ".json", ".csv", ".h5", ".GZ", ".npy"}
    assert [path for path in plain if found[path] != plain[path]] == []
