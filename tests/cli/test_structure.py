"""The check of the structure passes on this tree and finds each kind of violation."""
import pathlib
import subprocess
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parent.parent
CHECK = TESTS / "check_structure.py"
OPENING = "opens with no sentence that says what the file is for"


def check(root):
    done = subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()


def plant(root, path, text):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_this_tree_is_in_order():
    status, lines = check(TESTS.parent)
    assert status == 0, "\n".join(lines)


@pytest.mark.parametrize("path, text, message", [
    ("src/io/container/npy.c", '#include "base/error.h"\n#include "la/gemm.h"\n',
     "src/io/container/npy.c:2: io may not include la/gemm.h"),
    ("src/io/value/value.c", '#include "io/container/npy.h"\n',
     "src/io/value/value.c:1: io/value may not include io/container/npy.h"),
    ("src/base/error.c", '#include "io/map.h"\n', "src/base/error.c:1: base may not include io/map.h"),
    ("src/vit/vit.c", '#include "model/model.h"\n', "src/vit/vit.c:1: vit may not include model/model.h"),
    ("src/misc/x.c", '#include "base/error.h"\n', "src/misc/x.c:1: src/misc is no folder of the library"),
    ("cli/list.c", '#include "base/error.h"\n', "cli/list.c:1: cli may include berg.h and its own files only, not base/error.h"),
    ("python/src/module.c", '#include "model/model.h"\n',
     "python/src/module.c:1: python may include berg.h and its own files only, not model/model.h"),
    ("src/io/table/csv.c", "\nvoid f(void) { printf(\"x\"); }\n", "src/io/table/csv.c:2: printf prints: not in the library"),
    ("src/io/table/csv.c", "void f(void) { fputs(t, stderr); }\n",
     "src/io/table/csv.c:1: stderr belongs to the program, not to the library"),
    ("src/la/gemm.c", "void f(void) { exit(1); }\n", "src/la/gemm.c:1: exit ends the process: not in the library"),
    ("src/base/machine.c", "char *f(void) { return getenv(\"X\"); }\n",
     "src/base/machine.c:1: getenv reads the environment: not in the library"),
    ("src/io/table/csv.c", 'void f(void) { snprintf(t, 9, "%g", x); }\n',
     "src/io/table/csv.c:1: snprintf depends on the host's locale: base/text.h and io's JSON do not"),
    ("src/io/table/csv.c", "double f(void) { return strtod(t, NULL); }\n",
     "src/io/table/csv.c:1: strtod depends on the host's locale: base/text.h and io's JSON do not"),
    ("src/model/inspect/doctor.c", "void f(void) { t = cJSON_Print(tree); }\n",
     "src/model/inspect/doctor.c:1: cJSON_Print: only src/io/value/json_*.c build, print and read JSON"),
    ("src/io/value/json_print.c", "void f(void) { t = cJSON_PrintBuffered(tree, 1, 1); }\n",
     "src/io/value/json_print.c:1: cJSON_PrintBuffered depends on the host's locale: base/text.h and io's JSON do not"),
    ("src/cuda/fault.c", 'void f(void) { cuda_fail(fault, 1, "%zu of %.3g", n, x); }\n',
     "src/cuda/fault.c:1: cuda prints no real number: it would be under the host's locale"),
    ("cli/main.c", 'int main(void) { setlocale(LC_ALL, ""); }\n', "cli/main.c:1: setlocale: the program sets no locale"),
    ("src/io/file/map.c", "void f(void) { posix_fadvise(file, 0, 0, 3); }\n",
     "src/io/file/map.c:1: posix_fadvise: only src's system_linux.c asks for what only Linux has"),
    ("cli/plan.c", '\nconst char *own = "/proc/self/exe";\n',
     "cli/plan.c:2: /proc/: only cli's system_linux.c asks for what only Linux has"),
    ("src/vit/vit.c", "void f(void) { fopen(a, b); }\n", "src/vit/vit.c:1: vit opens no file (fopen)"),
    ("src/vit/vit.c", "#include <lapacke.h>\n", "src/vit/vit.c:1: only la knows BLAS and LAPACK"),
    ("src/model/inspect/doctor.c", 'void f(void) { cJSON_AddNullToObject(t, "x"); }\n',
     "src/model/inspect/doctor.c:1: cJSON_AddNullToObject: only src/io/value/json_*.c build, print and read JSON"),
    ("src/report/page.c", "void f(void) { cJSON_Parse(t); }\n",
     "src/report/page.c:1: cJSON_Parse: only src/io/value/json_*.c build, print and read JSON"),
    ("src/io/container/npy.c", "void f(void) { malloc(1); }\n",
     "src/io/container/npy.c:1: malloc: only base/memory.h allocates"),
    ("cli/list.c", "void f(void) { cJSON_Print(t); }\n",
     "cli/list.c:1: cJSON_Print: only cli/outline.h prints and reads JSON"),
    ("cli/list.c", "void f(void) { strdup(t); }\n", "cli/list.c:1: strdup: only cli/memory.h allocates"),
    ("src/io/wide.c", f"/* {'x' * 114} */\n/* {'x' * 115} */\n", "src/io/wide.c:2: 121 columns: a line has at most 120"),
    ("tests/unit/test_wide.c", f"/* {'x' * 115} */\n", "tests/unit/test_wide.c:1: 121 columns: a line has at most 120"),
    ("src/io/long.c", "int x;\n" * 501, "src/io/long.c:501: 501 lines: a file has at most 500"),
])
def test_a_violation_is_seen(tmp_path, path, text, message):
    plant(tmp_path, path, text)
    status, lines = check(tmp_path)
    assert status == 1
    assert [line for line in lines if OPENING not in line] == [message]


@pytest.mark.parametrize("path, text", [
    ("src/model/encode/encode.c", '#include "vit/vit.h"\n#include "io/container/npy.h"\n#include "berg.h"\n'),
    ("src/io/rows/rows.c", '#include "io/file/map.h"\n#include "base/error.h"\n'),
    ("src/io/table/csv.c", "/* printf( and stderr in a comment */\nconst char *t = \"exit(1) to stdout\";\n"),
    ("src/io/table/csv.c", "void f(void) { base_print(t, 1, t); file->exit(1); file->printf(t); }\n"),
    ("cli/list.c", '#include "berg.h"\n#include <stdio.h>\nint main(void) { printf("x"); }\n'),
])
def test_what_is_allowed_passes(tmp_path, path, text):
    plant(tmp_path, path, text)
    status, lines = check(tmp_path)
    assert not [line for line in lines if OPENING not in line and not line.startswith("structure: ")], lines


@pytest.mark.parametrize("text, opens", [
    ("/* CSV. */\nint x;\n", True),
    ("#define _GNU_SOURCE /* fallocate */\n/* CSV. */\nint x;\n", True),
    ("int x;\n", False),
    ("#define X 1\n/* CSV. */\n", False),
])
def test_a_file_opens_with_a_sentence(tmp_path, text, opens):
    plant(tmp_path, "src/io/table/csv.c", text)
    status, lines = check(tmp_path)
    assert status == (0 if opens else 1)
    assert opens or lines == [f"src/io/table/csv.c:1: {OPENING}"]
