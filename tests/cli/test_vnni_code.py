"""The compiled products of AVX-VNNI, which few test machines can run: VEX's coding alone, and sums that stay in their registers."""
import re
import subprocess

import pytest


@pytest.fixture(scope="module")
def instructions(build_dir):
    compiled = build_dir / "CMakeFiles/berg_kernels_avx2_more.dir/src/la/kernels/avx2/integer.c.o"
    if not compiled.exists():
        pytest.skip("this build has no kernels for avx2")
    listing = subprocess.run(["objdump", "-d", "--no-show-raw-insn", compiled], check=True, capture_output=True, text=True).stdout
    return [line.partition(":\t")[2] for line in listing.splitlines() if ":\t" in line]


def test_nothing_needs_avx512(instructions):
    products = [line for line in instructions if "vpdpbusd" in line]
    assert products and all(line.startswith("{vex} vpdpbusd ") for line in products)
    assert not [line for line in instructions if re.search(r"evex|zmm|[xy]mm(1[6-9]|2\d|3[01])\b|%k[0-7]\b", line)]


def test_a_tile_fills_the_registers(instructions):
    """Two vectors of columns by six rows are twelve sums in a loop, of which none comes back from the stack."""
    assert not [line for line in instructions if re.search(r"%r[sb]p[^ ]*\),.*ymm", line)]
    between_jumps = re.split(r"^j", "\n".join(instructions), flags=re.M)
    assert max(len(set(re.findall(r"vpdpbusd .*,(%ymm\d+)$", steps, re.M))) for steps in between_jumps) == 12
