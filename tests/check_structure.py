#!/usr/bin/env python3
"""Checks the structure of the sources (ARCHITECTURE.md): who includes whom, who talks to the outside, how long files and lines are.

    check_structure.py [ROOT]

Prints one line a violation, "file:line: what", and exits 1 when there is one.
"""
import pathlib
import re
import sys

# A file in src/<folder>/ may include headers of its own folder, of these, and berg.h.
MAY_INCLUDE = {
    "base": set(),
    "io": {"base"},
    "la": {"base"},
    "vit": {"la", "base"},
    "model": {"vit", "la", "io", "base"},
    "query": {"model", "vit", "la", "io", "base"},
    "train": {"model", "vit", "la", "io", "base"},
    "compare": {"io", "base"},
    "volume": {"model", "io", "base"},
    "report": {"query", "train", "model", "vit", "la", "io", "base"},
    "cuda": {"vit", "la", "base"},
    "mpi": {"base"},
}
# Folders that are cut into modules: a file may include its own module's headers and those of the modules named for it.
MODULES = {
    "io": {
        "file": set(),
        "value": set(),
        "container": {"file", "value"},
        "image": {"file"},
        "hdf5": {"file", "value"},
        "nifti": {"file"},
        "surface": {"file", "value"},
        "fif": {"file", "value"},
        "table": {"value"},
        "http": set(),
        "rows": {"container", "file", "hdf5", "nifti", "surface", "fif"},
    },
    "model": {
        "catalog": set(),
        "store": set(),
        "stimuli": {"store"},
        "weights": {"catalog"},
        "device": {"weights"},
        "encode": {"catalog", "device", "stimuli", "store", "weights"},
        "trials": {"catalog", "encode", "stimuli", "store", "weights"},
        "fetch": {"catalog", "weights"},
        "merge": {"output", "store", "stimuli"},
        "output": {"catalog", "encode", "stimuli", "store", "trials", "weights"},
        "inspect": {"catalog", "device", "encode", "weights"},
    },
    "query": {
        "subject": set(),
        "scores": {"subject"},
        "rank": {"scores", "subject"},
        "contrast": {"scores", "subject"},
        "similarity": {"scores", "subject"},
        "control": {"scores", "subject"},
    },
    "train": {
        "run": set(),
        "simulate": {"run"},
        "prepare": {"run"},
        "pca": {"run"},
        "regress": {"run"},
        "fit": {"pca", "regress"},
        "job": {"fit", "pca", "regress", "run"},
        "evaluate": {"run"},
    },
}
# The one header of another folder that a folder may see in addition.
MAY_SEE = {("model", "cuda/plugin.h")}
# These know the public header and the files beside them, nothing of src/.
OUTSIDE = ("cli", "python", "examples")

# What a library does not do: print, end the process, read the environment. Exceptions are listed with the reason.
FORBIDDEN = {
    "printf": "prints", "puts": "prints", "putchar": "prints", "vprintf": "prints", "perror": "prints",
    "exit": "ends the process", "_exit": "ends the process", "abort": "ends the process",
    "getenv": "reads the environment", "system": "runs a program", "popen": "runs a program",
}
ALLOWED = {
    # berg.h names the variables: TORCH_HOME, XDG_CACHE_HOME, HOME ...
    ("src/model/catalog/paths.c", "getenv"),
    # ... OMP_NUM_THREADS, SLURM_CPUS_PER_TASK
    ("src/base/threads.c", "getenv"),
    # ... SLURM_MEM_PER_NODE, SLURM_MEM_PER_CPU
    ("src/base/memory_limit.c", "getenv"),
    # ... CURL_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR, which the program curl reads for libcurl
    ("src/io/http/http.c", "getenv"),
}
# What takes the decimal point, the case of letters or their order from the locale that a host has set. Where it is called under
# the locale "C", the files are named; all else goes through base/text.h and io's JSON.
UNDER_A_LOCALE = re.compile(r"(?<![\w.>])(v?s?n?printf|v?[fd]printf|v?asprintf|v?f?scanf|v?sscanf|strto(?:d|f|ld)|atof|strn?casecmp|"
                            r"strcoll|strxfrm|is(?:alpha|alnum|lower|upper|digit|xdigit|space|print|graph|punct|cntrl|blank)|"
                            r"to(?:lower|upper)|(?:set|new|use)locale|localeconv|cJSON_(?:Parse|Print)\w*)\s*\(")
