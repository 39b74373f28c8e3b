#!/usr/bin/env python3
"""Makes synthetic subjects of the four sibling models in upstream's layouts, every one that its tools have written.

    make_siblings.py berg-dir                                 # the first subject of each, 4 components
    make_siblings.py berg-dir eeg --form objects              # PCAs as pickled scikit-learn objects
    make_siblings.py berg-dir meg tvsd --generation plain --subject 2
    make_siblings.py berg-dir nsd --full --subject 1,2        # 250 components

Units and times are always as many as upstream's; small files have fewer components, and metadata of fewer trials. What
the scaler and the components are of: see make_subject.py. NumPy only; the same arguments give the same files.
"""
import argparse
import pathlib
import types

import numpy as np

from make_subject import BACKBONE, fit_pca, fit_scaler, make_regression, training_features
from sibling_metadata import GENERATIONS, MAKERS, NO_DATA, signal_of
from sibling_models import MODELS, QUARTERS
from sklearn_pickle import PCA, OldPCA, importable, pca_object

# "single": one PCA for all repetitions; "objects", "old_objects": the fitted scikit-learn objects; "dicts": theirs taken apart.
EEG_FORMS = ("dicts", "objects", "old_objects", "single")
REPETITIONS = 4
LAYERS, TOKENS, CHANNELS = 12, 50, 768


def features_of(options, leave_out):
    """float32 (images, features) of synthetic images, one of them left out, so that subjects and quarters differ."""
    images = options.images or (24 if options.components > 8 else 12)
    features = training_features(options.backbone, images, options.seed)
    if options.class_tokens:
        features = features.reshape(images, LAYERS, TOKENS, CHANNELS)[:, :, 0].reshape(images, -1)
    return np.delete(features, leave_out % images, axis=0)


