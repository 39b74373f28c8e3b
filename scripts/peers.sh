#!/bin/sh
# libberg beside its peers in one run: upstream's pipeline, torch, ONNX Runtime, OpenVINO, from the package registry, in a virtual
# environment of their own. Some gigabytes, once; they stay in build/peers-venv. What is not given is made: a subject of full size
# (700 MB) with a random backbone that has outlier channels, in build/peers-subject.
#   BERG_PEERS_DIR       a folder of models in upstream's layout
#   BERG_PEERS_BACKBONE  torchvision's .pth ($BERG_PEERS_DIR/vit.pth)
#   BERG_PEERS_PYTHON    a Python that has the packages already
#   BERG_PEERS_INDEX     an index to take torch from, such as that of its builds for the CPU
# torch compiles with g++, which `make peers` installs.
# Options: scripts/peers.sh --help
set -eu
cd "$(dirname "$0")/.."
build=${BERG_BUILD:-build}
python=${BERG_PEERS_PYTHON:-}
subject=${BERG_PEERS_DIR:-}
PYTHONPATH=bench
export PYTHONPATH
case " $* " in *" --help "* | *" -h "* | *" --table "*) exec "${python:-/usr/bin/python3}" -m peers "$@" ;; esac
command -v "${CXX:-g++}" >/dev/null ||
  echo "peers: ${CXX:-g++} is not there: compiled torch will fail, the others run (apt-get install g++)" >&2
if [ -z "$python" ]; then
  venv=$build/peers-venv
  python=$venv/bin/python
  if [ ! -e "$venv/complete" ]; then
    python3 -m venv "$venv"
    [ -z "${BERG_PEERS_INDEX:-}" ] || "$python" -m pip install --quiet --index-url "$BERG_PEERS_INDEX" torch torchvision ||
      echo "peers: no torch at $BERG_PEERS_INDEX, taking the registry's" >&2
    "$python" -m pip install --quiet torch torchvision scikit-learn onnx onnxscript onnxruntime openvino nncf
    touch "$venv/complete"
  fi
fi
if [ -z "$subject" ]; then
  subject=$build/peers-subject
  if [ ! -e "$subject/complete" ]; then
    "$python" tests/tools/make_subject.py "$subject" --full --write-backbone "$subject/vit.pth"
    touch "$subject/complete"
  fi
fi
exec "$python" -m peers --build "$build" "$@" "$subject" "${BERG_PEERS_BACKBONE:-$subject/vit.pth}"
