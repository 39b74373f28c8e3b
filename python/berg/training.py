"""From raw data to a model: simulate (or simulate_prepared), prepare, train, evaluate, one call each.

All of them work out of core within `memory` bytes (an int, or text such as "4G"), use every processor unless `threads`
says otherwise, and can be interrupted: the same call with resume=True goes on to the same bytes. What the numbers mean
is in docs/training.md, what the files are in docs/file-formats.md.
"""

import array
import json

from berg import _berg
from berg.core import options, progress
from berg.core.failures import reported
from berg.core.shown import shown


def _subjects(subjects):
    return array.array("i", [subjects] if isinstance(subjects, int) else subjects)


def _names(subjects):
    return [str(s) for s in ([subjects] if isinstance(subjects, (int, str)) else subjects)]


def simulate(
    folder,
    subjects=1,
    *,
    seed=1,
    voxels=0,
    concepts=720,
    images_per_concept=12,
    test_images=100,
    sessions=12,
    image_size=400,
    dtype="float64",
    threads=0,
    force=False,
    show_progress=True,
):
    """A synthetic data set in the raw layout of THINGS-fMRI1, with known noise ceilings; nothing is returned.

    Parameters
    ----------
    folder : path
        Gets images/, betas_csv/, brainmasks/ and truth/. FileExistsError: it is not empty, unless `force`.
    subjects : int or sequence of int
        1, 2, 3. They see the same images.
    voxels : int
        Of each subject; 0: as many as the real ones have (16.6 GB of responses each).
    dtype : "float64" or "float32"
        Of the responses.
    """
    if dtype not in ("float64", "float32"):
        raise ValueError(f"dtype: expected 'float64' or 'float32', found {shown(dtype)}")
    with progress.stages(show_progress) as bar:
        _berg.simulate(
            folder,
            _subjects(subjects),
            seed=seed,
            voxels=voxels,
            concepts=concepts,
            images_per_concept=images_per_concept,
            test_images=test_images,
            sessions=sessions,
            image_size=image_size,
            single=dtype == "float32",
            threads=threads,
            force=force,
            **bar,
        )


def simulate_prepared(
    model_id,
    folder,
    subjects=(),
    *,
    seed=1,
    units=0,
    times=0,
    concepts=720,
    images_per_concept=12,
    test_images=100,
    repeats=0,
    image_size=400,
    threads=0,
    force=False,
    show_progress=True,
):
    """Prepared data of NSD, EEG, MEG or TVSD with known noise ceilings, to train and evaluate on; nothing is returned.

    Parameters
    ----------
    folder : path
        A berg directory, which gets model_training_datasets/, images/ (of NSD nsd_stimuli.hdf5) and truth/.
        FileExistsError: it is not empty, unless `force`.
    subjects : int, str or sequence of these
        They see the same images. None named: the model's first.
    units, times, repeats : int
        Channels, sensors, electrodes or vertices of a hemisphere; samples of a trial; presentations of a test image;
        0: as many as upstream's.
    """
    with progress.stages(show_progress) as bar:
        _berg.simulate_prepared(
            model_id,
            folder,
            _names(subjects),
            seed=seed,
            units=units,
            times=times,
            concepts=concepts,
            images_per_concept=images_per_concept,
            test_images=test_images,
            repeats=repeats,
            image_size=image_size,
            threads=threads,
            force=force,
            **bar,
        )


def prepare(
    raw, *, berg_dir, subject, memory="4G", threads=0, resume=False, force=False, show_progress=True
):
    """Splits one subject's raw responses, z-scores them within sessions, averages the test set; nothing is returned.

    `raw` holds (or its folder betas_csv holds) sub-0N_ResponseData.h5, _StimulusMetadata.csv and _VoxelMetadata.csv.
    """
    with progress.stages(show_progress) as bar:
        _berg.prepare(
            raw,
            berg_dir,
            subject,
            memory=options.byte_count(memory),
            threads=threads,
            resume=resume,
            force=force,
            **bar,
        )


