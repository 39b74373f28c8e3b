"""The sibling models' files, every form and generation that their tools have written, as libberg's reader sees them."""
import numpy as np
import pytest

from containers import check, convert, load, same
from make_siblings import EEG_FORMS, make_sibling
from sibling_metadata import GENERATIONS, TVSD_AREAS, meg_sensors, nsd_regions, quarters
from sibling_models import CHANNELS, MODELS, TIMES
from sklearn_pickle import as_dicts

WEIGHTS = [("nsd", {}), *(("eeg", {"form": form}) for form in EEG_FORMS), ("eeg", {"form": "objects", "components_order": "F"}),
           ("meg", {"splits": ["all", 3]}), ("meg", {"splits": ["all", 2], "generation": "train_split"}),
           ("meg", {"generation": "plain", "dtype": "f8", "order": "F"}), ("tvsd", {"splits": [1], "subject": "F"})]


@pytest.mark.parametrize("key,options", WEIGHTS, ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else value)
def test_weights(tmp_path, key, options):
    made, _ = make_sibling(tmp_path, key, class_tokens=True, components=2, accuracy=False, **options)
    model, subject = MODELS[key], options.get("subject", MODELS[key].subjects[0])
    for split, weights in made.items():
        check(model.weights_path(tmp_path, subject, split, options.get("generation", "newest")), as_dicts(weights), "npy-pickle")


def test_forms_hold_the_same(tmp_path):
    """Objects, dicts: two spellings of the same numbers."""
    spellings = [make_sibling(tmp_path / form, "eeg", class_tokens=True, form=form)[0]["all"] for form in ("dicts", "objects", "old_objects")]
    for other in spellings[1:]:
        for rep, pca in spellings[0]["pca_param"].items():
            for name, value in pca.items():
                found = as_dicts(other["pca_param"][rep])
                if name in found:
                    np.testing.assert_array_equal(found[name], value)


@pytest.mark.parametrize("key,generation", [(key, generation) for key, known in GENERATIONS.items() for generation in known])
def test_metadata(tmp_path, key, generation):
    """Read and written again: the same keys in the same order, a list still a list, an array of the same type."""
    _, metadata = make_sibling(tmp_path, key, generation=generation, splits=[])
    path = MODELS[key].metadata_path(tmp_path, MODELS[key].subjects[0])
    same(load(convert(path, tmp_path / "again.npy")), metadata)


def test_the_same_again(tmp_path):
    for folder in ("first", "second"):
        make_sibling(tmp_path / folder, "eeg", form="objects", class_tokens=True)
    first, second = (MODELS["eeg"].weights_path(tmp_path / folder, 1).read_bytes() for folder in ("first", "second"))
    assert first == second


NAMES = {
    ("nsd", 1, "newest"): ["modality-fmri/train_dataset-nsd_fsaverage/model-vit_b_32/encoding_models_weights/weights_subject-01.npy",
                           "modality-fmri/train_dataset-nsd_fsaverage/model-vit_b_32/metadata/metadata_subject-01.npy"],
    ("eeg", 10, "newest"): ["modality-eeg/train_dataset-things_eeg_2/model-vit_b_32/encoding_models_weights/weights_subject-10.npy",
                            "modality-eeg/train_dataset-things_eeg_2/model-vit_b_32/metadata/metadata_subject-10.npy"],
    ("meg", 2, "newest"): [f"modality-meg/train_dataset-things_meg_1/model-vit_b_32/encoding_models_weights/weights_P2_{name}.npy"
                           for name in ("all_training_splits", *(f"single_training_split_{k}" for k in (1, 2, 3, 4)))]
    + ["modality-meg/train_dataset-things_meg_1/model-vit_b_32/metadata/metadata_P2.npy"],
    ("meg", 1, "train_split"): [f"modality-meg/train_dataset-things_meg_1/model-vit_b_32/encoding_models_weights/weights_P1_{name}.npy"
                                for name in ("full", "split1", "split2", "split3", "split4")]
    + ["modality-meg/train_dataset-things_meg_1/model-vit_b_32/metadata/metadata_P1.npy"],
    ("tvsd", "F", "plain"): ["modality-utah_array/train_dataset-tvsd/model-vit_b_32/encoding_models_weights/weights_monkeyF.npy",
                             "modality-utah_array/train_dataset-tvsd/model-vit_b_32/metadata/metadata_monkeyF.npy"],
}


@pytest.mark.parametrize("key,subject,generation", NAMES, ids=str)
def test_names(tmp_path, key, subject, generation):
    """Spelled out: the other tests find the files by the functions that named them."""
    make_sibling(tmp_path, key, subject, generation=generation, class_tokens=True, components=2, accuracy=False)
    found = sorted(str(path.relative_to(tmp_path / "encoding_models")) for path in tmp_path.rglob("*.npy"))
    assert found == sorted(NAMES[key, subject, generation])


def test_known_numbers():
    """Of upstream's cards and scripts: sizes of ROIs, where quarters begin, areas of both monkeys, names of sensors."""
    rng = np.random.default_rng(0)
    assert [sum(map(len, side.values())) for side in nsd_regions(1, rng, ())] == [51980, 53484]
    parts = quarters(22248)
    assert parts[0][:6].tolist() == [21031, 18660, 10059, 1611, 15830, 19570] and parts[3][-1] == 12072
    assert [part[0] for part in parts] == [21031, 19700, 11986, 19915] and [len(part) for part in parts] == [5562] * 4
    assert [TVSD_AREAS[monkey].count(area) for monkey in "NF" for area in (0, 1, 2)] == [512, 256, 256, 512, 192, 320]
    assert len(set(meg_sensors())) == 271 and len({name[:3] for name in meg_sensors()}) == 14
    assert len(set(CHANNELS)) == 63 and "Fz" not in CHANNELS
    assert TIMES["eeg"][-1] == pytest.approx(0.595) and TIMES["meg"][-1] == pytest.approx(1.3) and TIMES["tvsd"][[0, -1]].tolist() == [-100, 199]