UNDER_C = {
    "src/base/text.c": {"newlocale", "uselocale", "vsnprintf", "vfprintf", "strtod", "vsscanf"},
    "src/base/decimal.c": {"snprintf", "strtod", "strtof"},
    "src/io/value/json_build.c": set(),
    "src/io/value/json_print.c": {"cJSON_Print", "cJSON_PrintUnformatted"},
    "src/io/value/json_guard.c": {"cJSON_ParseWithLength"},
}
# The plug-ins link nothing of base: what they print are words and whole numbers.
PLUGINS = {"cuda", "mpi"}
WHOLE_NUMBERS = {"snprintf", "vsnprintf"}
REAL_NUMBER = re.compile(r'"(?:\\.|[^"\\\n])*%[-+ #0-9.*]*[lL]?[aefgAEFG](?:\\.|[^"\\\n])*"')
STANDARD_STREAMS = re.compile(r"\b(?:stdout|stderr)\b")
# la and vit see arrays, never files.
OPENS = re.compile(r"\b(fopen|open|openat|mmap|freopen)\s*\(")
# CUDA itself is known to the files that nvcc compiles.
CUDA = re.compile(r'#\s*include\s*[<"](?:cuda_|cublas)')
# Connections are opened by the library that src/io/http loads, and by nothing else.
CONNECTS = re.compile(r"(?<![\w.>])(socket|connect|getaddrinfo|gethostbyname|curl_\w+)\s*\(|#\s*include\s*<curl/")
# The one folder that knows BLAS and LAPACK.
MULTIPLIER = re.compile(r'#\s*include\s*[<"](?:cblas|lapacke)')

# Trees of JSON and the program's memory go through the files that remember a failed allocation: a call elsewhere would
# be one that no one checks. cJSON's hooks belong to the process, which is the program's own, never the library's.
REMEMBERED = [
    (("src",), re.compile(r"\bcJSON_(?:Add|Create|Print|Parse|Duplicate|InitHooks)\w*"),
     {"src/io/value/json_build.c", "src/io/value/json_guard.c", "src/io/value/json_print.c"},
     "only src/io/value/json_*.c build, print and read JSON"),
    (("src",), re.compile(r"\b(?:malloc|calloc|realloc|strn?dup|v?asprintf|(?:posix_mem|mem)align|aligned_alloc)(?=\s*\()"),
     {"src/base/memory.c", "src/base/memory_large.c", "src/io/table/csv.c"}, "only base/memory.h allocates"),
    (("cli",), re.compile(r"\bcJSON_(?:Print|Parse|InitHooks)\w*"), {"cli/outline.c", "cli/memory.c"},
     "only cli/outline.h prints and reads JSON"),
    (("cli",), re.compile(r"\b(?:malloc|calloc|realloc|strn?dup|v?asprintf)(?=\s*\()"), {"cli/memory.c"},
     "only cli/memory.h allocates"),
]

# What only Linux has is asked for in these files, which have a twin for other systems (BERG_SYSTEM), and by what is about Linux.
OF_LINUX = re.compile(r"\b(?:sched_[gs]etaffinity|cpu_set_t|CPU_(?:SET|ZERO|COUNT|ISSET)|pthread_(?:[gs]etname|[gs]etaffinity)_np|getauxval|"
                      r"getrandom|(?:posix_)?fallocate|posix_fadvise|POSIX_FADV_\w+|O_(?:TMPFILE|PATH)|F_OFD_\w+|MADV_HUGEPAGE|MAP_POPULATE|"
                      r"mremap|memfd_create|renameat2|copy_file_range|sendfile|splice|prctl|(?:epoll|inotify|timerfd)_\w+|eventfd|signalfd|"
                      r"SO_PEERCRED|SOCK_(?:CLOEXEC|NONBLOCK)|MSG_NOSIGNAL|accept4|pipe2|gettid|sysinfo|syscall)\b")
LINUX = {"src/base/system_linux.c", "src/base/system_other.c", "cli/system_linux.c"}
LINUX_PATH = re.compile(r'"/(?:proc|sys)/')
KNOWS_LINUX_PATHS = LINUX | {
    "src/base/cgroup.h",  # the limits of control groups; elsewhere there are no such files, and no limits
    "src/io/file/whole_file.c",  # where /dev/stdout leads to
}

# Every source file opens with a comment, at most after what asks the system's headers for more.
OPENED = ("include", "src", "cli", "python", "fuzz", "examples")
OPENING = re.compile(r"(?:#define _(?:GNU|DEFAULT)_SOURCE[^\n]*\n)?/\*|//")

# Columns of a line in C; clang-format breaks code, this finds the comments that it leaves as they are.
WIDEST = 120
LONGEST = 500
# The whole public interface is one header, read from top to bottom.
LONGEST_OF = {"include/berg.h": 1300}
CODE = {".c", ".h", ".cu", ".py", ".sh", ".cmake"}
TREES = ("include", "src", "cli", "python", "tests", "fuzz", "bench", "examples", "scripts", "cmake")
PASSED_OVER = {"build", "__pycache__", ".venv", "corpus", "crashers", "golden", "dist"}

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
NOT_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(match):
    """Comments and strings become spaces, so that lines keep their numbers."""
    return re.sub(r"[^\n]", " ", match.group())


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def may_see_module(folder, module, other):
    """Whether a module may include headers of another one of its folder. A file outside the modules may not."""
    modules = MODULES[folder]
    return module in modules and other in modules and (other == module or other in modules[module])


