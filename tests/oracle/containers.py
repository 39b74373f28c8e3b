"""What the tests of containers share: dump_file (tests/tools), which shows what libberg reads in a file and converts;
and values of the kinds that upstream's files hold."""
import io
import os
import pathlib
import pickle
import shutil
import subprocess

import numpy as np

BUILD = pathlib.Path(os.environ.get("BERG_BUILD", pathlib.Path(__file__).parents[2] / "build")).resolve()
DUMP = BUILD / "tests" / "dump_file"


def run(*arguments):
    return subprocess.run([DUMP, *map(str, arguments)], capture_output=True, timeout=600)


def dump(path):
    """format, {name: (dtype name, item size, shape, elements)} in the file's order."""
    done = run(path)
    assert done.returncode == 0, done.stderr.decode()
    lines = done.stdout.decode().split("\n")[:-1]
    entries = {}
    for line in lines[1:]:
        name, dtype, itemsize, shape, elements = line.split("\t")
        entries[name] = (dtype, int(itemsize), tuple(int(n) for n in shape.split(",") if n), elements)
    return lines[0], entries


def refused(path, *words):
    done = run(path)
    assert done.returncode == 3, (done.returncode, done.stdout[:200], done.stderr)
    message = done.stderr.decode()
    assert message.count("\n") == 1
    for word in words:
        assert word in message, message
    return message


def dump_each(folder, contents):
    """[(status, message)] of files of these bytes, by one process, which reads a thousand in the time that it starts in."""
    folder.mkdir()
    paths = [folder / f"{i}" for i in range(len(contents))]
    for path, data in zip(paths, contents):
        path.write_bytes(data)
    done = run("--each", *paths)
    found, message = [], ""
    for line in done.stderr.decode(errors="replace").split("\n")[:-1]:
        if line.startswith("status "):
            found.append((int(line.split()[1]), message))
            message = ""
        else:
            message += line + "\n"
    assert done.returncode == 0 and len(found) == len(paths), (done.returncode, message, contents[len(found)])
    shutil.rmtree(folder)
    return found


def expected(value):
    """What dump_file prints of a NumPy or Python value."""
    if isinstance(value, (bool, int, float, str)) and not isinstance(value, np.generic):
        if isinstance(value, str):
            return "str", 8, (), f'"{value}"'
        value = np.array(value)
    value = np.asarray(value)
    if value.dtype == object:
        return "str", 8, value.shape, "".join(f'"{v}"' for v in value.ravel())
    name = "unicode" if value.dtype.kind == "U" else value.dtype.newbyteorder("=").name
    little = value.astype(value.dtype.newbyteorder("<"))
    return name, value.dtype.itemsize, value.shape, little.tobytes("C").hex()


def flat(tree, prefix=""):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def check(path, tree, form=None):
    found_form, entries = dump(path)
    assert form is None or found_form == form
    wanted = dict(flat(tree))
    assert list(entries) == list(wanted)
    for name, value in wanted.items():
        assert entries[name] == expected(value), name


def weights(voxels=7, components=3, features=11):
    rng = np.random.default_rng(1)
    return {
        "scaler_param": {
            "scale_": rng.random(features), "mean_": rng.random(features), "var_": rng.random(features),
            "n_features_in_": features, "n_samples_seen_": np.int64(8640)},
        "pca_param": {
            "components_": rng.standard_normal((components, features)).astype("f4"),
            "explained_variance_": rng.random(components).astype("f4"), "n_components_": components,
            "noise_variance_": np.float32(0.25)},
        "reg_param": {
            "coef_": np.asfortranarray(rng.standard_normal((voxels, components)).astype("f4")),
            "intercept_": rng.standard_normal(voxels).astype(">f4"), "n_features_in_": components}}


def metadata():
    rng = np.random.default_rng(2)
    names = [f"concept_{i % 300}/image_{i}_ä.jpg" for i in range(2400)]
    return {
        "fmri": {"voxel_coords": rng.integers(0, 90, (9, 3)), "n_voxels": 9, "subject_id": "sub-01"},
        "encoding_model": {
            "train_stimuli": np.array(names, dtype=object),
            "train_concepts": np.array([n.split("/")[0] for n in names], dtype=object),
            "test_avg_stimuli": np.array(names[:100]), "big_endian": np.array(names[:3]).astype(">U30"),
            "noise_ceiling_testset": rng.random(9) * 100, "empty": np.zeros((0, 4)), "flag": True, "rate": -0.5,
            "scalar": np.float16(1.5), "none_set": np.bool_(False), "big": -(1 << 40), "cube": rng.random((2, 3, 4)).T},
        "roi": {"V1": np.arange(5), "lFFA": np.array([], dtype=np.int64)}}


def save(path, tree, protocol, transform=lambda data: data):
    box = np.array(tree, dtype=object)
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": ()})
        file.write(transform(pickle.dumps(box, protocol=protocol)))
    return path


def with_header(data):
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "|O", "fortran_order": False, "shape": ()})
    return out.getvalue() + data


def box_with(body):
    """A pickled 0-d object array around `body`, whose memo starts at 50."""
    array = pickle.dumps(np.array(None, dtype=object), protocol=2)
    at = array.rindex(b"Na")
    return with_header(array[:at] + body + array[at + 1:])


def convert(source, target):
    done = run("--convert", source, target)
    assert done.returncode == 0, done.stderr.decode()
    return target


def same(a, b):
    assert type(a) is type(b), (type(a), type(b))
    if isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            same(a[key], b[key])
    elif isinstance(a, np.ndarray):
        assert a.dtype == b.dtype.newbyteorder("=") and a.shape == b.shape
        assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for x, y in zip(a, b):
            same(x, y)
    else:
        assert a == b


def load(path):
    return np.load(path, allow_pickle=True).item()
