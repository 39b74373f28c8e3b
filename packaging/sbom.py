#!/usr/bin/env python3
"""Software bills of materials, CycloneDX 1.6: what the source asks for, and what a build is made of and loads.

    sbom.py source ARCHIVE         of the source in that archive: libraries by Debian's packages to build with
    sbom.py build FOLDER           of what FOLDER was built into: the packages, with versions, of the libraries that it links and loads

The same source or build gives the same bytes: the time is SOURCE_DATE_EPOCH or the commit's, the serial number comes from the content.
A library without an entry in LIBRARIES is an error."""

import hashlib
import json
import os
import re
import subprocess
import sys
import uuid
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import quote

HERE = Path(__file__).resolve().parent.parent
ARTEFACTS = ["berg", "libberg.so", "libberg.a", "python/berg/_berg.abi3.so"]

# By soname without version: the project's name, licence (SPDX, or a name that SPDX does not have), Debian's package to build with, or to have.
LIBRARIES = {
    "libc": ("glibc", "LGPL-2.1-or-later", "libc6-dev"),
    "libcairo": ("cairo", "LGPL-2.1-only OR MPL-1.1", "libcairo2"),
    "libcjson": ("cJSON", "MIT", "libcjson-dev"),
    "libcsv": ("libcsv", "LGPL-2.1-or-later", "libcsv-dev"),
    "libcurl": ("curl", "curl", "libcurl4"),
    "libjpeg": ("libjpeg-turbo", "IJG AND BSD-3-Clause AND Zlib", "libjpeg-dev"),
    "liblapacke": ("LAPACK", "BSD-3-Clause", "liblapacke"),
    "libniftiio": ("nifticlib", "public domain", "libnifti-dev"),
    "libopenblas": ("OpenBLAS", "BSD-3-Clause", "libopenblas0"),
    "libspng": ("libspng", "BSD-2-Clause", "libspng-dev"),
    "libz": ("zlib", "Zlib", "zlib1g-dev"),
}
# Other libraries of the same packages; and what is no component: our own, and the driver that a machine with a GPU has.
PARTS = {"ld-linux-x86-64": "libc", "ld-linux-aarch64": "libc", "libm": "libc", "libznz": "libniftiio", "libcurl-gnutls": "libcurl"}
PASSED_OVER = {"libberg", "libberg_cuda", "libberg_mpi", "libcuda"}


def said(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE, env={**os.environ, "LC_ALL": "C"}).stdout


def stem(soname):
    """libjpeg of libjpeg.so.62; None of what is no component."""
    name = soname.split(".so")[0]
    name = PARTS.get(name, name)
    if name in PASSED_OVER:
        return None
    if name not in LIBRARIES:
        sys.exit(f"sbom.py: {soname}: no entry in LIBRARIES")
    return name


def loaded():
    """The sonames that the source loads when they are needed."""
    names = set()
    for path in sorted((HERE / "src").rglob("*.c")):
        names.update(re.findall(r'"(lib[\w.+-]+\.so(?:\.\d+)?)"', path.read_text()))
    return sorted(names, key=lambda name: (name.split(".so")[0] in PARTS, name))  # libcurl before its other build


def linked(folder):
    """The sonames that the built files name."""
    names = set()
    for artefact in ARTEFACTS:
        if artefact.endswith(".a"):
            continue
        names.update(re.findall(r"\(NEEDED\).*\[(.+)\]", said("readelf", "-d", str(folder / artefact))))
    return sorted(names)


def licensed(licence):
    if licence == "public domain":
        return [{"license": {"name": "Public domain"}}]
    return [{"expression": licence}] if " " in licence else [{"license": {"id": licence}}]


def component(name, scope, package, version=None, qualifiers=""):
    title, licence, _ = LIBRARIES[name]
    purl = f"pkg:deb/debian/{package}" + (f"@{quote(version, safe='')}" if version else "") + qualifiers
    made = {"type": "library", "bom-ref": purl, "name": title, "scope": scope, "licenses": licensed(licence), "purl": purl}
    return {**made, **({"version": version} if version else {})}