def coordinates(model):
    """(rows, 3): unit, unit again on another scale, time; so that neighbours respond alike."""
    unit, time = np.divmod(np.arange(model.rows), model.times)
    return np.stack([unit, unit % max(1, model.units // 16), time], axis=1)


def regression(model, signal, spread, rng, options):
    fitted = make_regression(coordinates(model), signal.reshape(-1), spread, np.dtype(options.dtype).type, options.order, rng)
    if model.key == "nsd":  # fitted to zeros there
        fitted["coef_"][-NO_DATA:] = 0
        fitted["intercept_"][-NO_DATA:] = 0
    return fitted


def components_in_order(pca, options):
    pca["components_"] = np.asarray(pca["components_"], order=options.components_order)
    return pca


def fit(model, samples, leave_out, rng, options, pcas=1):
    """The scaler, and so many PCAs of what it standardised, which differ by chance; the spread of each one's scores."""
    features = features_of(options, leave_out)
    scaler = fit_scaler(features, samples)
    features -= scaler["mean_"].astype(np.float32)
    features /= scaler["scale_"].astype(np.float32)
    fitted = [fit_pca(features, options.components, rng, samples) for _ in range(pcas)]
    return scaler, [components_in_order(pca, options) for pca, _ in fitted], [spread for _, spread in fitted]


def nsd_weights(model, subject, signal, rng, options):
    scaler, (pca,), (spread,) = fit(model, model.train, subject, rng, options)
    return {"scaler_param": scaler, "pca_param": pca,
            **{f"{side}h_reg_param": regression(model, signal[k], spread, rng, options) for k, side in enumerate("lr")}}


def eeg_weights(model, subject, signal, rng, options):
    single = options.form == "single"
    scaler, pcas, spreads = fit(model, model.train, subject, rng, options, 1 if single else REPETITIONS)
    names = [f"rep-{r + 1}" for r in range(REPETITIONS)]
    regressions = [regression(model, signal, spreads[0 if single else r], rng, options) for r in range(REPETITIONS)]
    if options.form.endswith("objects"):
        seeds = [20200220 + 1000 * subject + 10 * (r + 1) for r in range(REPETITIONS)]
        pcas = [pca_object(pca, seed, old=options.form == "old_objects") for pca, seed in zip(pcas, seeds)]
    return {"scaler_param": scaler, "pca_param": pcas[0] if single else dict(zip(names, pcas)),
            "reg_param": dict(zip(names, regressions))}


def split_weights(model, subject, split, signal, rng, options):
    """Of MEG and TVSD: fitted to all trials, or to those of a quarter."""
    number = 0 if split == "all" else split
    samples = model.train // (QUARTERS if number else 1)
    scaler, (pca,), (spread,) = fit(model, samples, model.subjects.index(subject) + number, rng, options)
    return {"scaler_param": scaler, "pca_param": pca, "reg_param": regression(model, signal, spread, rng, options)}


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    with importable(PCA, OldPCA):
        np.save(path, value)


def make_weights(model, subject, split, signal, options):
    number = 0 if split == "all" else split
    rng = np.random.default_rng([options.seed, *model.key.encode(), model.subjects.index(subject), number])
    if model.has_quarters:
        return split_weights(model, subject, split, signal, rng, options)
    return {"nsd": nsd_weights, "eeg": eeg_weights}[model.key](model, subject, signal, rng, options)


def make_sibling(berg_dir, key, subject=None, *, full=False, components=None, seed=0, backbone=BACKBONE, form="dicts",
                 generation="newest", splits=None, dtype="f4", order="C", components_order="C", class_tokens=False,
                 accuracy=True, empty_rois=(), images=None):
    """Writes the weights and metadata of one subject (the first, unless said) of model `key` (nsd, eeg, meg, tvsd) under
    `berg_dir`; returns {split: weights} and the metadata.

    form: of EEG's PCAs, see EEG_FORMS. generation: of file names and metadata, see GENERATIONS. splits: which of "all", 1,
    2, 3, 4 are written, of MEG and TVSD ("all" and, except in the plain generation, the quarters). dtype, order: of the
    coefficients. class_tokens: fitted to the class tokens alone, which makes files fifty times as small.
    """
    model = MODELS[key]
    subject = model.subjects[0] if subject is None else subject
    options = types.SimpleNamespace(
        components=components or (250 if full else 4), seed=seed, backbone=backbone, form=form, generation=generation,
        dtype=dtype, order=order, components_order=components_order, class_tokens=class_tokens, accuracy=accuracy,
        empty_rois=empty_rois, images=images, train=model.train if full else 480, test=model.test if full else 20)
    if splits is None:
        splits = ("all", 1, 2, 3, 4) if model.has_quarters and generation != "plain" else ("all",)
    rng = np.random.default_rng([seed, *key.encode(), model.subjects.index(subject), 0x0E7A])
    signal = signal_of(key, rng)
    metadata = MAKERS[key](subject, signal, rng, options)
    write(model.metadata_path(berg_dir, subject), metadata)
    made = {}
    for split in splits:
        made[split] = make_weights(model, subject, split, signal, options)
        write(model.weights_path(berg_dir, subject, split, generation), made[split])
    return made, metadata


def subjects_of(model, text):
    return [subject for name in text.split(",") for subject in model.subjects if str(subject) == name]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("berg_dir", type=pathlib.Path)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"{', '.join(MODELS)} (all)")
    parser.add_argument("--subject", help="one or several with commas between, N and F of tvsd (the first)")
    parser.add_argument("--full", action="store_true", help="250 components, metadata of all trials")
    parser.add_argument("--components", type=int, help="principal components (4, with --full 250)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backbone", default=BACKBONE, help="random:SEED (random:1)")
    parser.add_argument("--form", choices=EEG_FORMS, default="dicts", help="of EEG's PCAs (dicts)")
    parser.add_argument("--generation", choices=("newest", "train_split", "plain"), default="newest",
                        help="of file names and metadata (newest), of the models that have it")
    parser.add_argument("--splits", help="all, 1, 2, 3, 4 of MEG and TVSD, with commas between (each)")
    parser.add_argument("--dtype", choices=("f4", "f8"), default="f4", help="of the coefficients (f4)")
    parser.add_argument("--order", choices=("C", "F"), default="C", help="of the coefficients (C)")
    parser.add_argument("--components-order", choices=("C", "F"), default="C", help="of the components (C)")
    parser.add_argument("--class-tokens", action="store_true", help="fitted to the class tokens alone")
    parser.add_argument("--empty-roi", action="append", default=[], metavar="NAME", help="of NSD, an empty ROI")
    parser.add_argument("--no-accuracy", action="store_true", help="without what the evaluation adds")
    options = parser.parse_args()
    splits = options.splits and [part if part == "all" else int(part) for part in options.splits.split(",")]
    for key in options.models or MODELS:
        model = MODELS[key]
        for subject in subjects_of(model, options.subject) if options.subject else model.subjects[:1]:
            make_sibling(options.berg_dir, key, subject, full=options.full, components=options.components, seed=options.seed,
                         backbone=options.backbone, form=options.form,
                         generation=options.generation if options.generation in GENERATIONS[key] else "newest",
                         splits=splits if model.has_quarters else None, dtype=options.dtype, order=options.order,
                         components_order=options.components_order, class_tokens=options.class_tokens,
                         accuracy=not options.no_accuracy, empty_rois=options.empty_roi)


if __name__ == "__main__":
    main()
