#!/bin/sh
# test_recipes.sh: the bills of materials of `make sbom`, made twice to the same bytes, and conda's recipe, against what reads them: both installed
# into a virtual environment. NEUROCONTAINERS names a checkout of Neurodesk's recipes, whose validator then reads ours.
set -eu
cd "$(dirname "$0")/.."
build=${BERG_BUILD:-build}
tools=$build/recipes-venv
[ -x "$tools/bin/pip" ] || python3 -m venv "$tools"
"$tools/bin/pip" install -q --disable-pip-version-check py-rattler-build 'cyclonedx-python-lib[validation]'

python3 packaging/sbom.py source "$build"/sbom/*.orig.tar.gz | cmp - "$build/sbom/libberg-source.cdx.json"
python3 packaging/sbom.py build "$build" | cmp - "$build/sbom/libberg-build.cdx.json"
"$tools/bin/python" packaging/check_recipes.py "$build"/sbom/*.json
if [ -n "${NEUROCONTAINERS:-}" ]; then
  "$tools/bin/pip" install -q --disable-pip-version-check attrs jinja2 jsonschema pyyaml
  PYTHONPATH=$NEUROCONTAINERS "$tools/bin/python" -m builder.validation packaging/neurodesk/build.yaml
else
  echo "test-recipes: packaging/neurodesk/build.yaml: not validated: NEUROCONTAINERS names no checkout of Neurodesk's recipes"
fi
echo "test-recipes: passed"
