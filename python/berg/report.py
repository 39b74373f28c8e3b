"""Looking at how well a model predicts: a page, and a plot for notebooks. Both read metadata alone."""

import os

from berg import _berg
from berg.core import cards
from berg.core.parameter_validator import validate_subject


def _subjects(model_id, subject):
    known = cards.load(model_id)["parameters"]["subject"]["valid_values"]
    several = list(subject) if isinstance(subject, (list, tuple, range)) else [subject]
    return [str(validate_subject(name, known)) for name in several]


class Plot:
    """A drawing as SVG text in `svg`. A notebook shows it; `save(path)` writes it."""

    def __init__(self, svg):
        self.svg = svg

    def _repr_svg_(self):
        return self.svg

    def save(self, path):
        """Writes the SVG; FileExistsError where `path` is there already."""
        with open(path, "x", encoding="utf-8") as file:
            file.write(self.svg)


def plot_accuracy(model_id, *, berg_dir, subject=1):
    """Accuracy of each region beside its noise ceiling, several subjects side by side: a Plot.

    `subject` is one (a number, "N") or a list, tuple or range of them. ModelLoadError: the metadata are missing, or
    hold neither accuracy nor noise ceilings. InvalidParameterError: no such subject.
    """
    return Plot(_berg.plot_accuracy(model_id, _subjects(model_id, subject), berg_dir))


def report(
    model_id,
    path,
    *,
    berg_dir,
    subject=1,
    figures=None,
    formats=None,
    json=None,
    hash_weights=False,
    force=False,
    surface=None,
    add=(),
    pictures=None,
):
    """Writes the page of `berg report` to `path`; nothing is returned.

    Parameters
    ----------
    figures : path
        Folder that gets each figure as .svg, .png and .pdf.
    formats : list of str
        Some of these three: "svg" alone needs no cairo.
    json : path
        Gets the numbers behind all figures.
    hash_weights : bool
        SHA-256 of the weights too, not of the metadata alone.
    surface : two paths
        Of vertices: FreeSurfer's lh.inflated and rh.inflated, or their like, that maps are drawn on.
    add : list of paths
        What was asked of scores: rank's, contrast's "about", rsa's or control's dict as JSON, a contrast's map as .npy or
        NIfTI, a matrix of rsm.
    pictures : path
        Where names of pictures that are relative lie; None: in the working directory.

    FileExistsError: one of them is there already, unless `force`. StimulusError: an added file cannot be shown.
    """
    left, right = surface or (None, None)
    added = [os.fspath(file) for file in ([add] if isinstance(add, (str, os.PathLike)) else add)]
    subjects = _subjects(model_id, subject)
    if formats is not None:
        formats = formats if isinstance(formats, str) else ",".join(formats)
    files = (berg_dir, path, figures, formats, json)
    _berg.report(model_id, subjects, *files, hash_weights, force, left, right, added, pictures)
