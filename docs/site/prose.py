"""A paragraph of a comment or docstring as reStructuredText, for both references."""

import re


def escaped(text, roles=None):
    """Names that have an entry in `roles` (name: role of the C domain) become links to it, pages of docs/ too."""
    roles = roles or {}
    parts = re.split(r"(`[^`]*`|\bberg_\w+\b|\bdocs/[\w-]+\.md\b)", " ".join(text.split()))
    for at, part in enumerate(parts):
        if part.startswith("`") and len(part) > 1:
            parts[at] = f"\\ ``{part[1:-1]}``\\ "
        elif part in roles:
            parts[at] = f"\\ :c:{roles[part]}:`{part}`\\ "
        elif part.startswith("docs/") and part.endswith(".md"):
            parts[at] = f"\\ :doc:`{part} </{part[:-3]}>`\\ "
        else:
            parts[at] = re.sub(r"([\\*|_`]|(?<=\w):(?=\w))", r"\\\1", part)
    return "".join(parts)
