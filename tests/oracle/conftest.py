import subprocess

import pytest

from pixels import Pixels


@pytest.fixture(scope="module")
def tool():
    """The C readers and resizings, for all tests of a file."""
    tool = Pixels()
    yield tool
    assert tool.close() == 0


@pytest.fixture(scope="session")
def converted(berg_program, backbone_files, tmp_path_factory):
    """converted(precision): the backbone made ready for it; in float32, and where the processor has no int8, as it is."""
    folder, made = tmp_path_factory.mktemp("converted"), {"f32": backbone_files["safetensors"]}

    def convert(precision):
        if precision not in made:
            path = folder / f"vit.{precision}.safetensors"
            command = [berg_program, "convert", "--precision", precision, made["f32"], path]
            result = subprocess.run(command, capture_output=True, text=True)
            without = precision == "int8" and "instructions" in result.stderr
            assert result.returncode == 0 or without, result.stderr
            made[precision] = made["f32"] if without else path
        return made[precision]
    yield convert
    for path in folder.iterdir():  # a quarter of a gigabyte
        path.unlink()
