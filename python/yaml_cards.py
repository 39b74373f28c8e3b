#!/usr/bin/env python3
"""Writes cards of models, which are JSON, as YAML that people read: yaml_cards.py FOLDER CARD.json...

Of Python's own modules alone, for builds where PyYAML is not installed.
"""

import json
import pathlib
import re
import sys
import textwrap

WIDTH = 100
# What every version of YAML reads as the text that it is.
PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_ ./()+-]*[A-Za-z0-9_./()+-])?")
NOT_TEXT = re.compile(r"(?:y|n|yes|no|on|off|true|false|null)", re.IGNORECASE)


def scalar(value):
    if isinstance(value, str) and PLAIN.fullmatch(value) and not NOT_TEXT.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def folds(text):
    """Whether folded lines come back as they were: no line break or space that YAML would take for its own."""
    return not re.search(r"  |\t|^ | $|\n\Z", text, re.MULTILINE)


def block(text, indent):
    """Text of several lines, or of one long one."""
    if folds(text):
        wrap = textwrap.TextWrapper(WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
        # One line break more than the text has: the first of them is a space in YAML.
        breaks = re.sub(r"\n+", lambda found: found[0] + "\n", text)
        return ">-\n" + textwrap.indent("\n".join(map(wrap.fill, breaks.split("\n"))), indent)
    ending = text[len(text.rstrip("\n")) :]
    header = {"": "|-\n", "\n": "|\n"}.get(ending, "|+\n")
    return header + textwrap.indent(text, indent).rstrip("\n") + ending[1:]


def flow(values, indent, first):
    """A list of short values, over as many lines as it takes."""
    text = f"[{', '.join(map(scalar, values))}]"
    if len(first) + len(text) <= WIDTH:
        return text
    lines = textwrap.wrap(text, WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
    return "\n" + textwrap.indent("\n".join(lines), indent)


def is_short(value):
    return not isinstance(value, (dict, list)) and len(str(value)) <= 24 and " " not in str(value)


def node(value, indent, first):
    """What comes after `first`, a key or a dash; lines of its own get `indent`."""
    if isinstance(value, dict) and value:
        lines = mapping(value, indent)
        return " " + lines.lstrip() if first.endswith("-") else "\n" + lines
    if isinstance(value, list) and value and not all(map(is_short, value)):
        return "\n" + "\n".join(f"{indent}-{node(item, indent + '  ', f'{indent}-')}" for item in value)
    if isinstance(value, list):
        return " " + flow(value, indent, first + " ")
    if isinstance(value, str) and ("\n" in value or len(first) + len(scalar(value)) >= WIDTH):
        return " " + block(value, indent)
    return " " + scalar(value)


def mapping(values, indent=""):
    lines = []
    for key, value in values.items():
        first = f"{indent}{scalar(key)}:"
        lines.append(first + node(value, indent + "  ", first))
    return "\n".join(lines)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for path in map(pathlib.Path, sys.argv[2:]):
        card = json.loads(path.read_text(encoding="utf-8"))
        (folder / f"{path.stem}.yaml").write_text(mapping(card) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
