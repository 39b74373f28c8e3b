"""The published files of models, downloaded."""

import json
import os

from berg import _berg
from berg.core import folder, progress
from berg.core.exceptions import InvalidParameterError
from berg.report import _subjects


def fetch(
    model_id,
    subject=None,
    *,
    berg_dir=None,
    backbone=False,
    metadata=False,
    plots=False,
    train_splits=(),
    dry_run=False,
    force=False,
    url=None,
    retries=8,
    retry_wait=1.0,
    stall=30.0,
    show_progress=True,
):
    """Downloads files of a model that upstream publishes to where they are looked for: berg fetch. Nobody is asked.

    Parameters
    ----------
    subject : one, or a list, tuple or range of them; None: no subject's files (with `backbone`)
    berg_dir : path
        Where they go; made where it is missing. None: the environment's BERG_DIR.
    backbone : bool
        The weights of ViT-B/32 too, which all models need.
    metadata : bool
        The metadata alone, without weights.
    plots : bool
        The published plots of accuracy too.
    train_splits : str, or a list of them
        "all" (default), "single", "split1" to "split4".
    dry_run : bool
        Write nothing; the sizes are in what is returned.
    force : bool
        Replace files that are there and are not those published.
    url : str
        The address of a mirror, a berg directory that a web server shows; None: where upstream publishes.
    retries, retry_wait, stall : number, seconds, seconds
        How often, and how long after, a connection that broke is tried again, and when it counts as broken.

    What is there, with the right size and checksum, is passed over; a call that was interrupted goes on when it is made
    again. Returns a dict: `files`, each with `path`, `url`, `bytes`, `state`, `sha256` and a shell `command` that gets
    it too, and `to_fetch_bytes`. BERGError: the server cannot be reached, does not have a file or sends something else. OSError:
    the disk. FileExistsError: another file has the place. InvalidParameterError: no such subject or training.
    """
    if subject is None and not backbone:
        raise InvalidParameterError("subject: which one? Name one, or ask for the backbone")
    subjects = [] if subject is None else _subjects(model_id, subject)
    splits = [train_splits] if isinstance(train_splits, str) else list(train_splits)
    with progress.bar(show_progress and not dry_run, None, "Fetching", "B") as move:
        return json.loads(
            _berg.fetch(
                model_id,
                os.fspath(folder.needed(berg_dir)),
                subjects,
                splits,
                bool(backbone),
                bool(metadata),
                bool(plots),
                bool(dry_run),
                bool(force),
                url,
                retries,
                retry_wait,
                stall,
                move,
            )
        )
