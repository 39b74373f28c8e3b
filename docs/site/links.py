"""links.py FOLDER: every link within a site that was built leads to a file that is there and to an anchor in it, and no page loads
anything from elsewhere. Prints what does not; addresses elsewhere go to FOLDER/external-links.txt, and nobody asks for them."""

import html.parser
import pathlib
import re
import sys
import urllib.parse

LOADED = {"script": "src", "img": "src", "link": "href", "source": "src", "iframe": "src"}


class Reader(html.parser.HTMLParser):
    """What a page has anchors for, links to, and loads."""

    def __init__(self, text):
        super().__init__()
        self.anchors, self.links, self.loads = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif given.get(LOADED.get(tag)) and given.get("rel") not in ("index", "search", "next", "prev", "canonical"):
            self.loads.append(given[LOADED[tag]])


def is_elsewhere(address):
    parts = urllib.parse.urlsplit(address)
    return bool(parts.scheme or parts.netloc)


def target(folder, page, address):
    """(the file that the address is of, the anchor)."""
    path, anchor = urllib.parse.urldefrag(address)
    path = urllib.parse.unquote(path.split("?")[0])
    file = page if not path else (folder / path.lstrip("/") if path.startswith("/") else page.parent / path)
    file = pathlib.Path(*file.resolve().parts)
    return (file / "index.html" if file.is_dir() else file), urllib.parse.unquote(anchor)


def loaded_by_styles(path):
    return re.findall(r"""url\((?!['"]?(?:data:|#))['"]?([^)'"]+)""", path.read_text(encoding="utf-8"))


def check_styles(folder):
    for path in sorted(folder.rglob("*.css")):
        for address in loaded_by_styles(path):
            if is_elsewhere(address):
                yield f"{path.relative_to(folder)}: loads {address}"
            elif address.startswith("/") or not (path.parent / address.split("?")[0]).is_file():
                yield f"{path.relative_to(folder)}: {address}: there is no such file"


def check(folder):
    """(what is wrong, one line each; addresses elsewhere)."""
    folder = pathlib.Path(folder).resolve()
    pages = {page: Reader(page.read_text(encoding="utf-8")) for page in sorted(folder.rglob("*.html"))}
    wrong, elsewhere = list(check_styles(folder)), set()
    for page, read in pages.items():
        where = page.relative_to(folder)
        wrong += [f"{where}: loads {address}" for address in read.loads if is_elsewhere(address) and not address.startswith("data:")]
        for address in [*read.links, *(load for load in read.loads if not is_elsewhere(load))]:
            if is_elsewhere(address):
                elsewhere.add(address)
                continue
            file, anchor = target(folder, page, address)
            if not file.is_file():
                wrong.append(f"{where}: {address}: there is no such file")
            elif anchor and file in pages and anchor not in pages[file].anchors:
                wrong.append(f"{where}: {address}: there is no such anchor")
    return wrong, sorted(elsewhere)


if __name__ == "__main__":
    broken, others = check(sys.argv[1])
    pathlib.Path(sys.argv[1], "external-links.txt").write_text("".join(f"{address}\n" for address in others), encoding="utf-8")
    print("\n".join(broken) if broken else f"docs: every link leads somewhere; {len(others)} lead elsewhere (external-links.txt)")
    sys.exit(bool(broken))
