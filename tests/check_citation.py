#!/usr/bin/env python3
"""Checks CITATION.cff: what the Citation File Format 1.2 requires is there, and the version is that of include/berg.h.

    check_citation.py [ROOT]

Prints one line for each fault, "CITATION.cff: what", and exits 1 when there is one.
"""
import pathlib
import re
import sys

import yaml

REQUIRED = {"cff-version", "message", "title", "authors"}
ALLOWED = REQUIRED | {"abstract", "commit", "contact", "date-released", "doi", "identifiers", "keywords", "license", "license-url",
                      "preferred-citation", "references", "repository", "repository-artifact", "repository-code", "type", "url", "version"}
PERSON = {"address", "affiliation", "alias", "city", "country", "email", "family-names", "fax", "given-names", "name-particle",
          "name-suffix", "orcid", "post-code", "region", "tel", "website"}
ENTITY = {"address", "alias", "city", "country", "date-end", "date-start", "email", "fax", "location", "name", "orcid", "post-code",
          "region", "tel", "website"}


def header_version(root):
    text = (root / "include" / "berg.h").read_text()
    return ".".join(re.search(rf"^#define BERG_VERSION_{part} (\d+)", text, re.M).group(1) for part in ("MAJOR", "MINOR", "PATCH"))


def author_faults(authors, where):
    if not isinstance(authors, list) or not authors:
        yield f"{where}: authors is no list of one or more"
        return
    for author in authors:
        keys = set(author)
        if not (keys <= ENTITY and "name" in keys or keys <= PERSON):
            yield f"{where}: {author} is neither an entity nor a person"


def faults(root):
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    for key in sorted(REQUIRED - set(citation)):
        yield f"{key} is missing"
    for key in sorted(set(citation) - ALLOWED):
        yield f"{key} is no key of the format"
    if citation.get("cff-version") != "1.2.0":
        yield f"cff-version is {citation.get('cff-version')!r}, not '1.2.0'"
    if str(citation.get("version")) != header_version(root):
        yield f"version is {citation.get('version')}, that of include/berg.h {header_version(root)}"
    yield from author_faults(citation.get("authors"), "the software")
    for reference in citation.get("references", []):
        for key in sorted({"authors", "title", "type"} - set(reference)):
            yield f"a reference has no {key}"
        yield from author_faults(reference.get("authors"), reference.get("title"))


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)
    found = list(faults(root))
    for fault in found:
        print(f"CITATION.cff: {fault}")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
