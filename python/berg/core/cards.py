"""The cards of models: facts out of the library, laid out for reading."""

import json
import sys
import textwrap

from berg import _berg
from berg.core.exceptions import ModelNotFoundError
from berg.core.shown import shown

WIDTH = 80


def load(model_id):
    """The card as a dict. ModelNotFoundError: the library has none of that id."""
    text = _berg.card(model_id) if isinstance(model_id, str) else None
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
    """What describe() returns."""
    return {
        "model_id": card["model_id"],
        "model_info": {
            "modality": card["modality"],
            "training_dataset": card["training_dataset"],
            "model_architecture": card["model_type"],
            "creator": card["creator"],
        },
        "description": card["description"],
        "input": card["input"],
        "output": card["output"],
        "parameters": card["parameters"],
        "parameters_by_function": by_function(card["parameters"]),
        "performance": card["performance"],
        "example_usage": card["example_usage"],
    }


def _wrap(text, indent="", first=None):
    wrap = textwrap.TextWrapper(
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n\n".join(wrap.fill(paragraph) for paragraph in text.split("\n\n"))


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
    lines = [f"{indent}• {name} ({facts['type']}{need})", _wrap(facts["description"], indent + "    ")]
    if "valid_values" in facts:
        lines.append(_wrap("Valid values: " + ", ".join(map(str, facts["valid_values"])), indent + "    "))
    for inner, inner_facts in facts.get("properties", {}).items():
        lines.append(_parameter(inner, inner_facts, indent + "    "))
    return "\n".join(lines)


def layout(card):
    """The card as text, 80 columns wide."""
    rule = "=" * WIDTH
    described_input, output = card["input"], card["output"]
    parts = [
        f"{rule}\n🧠 Model: {card['model_id']}\n{rule}",
        "\n".join(
            _fields(card, ("modality", "training_dataset", "species", "stimuli", "model_type", "creator"))
        ),
        "📋 Description\n" + _wrap(card["description"]),
        "\n".join(
            ["📥 Input", *_fields(described_input, ("type", "shape", "description")), "Constraints:"]
            + [_bullet(line) for line in described_input["constraints"]]
        ),
        "\n".join(
            ["📤 Output", *_fields(output, ("type", "dtype", "shape", "description")), "Dimensions:"]
            + [_bullet(f"{entry['name']}: {entry['description']}") for entry in output["dimensions"]]
        ),
    ]
    for function, parameters in by_function(card["parameters"]).items():
        parts.append(
            f"🔧 Parameters of {function}\n"
            + "\n".join(_parameter(name, facts) for name, facts in parameters.items())
        )
    parts += [
        "\n".join(
            ["🧩 Voxels"]
            + [_bullet(f"subject {subject}: {count:,}") for subject, count in card["voxels"].items()]
        ),
        "📊 Performance\n" + "\n".join(_fields(card["performance"], card["performance"])),
        "📚 References\n" + "\n".join(_bullet(line) for line in card["references"]),
        "💡 Example\n" + textwrap.indent(card["example_usage"].rstrip(), "  "),
        rule,
    ]
    return "\n\n".join(parts)
