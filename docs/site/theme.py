"""What Debian's build of the theme Furo lacks: the dark colours of a system that asks for them, a script that runs without being a
module, and a style sheet that it expects at the root of a Debian web server. Where the theme is whole, nothing is changed."""

import pathlib
import re

JAVASCRIPT = pathlib.Path("/usr/share/javascript")  # what Debian's web servers show as /javascript
IMPORTED = re.compile(r"@import url\(/javascript/([^)]+)\);\n?")
DARK = re.compile(r'body\[data-theme="dark"\] \{([^}]*)\}')
MODULE = re.compile(r'^import \w+ from "\./([\w.-]+)";\n', re.MULTILINE)


def mend_styles(path):
    text = path.read_text(encoding="utf-8")
    text = IMPORTED.sub(lambda found: (JAVASCRIPT / found[1]).read_text(encoding="utf-8") + "\n", text)
    dark = DARK.search(text)
    if dark and "prefers-color-scheme" not in text:
        text += f'\n@media not print {{\n  @media (prefers-color-scheme: dark) {{\n    body:not([data-theme="light"]) {{{dark[1]}}}\n  }}\n}}\n'
    path.write_text(text, encoding="utf-8")


def mend_script(path):
    text = path.read_text(encoding="utf-8")
    path.write_text(MODULE.sub(lambda found: (path.parent / found[1]).read_text(encoding="utf-8") + "\n", text), encoding="utf-8")


def mend(static):
    """Of a site that was built, the folder _static."""
    mend_styles(static / "styles/furo.css")
    mend_script(static / "scripts/furo.js")
