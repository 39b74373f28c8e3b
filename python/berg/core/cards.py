"""The cards of models: facts out of the library, or out of a YAML file of another package, laid out for reading."""

import json
import os
import sys
import textwrap

from berg import _berg
from berg.core.exceptions import ModelLoadError, ModelNotFoundError
from berg.core.model_registry import MODEL_REGISTRY
from berg.core.shown import shown

WIDTH = 80


def yaml_path(model_id):
    """Where this package has the card of one of its own models as YAML, for programs that read it there."""
    return os.path.join(os.path.dirname(_berg.__file__), "cards", f"{model_id}.yaml")


def _parsed(text):
    try:
        import yaml
    except ImportError:
        return json.loads(text)  # which is YAML too
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None


def _read(path):
    """The card in the file of a model of another package."""
    try:
        with open(path, encoding="utf-8") as file:
            card = _parsed(file.read())
    except OSError as error:
        raise ModelLoadError(f"Failed to load card: {path}: {error.strerror}") from None
    except ValueError as error:
        hint = "" if sys.modules.get("yaml") else " (without PyYAML installed, JSON alone can be read)"
        raise ModelLoadError(f"Failed to load card: {path}: {error}{hint}") from None
    if not isinstance(card, dict):
        raise ModelLoadError(f"Failed to load card: {path}: expected a mapping, found {type(card).__name__}")
    return card


def load(model_id):
    """The card as a dict. ModelNotFoundError: there is none of that id. ModelLoadError: its file cannot be read."""
    known = isinstance(model_id, str)
    path = MODEL_REGISTRY[model_id]["yaml_path"] if known and model_id in MODEL_REGISTRY else None
    if path and path != yaml_path(model_id):
        return _read(path)
    text = _berg.card(model_id) if known else None
    if text is None:
        raise ModelNotFoundError(
            f"no card for the model {shown(model_id)}; there are: {', '.join(_berg.model_ids())}"
        )
    return json.loads(text)


def show(text, file=None):
    """print, on terminals and pipes that cannot write every character too."""
    file = file or sys.stdout
    encoding = getattr(file, "encoding", None) or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), file=file)


def by_function(parameters):
    """{function: {parameter: facts}}, functions sorted; a parameter of two functions is under both."""
    groups = {}
    for name, facts in parameters.items():
        for function in facts.get("function", "").split(", "):
            groups.setdefault(function, {})[name] = facts
    return {function: groups[function] for function in sorted(groups)}


def summary(card):
    """What describe() returns. A card of another package may lack facts: None, or an empty dict."""
    parameters = card.get("parameters") or {}
    return {
        "model_id": card.get("model_id"),
        "model_info": {
            "modality": card.get("modality"),
            "training_dataset": card.get("training_dataset"),
            "model_architecture": card.get("model_type"),
            "creator": card.get("creator"),
        },
        "description": card.get("description"),
        "input": card.get("input") or {},
        "output": card.get("output") or {},
        "parameters": parameters,
        "parameters_by_function": by_function(parameters),
        "performance": card.get("performance") or {},
        "example_usage": card.get("example_usage"),
    }


def _wrap(text, indent="", first=None):
    wrap = textwrap.TextWrapper(
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n\n".join(wrap.fill(paragraph) for paragraph in str(text).split("\n\n"))


def _bullet(text):
    return _wrap(text, "    ", "  • ")


def _fields(facts, names):
    return [_wrap(f"{name.replace('_', ' ').capitalize()}: {facts[name]}") for name in names if name in facts]


def _parameter(name, facts, indent="  "):
    required = facts.get("required")
    need = (
        ""
        if required is None
        else ", required"
        if required
        else f", optional, default {facts.get('default')}"
    )
    lines = [f"{indent}• {name} ({facts.get('type', 'any')}{need})"]
    if "description" in facts:
        lines.append(_wrap(facts["description"], indent + "    "))
    if "valid_values" in facts:
        lines.append(_wrap("Valid values: " + ", ".join(map(str, facts["valid_values"])), indent + "    "))
    for inner, inner_facts in facts.get("properties", {}).items():
        lines.append(_parameter(inner, inner_facts, indent + "    "))
    return "\n".join(lines)


def _list(title, items):
    return [title, *map(_bullet, items)] if items else []


def _sizes(card):
    voxels = [f"subject {subject}: {count:,}" for subject, count in card.get("voxels", {}).items()]
    sizes = [f"{name.replace('_', ' ')}: {count:,}" for name, count in card.get("sizes", {}).items()]
    return _list("🧩 Voxels", voxels) + _list("🧩 Sizes", sizes)


def _section(title, lines):
    return "\n".join([title, *lines]) if lines else None


def layout(card):
    """The card as text, 80 columns wide; sections of which it says nothing are left out."""
    rule = "=" * WIDTH
    facts = summary(card)
    taken, output = facts["input"], facts["output"]
    dimensions = [f"{entry['name']}: {entry['description']}" for entry in output.get("dimensions", ())]
    parts = [
        f"{rule}\n🧠 Model: {card.get('model_id')}\n{rule}",
        "\n".join(
            _fields(card, ("modality", "training_dataset", "species", "stimuli", "model_type", "creator"))
        ),
        _section("📋 Description", [_wrap(facts["description"])] if facts["description"] else []),
        _section(
            "📥 Input",
            _fields(taken, ("type", "shape", "description")) + _list("Constraints:", taken.get("constraints")),
        ),
        _section(
            "📤 Output",
            _fields(output, ("type", "dtype", "shape", "description")) + _list("Dimensions:", dimensions),
        ),
        *(
            _section(f"🔧 Parameters of {function}", [_parameter(*item) for item in parameters.items()])
            for function, parameters in facts["parameters_by_function"].items()
        ),
        "\n".join(_sizes(card)),
        _section("📊 Performance", _fields(facts["performance"], facts["performance"])),
        _section("📚 References", [_bullet(line) for line in card.get("references") or ()]),
        _section("💡 Example", [textwrap.indent(usage.rstrip(), "  ") for usage in (facts["example_usage"],) if usage]),
        rule,
    ]
    return "\n\n".join(part for part in parts if part)
