"""A host that has set a locale with other decimal separators gets the same files, values and messages."""

import os
import pickle
import subprocess
import sys

import pytest

import moments

HOST = """
import locale, pathlib, pickle, sys
import numpy as np
import berg
from berg import BERG

locale.setlocale(locale.LC_ALL, "")
print(locale.localeconv()["decimal_point"], file=sys.stderr)
berg_dir, backbone, model_id = sys.argv[1:]
rng, found = np.random.default_rng(1), {}


def what(call, *arguments, **options):
    try:
        return call(*arguments, **options)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


np.save("a.npy", rng.normal(size=(5, 40)).astype("f4"))
np.save("b.npy", rng.normal(size=(5, 40)).astype("f4"))
found["compare"] = berg.compare("a.npy", "b.npy", atol=0.5)
found["tolerance"] = what(berg.compare, "a.npy", "b.npy", atol=-0.5)
found["correlation"] = what(berg.compare, "a.npy", "b.npy", min_correlation=1.5)
found["plot"] = berg.plot_accuracy(model_id, berg_dir=berg_dir, subject=[1, 2]).svg
berg.report(model_id, "report.html", berg_dir=berg_dir, figures="figures", json="report.json")
for path in ["report.html", "report.json", *pathlib.Path("figures").iterdir()]:
    found[str(path)] = pathlib.Path(path).read_bytes()

way_in = BERG(berg_dir)
model = way_in.get_encoding_model(model_id, subject=1, selection={"roi": ["V1"]}, backbone=backbone)
found["responses"] = way_in.encode(model, rng.integers(0, 256, (2, 3, 64, 64), dtype=np.uint8), show_progress=False)
found["image"] = what(way_in.encode, model, np.full((2, 3, 8, 8), 300))
berg.to_nifti(model, np.linspace(0, 1, len(model.voxels)), "v.nii", affine=np.diag([2.5, 2.5, 2.5, 1]), sidecar=True)
for name in ("v.nii", "v.json"):
    found[name] = open(name, "rb").read()
x, y = rng.normal(size=(60, 30)), rng.normal(size=(60, 5))
found["fit"] = berg.fit(x, y, components=5, ridge=True).predict(x)
found["alpha"] = what(berg.fit, x, y, components=5, ridge=True, alphas=[0.5, -1.5])
pickle.dump(found, sys.stdout.buffer)
"""


def run(folder, environment, *arguments):
    folder.mkdir()
    paths = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    still = moments.environment(time=1700000000)  # the page and each PDF hold the time
    done = subprocess.run([sys.executable, "-c", HOST, *map(str, arguments)], cwd=folder, capture_output=True,
                          env={**os.environ, **still, **paths, **environment})
    assert done.returncode == 0, done.stderr.decode()
    return pickle.loads(done.stdout), done.stderr.decode().strip()


@pytest.fixture(scope="module")
def plain(small_berg_dir, backbone_files, model_id, tmp_path_factory):
    found, point = run(tmp_path_factory.mktemp("plain") / "files", {"LC_ALL": "C.UTF-8"}, small_berg_dir,
                       backbone_files["safetensors"], model_id)
    assert point == "."
    return found


@pytest.mark.parametrize("name, separator", [("tr_TR", ","), ("ps_AF", "\u066b")])
def test_nothing_changes(locales, plain, small_berg_dir, backbone_files, model_id, tmp_path, name, separator):
    found, point = run(tmp_path / "files", {"PYTHONUTF8": "1", **locales(name)}, small_berg_dir,
                       backbone_files["safetensors"], model_id)
    assert point == separator
    assert [key for key in plain if pickle.dumps(found[key]) != pickle.dumps(plain[key])] == []
    assert {name.split(".")[-1] for name in plain if name.startswith("figures/")} == {"svg", "png", "pdf"}
    assert "-0.5" in plain["tolerance"] and "1.5" in plain["correlation"] and "-1.5" in plain["alpha"]
