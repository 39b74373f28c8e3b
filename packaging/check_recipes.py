"""Recipes and bills of materials against what reads them: conda's recipe parsed and rendered by rattler-build, bills by CycloneDX's schema.

    check_recipes.py BILL...       with py-rattler-build and cyclonedx-python-lib[validation]
"""

import re
import sys
from pathlib import Path

import rattler_build
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

HERE = Path(__file__).resolve().parent
VERSION = ".".join(re.findall(r"#define BERG_VERSION_(?:MAJOR|MINOR|PATCH) +(\d+)", (HERE.parent / "include/berg.h").read_text()))
VARIANTS = {"c_compiler": ["gcc"], "c_stdlib": ["sysroot"], "c_stdlib_version": ["2.28"], "python": ["3.11.* *_cpython"]}


def check_conda():
    recipe = rattler_build.Stage0Recipe.from_file(HERE / "conda/recipe.yaml")
    for platform in ("linux-64", "linux-aarch64"):
        config = rattler_build.RenderConfig(rattler_build.PlatformConfig(target_platform=platform))
        rendered = recipe.render(rattler_build.VariantConfig(VARIANTS), config)
        names = {str(one.recipe.package.name): str(one.recipe.package.version) for one in rendered}
        print(platform, names)
        assert names == {"libberg": VERSION, "libberg-python": VERSION}, names


def check_bills(paths):
    for path in paths:
        error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(Path(path).read_text())
        assert error is None, f"{path}: {error}"


check_conda()
check_bills(sys.argv[1:])
