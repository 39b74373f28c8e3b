"""Uses an installed wheel, with nothing but it and NumPy: use.py FOLDER. The program is the one on PATH."""
import pathlib
import signal
import subprocess
import sys

import numpy as np

import berg as package
from berg import BERG

MODEL = "fmri-things_fmri_1-vit_b_32"
folder = pathlib.Path(sys.argv[1])


def run(*words, status=0):
    done = subprocess.run(["berg", *map(str, words)], capture_output=True, text=True, cwd=folder)
    assert done.returncode == status, (words, done.returncode, done.stderr)
    return done


folder.mkdir(parents=True, exist_ok=True)
assert run("--version").stdout.split()[1] == package.__version__
models = ["--berg-dir", "models"]
made = [MODEL, "--subject", "1", "--images", "raw/images", "--backbone", "random:1", *models]
# THINGS-fMRI1's raw layout has its responses in HDF5
run("simulate", "raw", "--voxels", 300, "--concepts", 8, "--images-per-concept", 4, "--test-images", 8, "--sessions", 3,
    "--image-size", 64)
assert list((folder / "raw").rglob("*.h5"))
run("prepare", "raw", "--subject", "1", *models)
run("train", *made, "--components", 12)
run("evaluate", *made)
run("report", MODEL, "--subject", "1", *models, "-o", "report.html", "--figures", "figures", "--formats", "svg")
assert {path.suffix for path in (folder / "figures").iterdir()} == {".svg"} and (folder / "report.html").stat().st_size > 50_000
pictures = sorted((folder / "raw" / "images").iterdir())[0]
run("encode", MODEL, "--subject", "1", "--backbone", "random:1", *models, pictures, "-o", "responses.h5")
run("encode", MODEL, "--subject", "1", "--backbone", "random:1", *models, pictures, "-o", "same.npy")
run("compare", "same.npy", "responses.h5")

# README's example
berg = BERG(berg_dir=folder / "models")
model = berg.get_encoding_model(MODEL, subject=1, backbone="random:1")
stimulus = np.random.default_rng(0).integers(0, 256, (3, 3, 64, 64))
responses, metadata = berg.encode(model, stimulus, return_metadata=True)
assert responses.shape == (3, 300) and np.isfinite(responses).all()
package.fit(np.random.default_rng(1).normal(size=(40, 10)), np.ones((40, 2)), components=4)

# exit statuses and signals are the program's own
assert run("encode", MODEL, "--subject", "9", *models, pictures, "-o", "x.npy", status=2).stderr
waits = subprocess.Popen(["berg", "encode", MODEL, "--subject", "1", "--backbone", "random:1", *models, "-", "-o", "x.npy"], cwd=folder,
                         stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
waits.send_signal(signal.SIGKILL)
assert waits.wait() == -signal.SIGKILL
with open("/proc/self/maps") as maps:
    print("numpy.libs" in maps.read(), package.__file__)
