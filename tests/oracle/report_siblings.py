"""What the tests of `berg report` of the sibling models share: subjects, and a report with the metadata that it is of."""
import types

import numpy as np

from report_page import Report
from sibling_metadata import MAKERS, NSD_ROIS
from sibling_models import MODELS

VERTICES = 642  # an icosahedron divided three times: what surfaces of tests have
DIVISIONS = 3


def metadata_of(key, subject, generation="newest"):
    model = MODELS[key]
    rng = np.random.default_rng([7, *key.encode(), model.subjects.index(subject)])
    options = types.SimpleNamespace(generation=generation, accuracy=True, train=40, test=4, empty_rois=())
    if key == "nsd":
        return nsd_metadata(rng, generation)
    peak = rng.beta(1, 3, (model.units, 1))
    late = np.maximum(np.arange(model.times) - 0.4 * model.times, 0) / model.times
    metadata = MAKERS[key](subject, np.minimum(6 * peak * late * np.exp(-late / 0.1), 0.6), rng, options)
    if key == "meg" and subject == 1:  # a sensor whose ceiling is 0 throughout, and moments without values
        metadata["encoding_model"]["noise_ceiling"][5] = 0
        results(metadata)["correlation_results"][7, 100:120] = np.nan
    if key == "tvsd" and subject == "N":
        metadata["encoding_model"]["noise_ceiling"][3] = 0.05
    return metadata


def results(metadata):
    encoding = metadata["encoding_model"]
    return encoding.get("all_training_splits", encoding)


def nsd_metadata(rng, generation):
    """On small surfaces; the right hemisphere has a region that the left one has not."""
    names = list(NSD_ROIS)
    rois = [{name: np.sort(rng.choice(VERTICES, rng.integers(0, 60), replace=False)).astype(np.int64) for name in names}
            for _ in "lr"]
    rois[0]["mTL-bodies"] = rois[1]["mTL-bodies"] = np.array([], np.int64)
    del rois[0]["FBA-2"]
    scores = {}
    for test in ("",) if generation == "plain" else ("_nsdcore", "_nsdsynthetic"):
        for side in "lr":
            r, ceiling = np.maximum(rng.normal(0.2, 0.2, VERTICES), 0), rng.beta(1, 3, VERTICES).astype(np.float32)
            r[-20:] = np.nan
            ceiling[:5] = 1e-14
            scores.update({f"{side}h_correlation{test}": r, f"{side}h_r2{test}": r ** 2, f"{side}h_noise_ceiling{test}": ceiling,
                           f"{side}h_explained_variance{test}": np.minimum(100 * r ** 2 / ceiling, 100)})
    ncsnr = rng.random((2, VERTICES), np.float32)
    return {"fmri": {"lh_ncsnr": ncsnr[0], "rh_ncsnr": ncsnr[1], "lh_fsaverage_rois": rois[0], "rh_fsaverage_rois": rois[1]},
            "encoding_models": {"test_img_num": np.arange(4, dtype=np.int32), **scores}}


def save(berg_dir, key, subject, metadata):
    path = MODELS[key].metadata_path(berg_dir, subject)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, metadata)


class Made(Report):
    """A report of some subjects of a model, and their metadata."""

    def __init__(self, program, folder, key, subjects, *more, change=None, generation="newest"):
        self.metadata = [metadata_of(key, subject, generation) for subject in subjects]
        for subject, metadata in zip(subjects, self.metadata):
            if change:
                change(metadata)
            save(folder / "models", key, subject, metadata)
        self.folder, self.subjects = folder, subjects
        names = ",".join(str(subject) for subject in subjects)
        super().__init__(program, folder / "models", folder / "out", names, *more, model=MODELS[key].model_id)


def mean(values):
    """Over the first axis without NaN; NaN where there is nothing else."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0).sum(axis=0) / known.sum(axis=0)


def side_scores(metadata, test, quantity):
    return np.concatenate([np.float64(metadata["encoding_models"][f"{side}h_{quantity}{test}"]) for side in "lr"])


def nsd_numbers(metadata, voxels, test, least):
    r, ceiling = side_scores(metadata, test, "correlation")[voxels], side_scores(metadata, test, "noise_ceiling")[voxels]
    explained = side_scores(metadata, test, "explained_variance")[voxels]
    counted = (ceiling >= least) & ~np.isnan(explained)
    return [len(r), np.isnan(r).sum(), mean(r ** 2), mean(ceiling), mean(explained[counted])]
