"""Memory that runs out anywhere, from opening the stimuli to the last file, is reported and leaves nothing behind."""
import subprocess

import numpy as np
from PIL import Image


def test_every_allocation_may_fail(build_dir, small_berg_dir, backbone_files, tmp_path):
    pixels = np.random.default_rng(3).integers(0, 256, (40, 52, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "image.png")
    done = subprocess.run([build_dir / "tests" / "failing_memory", small_berg_dir, backbone_files["safetensors"],
                           tmp_path / "out.nii", tmp_path / "image.png"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 200
    assert [path.name for path in tmp_path.iterdir()] == ["image.png"]