def owner(path):
    """The Debian package of a file, its version, and what a package URL says of its machine."""
    for candidate in (path, os.path.realpath(path), "/usr" + path, path.removeprefix("/usr")):
        found = subprocess.run(["dpkg-query", "-S", candidate], capture_output=True, text=True)
        if found.returncode == 0 and not found.stdout.startswith("diversion"):
            package = found.stdout.split(": ")[0]
            break
    else:
        sys.exit(f"sbom.py: {path}: of no Debian package")
    version, architecture = said("dpkg-query", "-W", "-f", "${Version} ${Architecture}", package).split()
    system = dict(line.strip().split("=", 1) for line in open("/etc/os-release") if "=" in line)
    distribution = system["ID"].strip('"') + "-" + system.get("VERSION_ID", "testing").strip('"')
    return package.split(":")[0], version, f"?arch={architecture}&distro={distribution}"


def where(soname, cache):
    paths = re.findall(rf"^\s*{re.escape(soname)} .*=> (.+)$", cache, re.MULTILINE)
    return paths[0] if paths else None


def of_source():
    """The packages to build with, and what is loaded besides."""
    asked = re.search(r"^BUILD_DEPS = ((?:.*\\\n)*.*)", (HERE / "Makefile").read_text(), re.MULTILINE).group(1).split()
    later = {stem(name) for name in loaded()}
    for name, (_, _, package) in LIBRARIES.items():
        if name in later or {package, package + "-dev"} & set(asked):
            yield component(name, "optional" if name in later else "required", package)


def of_build(folder):
    """The packages that hold what is linked, those that hold what is loaded where these are installed, and the compiler."""
    cache = said("/sbin/ldconfig", "-p")
    scopes = {}
    for soname, scope in [(name, "required") for name in linked(folder)] + [(name, "optional") for name in loaded()]:
        name = stem(soname)
        path = name and where(soname, cache)
        if path:
            scopes.setdefault(name, (scope, path))
        elif name and scope == "required":
            sys.exit(f"sbom.py: {soname}: not found")
    for name, (scope, path) in scopes.items():
        yield component(name, scope, *owner(path))
    compiler = re.search(r"^CMAKE_C_COMPILER:\w+=(.+)$", (folder / "CMakeCache.txt").read_text(), re.MULTILINE).group(1)
    package, version, qualifiers = owner(os.path.realpath(compiler))
    purl = f"pkg:deb/debian/{package}@{quote(version, safe='')}{qualifiers}"
    yield {"type": "application", "bom-ref": purl, "name": package, "version": version, "scope": "excluded", "purl": purl}


def hashed(path, name):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"type": "file", "bom-ref": f"file:{name}", "name": name, "hashes": [{"alg": "SHA-256", "content": digest}]}


def bill(files, components):
    version = ".".join(re.findall(r"#define BERG_VERSION_(?:MAJOR|MINOR|PATCH) +(\d+)", (HERE / "include/berg.h").read_text()))
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH") or said("git", "log", "-1", "--format=%ct"))
    components = sorted(components, key=lambda one: one["bom-ref"])
    ours = {"type": "library", "bom-ref": f"libberg@{version}", "name": "libberg", "version": version, "licenses": licensed("Apache-2.0"),
            "purl": f"pkg:generic/libberg@{version}", "components": files}
    needed = [one["bom-ref"] for one in components if one["scope"] != "excluded"]
    made = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"timestamp": datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "component": ours},
        "components": components,
        "dependencies": [{"ref": ours["bom-ref"], "dependsOn": needed}] + [{"ref": ref} for ref in needed],
    }
    made["serialNumber"] = "urn:uuid:" + str(uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(made, sort_keys=True)))
    return made


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("source", "build"):
        sys.exit(__doc__)
    place = Path(sys.argv[2]).resolve()
    if sys.argv[1] == "source":
        made = bill([hashed(place, place.name)], of_source())
    else:
        files = [hashed(place / name, name) for name in ARTEFACTS] + [hashed(HERE / "include/berg.h", "berg.h")]
        made = bill(files, of_build(place))
    print(json.dumps(made, indent=2))


main()
