"""The Python package as a page of the site: an entry for each public name, from its signature and its docstring."""

import importlib
import inspect
import re

from prose import escaped

# What the package shows, by what it is for. A test holds this against berg.__all__.
GROUPS = {
    "Models and responses": ["berg.BERG", "berg.encode_many", "berg.encode_trials", "berg.fetch"],
    "A loaded model": ["berg.models.encoding_model.EncodingModel", "berg.core.outputs.Output", "berg.core.outputs.Axis", "berg.volumes.Voxels"],
    "The five models": [
        "berg.models.fmri.things_fmri_1_vit_b_32.fMRIEncodingModel", "berg.models.fmri.nsd_fsaverage_vit_b_32.FMRIEncodingModel",
        "berg.models.eeg.things_eeg2_vit_b_32.EEGEncodingModel", "berg.models.meg.things_meg_1_vit_b_32.MEGEncodingModel",
        "berg.models.utah_array.tvsd_vit_b_32.UtahArrayEncodingModel"],
    "Scores, and what is asked of them": [
        "berg.score", "berg.ScoreStore", "berg.merge", "berg.rank", "berg.contrast", "berg.rsm", "berg.rsa", "berg.control",
        "berg.draw_pictures", "berg.plot_control"],
    "Training": ["berg.simulate", "berg.simulate_prepared", "berg.prepare", "berg.train", "berg.evaluate"],
    "The same solver for matrices": ["berg.fit", "berg.Fit", "berg.correlate", "berg.reliability"],
    "Reports, volumes, comparisons": ["berg.report", "berg.plot_accuracy", "berg.to_nifti", "berg.compare"],
    "Models that another process keeps open": ["berg.Client", "berg.client.ServedSubject"],
    "Exceptions": [f"berg.core.exceptions.{name}" for name in (
        "BERGError", "ModelNotFoundError", "ModelLoadError", "InvalidParameterError", "StimulusError", "ResourceError",
        "IncompleteError", "MissingNameError", "MissingMetadataError")] + ["berg.core.parameter_validator.ValidationError"],
}


def found(path):
    """The object of a dotted name whose last part is no module."""
    module, name = path.rsplit(".", 1)
    return getattr(importlib.import_module(module), name)


def is_section(lines):
    return len(lines) > 1 and re.fullmatch(r"-+", lines[1])


def are_parameters(lines):
    """"name : type" with what it means indented below; or names alone, with it."""
    return " :" in lines[0] or (len(lines) > 1 and lines[1].startswith(" "))


def parameter_lines(lines):
    made = []
    for line in lines:
        if line.startswith(" "):
            made[-1][1].append(line.strip())
        else:
            made.append((line, []))
    for head, words in made:
        names, _, kind = head.partition(" :")
        yield f"**{escaped(names)}**" + (f" : {escaped(kind)}" if kind.strip() else "")
        yield "   " + (escaped(" ".join(words)) or "\\ ")
        yield ""


def documentation(thing, indent):
    """The docstring as reStructuredText."""
    lines, in_section = [], False
    for block in re.split(r"\n\s*\n", inspect.getdoc(thing) or ""):
        rows = block.split("\n")
        if is_section(rows):
            in_section = True
            lines += [f".. rubric:: {rows[0]}", "", *parameter_lines(rows[2:])]
        elif in_section and are_parameters(rows):
            lines += parameter_lines(rows)
        elif any(row.startswith(" ") for row in rows):
            lines += ["::", "", *("   " + row for row in rows), ""]
        else:
            in_section = False
            lines += [escaped(block), ""]
    return [indent + line if line else "" for line in lines]


def signature(thing):
    """As it is called: without self."""
    try:
        asked = inspect.signature(thing)
    except ValueError:
        return "()"
    parameters = [parameter for parameter in asked.parameters.values() if parameter.name != "self"]
    return str(asked.replace(parameters=parameters, return_annotation=inspect.Signature.empty))


def members(kind):
    """Public methods and properties with a docstring, of the class and of its bases of this package."""
    seen = {}
    for base in kind.__mro__:
        if base.__module__.startswith("berg"):
            for name, value in vars(base).items():
                if not name.startswith("_") and name not in seen and inspect.getdoc(getattr(kind, name, None)):
                    seen[name] = value
    return {name: value for name, value in seen.items() if callable(value) or isinstance(value, (property, staticmethod, classmethod))}


def class_lines(path, kind):
    is_failure = issubclass(kind, BaseException)
    yield f".. py:{'exception' if is_failure else 'class'}:: {path}{'' if is_failure else signature(kind)}"
    yield ""
    yield from documentation(kind, "   ")
    of_models = [base for base in kind.__mro__[1:] if base.__module__ == "berg.models.encoding_model"]
    whole = not (of_models or is_failure)  # the others' members are EncodingModel's
    for name, value in members(kind).items() if whole else ():
        plain = getattr(kind, name)
        if isinstance(value, property):
            yield f"   .. py:property:: {name}"
        else:
            yield f"   .. py:method:: {name}{signature(plain)}"
        yield ""
        yield from documentation(value if isinstance(value, property) else plain, "      ")


def entry_lines(path):
    thing = found(path)
    if inspect.isclass(thing):
        yield from class_lines(path, thing)
        return
    yield f".. py:function:: {path}{signature(thing)}"
    yield ""
    yield from documentation(thing, "   ")


def page():
    """The page as reStructuredText."""
    title = "Python: berg"
    lines = [title, "=" * len(title), "", "How they are used: :doc:`/docs/python`.", ""]
    for group, names in GROUPS.items():
        lines += [group, "-" * len(group), ""]
        for name in names:
            lines += [*entry_lines(name), ""]
    return "\n".join(lines) + "\n"