def check_includes(root, path, text):
    parts = path.parts
    for match in INCLUDE.finditer(text):
        name, line = match.group(1), line_of(text, match.start())
        if name == "berg.h":
            continue
        if parts[0] == "src":
            folder = parts[1]
            target = name.split("/")[0] if "/" in name else folder
            beside = "/" not in name and (root / path.parent / name).exists()
            if folder not in MAY_INCLUDE:
                yield line, f"src/{folder} is no folder of the library"
            elif target != folder and target not in MAY_INCLUDE[folder] and (folder, name) not in MAY_SEE:
                yield line, f"{folder} may not include {name}"
            elif target == folder in MODULES and "/" in name and not may_see_module(folder, parts[2], name.split("/")[1]):
                yield line, f"{folder}/{parts[2]} may not include {name}"
            elif "/" not in name and not beside:
                yield line, f"include {name} by its folder"
        elif parts[0] in OUTSIDE and not (root / path.parent / name).exists():
            yield line, f"{parts[0]} may include berg.h and its own files only, not {name}"


def check_calls(path, text):
    folder = path.parts[1]
    code = NOT_CODE.sub(blank, text)
    for name, what in FORBIDDEN.items():
        if (path.as_posix(), name) in ALLOWED:
            continue
        for match in re.finditer(rf"(?<![\w.>]){name}\s*\(", code):
            yield line_of(code, match.start()), f"{name} {what}: not in the library"
    allowed = UNDER_C.get(path.as_posix(), WHOLE_NUMBERS if folder in PLUGINS else set())
    for match in UNDER_A_LOCALE.finditer(code):
        if match.group(1).startswith("cJSON_") and path.as_posix() not in UNDER_C:
            continue  # check_memory names it
        if match.group(1) not in allowed and match.group(1) not in FORBIDDEN:
            yield line_of(code, match.start()), f"{match.group(1)} depends on the host's locale: base/text.h and io's JSON do not"
    for match in REAL_NUMBER.finditer(text) if folder in PLUGINS else ():
        yield line_of(text, match.start()), f"{folder} prints no real number: it would be under the host's locale"
    for match in STANDARD_STREAMS.finditer(code):
        yield line_of(code, match.start()), f"{match.group()} belongs to the program, not to the library"
    if folder in ("la", "vit"):
        for match in OPENS.finditer(code):
            yield line_of(code, match.start()), f"{folder} opens no file ({match.group(1)})"
    for match in CONNECTS.finditer(code):
        yield line_of(code, match.start()), "only src/io/http opens connections, by way of libcurl"
    if not path.as_posix().startswith("src/cuda/device/"):
        for match in CUDA.finditer(text):
            yield line_of(text, match.start()), "only src/cuda/device knows CUDA and cuBLASLt"
    if folder != "la":
        for match in MULTIPLIER.finditer(text):
            yield line_of(text, match.start()), "only la knows BLAS and LAPACK"


def check_memory(path, text):
    if path.parts[0] == "src" and path.parts[1] in PLUGINS:
        return  # a library of its own
    code = NOT_CODE.sub(blank, text)
    for trees, call, at_home, what in REMEMBERED:
        if path.parts[0] in trees and path.as_posix() not in at_home:
            for match in call.finditer(code):
                yield line_of(code, match.start()), f"{match.group()}: {what}"


def check_linux(path, text):
    code = NOT_CODE.sub(blank, text)
    if path.parts[0] in ("src", "cli", "python") and path.as_posix() not in LINUX:
        for match in OF_LINUX.finditer(code):
            yield line_of(code, match.start()), f"{match.group()}: only {path.parts[0]}'s system_linux.c asks for what only Linux has"
    if path.parts[0] in ("src", "cli", "python") and path.as_posix() not in KNOWS_LINUX_PATHS:
        for match in LINUX_PATH.finditer(text):
            yield line_of(text, match.start()), f"{match.group()[1:]}: only {path.parts[0]}'s system_linux.c asks for what only Linux has"


def files(root):
    for tree in TREES:
        for path in sorted((root / tree).rglob("*")):
            relative = path.relative_to(root)
            if path.is_file() and path.suffix in CODE and not PASSED_OVER & set(relative.parts):
                yield relative


def violations(root):
    for path in files(root):
        text = (root / path).read_text(encoding="utf-8", errors="replace")
        found = []
        if path.suffix in (".c", ".h", ".cu"):
            if path.parts[0] in OPENED and not OPENING.match(text):
                found.append((1, "opens with no sentence that says what the file is for"))
            found += check_includes(root, path, text)
            found += check_memory(path, text)
            found += check_linux(path, text)
            if path.parts[0] == "src":
                found += check_calls(path, text)
            if path.parts[0] == "cli":  # its own numbers have a point because it sets no locale
                code = NOT_CODE.sub(blank, text)
                found += [(line_of(code, match.start()), "setlocale: the program sets no locale")
                          for match in re.finditer(r"\bsetlocale\s*\(", code)]
            found += [(number, f"{len(line)} columns: a line has at most {WIDEST}")
                      for number, line in enumerate(text.split("\n"), 1) if len(line) > WIDEST]
        lines = text.count("\n")
        longest = LONGEST_OF.get(path.as_posix(), LONGEST)
        if lines > longest:
            found.append((lines, f"{lines} lines: a file has at most {longest}"))
        for line, what in found:
            yield f"{path}:{line}: {what}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)
    found = list(violations(root))
    print("\n".join(found) if found else f"structure: {len(list(files(root)))} files, all in order")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
