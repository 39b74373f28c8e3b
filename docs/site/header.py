"""include/berg.h as pages of the site: a page for each of its sections, an entry for each thing that it declares."""

import re

from prose import escaped

COMMENT = re.compile(r"/\*(.*?)\*/", re.DOTALL)
SECTION = re.compile(r"/\* --- (.*?) -{3,}\s*(.*?)\*/", re.DOTALL)
NAME = re.compile(r"\bberg_\w+\b")


class Entry:
    """A declaration: `kind` as Sphinx's C domain has it, signature, name, what the comment says, and code to show."""

    def __init__(self, kind, signature, name, text="", code=None):
        self.kind, self.signature, self.name, self.text, self.code = kind, signature, name, text, code


def text_of(comment):
    """What is in a comment, without its stars."""
    lines = [re.sub(r"^ \* ?| \*$", "", line).rstrip() for line in comment.strip("/*").split("\n")]
    return "\n".join(lines).strip(" \n")


def one_line(code):
    return " ".join(COMMENT.sub("", code).replace("BERG_API", "").split()).rstrip(";")


def entry_of(code, text):
    """The entry of a declaration; None: it has none (conditions, forward declarations)."""
    line = one_line(code)
    if found := re.match(r"#define (BERG_[A-Z_]+(?:\(\w+\))?)", line):
        return None if found[1] == "BERG_API" else Entry("macro", found[1], found[1].split("(")[0], text, code)
    if line.startswith("#"):
        return None
    if found := re.match(r"typedef (struct|enum) \w+ \{.*\} (\w+)$", line):
        return Entry(found[1], found[2], found[2], text, code)
    if found := re.match(r"typedef struct (\w+) \1$", line):
        return Entry("struct", found[1], found[1], text)
    if found := re.match(r"typedef (.*\(\*(\w+)\)\(.*\))$", line):
        return Entry("type", found[1], found[2], text)
    if found := re.match(r".*?\b(berg_\w+)\(.*\)$", line):
        if found[1].endswith("_init"):
            text = "\n\n".join(filter(None, [text, f"Written `{found[1]}(&options)`: a macro of that name adds the size."]))
        return Entry("function", line, found[1], text)
    return None


def pieces(source):
    """(kind, text) of what stands in the header: "blank", "comment", "code" (a whole declaration)."""
    lines = iter(source.split("\n"))
    for line in lines:
        if not line.strip():
            yield "blank", ""
        elif line.startswith("/*"):
            while "*/" not in line:
                line += "\n" + next(lines)
            yield "comment", line
        else:
            opened = "{" in line
            while line.endswith("\\") or not (line.startswith("#") or re.search(r"^\}.*;|;\s*(/\*.*)?$" if not opened else r"\} ?\w*;\s*$", line.split("\n")[-1])):
                line += "\n" + next(lines)
                opened = opened or "{" in line
            while line.count("/*") > line.count("*/"):
                line += "\n" + next(lines)
            yield "code", line


def sections_of(source):
    """[(title, introduction, [Entry])] of the header, the first before any section."""
    sections, comment = [("Version", "", [])], ""
    for kind, piece in pieces(source):
        entries = sections[-1][2]
        if kind == "blank":
            comment = ""
        elif kind == "comment":
            if found := SECTION.match(piece):
                sections.append((found[1].strip(" -"), text_of(found[2]), []))
            else:
                comment = text_of(piece)
        else:
            behind = COMMENT.findall(piece) if piece.startswith("BERG_API") else []
            text = "\n\n".join(filter(None, [comment, *("Returns: " + text_of(words) for words in behind)]))
            entry = entry_of(piece, text)
            comment = ""  # it is about the next declaration, not about those behind that
            if entry is not None:
                entries.append(entry)
    return sections


def paragraphs(text, roles, indent=""):
    """Text of a comment: paragraphs, lists of "- ", and what is indented by four as code."""
    lines = []
    for block in re.split(r"\n\s*\n", text):
        rows = block.split("\n")
        if all(row.startswith("    ") for row in rows):
            lines += ["::", "", *rows]
        elif rows[0].startswith("  - ") or any(row.startswith("  - ") for row in rows):
            items = re.split(r"^  - ", block, flags=re.MULTILINE)
            if items[0].strip():
                lines += [escaped(items[0], roles), ""]
            lines += ["- " + escaped(item, roles) for item in items[1:]]
        else:
            lines.append(escaped(block, roles))
        lines.append("")
    return [indent + line if line else "" for line in lines]


def entry_lines(entry, roles):
    lines = [f".. c:{entry.kind}:: {entry.signature}", ""]
    if entry.text:
        lines += paragraphs(entry.text, roles, "   ")
    if entry.code:
        lines += ["   .. code-block:: c", "", *("      " + line if line else "" for line in entry.code.split("\n")), ""]
    return [*lines, ""]


def title_lines(title, mark="="):
    return [title, mark * len(title), ""]


def slug(title):
    return re.sub(r"\W+", "-", title.split(":")[0].lower()).strip("-")


def pages(source):
    """{name: reStructuredText} of the header: "index" and a page for each section."""
    about, rest = source.split("#ifndef BERG_H", 1)
    sections = sections_of(rest[rest.index("#define BERG_VERSION_MAJOR"):rest.rindex("#ifdef __cplusplus")])
    kinds = {"function": "func", "struct": "struct", "enum": "enum", "type": "type", "macro": "macro"}
    roles = {entry.name: kinds[entry.kind] for _, _, entries in sections for entry in entries}
    introduction = text_of(about).split("\n", 1)[1]
    made = {"index": [*title_lines("C: berg.h"), *paragraphs(introduction, roles), ".. toctree::", ""]}
    for title, text, entries in sections:
        made["index"].append(f"   {slug(title)}")
        made[slug(title)] = [*title_lines(title[0].upper() + title[1:]), *(paragraphs(text, roles) if text else []),
                             *(line for entry in entries for line in entry_lines(entry, roles))]
    return {name: "\n".join(lines) + "\n" for name, lines in made.items()}