def train(
    model_id,
    *,
    berg_dir,
    images,
    subject=1,
    backbone=None,
    features="all",
    components=250,
    ridge=False,
    alphas=None,
    folds=5,
    alpha_per_voxel=False,
    chunks=0,
    safetensors=False,
    work=None,
    keep_work=False,
    memory="4G",
    threads=0,
    batch=0,
    resume=False,
    force=False,
    train_splits=None,
    stage=None,
    shard=(1, 1),
    merge=None,
    shards=0,
    scratch=None,
    eigenvectors=None,
    isa="auto",
    plan_only=False,
    show_progress=True,
):
    """Trains the models of one or several subjects out of their prepared data; returns a report as a dict.

    Parameters
    ----------
    images : path
        Folder of <concept>/<stimulus>; of NSD its nsd_stimuli.hdf5.
    subject : int, str, or a sequence of them
        One pass over the images serves all.
    train_splits : str
        Of models that have them: "all" (default), the model of all trials; "single", those of the four quarters; "split1"
        to "split4"; or several with commas between.
    features : "all" or "class-token"
        The outputs of all 50 tokens of the 12 blocks, or of the class token alone.
    eigenvectors : str
        How the components are found: "gram", of a matrix of all images in memory; "products", by passes over the features.
        Default: "gram" where it fits `memory`.
    ridge : bool
        Ridge regression, its alpha out of `alphas` (default 1e-4 to 10) by cross-validation over `folds`: one for each of
        the `chunks` of voxels, or with `alpha_per_voxel` one for each voxel. False: least squares.
    stage : str
        This stage alone, beside other processes with the same `work`: "features", "gram", "eigenvectors", "components",
        "regression" or "weights"; and of its units shard I of N, `shard=(I, N)` with I from 1. Does what is missing, on a
        disk of the machine's own if `scratch` names a folder there.
    merge : str
        Check and join what the shards of that stage left, which were `shards`: IncompleteError, and its `report`, says which are
        missing. How stages follow one another is in docs/training.md.
    isa : str
        Which of the processor's instructions compute, as of get_encoding_model: parts of one training have the same.
    plan_only : bool
        Compute nothing of the model; return what it would take: memory, disk, operations, time. The time is estimated from
        the machine's rate of products, which is measured for at most a third of a second.

    ResourceError: it would not fit memory or disk; its text says what would do.
    """
    with reported(), progress.stages(show_progress and not plan_only) as bar:
        return json.loads(
            _berg.train(
                model_id,
                _names(subject),
                berg_dir,
                images,
                plan_only,
                backbone=backbone,
                features=features,
                components=components,
                safetensors=safetensors,
                work=work,
                keep_work=keep_work,
                memory=options.byte_count(memory),
                threads=threads,
                batch=batch,
                resume=resume,
                force=force,
                train_splits=train_splits,
                only=stage,
                shard=shard[0] - 1,
                shards=shards if merge else shard[1] if stage else 0,
                merge=merge,
                scratch=scratch,
                eigenvectors=eigenvectors,
                isa=isa,
                **options.regression(ridge, alphas, folds, alpha_per_voxel, chunks),
                **bar,
            )
        )


def evaluate(
    model_id,
    *,
    berg_dir,
    images,
    subject=1,
    backbone=None,
    memory="4G",
    threads=0,
    force=False,
    sidecar=False,
    train_splits=None,
    shard=None,
    merge=0,
    isa="auto",
    show_progress=True,
):
    """Accuracy of a subject's model on its test images, noise ceilings and reliability; returns a report as a dict.

    What is measured depends on the model (docs/accuracy.md); all of it also goes into the model's metadata. `train_splits`:
    of MEG and TVSD, "all" (the default) or the model of a quarter, "split1" to "split4". FileExistsError: there are predictions already,
    unless `force`. `sidecar`: a .json beside these says what they were made from. `shard`: (I, N), part I of N, from 1, of
    the test images is predicted alone, into a file beside the predictions' place; `merge`: N, as many such parts are
    joined and measured (IncompleteError: they do not make a whole; its `report` is a dict that names them). `isa`: as of
    get_encoding_model.
    """
    number, of = shard or (1, 0)
    with reported(), progress.stages(show_progress) as bar:
        return json.loads(
            _berg.evaluate(
                model_id,
                str(subject),
                berg_dir,
                images,
                backbone=backbone,
                memory=options.byte_count(memory),
                threads=threads,
                force=force,
                sidecar=sidecar,
                train_splits=train_splits,
                shard=number - 1,
                shards=of,
                merge=merge,
                isa=isa,
                **bar,
            )
        )
